"""Which products may be offered: what is in stock, still sold and not excluded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from acrm.analysis.products.shelves import newest_counts

if TYPE_CHECKING:
    import polars as pl


def with_offered(
    products: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], patterns: Sequence[str]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The products with `offered`, and how many are not, by why.

    Args:
        products: `product_id`, `product_name`, `categories`.
        tables: `products` (`is_active`) and `stock` (`product_id`, `quantity`), if any.
        patterns: See `fitting`.
    """
    import polars as pl

    listed = tables.get("products")
    columns = set(listed.collect_schema().names()) if listed is not None else set()
    gone: dict[str, set[str]] = {"out_of_stock": _empty_shelves(tables.get("stock"))}
    if listed is not None and {"product_id", "is_active"} <= columns:
        gone["withdrawn"] = set(listed.filter(~pl.col("is_active").fill_null(True)).collect()["product_id"])
    if patterns:
        gone["excluded"] = fitting(products, patterns)
    ids = set(products["product_id"])
    barred = sorted(set().union(*gone.values()))
    offered = ~pl.col("product_id").is_in(barred)
    return products.with_columns(offered=offered), {why: len(found & ids) for why, found in gone.items()}


def fitting(products: pl.DataFrame, patterns: Sequence[str]) -> set[str]:
    """Ids of the products whose id, name or one of whose categories fits a pattern; case is ignored.

    `*` stands for any text, `?` for any character, everything else for itself.

    >>> import polars as pl
    >>> names = {"product_id": ["1", "2"], "product_name": ["Tea [red]", "Tea r "], "categories": [["Drinks"], None]}
    >>> [sorted(fitting(pl.DataFrame(names), [one])) for one in ("tea [r*", "tea ?", "drink?", "TEA*")]
    [['1'], ['2'], ['1'], ['1', '2']]
    """
    written = (re.escape(pattern.strip()).replace(r"\*", ".*").replace(r"\?", ".") for pattern in patterns)
    fits = re.compile("|".join(f"(?:{one})" for one in written), re.IGNORECASE | re.DOTALL)
    rows = products.select("product_id", "product_name", "categories").iter_rows()
    return {
        id
        for id, name, categories in rows
        if any(fits.fullmatch(cell.strip()) for cell in (id, name or "", *(categories or ())))
    }


def categories(lines: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """`categories` by `product_id`: all that order lines and the catalogue give a product, in order."""
    import polars as pl

    told = [frame for frame in (lines, tables.get("products")) if frame is not None]
    told = [frame for frame in told if {"product_id", "category"} <= set(frame.collect_schema().names())]
    none = pl.LazyFrame(schema={"product_id": pl.String, "category": pl.String})
    pairs = pl.concat([none, *(frame.select(none.collect_schema().names()) for frame in told)]).drop_nulls().unique()
    grouped = pairs.group_by("product_id").agg(pl.col("category").sort().alias("categories"))
    return grouped.sort("product_id").collect()


def _empty_shelves(stock: pl.LazyFrame | None) -> set[str]:
    """Products of which the newest count of every unit adds up to 0 or less; a count that says nothing is none."""
    import polars as pl

    if stock is None:
        return set()
    left = newest_counts(stock).group_by("product_id").agg(pl.col("quantity").sum())
    return set(left.filter(pl.col("quantity") <= 0)["product_id"])
