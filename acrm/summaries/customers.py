"""Reductions of order lines to customers and their orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from acrm.summaries.ledger import Outcome, Part, is_refund, line_cost, order_ledger, order_totals, part_of, sale_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoLazyFrameT

Refunds = Literal["net", "ignore"]
Edge = Literal["first", "last"]


def customer_history(lines: IntoLazyFrameT, *, refunds: Refunds, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer who bought something.

    `orders` counts distinct order ids that have a sale line: two orders on one day are two orders, an order that was
    only refunded is none. Dates are those of sale lines. `spend` is the sum of sale lines and, with `refunds="net"`,
    of refund lines (so it may be 0 or less).

    Args:
        lines: Canonical transactions: `order_id`, `customer_id`, `ordered_on` Date, `line_amount` Decimal; and, where
            the source has them, `is_refund`, `is_test`, `status`, `currency`. Or their `order_parts`.
        refunds: Take refunds off (`net`) or leave them out (`ignore`).
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `first_order_at` Date, `last_order_at` Date, `orders`, `spend` Decimal.
        Collected together with `line_counts` of the same lines, both come from one pass over them.
    """
    ledger = order_ledger(lines, as_of)
    sale = nw.col("part") == int(Part.SALE)
    kept = ledger.filter(nw.col("part") <= int(Part.REFUND if refunds == "net" else Part.SALE))
    customers = (
        kept.with_columns(
            first_day=nw.when(sale).then(nw.col("first_day")),
            last_day=nw.when(sale).then(nw.col("last_day")),
            orders=nw.when(sale).then(nw.col("opens")).otherwise(nw.lit(0)),
        )
        .group_by("customer_id")
        .agg(
            nw.col("first_day").min().alias("first_order_at"),
            nw.col("last_day").max().alias("last_order_at"),
            nw.col("orders").sum(),
            nw.col("amount").sum().alias("spend"),
        )
    )
    return customers.filter(nw.col("orders") > 0).to_native()


def line_counts(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Count the order lines by what they are to `customer_history`, so that none is left out unsaid.

    Returns:
        Lazy, in no order, one row per `part` (see `Part`) and, where the source has it, `currency`:
        `lines`, `amount` Decimal (refunds negative), `last_day` Date.
    """
    ledger = order_ledger(lines, as_of)
    keys = ["part", *(["currency"] if "currency" in ledger.collect_schema().names() else [])]
    counts = ledger.group_by(*keys).agg(nw.col("lines").sum(), nw.col("amount").sum(), nw.col("last_day").max())
    return counts.to_native()


def spend_by_window(lines: IntoLazyFrameT, *, edges: Sequence[date]) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer and span of days, refunds taken off in the span of their own day.

    Args:
        lines: As in `customer_history`.
        edges: Ascending days. Span k is what comes after edges[k], up to and including edges[k + 1].

    Returns:
        Lazy, in no order: `customer_id`, `window` (k), `orders` with a sale line in it, `spend` Decimal.
    """
    frame = nw.from_native(lines)
    day, amount, part = nw.col("ordered_on"), nw.col("line_amount"), nw.col("part")
    window: nw.Expr = nw.lit(0)
    for number, edge in enumerate(edges[1:-1], 1):
        window = nw.when(day > edge).then(nw.lit(number)).otherwise(window)
    counted = (
        frame.with_columns(part=part_of(frame.collect_schema().names(), edges[-1]), window=window)
        .filter(part <= int(Part.REFUND), day > edges[0])
        .with_columns(amount=nw.when(part == int(Part.REFUND)).then(-amount.abs()).otherwise(amount))
        .group_by("customer_id", "window", "order_id", "part")
        .agg(nw.col("amount").sum())
        .with_columns(orders=(part == int(Part.SALE)).cast(nw.Int64))
        .group_by("customer_id", "window")
        .agg(nw.col("orders").sum(), nw.col("amount").sum().alias("spend"))
    )
    return counted.to_native()


def purchase_days(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer and day on which something was bought and kept.

    An order is what one customer has under one order id, on the day of its first sale line. Its refund lines are taken
    off it on that day, whenever they were written; an order that comes to 0 or less is no purchase. Refunds without a
    sale of that id are no part of any day (`order_outcomes` has their sum). Orders of one day are one row.

    Args:
        lines: Canonical transactions, as of `customer_history`, or their `order_parts`.
        as_of: Last day that counts; None takes all. A refund written later is not known yet.

    Returns:
        Lazy, in no order: `customer_id`, `day` Date, `amount` Decimal above 0, `orders`. Collected together with
        `line_counts` and `order_outcomes` of the same lines, all come from one pass over them.
    """
    bought = order_totals(order_ledger(lines, as_of)).filter(~nw.col("day").is_null() & (nw.col("amount") > 0))
    days = bought.group_by("customer_id", "day").agg(nw.col("amount").sum(), nw.len().alias("orders"))
    return days.to_native()


def order_outcomes(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Count the orders by what they are to `purchase_days`; the amounts add up to the sale and refund lines'.

    Returns:
        Lazy, in no order, one row per `outcome` (see `Outcome`): `orders`, `lines`, `refund_lines`, `amount` Decimal.
    """
    refund = nw.col("part") == int(Part.REFUND)
    refund_lines = nw.when(refund).then(nw.col("lines")).otherwise(nw.lit(0))
    outcome = (
        nw.when(nw.col("day").is_null())
        .then(nw.lit(int(Outcome.UNMATCHED)))
        .when(nw.col("amount") <= 0)
        .then(nw.lit(int(Outcome.VOID)))
        .when(nw.col("refund_lines") > 0)
        .then(nw.lit(int(Outcome.NETTED)))
        .otherwise(nw.lit(int(Outcome.WHOLE)))
    )
    orders = order_totals(order_ledger(lines, as_of), lines=nw.col("lines"), refund_lines=refund_lines)
    sums = (nw.col(name).sum() for name in ("lines", "refund_lines", "amount"))
    return orders.with_columns(outcome=outcome).group_by("outcome").agg(nw.len().alias("orders"), *sums).to_native()


def loose_refunds(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Sum the refunds that no order explains: of ids without a sale, and what goes beyond the sale of their id.

    Returns:
        Lazy, in no order, one row per `customer_id` and `day` Date of the refund (of the order, where there is one):
        `amount` Decimal above 0. Adds up to the orders of `order_outcomes` that come to less than 0.
    """
    orders = order_totals(order_ledger(lines, as_of)).filter(nw.col("amount") < 0)
    days = orders.with_columns(day=nw.coalesce("day", "first_day"), amount=-nw.col("amount"))
    return days.group_by("customer_id", "day").agg(nw.col("amount").sum()).to_native()


def customer_margins(
    lines: IntoLazyFrameT, *, unit_costs: IntoLazyFrameT | None = None, as_of: date | None
) -> IntoLazyFrameT:
    """Reduce order lines to what each customer paid and what the goods cost, apart by what the lines are.

    A refund line counts negative whatever sign it was written with, its goods too: they come back. Goods without a cost
    of their own cost their quantity times the product's unit cost.

    Args:
        lines: Canonical transactions, as of `customer_history`; and, where the source has them, `cost` (of the line),
            `discount`, `quantity`, `product_id`.
        unit_costs: `product_id`, `cost` of one unit; products that stand there twice count with the higher one.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order, one row per `customer_id`, `part` (see `Part`) and, where the source has it, `currency`:
        `lines`, `revenue`; `discounts`, where lines tell them; `goods_cost`, `uncosted` (lines without any cost) and
        `uncosted_revenue`, where costs are known at all. Money is Decimal.
    """
    frame = nw.from_native(lines)
    columns = frame.collect_schema().names()
    keys = ["customer_id", "part", *(["currency"] if "currency" in columns else [])]
    frame, cost = line_cost(frame, unit_costs)
    figures = {"revenue": nw.col("line_amount")}
    if "discount" in columns:
        figures["discounts"] = nw.col("discount")
    if cost is not None:
        figures["goods_cost"] = cost
    refund = is_refund(columns)
    signed = {name: nw.when(refund).then(-value.abs()).otherwise(value) for name, value in figures.items()}
    frame = frame.with_columns(part=part_of(columns, as_of), **signed)
    if cost is not None:
        unknown = nw.col("goods_cost").is_null()
        frame = frame.with_columns(
            uncosted=unknown.cast(nw.Int64), uncosted_revenue=nw.when(unknown).then(nw.col("revenue"))
        )
        figures |= dict.fromkeys(("uncosted", "uncosted_revenue"), unknown)
    return frame.group_by(*keys).agg(nw.len().alias("lines"), *(nw.col(name).sum() for name in figures)).to_native()


def orders_by_month(lines: IntoLazyFrameT, columns: Sequence[str], *, as_of: date | None) -> IntoLazyFrameT:
    """Count each customer's orders by calendar month and by what the columns say of them, e.g. channel and campaign.

    An order belongs to the month of its first sale line, and has the lowest value that its sale lines have.

    Returns:
        Lazy, in no order: `customer_id`, `month` Date (the first of it), the columns, `orders`.
    """
    sales = sale_lines(lines, as_of).group_by("customer_id", "order_id")
    orders = sales.agg(nw.col("ordered_on").min(), *(nw.col(name).min() for name in columns))
    months = orders.with_columns(month=nw.col("ordered_on").dt.truncate("1mo").cast(nw.Date))
    return months.group_by("customer_id", "month", *columns).agg(nw.len().alias("orders")).to_native()


def edge_orders(lines: IntoLazyFrameT, columns: Sequence[str], *, edge: Edge, as_of: date | None) -> IntoLazyFrameT:
    """What the columns say of each customer's first or last order with a sale line.

    Of several orders on that day, `first` takes the lowest order id and `last` the highest.

    Returns:
        Lazy, in no order: `customer_id`, `day` Date, the columns, `amount` Decimal: one row per customer and
        combination of values that the order's sale lines have.
    """
    amount = nw.col("line_amount").sum().alias("amount")
    # Orders first: they are fewer than lines, and what follows reads them twice.
    orders = sale_lines(lines, as_of).group_by("customer_id", "ordered_on", "order_id", *columns).agg(amount)

    def outermost(name: str) -> Any:
        return nw.col(name).min() if edge == "first" else nw.col(name).max()

    on_day = orders.join(orders.group_by("customer_id").agg(outermost("ordered_on")), on=["customer_id", "ordered_on"])
    kept = on_day.join(on_day.group_by("customer_id").agg(outermost("order_id")), on=["customer_id", "order_id"])
    return kept.rename({"ordered_on": "day"}).select("customer_id", "day", *columns, "amount").to_native()


def contactable(customers: IntoLazyFrameT) -> IntoLazyFrameT:
    """The customers whom a list may name: all but those whose `consent` is false.

    Who was never asked (null) may be named. Every list of whom to contact is made of what this returns.
    """
    frame = nw.from_native(customers)
    if "consent" not in frame.collect_schema().names():
        return customers
    return frame.filter(nw.col("consent").fill_null(True)).to_native()


def customers_of(lines: IntoLazyFrameT) -> IntoLazyFrameT:
    """The customers that order lines name, whatever the lines are.

    Returns:
        Lazy, in no order: `customer_id`, and `lines`.
    """
    frame = nw.from_native(lines).filter(~nw.col("customer_id").is_null())
    return frame.group_by("customer_id").agg(nw.len().alias("lines")).to_native()


def order_amounts(lines: IntoLazyFrameT, columns: Sequence[str], *, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer and order id with a sale line, and what the columns say of it.

    Its refund lines are taken off it, so that `amount` may be 0 or less; of a column it has the lowest value that its
    sale lines have.

    Returns:
        Lazy, in no order: `customer_id`, `order_id`, `day` Date, `amount` Decimal, the columns.
    """
    orders = order_totals(order_ledger(lines, as_of)).filter(~nw.col("day").is_null()).drop("first_day")
    if columns:
        sales = sale_lines(lines, as_of).group_by("customer_id", "order_id")
        orders = orders.join(sales.agg(*(nw.col(name).min() for name in columns)), on=["customer_id", "order_id"])
    return orders.to_native()
