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

    None, and why, where the contracts tell no prices or carry no such model.
    """
    from acrm.analysis.clv.contract import contract
    from acrm.analysis.clv.contract_groups import ContractParams

    try:
        found = contract(contracts, ContractParams(as_of=as_of)).tables["customers"]
    except (InputError, ModelError) as error:
        return None, Message("churn.no_values", {"reason": str(error.message)})
    if not found["clv"].count():
        return None, Message("churn.no_prices")
    return _values(found), Message("churn.values_made")


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
