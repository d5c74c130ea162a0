"""What each customer is worth, where no earlier result says it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from acrm.errors import InputError, ModelError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl


def values_of_purchases(lines: pl.LazyFrame, as_of: date | None) -> tuple[pl.DataFrame | None, Message]:
    """`customer_id` and `value`, the money of the next 12 months by the defaults of `acrm.analysis.clv.value`.

    None, and why, where the purchases carry no such model.
    """
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.value import expected_value

    try:
        found = expected_value(lines, ClvParams(as_of=as_of))
    except (InputError, ModelError) as error:
        return None, Message("churn.no_values", {"reason": str(error.message)})
    return _values(found), Message("churn.values_made")


def values_of_contracts(contracts: pl.LazyFrame, as_of: date | None) -> tuple[pl.DataFrame | None, Message]:
    """`customer_id` and `value`, the payments of the next 12 months by the defaults of `acrm.analysis.clv.contract`.

    A notice counts as given if the file tells of the day asked about; one written later says nothing of what was known.
    None, and why, where the contracts tell no prices or carry no such model.
    """
    from acrm.analysis.clv.contract import contract
    from acrm.analysis.clv.contract_groups import ContractParams

    try:
        found = contract(_as_known(contracts, as_of), ContractParams(as_of=as_of)).tables["customers"]
    except (InputError, ModelError) as error:
        return None, Message("churn.no_values", {"reason": str(error.message)})
    if not found["clv"].count():
        return None, Message("churn.no_prices")
    return _values(found), Message("churn.values_made")


def _as_known(contracts: pl.LazyFrame, as_of: date | None) -> pl.LazyFrame:
    """Without the reasons of ends still to come, where contracts that begin later show that they were told later."""
    import polars as pl

    from acrm.analysis.clv.spells import read_contracts

    begun = read_contracts(contracts, as_of, None)
    if begun.written_on <= begun.as_of or "end_reason" not in contracts.collect_schema().names():
        return contracts
    ahead = pl.col("end_at").cast(pl.Date) >= begun.as_of
    return contracts.with_columns(end_reason=pl.when(~ahead.fill_null(value=False)).then("end_reason"))


def value_column(customers: pl.DataFrame, column: str) -> pl.DataFrame:
    """`customer_id` and `value`, a column of numbers of theirs.

    Raises:
        InputError: There is no such column, or it holds no numbers.
    """
    import polars as pl

    from acrm.analysis.churn.label import column_of, no_column

    numbers = [name for name in customers.columns[1:] if customers[name].dtype.is_numeric()]
    found = column_of(numbers, column)
    if found is None:
        raise no_column("churn_no_by", "value", column, numbers)
    return customers.select("customer_id", pl.col(found).cast(pl.Float64).alias("value"))


def _values(customers: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return customers.select("customer_id", pl.col("clv").cast(pl.Float64).alias("value"))
