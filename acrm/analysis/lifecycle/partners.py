"""Who is more than a buyer, and when: customers under contract, and those who bring others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

REFERRERS = (
    "x_referred_by",
    "x_referred_by_id",
    "x_referrer",
    "x_referrer_id",
    "x_кто_рекомендовал",
    "x_рекомендатель",
    "x_пригласил",
)
"""Columns of customers that hold the id of who brought them."""
SCHEMA = ("customer_id", "from", "to", "because")


def partners(tables: Mapping[str, pl.LazyFrame], days: pl.DataFrame, lapsed: int) -> pl.DataFrame:
    """When who was a partner.

    A contract makes one from `start_at` to `end_at`, both included, however little is bought. Who referred another
    customer is one from the day on which that one first bought or was first known, as long as he has not lapsed.

    Args:
        tables: `contracts` and `customers`, if there are any.
        days: `customer_id`, `day` of each purchase.
        lapsed: Days without a purchase beyond which who brought others is no partner any more.

    Returns:
        Sorted: `customer_id`, `from` Date, `to` Date (null: open), `because` (contract, referral); spans may overlap.
    """
    import polars as pl

    found = [pl.DataFrame(schema=dict(zip(SCHEMA, (pl.String, pl.Date, pl.Date, pl.String), strict=True)))]
    contracts = tables.get("contracts")
    if contracts is not None:
        end = pl.col("end_at") if "end_at" in contracts.collect_schema().names() else pl.lit(None, pl.Date)
        spans = contracts.select("customer_id", pl.col("start_at").alias("from"), end.alias("to"))
        sound = spans.drop_nulls(["customer_id", "from"]).filter(
            pl.col("to").is_null() | (pl.col("to") >= pl.col("from"))
        )
        found.append(sound.with_columns(because=pl.lit("contract")).collect())
    customers = tables.get("customers")
    if customers is not None:
        names = customers.collect_schema().names()
        found += [_referrers(customers, name, days, lapsed) for name in REFERRERS if name in names]
    return pl.concat(found).unique().sort(SCHEMA)


def _referrers(customers: pl.LazyFrame, column: str, days: pl.DataFrame, lapsed: int) -> pl.DataFrame:
    import polars as pl

    known = pl.col("created_at").dt.date() if "created_at" in customers.collect_schema().names() else pl.lit(None)
    brought = customers.select(
        "customer_id", pl.col(column).cast(pl.String).str.strip_chars().alias("by"), known.cast(pl.Date).alias("known")
    )
    first = days.group_by("customer_id").agg(pl.col("day").min().alias("first"))
    came = (
        brought.filter(pl.col("by") != pl.col("customer_id"))
        .collect()
        .join(first, on="customer_id", how="left")
        .group_by(pl.col("by").alias("customer_id"))
        .agg(pl.min_horizontal("known", "first").min().alias("came"))
    )
    # Times without a lapse: from a purchase to the end of the limit after the last one that was in time.
    gap = pl.col("day").diff().over("customer_id", order_by="day").dt.total_days()
    runs = (
        days.select("customer_id", "day")
        .sort("customer_id", "day")
        .with_columns(run=(gap > lapsed).fill_null(True).cum_sum())
        .group_by("customer_id", "run")
        .agg(pl.col("day").min().alias("from"), (pl.col("day").max() + pl.duration(days=lapsed)).alias("to"))
    )
    spans = runs.join(came, on="customer_id").with_columns(pl.max_horizontal("from", "came").alias("from"))
    return spans.filter(pl.col("from") <= pl.col("to")).select(
        "customer_id", "from", "to", pl.lit("referral").alias("because")
    )
