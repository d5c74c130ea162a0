"""What order lines are, and the ledger of orders that the reductions start from."""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoLazyFrameT


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


class Outcome(IntEnum):
    """What the sale and refund lines of one order id of one customer come to."""

    WHOLE = 0
    """Nothing was taken off."""
    NETTED = 1
    """Refunds were taken off, and something above 0 is left."""
    VOID = 2
    """Refunds took it to 0 or less: no purchase."""
    UNMATCHED = 3
    """Refunds without a sale of that id."""


def order_parts(lines: IntoLazyFrameT) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer, order, day, part and currency: what a store keeps beside its lines.

    It stands for the lines wherever orders and days are enough: `order_ledger` takes either.

    Returns:
        Lazy, in no order: `customer_id`, `order_id`, `ordered_on`, `part` (see `Part`; no line is AFTER), `currency`
        where the source has it, `lines`, `amount` Decimal (refunds negative), and `opens`: 1 on the first day of an
        order's part, else 0, so that orders until any day can be counted by adding up.
    """
    frame = nw.from_native(lines)
    columns = frame.collect_schema().names()
    keys = ["customer_id", "order_id", "part", *(["currency"] if "currency" in columns else [])]
    amount = _signed(nw.col("line_amount"))
    days = (
        frame.with_columns(part=part_of(columns, None))
        .with_columns(amount=amount)
        .group_by(*keys, "ordered_on")
        .agg(nw.len().alias("lines"), nw.col("amount").sum())
    )
    first = nw.col("ordered_on") == nw.col("ordered_on").min().over(*keys)
    return days.with_columns(opens=first.fill_null(False).cast(nw.Int64)).to_native()


def order_ledger(lines: IntoLazyFrameT, as_of: date | None) -> nw.LazyFrame[IntoLazyFrameT]:
    """One row per customer, order, part and currency, or several that add up to it: the common ground of reductions.

    They start from the whole ledger rather than from their own filter of the lines: an engine that shares equal
    sub-plans then reads the source once and buffers orders, not lines.

    Args:
        lines: Canonical transactions, or their `order_parts`.
        as_of: Last day that counts; None takes all.

    Returns:
        `customer_id`, `order_id`, `part`, `currency` where the source has it; `lines`, `amount`, `first_day`,
        `last_day`; `opens`, which adds up to the number of such orders; and `alone`, where `order_parts` have it.
    """
    frame = nw.from_native(lines)
    columns = frame.collect_schema().names()
    keys = ["customer_id", "order_id", "part", *(["currency"] if "currency" in columns else [])]
    day = nw.col("ordered_on")
    if "part" in columns:
        part: nw.Expr = nw.col("part")
        if as_of is not None:
            dated = ~part.is_in([int(Part.TEST), int(Part.CANCELLED), int(Part.UNDATED)])
            part = nw.when(dated & (day > as_of)).then(nw.lit(int(Part.AFTER))).otherwise(part)
        whole = nw.col("lines", "opens").cast(nw.Int64)
        kept = frame.with_columns(whole, part=part.cast(nw.Int64), first_day=day, last_day=day)
        marks = [name for name in ("alone",) if name in columns]
        return kept.select(*keys, "lines", "amount", "first_day", "last_day", "opens", *marks)
    return (
        frame.with_columns(part=part_of(columns, as_of))
        .with_columns(amount=_signed(nw.col("line_amount")))
        .group_by(*keys)
        .agg(nw.len().alias("lines"), nw.col("amount").sum(), day.min().alias("first_day"), day.max().alias("last_day"))
        .with_columns(opens=nw.lit(1))
    )


def _signed(amount: nw.Expr) -> nw.Expr:
    """Refunds below 0, whatever sign they are written with."""
    return nw.when(nw.col("part") == int(Part.REFUND)).then(-amount.abs()).otherwise(amount)


def in_currency(lines: IntoLazyFrameT, currency: str | None) -> IntoLazyFrameT:
    """Order lines of which every one, those that name none too, is in one currency; None: without the column."""
    frame = nw.from_native(lines)
    if currency:
        return frame.with_columns(currency=nw.lit(currency)).to_native()
    return frame.drop("currency", strict=False).to_native()


def sale_lines(lines: IntoLazyFrameT, as_of: date | None) -> nw.LazyFrame[IntoLazyFrameT]:
    """The lines that are sales (see `Part`)."""
    frame = nw.from_native(lines)
    part = part_of(frame.collect_schema().names(), as_of)
    return frame.with_columns(part=part).filter(nw.col("part") == int(Part.SALE))


def real_lines(lines: IntoLazyFrameT) -> nw.LazyFrame[IntoLazyFrameT]:
    """The lines, or their `order_parts`, that are no tests; `lines` says of how many a row is made."""
    frame = nw.from_native(lines)
    names = frame.collect_schema().names()
    if "part" in names:
        return frame.filter(nw.col("part") != int(Part.TEST))
    real = frame.filter(~nw.col("is_test").fill_null(False)) if "is_test" in names else frame
    return real.with_columns(lines=nw.lit(1))


def order_totals(ledger: nw.LazyFrame[IntoLazyFrameT], **counts: nw.Expr) -> nw.LazyFrame[IntoLazyFrameT]:
    """One row per customer and order id with a sale or refund line: `day` of its first sale line, `amount`, counts.

    `first_day` is that of any of these lines. The counts come before the filter, so that two callers have no more than
    the ledger in common, and share that. Rows that are `alone` are such orders already, and need no grouping.
    """
    sale = nw.col("part") == int(Part.SALE)
    keys, days, sums = ("customer_id", "order_id"), ("day", "first_day"), ("amount", *counts)
    rows = ledger.with_columns(day=nw.when(sale).then(nw.col("first_day")), **counts)
    rows = rows.filter(nw.col("part") <= int(Part.REFUND))

    def grouped(several: nw.LazyFrame[IntoLazyFrameT]) -> nw.LazyFrame[IntoLazyFrameT]:
        least = (nw.col(name).min() for name in days)
        return several.group_by(*keys).agg(*least, *(nw.col(name).sum() for name in sums))

    if "alone" not in rows.collect_schema().names():
        return grouped(rows)
    return nw.concat([rows.filter("alone").select(*keys, *days, *sums), grouped(rows.filter(~nw.col("alone")))])


def part_of(columns: list[str], as_of: date | None) -> nw.Expr:
    """What each line is (see `Part`), as a number."""
    amount, day = nw.col("line_amount"), nw.col("ordered_on")
    tests = [
        (Part.TEST, nw.col("is_test").fill_null(False) if "is_test" in columns else None),
        (Part.CANCELLED, nw.col("status").fill_null("") == "cancelled" if "status" in columns else None),
        (Part.UNDATED, day.is_null()),
        (Part.AFTER, day > as_of if as_of else None),
        (Part.NO_CUSTOMER, nw.col("customer_id").is_null()),
        (Part.NO_AMOUNT, amount.is_null() | (amount == 0)),
        (Part.REFUND, is_refund(columns)),
    ]
    part: nw.Expr = nw.lit(int(Part.SALE))
    for label, test in reversed(tests):
        if test is not None:
            part = nw.when(test).then(nw.lit(int(label))).otherwise(part)
    return part


def is_refund(columns: list[str]) -> nw.Expr:
    """Whether a line gives money back: it is marked so or below 0."""
    negative = nw.col("line_amount") < 0
    return negative | nw.col("is_refund").fill_null(False) if "is_refund" in columns else negative


def line_cost(
    frame: nw.LazyFrame[IntoLazyFrameT], unit_costs: IntoLazyFrameT | None
) -> tuple[nw.LazyFrame[IntoLazyFrameT], nw.Expr | None]:
    """What the goods of a line cost, and the frame that tells it; None where costs are not known at all.

    Goods without a cost of their own cost their quantity times the product's unit cost; products that stand twice in
    `unit_costs` (`product_id`, `cost`) count with the higher one.
    """
    columns = frame.collect_schema().names()
    cost = nw.col("cost") if "cost" in columns else None
    if unit_costs is not None and {"product_id", "quantity"} <= set(columns):
        units = nw.from_native(unit_costs).group_by("product_id").agg(nw.col("cost").max().alias("unit_cost"))
        frame = frame.join(units, on="product_id", how="left")
        # An engine may keep more decimals of a product than its factors have.
        listed = (nw.col("quantity") * nw.col("unit_cost")).cast(nw.Decimal(38, 4))
        cost = listed if cost is None else nw.coalesce(cost, listed)
    return frame, cost
