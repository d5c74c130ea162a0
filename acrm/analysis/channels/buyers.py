"""Customers who bought: where they say they come from, where their first order says so, and whether they came back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from acrm.analysis.channels.touches import texts

if TYPE_CHECKING:
    import polars as pl

WINDOWS = (365, 180, 90, 60, 30)
"""Days within which a second order counts: the longest for which at least half of the customers were watched."""


def first_channels(lines: pl.LazyFrame, columns: Sequence[str], today: date) -> list[pl.DataFrame]:
    """By column: `customer_id` and what it says on the customer's first order, as text.

    Of an order with lines of several channels the one with the most money counts, of equals the first by name.
    """
    import polars as pl

    from acrm.summaries.customers import edge_orders

    found = []
    for name in columns:
        first = edge_orders(lines, [name], edge="first", as_of=today).collect()
        ordered = first.sort("customer_id", -pl.col("amount"), name, nulls_last=True)
        one = ordered.unique("customer_id", keep="first", maintain_order=True)
        found.append(one.select("customer_id", *texts([name])))
    return found


def second_orders(lines: pl.LazyFrame, first: pl.DataFrame, today: date) -> tuple[int | None, pl.DataFrame]:
    """Whether each customer ordered on a later day within the window; null where they were not watched that long.

    Args:
        lines: Canonical order lines.
        first: `customer_id`, `day` of the first order.
        today: The day up to which all was watched.

    Returns:
        Days of the window, None where even the shortest is too long; and `customer_id`, `converted`.
    """
    import polars as pl

    from acrm.summaries.customers import purchase_days

    watched = first.select(days=(pl.lit(today) - pl.col("day")).dt.total_days())["days"]
    window = next((days for days in WINDOWS if 2 * int((watched >= days).sum()) >= len(watched)), None)
    if window is None:
        return None, first.select("customer_id", pl.lit(None, pl.Boolean).alias("converted"))
    days = purchase_days(lines, as_of=today).collect().rename({"day": "next"}).join(first, on="customer_id")
    within = (pl.col("next") > pl.col("day")) & (pl.col("next") <= pl.col("day") + timedelta(days=window))
    again = days.group_by("customer_id").agg(within.any().alias("again"))
    seen = pl.col("day") + timedelta(days=window) <= today
    converted = pl.when(seen).then(pl.col("again").fill_null(False)).alias("converted")
    return window, first.join(again, on="customer_id", how="left").select("customer_id", converted)
