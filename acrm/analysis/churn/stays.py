"""Customers and how long each stayed under contract, from contracts or from a file with tenures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.clv.contract_groups import ContractParams, Group
from acrm.analysis.clv.spells import counted
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case

YEAR = 12
"""Months ahead for which staying is foretold."""
_TENURES = (
    "tenure",
    "tenure_months",
    "tenure_in_months",
    "months_with_us",
    "months_stayed",
    "срок_месяцев",
    "стаж_месяцев",
)
"""Names of a column of months stayed."""
_FEWEST = 20
"""Customers who left without whom nothing is estimated."""


@dataclass(frozen=True, kw_only=True)
class Stays:
    """Customers and how long each stayed, or has stayed so far.

    `rows`: `customer_id`, `group`, `time` (periods; number of the renewal not made, or renewals made so far), `left`,
    `age` (periods since the start), `here` (under contract now), and from contracts `start_at`, `reason`.
    """

    rows: pl.DataFrame
    groups: Sequence[Group]
    notes: tuple[Message, ...] = ()


def stays_of_contracts(contracts: pl.LazyFrame, params: ContractParams) -> Stays:
    """Spells under contract, in groups and periods as `acrm clv` has them.

    Raises:
        InputError: No contract with a customer and a start, too few customers who left, no column `by`.
    """
    import polars as pl

    from acrm.analysis.clv.contract import grouped

    spells, groups, notes = grouped(contracts, params)
    parts = []
    for group in groups:
        members = counted(spells.frame.filter(pl.col("group") == group.name), spells.as_of, group.months)
        parts.append(
            members.select(
                "customer_id",
                "group",
                pl.col("time", "age").cast(pl.Float64),
                "left",
                (pl.col("current") & ~pl.col("ended")).alias("here"),
                "start_at",
                pl.col("end_reason").alias("reason"),
            )
        )
    rows = pl.concat(parts).drop_nulls("time").sort("customer_id", "start_at")
    return Stays(rows=rows, groups=groups, notes=tuple(notes))


def tenure_column(case: Case, asked: str | None = None) -> str | None:
    """The column of months stayed so far: the one asked for, else one that is called so.

    Raises:
        InputError: There is no such column of numbers.
    """
    from acrm.analysis.churn.label import column_of, no_column, plain_name

    numbers = [feature.name for feature in case.features if feature.kind == "number"]
    if asked is None:
        return next((name for name in numbers if plain_name(name) in _TENURES), None)
    column = column_of(numbers, asked)
    if column is None:
        raise no_column("churn_no_by", "tenure", asked, numbers)
    return column


def stays_of_tenures(
    customers: pl.DataFrame, tenure: str, left: pl.Series, params: ContractParams, reason: str | None = None
) -> Stays:
    """Customers of a labelled file with a column of time stayed.

    A tenure of 0 is less than a period: such a customer counts as at the start, and cannot have left.

    Args:
        customers: `customer_id`, `tenure` (periods, rounded down), the column `params.by`.
        tenure: Name of that column.
        left: Boolean, aligned with the rows.
        params: `by`, `period` (a month unless told), `held_out`.
        reason: Name of a column with reasons.

    Raises:
        InputError: No column `by`; fewer than 20 customers left.
    """
    import numpy as np
    import polars as pl

    from acrm.models.contract_fit import choose
    from acrm.models.tenures import Tenures

    if params.by is not None and params.by not in customers.columns:
        raise InputError("contract_no_column", column=params.by, columns=", ".join(customers.columns))
    group = pl.col(params.by).cast(pl.String).fill_null("") if params.by else pl.lit("")
    told = pl.col(reason).cast(pl.String) if reason else pl.lit(None, pl.String)
    rows = (
        customers.with_columns(left.fill_null(value=False).alias("_left"))
        .filter(pl.col(tenure).is_not_null() & (pl.col(tenure) >= 0))
        .select(
            "customer_id",
            group.alias("group"),
            pl.col(tenure).cast(pl.Float64).floor().alias("time"),
            (pl.col("_left") & (pl.col(tenure) >= 1)).alias("left"),
            pl.col(tenure).cast(pl.Float64).floor().alias("age"),
            (~pl.col("_left")).alias("here"),
            pl.lit(None, pl.Date).alias("start_at"),
            told.alias("reason"),
        )
        .sort("customer_id")
    )
    if int(rows["left"].sum()) < _FEWEST:
        raise InputError("contract_few", left=int(rows["left"].sum()), needed=_FEWEST)
    groups = []
    for name in rows["group"].unique().sort():
        members = rows.filter(pl.col("group") == name)
        columns = {column: members[column].to_numpy() for column in ("time", "left", "age")}
        all_of = Tenures(**columns, count=np.ones(members.height)).grouped()
        period = "month" if params.period == "auto" else params.period
        groups.append(Group(name=name, period=period, tenures=all_of, choice=choose(all_of, params.held_out)))
    return Stays(rows=rows, groups=groups)
