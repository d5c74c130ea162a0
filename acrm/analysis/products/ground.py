"""The ground that products are judged on: what was bought, what it cost, and what the catalogue tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.kept import Kept, read_kept
from acrm.analysis.products.params import ProductsParams
from acrm.analysis.products.worth import costed, unit_costs

if TYPE_CHECKING:
    import polars as pl

PERIODS = {"month": "1mo", "quarter": "1q", "year": "1y"}
"""Cuts by time: a word and the span that starts anew with each."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What was bought, with costs and categories, and what the other tables tell of the products."""

    kept: Kept
    rows: pl.DataFrame
    each: pl.DataFrame
    catalogue: pl.DataFrame
    """`product_id`, `product_name`, `category`, `is_active`: one row per product, null where not told."""
    as_of: date | None


def ground(transactions: pl.LazyFrame, params: ProductsParams, tables: Mapping[str, pl.LazyFrame]) -> Ground:
    """Read what was bought and kept, with costs, categories and the column `by`.

    Raises:
        InputError: No sale of goods; no column `by`.
    """
    import polars as pl

    names, customers = transactions.collect_schema().names(), tables.get("customers")
    people = customers.collect_schema().names() if customers is not None else []
    by = params.by
    names, people = ([one for one in columns if one[0] != "_"] for columns in (names, people))
    # What fits no column of ours is kept under a longer name.
    source = f"x_{by}" if by not in (*names, *people) and f"x_{by}" in (*names, *people) else by
    of_lines = [name for name in dict.fromkeys(("category", source)) if name and name in names and name != "segment"]
    attribute = None
    if by and source and source not in of_lines and by not in PERIODS:
        from acrm.analysis.clv.cuts import attributes

        attribute = attributes((source,), customers=customers, transactions=transactions, as_of=params.as_of)
    kept = read_kept(
        transactions,
        as_of=params.as_of,
        refunds=params.refunds,
        anonymous=True,
        keep_services=params.keep_services,
        columns=of_lines,
    )
    if kept.rows.is_empty():
        raise kept.goods.nothing()
    listed_ = _catalogue(kept, tables.get("products"))
    rows, each = kept.rows, unit_costs(tables.get("products"))
    own = pl.col("category") if "category" in rows.columns else pl.lit(None, pl.String)
    told = listed_.select("product_id", pl.col("category").alias("_listed"))
    rows = rows.join(told, on="product_id", how="left", maintain_order="left")
    rows = costed(rows.with_columns(category=pl.coalesce(own, "_listed")).drop("_listed"), each)
    if attribute is not None:
        rows = rows.join(attribute, on="customer_id", how="left", maintain_order="left")
    elif by in PERIODS and source not in of_lines:
        rows = rows.with_columns(pl.col("day").dt.truncate(PERIODS[by]).alias(by))
    if by and source:
        group = pl.col(source) if source in rows.columns else pl.col(by)
        rows = rows.with_columns(group.cast(pl.String).alias(by))
    homes = rows.group_by("product_id").agg(pl.col("category").min())
    listed_ = listed_.drop("category").join(homes, on="product_id", how="left").join(told, on="product_id", how="left")
    listed_ = listed_.with_columns(category=pl.coalesce("category", "_listed")).drop("_listed")
    as_of: Any = kept.figures["as_of"] if rows["day"].count() else None
    return Ground(kept=kept, rows=rows, each=each, catalogue=listed_, as_of=as_of)


def _catalogue(kept: Kept, listed_: pl.LazyFrame | None) -> pl.DataFrame:
    import polars as pl

    sold = kept.goods.products.select("product_id", "product_name")
    wanted = {"name": pl.String(), "category": pl.String(), "is_active": pl.Boolean()}
    if listed_ is None:
        return sold.with_columns(pl.lit(None, kind).alias(name) for name, kind in wanted.items()).drop("name")
    names = listed_.collect_schema().names()
    missing = [pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in names]
    told = listed_.with_columns(missing).group_by("product_id").agg(pl.col(list(wanted)).min()).collect()
    whole = sold.join(told, on="product_id", how="full", coalesce=True)
    return whole.with_columns(product_name=pl.coalesce("product_name", "name")).drop("name").sort("product_id")
