"""What each group buys more or less of than all do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

FEW = 30
"""Buyers below which a group is called small."""
SURE = 0.05
"""q values up to which an index is no chance."""


def by_group(rows: pl.DataFrame, by: str, names: pl.DataFrame, levels: Sequence[str]) -> pl.DataFrame:
    """What each group buys, by product and by category, against what all buy.

    A purchase is a customer who bought the product in the group, however often: repeats of one customer say nothing of
    the others. Where no customer is known, every order is one. The index is the share of the group's purchases by the
    share of all purchases, drawn towards 1 as far as the counts are small (`acrm.models.group_index`); q values are
    those of all cells of a level.

    Args:
        rows: As of `acrm.analysis.kept.Kept`, with the column `by`; null is a group that is left out.
        by: The column.
        names: `product_id`, `product_name`.
        levels: `product`, and `category` where the rows have one.

    Returns:
        Sorted by `level`, the column `by`, `product_id`: these, `product_name`, `buyers`, `share`, `base_share`,
        `index`, `index_low`, `index_high`, `q_value`, `revenue`. A category stands in `product_id` and `product_name`.
    """
    import polars as pl

    grouped = rows.drop_nulls(by)
    parts = [_level(grouped, by, level) for level in levels]
    table = pl.concat(parts).join(names, on="product_id", how="left")
    named = pl.when(level="product").then(pl.coalesce("product_name", "product_id")).otherwise("product_id")
    columns = [by, "level", "product_id", "product_name", "buyers", "share", "base_share", "index", "index_low"]
    table = table.with_columns(named.alias("product_name"))
    return table.select(*columns, "index_high", "q_value", "revenue").sort("level", by, "product_id")


def _level(rows: pl.DataFrame, by: str, level: str) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    from acrm.models.group_index import index
    from acrm.models.rule_tests import benjamini_hochberg

    known = rows
    if level == "category":
        known = rows.drop("product_id").rename({"category": "product_id"}).drop_nulls("product_id")
    who = pl.coalesce("customer_id", pl.lit("\0") + pl.col("order_id"))
    pairs = known.group_by(by, "product_id", who.alias("who")).agg(pl.col("amount").sum())
    cells = pairs.group_by(by, "product_id").agg(
        pl.len().cast(pl.Int64).alias("buyers"), pl.col("amount").sum().alias("revenue")
    )
    # A product that a group does not buy at all tells as much.
    every = cells.select(by).unique().join(cells.select("product_id").unique(), how="cross")
    cells = every.join(cells, on=[by, "product_id"], how="left").with_columns(pl.col("buyers", "revenue").fill_null(0))
    cells = cells.sort(by, "product_id")
    count = pl.col("buyers")
    cells = cells.with_columns(
        share=count / count.sum().over(by),
        base_share=count.sum().over("product_id") / count.sum(),
    )
    group, item = (
        cells[name].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1 for name in (by, "product_id")
    )
    found = index(cells["buyers"].to_numpy(), group, item)
    return cells.with_columns(
        pl.lit(level).alias("level"),
        pl.Series("index", found.mean),
        pl.Series("index_low", found.low),
        pl.Series("index_high", found.high),
        pl.Series("q_value", benjamini_hochberg(found.p)),
    )
