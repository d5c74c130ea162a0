"""Reductions of order lines to days: what was sold and given back on each, whoever bought it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from acrm.summaries.ledger import Part, line_cost, part_of, real_lines

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoLazyFrameT


def sold_days(
    lines: IntoLazyFrameT,
    columns: Sequence[str] = (),
    *,
    unit_costs: IntoLazyFrameT | None = None,
    as_of: date | None,
) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer, order, day and part, lines without a customer among them.

    Sales and refunds stay on their own days, so that the amounts of any span of days are what came in and went out in
    it. Every figure of a report by time starts from this table, and any cut of it adds up to the whole exactly.

    Args:
        lines: Canonical transactions: `order_id`, `ordered_on` Date, `line_amount` Decimal; and, where the source has
            them, `customer_id`, `is_refund`, `is_test`, `status`, `currency`, `cost`, `quantity`, `product_id`.
        columns: What to cut by: one row for each combination of their values.
        unit_costs: `product_id`, `cost` of one unit, for lines without a cost of their own.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id` (empty: not known), `order_id`, `day` Date, `part` (see `Part`), `currency`
        where the source has it, the columns, `lines`, `amount` Decimal (refunds negative); and where costs are known
        `cost` Decimal (of refunds negative: the goods come back) and `uncosted` (lines without any).
    """
    frame = nw.from_native(lines)
    names = frame.collect_schema().names()
    known = nw.col("customer_id") if "customer_id" in names else nw.lit(None, nw.String)
    frame = frame.with_columns(customer_id=known.fill_null(""))
    frame, cost = line_cost(frame, unit_costs)
    amount, refund = nw.col("line_amount"), nw.col("part") == int(Part.REFUND)
    frame = frame.with_columns(part=part_of([*names, "customer_id"], as_of))
    figures = {"amount": nw.when(refund).then(-amount.abs()).otherwise(amount)}
    if cost is not None:
        figures["cost"] = nw.when(refund).then(-cost.abs()).otherwise(cost)
        figures["uncosted"] = cost.is_null().cast(nw.Int64)
    keys = ["customer_id", "order_id", "day", "part", *(["currency"] if "currency" in names else []), *columns]
    keys = list(dict.fromkeys(keys))
    days = frame.with_columns(day=nw.col("ordered_on"), **figures).group_by(*keys)
    return days.agg(nw.len().alias("lines"), *(nw.col(name).sum() for name in figures)).to_native()


def last_day(lines: IntoLazyFrameT) -> IntoLazyFrameT:
    """The newest day of all lines, whatever they are: one row, `ordered_on` Date."""
    return nw.from_native(lines).select(nw.col("ordered_on").max()).to_native()


def lines_by_day(lines: IntoLazyFrameT) -> IntoLazyFrameT:
    """Count the order lines (given as they are, or as `order_parts`) of each day, tests left out.

    Returns:
        Lazy, in no order: `ordered_on` Date, `lines`; lines without a date are none of any day.
    """
    dated = real_lines(lines).filter(~nw.col("ordered_on").is_null())
    return dated.group_by("ordered_on").agg(nw.col("lines").sum()).to_native()


def orders_after(lines: IntoLazyFrameT, day: date) -> IntoLazyFrameT:
    """The orders of later days, tests left out.

    Returns:
        Lazy, in no order: `ordered_on` Date and `order_id`, each pair once, and its `lines`.
    """
    late = real_lines(lines).filter(nw.col("ordered_on") > day)
    return late.group_by("ordered_on", "order_id").agg(nw.col("lines").sum()).to_native()


def bought_in_periods(days: IntoLazyFrameT, calendar: IntoLazyFrameT) -> IntoLazyFrameT:
    """Sum the days of purchase of customers (`acrm.summaries.customers.purchase_days`) over periods.

    Args:
        days: `customer_id`, `day`, `orders`, `amount`.
        calendar: `day`, `period`; a day may belong to several periods, or to none.

    Returns:
        Lazy, in no order: `period`, `customer_id`, `orders`, `amount`.
    """
    dated = nw.from_native(days).join(nw.from_native(calendar), on="day")
    return dated.group_by("period", "customer_id").agg(nw.col("orders", "amount").sum()).to_native()
