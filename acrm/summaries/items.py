"""Reductions of order lines to what was bought: rows of a product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from acrm.summaries.ledger import Part, part_of

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoLazyFrameT

    from acrm.summaries.customers import Refunds

SUMMED = ("quantity", "cost")
"""What order lines tell beside the amount, and what adds up."""


def product_orders(
    lines: IntoLazyFrameT, *, refunds: Refunds = "net", columns: Sequence[str] = (), as_of: date | None
) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer, order and product, whatever it comes to.

    Args:
        lines: Canonical transactions, as of `customer_history`, with `product_id`.
        refunds: Take refund lines off the sale lines of their order (`net`) or leave them out (`ignore`).
        columns: Further columns to carry: the lowest value that the sale lines have.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `order_id`, `product_id` (null: lines that name none), `day` Date of its first
        sale line (null: refunds alone), `returned_on` Date of its last refund line, `amount` Decimal of sales less
        refunds, `quantity` and `cost` alike where the source has them (null: not of every sale line), the columns.
    """
    frame = nw.from_native(lines)
    names = frame.collect_schema().names()
    sale, day = nw.col("part") == int(Part.SALE), nw.col("ordered_on")
    summed = {"line_amount": "amount"} | {name: name for name in SUMMED if name in names}
    signed = {
        new: nw.when(sale).then(nw.col(name)).otherwise(-nw.col(name).abs()).alias(new) for name, new in summed.items()
    }
    of_sales = {name: nw.when(sale).then(nw.col(name)) for name in columns}
    # A sum takes what is not known for 0.
    untold = {name: f"_untold_{name}" for name in SUMMED if name in names}
    gaps = {gap: (sale & nw.col(name).is_null()).cast(nw.Int64) for name, gap in untold.items()}
    rows = (
        frame.with_columns(part=part_of(names, as_of))
        .filter(nw.col("part") <= int(Part.REFUND if refunds == "net" else Part.SALE))
        .with_columns(day=nw.when(sale).then(day), returned_on=nw.when(~sale).then(day), **signed, **of_sales, **gaps)
        .group_by("customer_id", "order_id", "product_id")
        .agg(
            nw.col("day").min(),
            nw.col("returned_on").max(),
            *(nw.col(name).sum() for name in (*signed, *gaps)),
            *(nw.col(name).min() for name in columns),
        )
    )
    known = [nw.when(nw.col(gap) == 0).then(nw.col(name)).alias(name) for name, gap in untold.items()]
    return rows.with_columns(known).drop(*gaps).to_native()
