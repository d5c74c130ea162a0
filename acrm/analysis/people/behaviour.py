"""What customers do: how often, when, where and for how much they buy, and how else they are in touch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from acrm.analysis.history import read_history

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from acrm.analysis.history import History

SATURDAY = 6
PRIOR = 3.0
"""Orders of the usual kind that are added to a customer's own in shares: one order at a weekend is no habit."""
CONTACTS = {"web_visit": "visits", "call": "calls", "ticket": "tickets"}
"""Kinds of contacts that are counted apart, and their names."""
WHERE = ("channel", "unit")
"""Columns of orders of which a customer has a favourite."""


@dataclass(frozen=True, kw_only=True)
class Bought:
    """What order lines tell of customers.

    Attributes:
        table: One row per customer who bought something, sorted by `customer_id`; see `bought`.
        per_order: `customer_id`, `spend` and `margin` (null where a cost is not known) of an order, Decimal.
        days: `customer_id`, `day`, `amount`, `orders`, as of `acrm.summaries.customers.purchase_days`, sorted.
        loose: As of `acrm.summaries.customers.loose_refunds`.
        history: The account of the lines.
    """

    table: pl.DataFrame
    per_order: pl.DataFrame
    days: pl.DataFrame
    loose: pl.DataFrame
    history: History


def bought(lines: pl.LazyFrame, as_of: date | None, unit_costs: pl.LazyFrame | None = None) -> Bought:
    """Reduce order lines to customers, up to and including a day (None: all).

    Refunds are taken off their orders. Shares are drawn to what is usual, the more the fewer the orders; those of money
    are of what was sold before refunds. Where no price lists are known, discounts
    are those that lines tell.

    Args:
        lines: Order lines.
        as_of: Last day that counts.
        unit_costs: What products cost, as of `acrm.summaries.customers.customer_margins`.

    Returns:
        In `table`: `customer_id`, `days_since_last`, `orders`, `spend`, `mean_order`, `customer_days` (since the first
        order), `gap_days` (median days between days with an order; null below two), `weekend_share` of orders,
        `return_share` of the money, `discount_share` where discounts are told, `channel` and `unit` of most orders.

    Raises:
        InputError: See `read_history`.
    """
    import polars as pl

    from acrm.summaries.customers import customer_margins, loose_refunds, purchase_days
    from acrm.summaries.ledger import Part

    names = lines.collect_schema().names()
    where = [name for name in WHERE if name in names]
    places = [partial(_places, column=name) for name in where]
    margin = partial(customer_margins, unit_costs=unit_costs)
    history = read_history(lines, refunds="net", as_of=as_of, beside=(margin, purchase_days, loose_refunds, *places))
    margins, days, loose, *favourites = history.beside
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
    if "discount_share" in table.columns and not table["discount_share"].sum():
        # A store has the column even if nobody told of a discount.
        table = table.drop("discount_share")
        del shares["discount_share"]
    table = table.with_columns(drawn(name) for name in ("weekend_share", *shares))
    return Bought(
        table=table,
        per_order=_per_order(margins, history.customers),
        days=ordered,
        loose=loose,
        history=history,
    )


def drawn(name: str) -> pl.Expr:
    """A share, drawn to that of all orders as if there were `PRIOR` of those besides the customer's own."""
    import polars as pl

    orders, share = pl.col("orders"), pl.col(name)
    usual = (share * orders).sum() / orders.filter(share.is_not_null()).sum()
    return ((share * orders + PRIOR * usual) / (orders + PRIOR)).round(6).alias(name)


def _per_order(margins: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """What an order of each customer costs and leaves, refunds taken off; of who gave all back nothing is known."""
    import polars as pl

    from acrm.summaries.ledger import Part

    known = margins.filter(pl.col("part") <= int(Part.REFUND))
    costed = "goods_cost" in margins.columns
    left = pl.col("revenue") - pl.col("goods_cost") if costed else pl.lit(None, pl.Decimal(38, 4))
    uncosted = pl.col("uncosted").sum() if costed else pl.lit(0)
    sums = known.with_columns(left=left).group_by("customer_id").agg(pl.col("left").sum(), uncosted.alias("uncosted"))
    joined = customers.filter(pl.col("spend") > 0).join(sums, on="customer_id", how="left", maintain_order="left")
    whole = (pl.col("uncosted") == 0) & costed
    each = {"spend": pl.col("spend"), "margin": pl.when(whole).then("left")}
    money = [
        (value.cast(pl.Float64) / pl.col("orders")).round(4).cast(pl.Decimal(38, 4)).alias(name)
        for name, value in each.items()
    ]
    return joined.select("customer_id", *money)


def _places(lines: pl.LazyFrame, *, column: str, as_of: date | None) -> pl.LazyFrame:
    """The value of a column that most of a customer's orders have; of equals the lowest."""
    import polars as pl

    from acrm.summaries.customers import orders_by_month

    counted = orders_by_month(lines, [column], as_of=as_of).drop_nulls(column)
    sums = counted.group_by("customer_id", column).agg(pl.col("orders").sum())
    best = sums.sort("customer_id", "orders", column, descending=[False, True, False])
    return best.group_by("customer_id", maintain_order=True).agg(pl.col(column).first())


def contacts_by_day(
    interactions: pl.LazyFrame, *, topics: Sequence[str] = (), as_of: date | None = None
) -> pl.LazyFrame:
    """As of `acrm.summaries.days.contact_days`; a satisfaction that is no number is not known."""
    import polars as pl

    from acrm.summaries.days import contact_days

    if "satisfaction" in interactions.collect_schema().names():
        rating = pl.col("satisfaction").cast(pl.String).cast(pl.Float64, strict=False)
        interactions = interactions.with_columns(rating)
    return contact_days(interactions, topics=topics, as_of=as_of)


def contact_name() -> pl.Expr:
    """Under which name a contact is counted: see `CONTACTS`, all other kinds are `contacts`."""
    import polars as pl

    return pl.col("kind").replace_strict(CONTACTS, default="contacts", return_dtype=pl.String)


def mean_told(total: str, number: str) -> pl.Expr:
    """The mean of a sum and a number that add up over days; null where the number is 0."""
    import polars as pl

    told = pl.col(number).sum()
    return pl.when(told > 0).then((pl.col(total).sum() / told).round(6)).alias(total)


def in_touch(interactions: pl.LazyFrame, as_of: date | None) -> pl.DataFrame:
    """One row per customer with a contact until `as_of`: how many of each kind, and their mean satisfaction.

    Returns:
        `customer_id`, `visits`, `calls`, `tickets`, `contacts` (all other kinds), `satisfaction` where it is told.
    """
    import polars as pl

    days = contacts_by_day(interactions, as_of=as_of)
    names = (*CONTACTS.values(), "contacts")
    counts = [pl.col("begun").filter(contact_name() == name).sum().alias(name) for name in names]
    means = [mean_told("satisfaction", "ratings")] if "ratings" in days.collect_schema().names() else []
    return days.group_by("customer_id").agg(*counts, *means).collect().sort("customer_id")
