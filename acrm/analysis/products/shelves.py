"""What lies in stock: units, their value, and how long they last."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def newest_counts(stock: pl.LazyFrame) -> pl.DataFrame:
    """The newest count of each product in each unit: the rows of that day. A count that says nothing is none.

    Args:
        stock: Canonical `stock`: `product_id`, `quantity`, and `unit`, `date`, `value` where known.
    """
    import polars as pl

    counted = stock.drop_nulls("quantity").collect()
    keys = [name for name in ("product_id", "unit") if name in counted.columns]
    if "date" in counted.columns:
        day = pl.col("date").fill_null(date.min)
        counted = counted.filter(day == day.max().over(keys))
    return counted


def shelves(
    counts: pl.DataFrame, rows: pl.DataFrame, each: pl.DataFrame, as_of: date | None, days: int
) -> pl.DataFrame:
    """What lies in stock of every product that was counted, by id.

    Days of cover are the units on hand by what was sold a day over the last `days` days, or since the first sale.

    Args:
        counts: As of `newest_counts`.
        rows: As of `acrm.analysis.products.worth.costed`.
        each: As of `acrm.analysis.products.worth.unit_costs`.
        as_of: Today.
        days: How far back sales count.

    Returns:
        `product_id`, `on_hand`, `stock_value` (as told, else at cost; null where neither is known), `days_cover` (null
        where nothing was sold, or nobody knows when or how much).
    """
    import polars as pl

    money, on_hand = pl.Decimal(38, 4), pl.col("on_hand").cast(pl.Float64)
    value = pl.col("value") if "value" in counts.columns else pl.lit(None, money)
    held = counts.group_by("product_id").agg(
        pl.col("quantity").sum().alias("on_hand"), pl.when(value.is_not_null().all()).then(value.sum()).alias("told")
    )
    rows = rows if "quantity" in rows.columns else rows.with_columns(quantity=pl.lit(None, money))
    units = pl.col("quantity").cast(pl.Float64).sum()
    costs = (
        rows.drop_nulls("cost")
        .filter(pl.col("quantity") > 0)
        .sort("product_id", "order_id")
        .group_by("product_id", maintain_order=True)
    )
    paid = costs.agg((pl.col("cost").cast(pl.Float64).sum() / units).alias("paid"))
    recent = pl.col("day") >= pl.lit(as_of, pl.Date) - timedelta(days=days)
    sold = rows.group_by("product_id").agg(
        pl.col("quantity").filter(recent).sum().cast(pl.Float64).alias("sold"), pl.col("day").min().alias("first")
    )
    for more in (each, paid, sold):
        held = held.join(more, on="product_id", how="left")
    since = (pl.lit(as_of, pl.Date) - pl.col("first")).dt.total_days().clip(1, days)
    at_cost = (on_hand * pl.coalesce("each", "paid")).round(4).cast(money)
    cover = pl.when(on_hand <= 0).then(0.0).when(pl.col("sold") > 0).then(on_hand * since / pl.col("sold"))
    return held.select(
        "product_id",
        "on_hand",
        pl.coalesce(pl.col("told").cast(money), at_cost).alias("stock_value"),
        cover.alias("days_cover"),
    ).sort("product_id")
