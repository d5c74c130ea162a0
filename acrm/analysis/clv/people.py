"""What the sources tell of customers beside their orders: where their deals came from, which segment they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl


def with_deal_sources(
    customers: pl.LazyFrame | None, deals: pl.LazyFrame | None
) -> tuple[pl.LazyFrame | None, tuple[Message, ...]]:
    """The customers, where none of them has a source with that of their first won deal that has one.

    Where the customers themselves tell sources, deals are not asked: two systems that name sources differently make no
    column. First is the deal created first, of equals the one with the lowest id.

    Returns:
        The customers, and how many have their source from there.
    """
    import polars as pl

    if deals is None or not {"customer_id", "source", "status"} <= set(deals.collect_schema().names()):
        return customers, ()
    names = customers.collect_schema().names() if customers is not None else []
    if customers is not None and "source" in names:
        if customers.select(pl.col("source").is_not_null().any()).collect().item():
            return customers, ()
        customers = customers.drop("source")
    won = (
        deals.filter(pl.col("status") == "won")
        .drop_nulls(["customer_id", "source"])
        .sort("created_at", "deal_id", nulls_last=True)
        .unique("customer_id", keep="first", maintain_order=True)
        .select("customer_id", "source")
        .collect()
    )
    if won.is_empty():
        return customers, ()
    told = won.lazy() if customers is None else customers.join(won.lazy(), on="customer_id", how="full", coalesce=True)
    return told, (Message("clv.deal_sources", {"customers": won.height}),)


def with_segments(customers: pl.LazyFrame | None, segments: pl.DataFrame) -> pl.LazyFrame:
    """The customers with the segment of an earlier result, whatever else `customers` has under that name."""
    told = segments.lazy().select("customer_id", "segment")
    if customers is None:
        return told
    return customers.drop("segment", strict=False).join(told, on="customer_id", how="full", coalesce=True)


def told_by_segment(service_costs: pl.LazyFrame | None) -> bool:
    """Whether some service cost is known by segment."""
    if service_costs is None or "segment" not in service_costs.collect_schema().names():
        return False
    return bool(service_costs.select("segment").drop_nulls().head(1).collect().height)
