"""What each group buys more or less of than all do, and whether the assortment is the one of those who come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

FEW = 30
"""Buyers below which a group is called small."""
MUCH, SLOW = 0.05, 0.5
"""A category has too much of the stock from the first share on, if its share of sales is less than the second of it."""
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


def assortment(rows: pl.DataFrame, counts: pl.DataFrame | None, held: pl.DataFrame | None) -> pl.DataFrame:
    """Per category: its share of what is in stock and of what is sold.

    Args:
        rows: With `product_id`, `category`, `amount`.
        counts: `product_id`, `category` of everything in the catalogue; None where there is none.
        held: As of `acrm.analysis.products.shelves.shelves`; None where no stock was counted.

    Returns:
        `category`, `products`, `revenue`, `revenue_share`, `on_hand`, `stock_share` (of the value where all of it is
        known, else of the units), `sold_by_stock` (the one share by the other); by category.
    """
    import polars as pl

    sold = (
        rows.drop_nulls("category")
        .group_by("category")
        .agg(pl.col("product_id").n_unique().cast(pl.Int64).alias("products"), pl.col("amount").sum().alias("revenue"))
    )
    share = pl.col("revenue").cast(pl.Float64) / pl.col("revenue").sum().cast(pl.Float64)
    table = sold
    if held is not None:
        home = rows.drop_nulls("category").group_by("product_id").agg(pl.col("category").min())
        if counts is not None:
            home = pl.concat([counts.select(home.columns), home]).group_by("product_id").agg(pl.col("category").min())
        stocked = held.join(home.drop_nulls("category"), on="product_id").filter(pl.col("on_hand") > 0)
        measure = "on_hand" if stocked["stock_value"].null_count() else "stock_value"
        lies = stocked.group_by("category").agg(
            pl.col("on_hand").sum(), pl.col(measure).sum().cast(pl.Float64).alias("lies")
        )
        table = sold.join(lies, on="category", how="full", coalesce=True)
    else:
        table = sold.with_columns(on_hand=pl.lit(None, pl.Decimal(38, 4)), lies=pl.lit(None, pl.Float64))
    return (
        table.with_columns(pl.col("products", "revenue").fill_null(0))
        .with_columns(revenue_share=share, stock_share=pl.col("lies") / pl.col("lies").sum())
        .with_columns(sold_by_stock=pl.col("revenue_share") / pl.col("stock_share"))
        .select("category", "products", "revenue", "revenue_share", "on_hand", "stock_share", "sold_by_stock")
        .sort("category")
    )


def flagged(table: pl.DataFrame, groups: pl.DataFrame | None, by: str | None) -> pl.DataFrame:
    """The assortment with `main_index`, `flag` and `reason`.

    Too much: 5% of the stock or more, with a share of sales of half of that at most. Add: the group with most purchases
    buys more of it than all do (q value), and its share of sales is at least that of stock, where stock is known.

    Args:
        table: As of `assortment`.
        groups: As of `by_group`, with the level `category`; None without groups.
        by: Their column.
    """
    import polars as pl

    from acrm.messages import text

    main = None
    if groups is not None and by:
        cells = groups.filter(level="category")
        sums = cells.group_by(by).agg(pl.col("buyers").sum()).sort(-pl.col("buyers"), by)
        main = sums[by][0] if sums.height else None
        cells = cells.filter(pl.col(by) == main).select(category="product_id", main_index="index", q="q_value")
        table = table.join(cells, on="category", how="left", maintain_order="left")
    else:
        table = table.with_columns(main_index=pl.lit(None, pl.Float64), q=pl.lit(None, pl.Float64))
    much = (pl.col("stock_share") >= MUCH) & (pl.col("sold_by_stock") <= SLOW)
    wanted = (pl.col("main_index") > 1) & (pl.col("q") <= SURE) & (pl.col("sold_by_stock").fill_null(1) >= 1)
    table = table.with_columns(flag=pl.when(much).then(pl.lit("too_much")).when(wanted).then(pl.lit("add"))).drop("q")
    reasons = [
        text(f"products.flag.{row['flag']}{'' if row['stock_share'] is not None else '_unstocked'}", **row, group=main)
        if row["flag"]
        else None
        for row in table.iter_rows(named=True)
    ]
    return table.with_columns(pl.Series("reason", reasons, dtype=pl.String))
