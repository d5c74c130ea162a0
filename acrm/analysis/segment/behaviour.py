"""What customers do: how often, when, where and for how much they buy, and how else they are in touch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from acrm.analysis.history import read_history

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.history import History

SATURDAY = 6
WHERE = ("channel", "unit")
"""Columns of orders of which a customer has a favourite."""


def bought(lines: pl.LazyFrame, as_of: date | None) -> tuple[pl.DataFrame, History]:
    """One row per customer who bought something, sorted by `customer_id`, and the account of the lines.

    Refunds are taken off their orders. Shares are of what was sold before refunds; of no price lists known, discounts
    are those that lines tell.

    Returns:
        `customer_id`, `days_since_last`, `orders`, `spend`, `mean_order`, `customer_days` (since the first order),
        `gap_days` (median days between days with an order; null below two), `weekend_share` of orders,
        `return_share` of the money, `discount_share` where discounts are told, `channel` and `unit` of most orders.

    Raises:
        InputError: See `read_history`.
    """
    import polars as pl

    from acrm.summaries.customers import customer_margins, purchase_days
    from acrm.summaries.ledger import Part

    names = lines.collect_schema().names()
    where = [name for name in WHERE if name in names]
    places = [partial(_places, column=name) for name in where]
    history = read_history(lines, refunds="net", as_of=as_of, beside=(customer_margins, purchase_days, *places))
    margins, days, *favourites = history.beside
    today: Any = history.figures["as_of"]
    table = history.customers.select(
        "customer_id",
        pl.col("days_since_last").cast(pl.Float64),
        pl.col("orders").cast(pl.Float64),
        pl.col("spend").cast(pl.Float64),
        (pl.col("spend").cast(pl.Float64) / pl.col("orders")).alias("mean_order"),
        (pl.lit(today) - pl.col("first_order_at")).dt.total_days().cast(pl.Float64).alias("customer_days"),
    )
    ordered = days.sort("customer_id", "day")
    gap = pl.col("day").diff().dt.total_days().drop_nulls().median().alias("gap_days")
    weekend = (pl.col("orders") * (pl.col("day").dt.weekday() >= SATURDAY)).sum() / pl.col("orders").sum()
    rhythm = ordered.group_by("customer_id").agg(gap, weekend.cast(pl.Float64).alias("weekend_share"))
    sold, back = pl.col("part") == int(Part.SALE), pl.col("part") == int(Part.REFUND)
    money = pl.col("revenue").cast(pl.Float64)
    shares = {"return_share": money.filter(back).sum().abs() / money.filter(sold).sum()}
    if "discounts" in margins.columns:
        off = pl.col("discounts").cast(pl.Float64).filter(sold).sum()
        shares["discount_share"] = off / (money.filter(sold).sum() + off)
    terms = margins.group_by("customer_id").agg(
        pl.when(share.is_finite()).then(share.clip(0, 1)).alias(name) for name, share in shares.items()
    )
    for part in (rhythm, terms, *favourites):
        table = table.join(part, on="customer_id", how="left", maintain_order="left")
    return table, history


def _places(lines: pl.LazyFrame, *, column: str, as_of: date | None) -> pl.LazyFrame:
    """The value of a column that most of a customer's orders have; of equals the lowest."""
    import polars as pl

    from acrm.summaries.customers import orders_by_month

    counted = orders_by_month(lines, [column], as_of=as_of).drop_nulls(column)
    sums = counted.group_by("customer_id", column).agg(pl.col("orders").sum())
    best = sums.sort("customer_id", "orders", column, descending=[False, True, False])
    return best.group_by("customer_id", maintain_order=True).agg(pl.col(column).first())


def in_touch(interactions: pl.LazyFrame, as_of: date | None) -> pl.DataFrame:
    """One row per customer with a contact until `as_of`: how many of each kind, and their mean satisfaction.

    Returns:
        `customer_id`, `visits`, `calls`, `tickets`, `contacts` (all other kinds), `satisfaction` where it is told.
    """
    import polars as pl

    columns = interactions.collect_schema().names()
    rows = interactions.drop_nulls("customer_id")
    if as_of is not None:
        rows = rows.filter(pl.col("started_at").dt.date() <= as_of)
    counted = {"web_visit": "visits", "call": "calls", "ticket": "tickets"}
    kinds = [(pl.col("kind") == kind).sum().cast(pl.Float64).alias(name) for kind, name in counted.items()]
    others = (~pl.col("kind").is_in(list(counted))).sum().cast(pl.Float64).alias("contacts")
    told = []
    if "satisfaction" in columns:
        told.append(pl.col("satisfaction").cast(pl.String).cast(pl.Float64, strict=False).mean().alias("satisfaction"))
    return rows.group_by("customer_id").agg(*kinds, others, *told).collect().sort("customer_id")
