"""What winning each customer cost: advertising goes to the orders that carry its name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from acrm.analysis.clv.allocation import allocate
from acrm.analysis.clv.service_costs import Attributed

if TYPE_CHECKING:
    import polars as pl

# What a campaign row is told by, finest first: its column, and the one that must say the same on the customer's side.
_MATCHES = (("campaign", "campaign"), ("source", "channel"), ("source", "source"))


def spread_campaigns(
    campaigns: pl.LazyFrame,
    transactions: pl.LazyFrame,
    customers: pl.LazyFrame | None,
    *,
    as_of: date | None,
) -> Attributed:
    """Spread the spend of `campaigns` over customers.

    The spend of a calendar month is shared equally among that month's orders of the same name: those whose `campaign`
    is the campaign; where no order ever has it, those whose `channel` is the campaign's source; where none has that
    either, those of customers whose `source` is. Letter case does not matter. Spend that meets no order of its name in
    its month stays with nobody.

    Args:
        campaigns: Canonical `campaigns`, of one currency.
        transactions: Canonical order lines.
        customers: Canonical `customers`, for their `source`.
        as_of: Last day that counts; None takes all.
    """
    import polars as pl

    names = campaigns.collect_schema().names()
    spent = campaigns.with_columns(_folded("campaign"), _folded("source") if "source" in names else _none("source"))
    late = pl.col("date") > as_of if as_of else pl.lit(False)
    bills = spent.select("date", "campaign", "source", "spend").collect()
    source = bills.select(source=pl.col("spend").sum(), left_out=pl.col("spend").filter(late).sum())
    bills = bills.filter(~late).with_columns(month=pl.col("date").dt.truncate("1mo"))
    orders = _orders(transactions, customers, as_of)
    pools, units = [], []
    for level, (ours, theirs) in enumerate(_MATCHES):
        pool = pl.lit(level).alias("level"), "month", pl.col(ours).alias("name")
        known = orders.drop_nulls(theirs).with_columns(name=theirs)
        met = bills.join(known.select(pl.col("name").alias(ours)).unique(), on=ours, how="semi")
        bills = bills.join(known.select(pl.col("name").alias(ours)).unique(), on=ours, how="anti")
        pools.append(met.select(*pool, "spend"))
        units.append(known.select(pool[0], "month", "name", "customer_id", units="orders"))
    on = ["level", "month", "name"]
    pooled = pl.concat(pools).group_by(on).agg(pl.col("spend").sum().alias("cost"))
    shares = allocate(pooled, pl.concat(units), on)
    unmet = pooled.join(shares.select(on).unique(), on=on, how="anti")
    lost = pl.concat(
        [
            bills.select(reason=pl.lit("no_order_of_name"), amount="spend"),
            unmet.select(reason=pl.lit("no_order_in_month"), amount="cost"),
        ]
    )
    return Attributed(
        shares.group_by("customer_id").agg(pl.col("amount").sum()),
        lost.group_by("reason").agg(pl.col("amount").sum()).sort("reason"),
        source,
    )


def _orders(transactions: pl.LazyFrame, customers: pl.LazyFrame | None, as_of: date | None) -> pl.DataFrame:
    """`customer_id`, `month`, `campaign`, `channel`, `source`, `orders`."""
    from acrm.engine import collect, columns
    from acrm.summaries.customers import orders_by_month

    names = columns(transactions)
    have = [name for name in ("campaign", "channel") if name in names]
    orders = collect(orders_by_month(transactions, have, as_of=as_of))
    told = orders.with_columns(_folded(name) if name in have else _none(name) for name in ("campaign", "channel"))
    if customers is not None and "source" in customers.collect_schema().names():
        from_where = customers.select("customer_id", _folded("source")).drop_nulls().unique("customer_id").collect()
        return told.join(from_where, on="customer_id", how="left")
    return told.with_columns(_none("source"))


def _folded(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()


def _none(name: str) -> pl.Expr:
    import polars as pl

    return pl.lit(None, pl.String).alias(name)
