"""What is told of customers who are to be scored: how they buy, how they are in touch, who they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from acrm.analysis.people.behaviour import CONTACTS, contact_name, drawn, mean_told

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from acrm.analysis.churn.records import Past
    from acrm.analysis.people.features import Feature, Kind

RECENT = 30
"""Days of what was said lately."""
TOPIC = "about_"
"""What the names of the columns of topics begin with."""


def purchase_features(past: Past, window: int) -> pl.DataFrame:
    """One row per customer who bought, by `customer_id`; shares are drawn to what is usual, as in `people.behaviour`.

    Returns:
        `days_since_last`, `purchase_days`, `orders`, `spend` (returns taken off), `mean_order`, `customer_days` (since
        the first purchase), `gap_days` (median days between purchases; null below two), `gap_spread` (their standard
        deviation by their mean; null below two gaps), `last_gap_ratio` (the last by the median; null below two gaps),
        `overdue_ratio` (`days_since_last` by `gap_days`), `days_recent` (of purchase, in the last window) and
        `days_trend` (less those of the window before), `spend_recent`, `spend_trend` (change between the two windows by
        their sum, -1 to 1), `lines_per_order`, `return_share`, `returns_recent` (days with a return in the last
        window); and, where lines tell them, `discount_share`, `products` (different ones), `new_products_recent`,
        `channel` and `unit` of most days of purchase.
    """
    import polars as pl

    today = pl.lit(past.cutoff)
    names = past.days.columns
    recent = pl.col("day") > past.cutoff - timedelta(days=window)
    before = (pl.col("day") > past.cutoff - timedelta(days=2 * window)) & ~recent
    sales = pl.col("sales").cast(pl.Float64)
    listed = "new_products" in names
    known = [
        (today - pl.col("day").max()).dt.total_days().cast(pl.Float64).alias("days_since_last"),
        pl.len().cast(pl.Float64).alias("purchase_days"),
        pl.col("orders").sum().cast(pl.Float64),
        pl.col("sales").sum().cast(pl.Float64).alias("_sales"),
        (today - pl.col("day").min()).dt.total_days().cast(pl.Float64).alias("customer_days"),
        pl.col("gap").median().alias("gap_days"),
        (pl.col("gap").std() / pl.col("gap").mean()).round(6).alias("gap_spread"),
        pl.col("gap").count().alias("_gaps"),
        pl.col("gap").last().alias("_last_gap"),
        recent.sum().cast(pl.Float64).alias("days_recent"),
        (recent.cast(pl.Float64).sum() - before.cast(pl.Float64).sum()).alias("days_trend"),
        sales.filter(recent).sum().round(4).alias("spend_recent"),
        sales.filter(before).sum().round(4).alias("_spend_before"),
        pl.col("lines").sum().cast(pl.Float64).alias("_lines"),
        *([pl.col("discounts").sum().cast(pl.Float64).alias("_discounts")] if "discounts" in names else []),
        *([pl.col("new_products").sum().cast(pl.Float64).alias("products")] if listed else []),
        *(
            [pl.col("new_products").filter(recent).sum().cast(pl.Float64).alias("new_products_recent")]
            if listed
            else []
        ),
    ]
    table = past.days.group_by("customer_id", maintain_order=True).agg(known)
    back = past.refunds.group_by("customer_id").agg(
        pl.col("refunds").sum().cast(pl.Float64).alias("_refunds"),
        recent.sum().cast(pl.Float64).alias("returns_recent"),
    )
    table = table.join(back, on="customer_id", how="left", maintain_order="left")
    table = table.with_columns(pl.col("_refunds", "returns_recent").fill_null(0.0))
    usual, sold, two = pl.col("gap_days"), pl.col("_sales"), pl.col("_gaps") >= 2
    both = pl.col("spend_recent") + pl.col("_spend_before")
    shares = {"return_share": (pl.col("_refunds") / sold).clip(0, 1)}
    if "discounts" in names:
        shares["discount_share"] = (pl.col("_discounts") / (sold + pl.col("_discounts"))).clip(0, 1)
    table = table.with_columns(
        (sold - pl.col("_refunds")).round(4).alias("spend"),
        (sold / pl.col("orders")).alias("mean_order"),
        pl.when(two).then("gap_spread").alias("gap_spread"),
        pl.when(two).then(pl.col("_last_gap") / usual).alias("last_gap_ratio"),
        (pl.col("days_since_last") / usual).alias("overdue_ratio"),
        pl.when(both > 0).then((pl.col("spend_recent") - pl.col("_spend_before")) / both).alias("spend_trend"),
        (pl.col("_lines") / pl.col("orders")).alias("lines_per_order"),
        **shares,
    ).with_columns(drawn(name) for name in shares)
    for place in ("channel", "unit"):
        if place in names:
            table = table.join(_favourite(past.days, place), on="customer_id", how="left", maintain_order="left")
    return table.drop(pl.selectors.starts_with("_"))


def _favourite(days: pl.DataFrame, place: str) -> pl.DataFrame:
    """The value of most days; of equals the lowest."""
    import polars as pl

    counted = days.drop_nulls(place).group_by("customer_id", place).len()
    best = counted.sort("customer_id", "len", place, descending=[False, True, False])
    return best.group_by("customer_id", maintain_order=True).agg(pl.col(place).first())


def contact_features(past: Past, everyone: pl.DataFrame) -> pl.DataFrame | None:
    """How customers were in touch, one row for each of `everyone`; null where there are no contacts at all.

    Returns:
        Of each kind how many there were (`visits`, `calls`, `tickets`, `contacts`) and in the last 30 days (`..._30d`);
        `days_since_contact`; `about_<topic>_30d`; and, where the source tells them, `complaints`, `complaints_30d`,
        `answer_hours` (mean until the first response), `satisfaction` (mean), `tickets_open`.
    """
    import polars as pl

    contacts = past.contacts
    if contacts is None:
        return None
    names = contacts.columns
    recent = pl.col("day") > past.cutoff - timedelta(days=RECENT)
    kind = contact_name()
    begun = pl.col("begun")
    counts = [
        begun.filter(test).sum().alias(f"{name}{suffix}")
        for name in (*CONTACTS.values(), "contacts")
        for test, suffix in ((kind == name, ""), ((kind == name) & recent, f"_{RECENT}d"))
    ]
    counts += [
        begun.filter((pl.col("topic") == name) & recent).sum().alias(f"{TOPIC}{name}_{RECENT}d") for name in past.topics
    ]
    if "complaints" in names:
        counts.append(pl.col("complaints").sum())
        counts.append(pl.col("complaints").filter(recent).sum().alias(f"complaints_{RECENT}d"))
    if "closed" in names:
        open_tickets = (begun - pl.col("closed")).filter(kind == "tickets").sum().clip(0)
        counts.append(open_tickets.alias("tickets_open"))
    since = (pl.lit(past.cutoff) - pl.col("day").filter(begun > 0).max()).dt.total_days().cast(pl.Float64)
    means = [mean_told("satisfaction", "ratings")] if "ratings" in names else []
    if "answers" in names:
        means.append((mean_told("answer_minutes", "answers") / 60).alias("answer_hours"))
    table = contacts.group_by("customer_id").agg(*counts, since.alias("days_since_contact"), *means)
    joined = everyone.join(table, on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col([one.meta.output_name() for one in counts]).fill_null(0.0))


def deal_features(past: Past, everyone: pl.DataFrame) -> pl.DataFrame | None:
    """`deals_open`, `deals_won`, `deals_lost`, `days_since_deal` (begun); null where there are no deals at all."""
    import polars as pl

    if past.deals is None:
        return None
    begun, won, lost = (pl.col(name).sum().cast(pl.Float64) for name in ("begun", "won", "lost"))
    since = (pl.lit(past.cutoff) - pl.col("day").filter(pl.col("begun") > 0).max()).dt.total_days().cast(pl.Float64)
    counts = [(begun - won - lost).clip(0).alias("deals_open"), won.alias("deals_won"), lost.alias("deals_lost")]
    table = past.deals.group_by("customer_id").agg(*counts, since.alias("days_since_deal"))
    joined = everyone.join(table, on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("deals_open", "deals_won", "deals_lost").fill_null(0.0))


def traits(
    past: Past, everyone: pl.DataFrame, kinds: Mapping[str, Kind] | None = None
) -> tuple[pl.DataFrame, tuple[Feature, ...]] | None:
    """Who the customers are, and the columns of the source that are not ours, as they stand today.

    Args:
        past: What was known.
        everyone: `customer_id` of those who are asked for.
        kinds: What columns that are not ours were to an earlier model; of others it is found.
    """
    from acrm.analysis.people.people import people

    if past.customers is None or past.customers.is_empty():
        return None
    found = people({"customers": past.customers.lazy()}, lines=None, axes=("demo",), as_of=past.cutoff, kinds=kinds)
    # Since when the shop knows them; since the first purchase they are customers.
    told = found.table.rename({"customer_days": "known_days"}, strict=False)
    features = tuple(replace(one, name="known_days") if one.name == "customer_days" else one for one in found.features)
    return everyone.join(told, on="customer_id", how="left", maintain_order="left"), features
