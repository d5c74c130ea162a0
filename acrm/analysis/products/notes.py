"""What the reader should know of the products before trusting the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acrm.analysis.products.actions import NEW
from acrm.analysis.products.classes import MONTHS
from acrm.analysis.products.ground import Ground
from acrm.analysis.products.groups import FEW, SURE
from acrm.analysis.products.params import ProductsParams
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl


def notes(
    ground: Ground, params: ProductsParams, made: Mapping[str, pl.DataFrame], figures: Mapping[str, Any], total: str
) -> Iterator[Message]:
    """Notes in the order of the page.

    Args:
        ground: What was read.
        params: What was asked.
        made: The tables of the result.
        figures: Its summary.
        total: The column that makes the classes: `revenue`, `units` or `orders`.
    """
    yield from ground.kept.goods.notes()
    yield from ground.kept.notes
    yield from _reversed(ground, params)
    if total != "revenue":
        yield Message("products.no_amounts", {"what": text(f"products.what.{total}")})
    share = figures["costed_share"]
    if share is None:
        yield Message("products.no_costs")
    elif share < 1:
        yield Message("products.some_costs", {"share": share})
    if figures["months"] < MONTHS:
        yield Message("products.few_months", {"months": figures["months"], "needed": MONTHS})
    else:
        values = {**figures, "what": text(f"products.what.{figures['varied_by']}")}
        yield Message(f"products.zeros.{params.zeros.replace('-', '_')}", values)
    if not figures["customers"]:
        yield Message("products.no_customers")
    yield Message("products.pull")
    if figures["action_remove"]:
        yield Message("products.removal", {"new": NEW})
    if "on_hand" in figures and figures["stock_value"] is None:
        yield Message("products.no_stock_value")
    if "by" in made:
        yield from _of_groups(ground.rows, made["by"], params.by or "")


def _of_groups(rows: pl.DataFrame, table: pl.DataFrame, by: str) -> Iterator[Message]:
    import polars as pl

    who = pl.coalesce("customer_id", pl.lit("\0") + pl.col("order_id"))
    sizes = rows.drop_nulls(by).group_by(by).agg(who.n_unique().alias("buyers")).sort("buyers", by)
    small = sizes.filter(pl.col("buyers") < FEW)[by].to_list()
    if table.filter(pl.col("q_value") <= SURE).is_empty():
        yield Message("products.no_difference", {"column": by})
    if small:
        yield Message("products.small_groups", {"few": FEW, "names": listed(small), "n": len(small)})
    if without := rows[by].null_count():
        yield Message("products.no_group", {"column": by, "share": without / rows.height})


def _reversed(ground: Ground, params: ProductsParams) -> Iterator[Message]:
    """The products that were sold and wholly given back."""
    import polars as pl

    from acrm.summaries.ledger import sale_lines

    lines = ground.kept.goods.lines
    left = ground.kept.rows["product_id"].unique()
    names = lines.collect_schema().names()
    units = pl.col("quantity").sum() if "quantity" in names else pl.lit(None, pl.Decimal(38, 4))
    sold = sale_lines(lines, params.as_of).to_native()
    sums = sold.group_by("product_id").agg(pl.col("line_amount").sum().alias("amount"), units.alias("units")).collect()
    gone = sums.filter(~pl.col("product_id").is_in(left.implode())).sort(-pl.col("amount"), "product_id")
    if gone.is_empty():
        return
    gone = gone.join(ground.catalogue, on="product_id", how="left", maintain_order="left")
    told = [
        text("products.gone", name=name or id, units=units)
        for id, units, name in gone.select("product_id", pl.col("units").cast(pl.Float64), "product_name").rows()
    ]
    yield Message("products.reversed", {"n": gone.height, "names": listed(told, most=3)})
