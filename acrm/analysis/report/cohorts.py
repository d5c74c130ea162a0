"""Who comes back: buyers by the period of their first order, and how many of them buy in each period after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.report.periods import calendar, moved
from acrm.analysis.report.sold import Sold
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

Span = Literal["week", "month", "quarter"]
SMALL = 30
"""Buyers below which a cohort's shares say little."""


@dataclass(frozen=True, kw_only=True)
class Cohorts:
    """Retention by cohort.

    Attributes:
        triangle: By cohort and age: `cohort` (first day of the period of the first order), `age` in periods, `period`,
            `observed` (whether the period is seen whole), `buyers` of the cohort, `active` (those who bought), `share`
            with its 95% interval `low` to `high` (Wilson), `revenue` (refunds taken off), `small`. Where it is not
            observed, what would be counted is null.
        pooled: By age, over the cohorts that are seen so long: `age`, `cohorts`, `buyers`, `active`, `share`, `low`,
            `high`, and `of_first` (active, as a share of those active at age 1).
        figures: `retention_1`, the share that is active one period later; `half_life`, the first age at which half as
            many are active as at age 1, null where it is not reached.
        notes: What the reader should know.
    """

    triangle: pl.DataFrame
    pooled: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def cohorts(sold: Sold, span: Span = "month") -> Cohorts:
    """Follow buyers from the period of their first order on.

    Only customers who are known count. A cell is observed where its whole period is: later ones are empty, not 0, and
    so is the one that is not over. The first cohort may hold customers of the time before the data, who are not new.

    Args:
        sold: See `read_sold`.
        span: Length of a period.
    """
    import polars as pl

    starts, whole = _whole(sold, span)
    known = sold.rows.filter(pl.col("customer_id").is_not_null()).with_columns(period=_start(pl.col("day"), span))
    bought = known.filter(~pl.col("refund"))
    first = bought.group_by("customer_id").agg(pl.col("period").min().alias("cohort"))
    cells = (
        known.join(first, on="customer_id")
        .group_by("cohort", "period")
        .agg(
            pl.col("customer_id").filter(~pl.col("refund")).n_unique().cast(pl.Int64).alias("active"),
            pl.col("amount").sum().alias("revenue"),
        )
    )
    sizes = first.group_by("cohort").agg(pl.len().cast(pl.Int64).alias("buyers"))
    ages = pl.DataFrame({"period": starts, "_at": range(len(starts))}, schema={"period": pl.Date, "_at": pl.Int64})
    grid = sizes.join(ages.rename({"period": "cohort", "_at": "_from"}), on="cohort").join(ages, how="cross")
    observed = pl.col("period").is_in(whole)
    table = (
        grid.filter(pl.col("_at") >= pl.col("_from"))
        .join(cells, on=["cohort", "period"], how="left")
        .with_columns(age=pl.col("_at") - pl.col("_from"), observed=observed)
        .with_columns(pl.when("observed").then(pl.col("active", "revenue").fill_null(0)))
        .sort("cohort", "age")
    )
    limits = _limits(table["active"], table["buyers"])
    triangle = table.with_columns(
        share=pl.col("active") / pl.col("buyers"), low=limits[0], high=limits[1], small=pl.col("buyers") < SMALL
    ).select("cohort", "age", "period", "observed", "buyers", "active", "share", "low", "high", "revenue", "small")
    pooled = _pooled(triangle)
    notes = [Message("report.cohort_first", {"first": starts[0]})]
    if not triangle.filter(pl.col("age") == 1, pl.col("observed")).height:
        notes.append(Message("report.cohorts_short"))
    few = triangle.filter(age=0, small=True).height
    if few:
        notes.append(Message("report.cohorts_small", {"cohorts": few, "least": SMALL}))
    return Cohorts(triangle=triangle, pooled=pooled, figures=_figures(pooled), notes=tuple(notes))


def _start(day: pl.Expr, span: Span) -> pl.Expr:
    return day.dt.truncate({"week": "1w", "month": "1mo", "quarter": "1q"}[span])


def _whole(sold: Sold, span: Span) -> tuple[list[date], list[date]]:
    """All periods, and those that are seen from their first day to their last; a quarter is three months."""
    if span != "quarter":
        table = calendar(sold.rows["day"], span, sold.as_of)
        return table["period"].to_list(), table.filter("complete")["period"].to_list()
    months = calendar(sold.rows["day"], "month", sold.as_of).filter("complete")["period"].to_list()
    quarters = sold.rows["day"].dt.truncate("1q").unique().sort().to_list()
    starts = [quarters[0]]
    while starts[-1] < quarters[-1]:
        starts.append(moved(starts[-1], "month", 3))
    return starts, [start for start in starts if {moved(start, "month", k) for k in range(3)} <= set(months)]


def _limits(active: pl.Series, buyers: pl.Series) -> tuple[pl.Series, pl.Series]:
    from acrm.models.wilson import wilson_limits

    low, high = wilson_limits(active / buyers, buyers)
    return low.fill_nan(None).clip(0.0, 1.0), high.fill_nan(None).clip(0.0, 1.0)


def _pooled(triangle: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    seen = triangle.filter("observed")
    ones = seen.filter(age=1).select("cohort", pl.col("active").alias("_one"))
    pooled = (
        seen.join(ones, on="cohort", how="left")
        .group_by("age")
        .agg(pl.len().cast(pl.Int64).alias("cohorts"), pl.col("buyers", "active", "_one").sum())
        .sort("age")
    )
    low, high = _limits(pooled["active"], pooled["buyers"])
    of_first = pl.when(pl.col("age") > 0, pl.col("_one") > 0).then(pl.col("active") / pl.col("_one"))
    pooled = pooled.with_columns(share=pl.col("active") / pl.col("buyers"), low=low, high=high, of_first=of_first)
    return pooled.drop("_one")


def _figures(pooled: pl.DataFrame) -> dict[str, Scalar]:
    import polars as pl

    one = pooled.filter(age=1)
    firm = pooled.filter(pl.col("buyers") >= SMALL, pl.col("of_first") <= 0.5)["age"]
    any_age: Any = firm.min()
    return {
        "retention_1": one["share"][0] if one.height else None,
        "retention_1_n": one["buyers"][0] if one.height else None,
        "half_life": any_age,
        "half_life_beyond": int(str(pooled["age"].max())) if any_age is None and pooled.height else None,
    }
