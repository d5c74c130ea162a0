"""The figures of the whole by any columns: every group with what it brings, how it goes, and where it is going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.kpis import kpis
from acrm.analysis.report.objects import figures_of
from acrm.analysis.report.periods import Period, moved
from acrm.analysis.report.sold import Sold
from acrm.analysis.report.trend import trend
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

_WHOLE = ("revenue", "orders", "buyers", "average_order")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Figures by group.

    Attributes:
        by: The columns.
        table: The largest first: the columns (null: not told), `revenue`, `share` of the whole, and what
            `objects.figures_of` tells; `last`, `before`: revenue of the last whole period and of the one before (null
            where there is none), `change`. Revenues add up to that of the whole.
        periods: As of `Kpis.periods`, by the columns.
        trend: As of `Trend.trend`, of the largest groups; without columns where there are too few periods.
        figures: `groups`, and of the whole `revenue`, `orders`, `buyers`, `average_order`.
        notes: What the reader should know.
    """

    by: tuple[str, ...]
    table: pl.DataFrame
    periods: pl.DataFrame
    trend: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def cut(sold: Sold, period: Period) -> Cut:
    """Cut what was sold by `sold.by`.

    Orders and buyers of a group are those with a sale line in it: an order of two products is an order of both.
    """
    import polars as pl

    by = list(sold.by)
    found = kpis(sold, period)
    course = trend(found.periods, period, by=by)
    table = figures_of(sold, by)
    all_of_it = figures_of(sold, []).row(0, named=True)
    whole = float(all_of_it["revenue"])
    share = pl.col("revenue").cast(pl.Float64) / whole if whole else pl.lit(None, pl.Float64)
    last = found.figures.get("period")
    if isinstance(last, date):
        ends = {"last": last, "before": moved(last, period, -7 if period == "day" else -1)}
        for name, start in ends.items():
            theirs = found.periods.filter(pl.col("period") == start, "complete").select(
                *by, pl.col("revenue").alias(name)
            )
            table = table.join(theirs, on=by, how="left", nulls_equal=True)
        # A group without a row in a period that is whole sold nothing in it.
        known = set(found.periods.filter("complete")["period"].to_list())
        table = table.with_columns(
            pl.col(name).fill_null(0) if start in known else pl.col(name) for name, start in ends.items()
        )
        before = pl.col("before").cast(pl.Float64)
        table = table.with_columns(change=pl.when(before > 0).then(pl.col("last").cast(pl.Float64) / before - 1))
    table = table.with_columns(share=share).sort("revenue", *by, descending=[True, *[False] * len(by)], nulls_last=True)
    front: list[Any] = [*by, "revenue", "share"]
    return Cut(
        by=sold.by,
        table=table.select(*front, pl.exclude(front)),
        periods=found.periods,
        trend=course.trend if "value" in course.trend.columns else pl.DataFrame(),
        figures={"groups": table.height, **{name: all_of_it[name] for name in _WHOLE}},
        notes=(*found.notes, *course.notes),
    )
