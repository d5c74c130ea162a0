"""The triangle of cohorts: how many of those who started together were still there how long after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.spells import MONTHS

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.stays import Stays

_COHORTS = 24
"""Cohorts of one length that a triangle may have."""


def cohorts(stays: Stays) -> pl.DataFrame:
    """The triangle of who was still there how long after the start; nothing without starts."""
    import numpy as np
    import polars as pl

    schema = {"period": pl.String, "cohort": pl.String, "after": pl.Int64, "at_start": pl.Int64, "there": pl.Int64}
    rows: list[dict[str, Any]] = []
    for period in sorted({group.period for group in stays.groups}):
        names = [group.name for group in stays.groups if group.period == period]
        members = stays.rows.filter(pl.col("group").is_in(names) & pl.col("start_at").is_not_null())
        if members.is_empty():
            continue
        members = members.with_columns(cohort=_cohort(members["start_at"], MONTHS[period]))
        longest = int(members["age"].max() or 0)  # type: ignore[arg-type]
        for (cohort,), some in members.partition_by("cohort", as_dict=True, maintain_order=True).items():
            time, left, watched = some["time"].to_numpy(), some["left"].to_numpy(), int(some["age"].min())  # type: ignore[arg-type]
            for after in range(longest + 1):
                # Who left in a period was not there at its end.
                there = int(np.where(left, time > after, time >= after).sum()) if after <= watched else None
                rows.append(
                    {"period": period, "cohort": cohort, "after": after, "at_start": some.height, "there": there}
                )
    table = pl.DataFrame(rows, schema=schema).sort("period", "cohort", "after")
    return table.with_columns(share=pl.col("there") / pl.col("at_start"))


def _cohort(start: pl.Series, months: int) -> pl.Series:
    """The month, quarter or year of each start: the shortest, from the period on, of which there are not too many."""
    import polars as pl

    quarter = pl.format("{}-Q{}", start.dt.year(), start.dt.quarter())
    units = {1: start.dt.to_string("%Y-%m"), 3: pl.select(quarter).to_series(), 12: start.dt.to_string("%Y")}
    return next((cut for size, cut in units.items() if size >= months and cut.n_unique() <= _COHORTS), units[12])
