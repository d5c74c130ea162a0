"""Whether the assortment is the one of those who come: categories' shares of stock and of sales side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.products.groups import SURE
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

MUCH, SLOW = 0.05, 0.5
"""A category has too much of the stock from the first share on, if its share of sales is the second of it at most."""


def assortment(
    rows: pl.DataFrame, homes: pl.DataFrame, counts: pl.DataFrame | None, held: pl.DataFrame | None, per: str | None
) -> pl.DataFrame:
    """Per category, or per unit and category: its share of what is in stock and of what is sold.

    Args:
        rows: With `product_id`, `category`, `amount`, and the column `per`.
        homes: `product_id`, `category` of everything that is sold or in the catalogue.
        counts: As of `acrm.analysis.products.shelves.newest_counts`, with `held` as of `shelves` of it; None where no
            stock was counted.
        held: See `counts`.
        per: A column of both whose values have an assortment of their own.

    Returns:
        `per`, `category`, `products`, `revenue`, `revenue_share`, `on_hand`, `stock_share` (of the value where all of
        it is known, else of the units), `sold_by_stock` (the one share by the other); by `per` and `category`.
    """
    import polars as pl

    keys = [per, "category"] if per else ["category"]
    known = rows.drop_nulls(keys).group_by(keys)
    table = known.agg(
        pl.col("product_id").n_unique().cast(pl.Int64).alias("products"), pl.col("amount").sum().alias("revenue")
    )
    if counts is not None and held is not None:
        each = held.select("product_id", "stock_value", whole="on_hand")
        stocked = counts.join(each, on="product_id").join(homes.drop_nulls("category"), on="product_id")
        stocked = stocked.drop_nulls(keys).filter(pl.col("quantity") > 0).sort(*keys, "product_id")
        # Where it lies, a product is worth what it is on average.
        value = pl.col("stock_value").cast(pl.Float64) / pl.col("whole").cast(pl.Float64)
        units = pl.col("quantity").cast(pl.Float64)
        lies = units if stocked["stock_value"].null_count() else units * value
        piles = stocked.with_columns(lies=lies).group_by(keys, maintain_order=True)
        table = table.join(
            piles.agg(pl.col("quantity").sum().alias("on_hand"), pl.col("lies").sum()),
            on=keys,
            how="full",
            coalesce=True,
        )
    else:
        table = table.with_columns(on_hand=pl.lit(None, pl.Decimal(38, 4)), lies=pl.lit(None, pl.Float64))
    revenue, lies = pl.col("revenue").cast(pl.Float64), pl.col("lies")
    shares = {"revenue_share": revenue / _whole(revenue, per), "stock_share": lies / _whole(lies, per)}
    table = table.sort(keys).with_columns(pl.col("products", "revenue").fill_null(0)).with_columns(**shares)
    table = table.with_columns(sold_by_stock=pl.col("revenue_share") / pl.col("stock_share"))
    return table.select(*keys, "products", "revenue", "revenue_share", "on_hand", "stock_share", "sold_by_stock")


def _whole(value: pl.Expr, per: str | None) -> pl.Expr:
    return value.sum().over(per) if per else value.sum()


def flagged(table: pl.DataFrame, groups: pl.DataFrame | None, by: str | None) -> pl.DataFrame:
    """The assortment with `main_index`, `flag` and `reason`.

    Too much: 5% of the stock or more, with a share of sales of half of that at most. Add: the group with most purchases
    (the unit itself where units have assortments of their own) buys more of it than all do, by its q value, and its
    share of sales is at least that of stock, where stock is known.

    Args:
        table: As of `assortment`.
        groups: As of `acrm.analysis.products.groups.by_group`, with the level `category`; None without groups.
        by: Their column.
    """
    import polars as pl

    if groups is not None and by:
        cells = groups.filter(level="category").rename({"product_id": "category", "index": "main_index"})
        keys = [by, "category"]
        if by not in table.columns:
            sizes = cells.group_by(by).agg(pl.col("buyers").sum()).sort(-pl.col("buyers"), by)
            cells, keys = cells.filter(pl.col(by) == sizes[by][0]), ["category"]
        cells = cells.select(*keys, "main_index", "q_value", pl.col(by).alias("_group"))
        table = table.join(cells, on=keys, how="left", maintain_order="left")
    else:
        nothing = {"main_index": pl.Float64(), "q_value": pl.Float64(), "_group": pl.String()}
        table = table.with_columns(pl.lit(None, kind).alias(name) for name, kind in nothing.items())
    much = (pl.col("stock_share") >= MUCH) & (pl.col("sold_by_stock") <= SLOW)
    wanted = (pl.col("main_index") > 1) & (pl.col("q_value") <= SURE) & (pl.col("sold_by_stock").fill_null(1) >= 1)
    flag = pl.when(much).then(pl.lit("too_much")).when(wanted).then(pl.lit("add"))
    table = table.with_columns(flag=flag)
    reasons = [_reason(row) for row in table.iter_rows(named=True)]
    return table.with_columns(pl.Series("reason", reasons, dtype=pl.String)).drop("q_value", "_group")


def _reason(row: dict[str, object]) -> str | None:
    if row["flag"] is None:
        return None
    known = "" if row["stock_share"] is not None else "_unstocked"
    return text(f"products.flag.{row['flag']}{known}", **row, group=row["_group"])
