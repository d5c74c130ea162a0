"""The same figures for every customer, product, company or unit: what a report is about when not the whole shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.report.sold import Sold, read_sold
from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["customer", "unit", "product", "company"]
COLUMN: dict[Kind, str] = {
    "customer": "customer_id",
    "unit": "unit",
    "product": "product_id",
    "company": "company_id",
}
"""The column that says which object a line belongs to; of products without ids it is their name."""


@dataclass(frozen=True, kw_only=True)
class Objects:
    """Figures by object.

    Attributes:
        table: The largest first: the object's column (last, null: lines that tell none), `revenue`, `share` of the
            whole, `sales`, `refunded`, `orders`, `buyers`, `first_on`, `last_on`, `average_order`, `refund_share`; and
            `margin`, `margin_share` where costs are known (of orders whose costs are).
        figures: `objects`, `revenue`, `largest_share`.
        notes: As of `read_sold`.
    """

    table: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def objects(
    tables: Mapping[str, pl.LazyFrame],
    kind: Kind,
    *,
    as_of: date | None = None,
    lines: pl.LazyFrame | None = None,
    sold: Sold | None = None,
) -> Objects:
    """Count revenue, orders and buyers of every object; revenues add up to that of the shop.

    Orders and buyers of a product, a unit or a company are those with a sale line of it: an order of two products is an
    order of both.

    Args:
        tables: Canonical tables.
        kind: What the objects are.
        as_of: Last day that counts.
        lines: As of `read_sold`.
        sold: What was read before; it is read again where the object is none of its columns.

    Raises:
        InputError: The sources do not tell which object a line belongs to; see `read_sold`.
    """
    import polars as pl

    column = COLUMN[kind]
    names = (lines if lines is not None else tables["transactions"]).collect_schema().names()
    if kind == "product" and column not in names and "product_name" in names:
        column = "product_name"
    if sold is None or column not in sold.rows.columns:
        sold = read_sold(tables, (column,), as_of=as_of, lines=lines)
    known = sold.rows.filter(pl.col(column).is_not_null())
    if known.is_empty():
        raise InputError("report_no_object", kind=kind, column=column)
    table = figures_of(sold, [column]).with_columns(_nobody=pl.col(column).is_null())
    table = table.sort("_nobody", "revenue", column, descending=[False, True, False]).drop("_nobody")
    whole = table["revenue"].sum()
    share = pl.col("revenue").cast(pl.Float64) / float(whole) if whole else pl.lit(None, pl.Float64)
    table = table.with_columns(share=share)
    front = [column, "revenue", "share"]
    table = table.select(*front, pl.exclude(front))
    largest: Any = table.filter(pl.col(column).is_not_null())["share"].max()
    figures: dict[str, Scalar] = {
        "objects": table[column].drop_nulls().len(),
        "revenue": whole,
        "largest_share": largest,
    }
    return Objects(table=table, figures=figures, notes=sold.notes)


def figures_of(sold: Sold, keys: list[str]) -> pl.DataFrame:
    """One row per combination of the keys: sums as Decimal, counts, quotients and the first and last day of a sale."""
    import polars as pl

    refund = pl.col("refund")
    sales = pl.col("amount").filter(~refund).sum()
    refunded = -pl.col("amount").filter(refund).sum()
    figures = [
        pl.col("amount").sum().alias("revenue"),
        sales.alias("sales"),
        refunded.alias("refunded"),
        pl.struct("customer_id", "order_id").filter(~refund).n_unique().cast(pl.Int64).alias("orders"),
        pl.col("customer_id").filter(~refund).drop_nulls().n_unique().cast(pl.Int64).alias("buyers"),
        pl.col("day").filter(~refund).min().alias("first_on"),
        pl.col("day").filter(~refund).max().alias("last_on"),
    ]
    if sold.costed:
        full = pl.col("uncosted") == 0
        figures.append((pl.col("amount") - pl.col("cost")).filter(full).sum().alias("margin"))
        figures.append(pl.col("amount").filter(full).sum().alias("_of"))
    made = sold.rows.group_by(keys).agg(figures) if keys else sold.rows.select(figures)

    def over(top: str, bottom: str) -> pl.Expr:
        below = pl.col(bottom).cast(pl.Float64)
        return pl.when(below != 0).then(pl.col(top).cast(pl.Float64) / below)

    made = made.with_columns(
        average_order=over("sales", "orders"),
        refund_share=over("refunded", "sales"),
    )
    if sold.costed:
        made = made.with_columns(margin_share=over("margin", "_of")).drop("_of")
    return made
