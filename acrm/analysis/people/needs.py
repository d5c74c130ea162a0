"""What customers need: the categories of which they buy more than others do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

CATEGORIES = 12
"""Categories with the most money that are looked at; the others are one."""
OTHER = "…"
PRIOR = 5.0
"""Purchases that weigh as much as what all others buy: who bought little has no need of his own yet."""


def needs(rows: pl.DataFrame) -> pl.DataFrame:
    """Each customer's preference for every category, as a log lift against all customers, and the strongest one.

    The share of a customer's purchases (order and product) in a category, shrunk to the share of all by `PRIOR`
    purchases, divided by the share of all.

    Args:
        rows: `customer_id`, `category`, one row per purchase.

    Returns:
        Sorted by `customer_id`: `need` (the category with the highest lift above 1; null: none), `need_<category>`.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"customer_id": ["a"] * 5 + ["b"] * 5, "category": ["tea"] * 5 + ["ink"] * 5})
        >>> needs(rows).rows()
        [('a', 'tea', -0.6931, 0.4055), ('b', 'ink', 0.4055, -0.6931)]
    """
    import polars as pl

    rows = rows.drop_nulls()
    sizes = rows.group_by("category").len().sort("len", "category", descending=[True, False])
    kept = sizes["category"].head(CATEGORIES).sort().to_list()
    if len(kept) < 2:
        return pl.DataFrame(schema={"customer_id": pl.String})
    named = rows.with_columns(pl.when(pl.col("category").is_in(kept)).then("category").otherwise(pl.lit(OTHER)))
    base = {name: count / rows.height for name, count in named.group_by("category").len().rows()}
    levels = [*kept, *([OTHER] if OTHER in base else [])]
    counts = [(pl.col("category") == name).sum().cast(pl.Float64).alias(f"need_{name}") for name in levels]
    table = named.group_by("customer_id").agg(pl.len().alias("_n"), *counts).sort("customer_id")
    lifts = {
        f"need_{name}": ((pl.col(f"need_{name}") + PRIOR * base[name]) / (pl.col("_n") + PRIOR) / base[name])
        .log()
        .round(4)
        for name in levels
    }
    table = table.with_columns(**lifts)
    top = pl.max_horizontal(list(lifts))
    need = pl.coalesce(pl.when(pl.col(f"need_{name}") == top, top > 0).then(pl.lit(name)) for name in kept)
    return table.select("customer_id", need.alias("need"), *(f"need_{name}" for name in kept))
