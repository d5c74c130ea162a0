"""Reductions of big tables to small ones, written once in Narwhals so that they run on any engine.

Only what gives equal results on Polars, DuckDB and Spark is used: group twice instead of counting distinct values,
no `first` and no `filter` inside an aggregation. Money stays Decimal in every sum, because float sums differ from run
to run. Callers fix the integer types after collecting: engines disagree on them.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoLazyFrameT

Refunds = Literal["net", "ignore"]


class Part(IntEnum):
    """What an order line is to a customer's history; the first of TEST ... REFUND that fits, else SALE.

    A refund is marked `is_refund` or has an amount below 0; it takes its amount off whatever sign it was written with.
    """

    SALE = 0
    REFUND = 1
    TEST = 2
    CANCELLED = 3
    UNDATED = 4
    AFTER = 5
    """Later than `as_of`."""
    NO_CUSTOMER = 6
    NO_AMOUNT = 7
    """The amount is missing or 0."""


def customer_history(lines: IntoLazyFrameT, *, refunds: Refunds, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer who bought something.

    `orders` counts distinct order ids that have a sale line: two orders on one day are two orders, an order that was
    only refunded is none. Dates are those of sale lines. `spend` is the sum of sale lines and, with `refunds="net"`,
    of refund lines (so it may be 0 or less).

    Args:
        lines: Canonical transactions: `order_id`, `customer_id`, `ordered_on` Date, `line_amount` Decimal; and, where
            the source has them, `is_refund`, `is_test`, `status`, `currency`.
        refunds: Take refunds off (`net`) or leave them out (`ignore`).
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `first_order_at` Date, `last_order_at` Date, `orders`, `spend` Decimal.
        Collected together with `line_counts` of the same lines, both come from one pass over them.
    """
    ledger = _order_ledger(lines, as_of)
    sale = nw.col("part") == int(Part.SALE)
    kept = ledger.filter(nw.col("part") <= int(Part.REFUND if refunds == "net" else Part.SALE))
    customers = (
        kept.with_columns(
            first_day=nw.when(sale).then(nw.col("first_day")),
            last_day=nw.when(sale).then(nw.col("last_day")),
            orders=sale.cast(nw.Int64),
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
    ledger = _order_ledger(lines, as_of)
    keys = ["part", *(["currency"] if "currency" in ledger.collect_schema().names() else [])]
    counts = ledger.group_by(*keys).agg(nw.col("lines").sum(), nw.col("amount").sum(), nw.col("last_day").max())
    return counts.to_native()


def sale_days(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """The days on which each customer ordered: those of sale lines, each once.

    Returns:
        Lazy, in no order: `customer_id`, `day` Date.
    """
    frame = nw.from_native(lines)
    sales = frame.with_columns(part=_part(frame.collect_schema().names(), as_of)).filter(
        nw.col("part") == int(Part.SALE)
    )
    days = sales.with_columns(day=nw.col("ordered_on")).group_by("customer_id", "day").agg(nw.len().alias("lines"))
    return days.select("customer_id", "day").to_native()


def contactable(customers: IntoLazyFrameT) -> IntoLazyFrameT:
    """The customers whom a list may name: all but those whose `consent` is false.

    Who was never asked (null) may be named. Every list of whom to contact is made of what this returns.
    """
    frame = nw.from_native(customers)
    if "consent" not in frame.collect_schema().names():
        return customers
    return frame.filter(nw.col("consent").fill_null(True)).to_native()


def _order_ledger(lines: IntoLazyFrameT, as_of: date | None) -> nw.LazyFrame[IntoLazyFrameT]:
    """One row per customer, order, part and currency: the common ground of the reductions above.

    Both start from the whole ledger rather than from their own filter of the lines: an engine that shares equal
    sub-plans then reads the source once and buffers orders, not lines.
    """
    frame = nw.from_native(lines)
    columns = frame.collect_schema().names()
    keys = ["customer_id", "order_id", "part", *(["currency"] if "currency" in columns else [])]
    amount = nw.col("line_amount")
    signed = nw.when(nw.col("part") == int(Part.REFUND)).then(-amount.abs()).otherwise(amount)
    return (
        frame.with_columns(part=_part(columns, as_of))
        .with_columns(amount=signed)
        .group_by(*keys)
        .agg(
            nw.len().alias("lines"),
            nw.col("amount").sum(),
            nw.col("ordered_on").min().alias("first_day"),
            nw.col("ordered_on").max().alias("last_day"),
        )
    )


def _part(columns: list[str], as_of: date | None) -> nw.Expr:
    amount, day = nw.col("line_amount"), nw.col("ordered_on")
    tests = [
        (Part.TEST, nw.col("is_test").fill_null(False) if "is_test" in columns else None),
        (Part.CANCELLED, nw.col("status").fill_null("") == "cancelled" if "status" in columns else None),
        (Part.UNDATED, day.is_null()),
        (Part.AFTER, day > as_of if as_of else None),
        (Part.NO_CUSTOMER, nw.col("customer_id").is_null()),
        (Part.NO_AMOUNT, amount.is_null() | (amount == 0)),
        (Part.REFUND, (amount < 0) | nw.col("is_refund").fill_null(False) if "is_refund" in columns else amount < 0),
    ]
    part: nw.Expr = nw.lit(int(Part.SALE))
    for label, test in reversed(tests):
        if test is not None:
            part = nw.when(test).then(nw.lit(int(label))).otherwise(part)
    return part
