"""Reductions of order lines to what was bought: rows of a product."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from acrm.summaries.ledger import Part, order_ledger, order_totals, part_of

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoLazyFrameT


def item_days(goods: IntoLazyFrameT, lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer, day and product that was bought and kept.

    A product counts where its sale lines in an order are worth more than the refunds of it under that order id, and the
    order as a whole comes to more than 0 (see `purchase_days`). Its day is that of the order's first sale line.

    Args:
        goods: The lines whose products count, `product_id` known in each.
        lines: All lines, those among them; they say what an order comes to.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `day` Date, `product_id`, `orders` with it.
    """
    frame = nw.from_native(goods)
    part = part_of(frame.collect_schema().names(), as_of)
    amount = (
        nw.when(nw.col("part") == int(Part.REFUND)).then(-nw.col("line_amount").abs()).otherwise(nw.col("line_amount"))
    )
    kept = (
        frame.with_columns(part=part)
        .filter(nw.col("part") <= int(Part.REFUND))
        .with_columns(amount=amount)
        .group_by("customer_id", "order_id", "product_id")
        .agg(nw.col("amount").sum())
        .filter(nw.col("amount") > 0)
        .select("customer_id", "order_id", "product_id")
    )
    bought = order_totals(order_ledger(lines, as_of)).filter(~nw.col("day").is_null() & (nw.col("amount") > 0))
    days = kept.join(bought.select("customer_id", "order_id", "day"), on=["customer_id", "order_id"])
    return days.group_by("customer_id", "day", "product_id").agg(nw.len().alias("orders")).to_native()


def product_orders(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to what was bought and kept: one row per customer, order and product.

    Refund lines of the same order are taken off the product; a product that comes to 0 or less was not bought, and
    nothing was in an order that comes to 0 or less.

    Args:
        lines: Canonical transactions, as of `customer_history`, with `product_id`.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `order_id`, `product_id`, `day` Date of its first sale line, `amount` Decimal.
    """
    frame = nw.from_native(lines)
    part, amount, day = nw.col("part"), nw.col("line_amount"), nw.col("ordered_on")
    bought = (
        frame.with_columns(part=part_of(frame.collect_schema().names(), as_of))
        .filter(part <= int(Part.REFUND))
        .with_columns(
            amount=nw.when(part == int(Part.REFUND)).then(-amount.abs()).otherwise(amount),
            day=nw.when(part == int(Part.SALE)).then(day),
        )
        .group_by("customer_id", "order_id", "product_id")
        .agg(nw.col("amount").sum(), nw.col("day").min())
    )
    orders = bought.group_by("customer_id", "order_id").agg(nw.col("amount").sum().alias("total"))
    void = orders.filter(nw.col("total") <= 0)
    kept = bought.filter(~nw.col("day").is_null() & (nw.col("amount") > 0))
    kept = kept.join(void, on=["customer_id", "order_id"], how="anti")
    return kept.select("customer_id", "order_id", "product_id", "day", "amount").to_native()
