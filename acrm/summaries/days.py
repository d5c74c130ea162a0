"""Reductions to customers and days on which each fact became known, so that any day in the past can be asked about.

Every row holds only what was known at the end of its day, and all figures add up over days. So what was known of a
customer on a day is the sum of the rows until then, and nothing that was written later can be in it: a refund counts on
its own day, an answer on the day it was given, a satisfaction on the day the matter was closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from acrm.summaries.ledger import Part, part_of

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoLazyFrameT

PLACES = ("channel", "unit")
"""Columns of lines of which a day has one value: the lowest of its sale lines."""
COMPLAINT = "complain|жалоб|претенз|рекламац"
"""In a subject or an outcome, whatever the case of its letters."""


def order_days(lines: IntoLazyFrameT, *, as_of: date | None) -> IntoLazyFrameT:
    """Reduce order lines to one row per customer and day with a sale or a refund line.

    An order is what one customer has under one order id on one day; it counts where its sale lines come to more than
    its refund lines of the same day, as what is taken back at once was no purchase. A product is new on the day of the
    customer's first sale line of it.

    Args:
        lines: Canonical transactions, as of `customer_history`; and, where the source has them, `discount`,
            `product_id`, `channel`, `unit`.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `day` Date, `orders`, `lines` (of sales), `sales`, `refunds` Decimal, both 0
        or more; and, where the source tells them, `discounts` Decimal, `new_products`, `channel`, `unit`.
    """
    frame = nw.from_native(lines)
    names = frame.collect_schema().names()
    sale, amount = nw.col("part") == int(Part.SALE), nw.col("line_amount")
    # An engine may say null for the sum of nulls, and make money beside a plain 0 a float.
    nothing = amount - amount
    summed = {
        "lines": sale.cast(nw.Int64),
        "sales": nw.when(sale).then(amount).otherwise(nothing),
        "refunds": nw.when(sale).then(nothing).otherwise(amount.abs()),
    }
    if "discount" in names:
        told = sale & ~nw.col("discount").is_null()
        summed["discounts"] = nw.when(told).then(nw.col("discount").abs()).otherwise(nothing)
    places = [name for name in PLACES if name in names]
    kept = frame.with_columns(part=part_of(names, as_of)).filter(nw.col("part") <= int(Part.REFUND))
    lowest = [nw.col(name).min() for name in places]
    days = (
        kept.with_columns(**summed, **{name: nw.when(sale).then(nw.col(name)) for name in places})
        .group_by("customer_id", "order_id", "ordered_on")
        .agg(*(nw.col(name).sum() for name in summed), *lowest)
        .with_columns(orders=(nw.col("sales") > nw.col("refunds")).cast(nw.Int64))
        .rename({"ordered_on": "day"})
        .group_by("customer_id", "day")
        .agg(*(nw.col(name).sum() for name in ("orders", *summed)), *lowest)
    )
    if "product_id" not in names:
        return days.to_native()
    first = kept.filter(sale, ~nw.col("product_id").is_null()).group_by("customer_id", "product_id")
    new = first.agg(nw.col("ordered_on").min().alias("day")).group_by("customer_id", "day")
    counted = days.join(new.agg(nw.len().alias("new_products")), on=["customer_id", "day"], how="left")
    return counted.with_columns(nw.col("new_products").fill_null(0)).to_native()


def contact_days(
    interactions: IntoLazyFrameT, *, topics: Sequence[str] = (), as_of: date | None = None
) -> IntoLazyFrameT:
    """Reduce interactions to one row per customer, day, kind and topic on which something of them became known.

    Args:
        interactions: Canonical interactions; those without a customer are left out.
        topics: Subjects, in lower case, that are told apart; all others are one, null.
        as_of: Last day that counts; None takes all.

    Returns:
        Lazy, in no order: `customer_id`, `day` Date, `kind`, `topic`, `begun`; and, where the source tells them,
        `complaints`, `answers`, `answer_minutes` (their sum, from the beginning to the first response), `closed`,
        `ratings`, `satisfaction` (their sum, as numbers).
    """
    frame = nw.from_native(interactions)
    names = frame.collect_schema().names()
    begun, subject = nw.col("started_at"), nw.lit(None, nw.String)
    if "subject" in names:
        subject = nw.col("subject").str.strip_chars().str.to_lowercase()
    topic = nw.when(subject.is_in(list(topics))).then(subject) if topics else nw.lit(None, nw.String)
    frame = frame.filter(~nw.col("customer_id").is_null()).with_columns(topic=topic, _subject=subject)
    ended = nw.coalesce("ended_at", "started_at") if "ended_at" in names else begun
    one = nw.lit(1)
    facts: list[tuple[nw.Expr, nw.Expr | None, dict[str, nw.Expr]]] = [(begun, None, {"begun": one})]
    if "subject" in names:
        complains = nw.col("_subject").str.contains(COMPLAINT)
        facts.append((begun, complains, {"complaints": one}))
    if "outcome" in names:
        told = nw.col("outcome").str.to_lowercase().str.contains(COMPLAINT)
        if "subject" in names:
            told = told & ~nw.col("_subject").str.contains(COMPLAINT).fill_null(False)
        facts.append((ended, told, {"complaints": one}))
    if "first_response_at" in names:
        answered = nw.col("first_response_at")
        minutes = _minutes(answered) - _minutes(begun)
        facts.append((answered, answered >= begun, {"answers": one, "answer_minutes": minutes}))
    if "ended_at" in names:
        facts.append((nw.col("ended_at"), ~nw.col("ended_at").is_null(), {"closed": one}))
    if "satisfaction" in names:
        rating = nw.col("satisfaction").cast(nw.Float64)
        facts.append((ended, ~rating.is_null(), {"ratings": one, "satisfaction": rating}))
    counted = list(dict.fromkeys(name for _, _, figures in facts for name in figures))
    rows = [
        (frame if test is None else frame.filter(test)).select(
            "customer_id",
            "kind",
            "topic",
            when.dt.date().alias("day"),
            *(figures.get(name, nw.lit(0)).cast(nw.Float64).alias(name) for name in counted),
        )
        for when, test, figures in facts
    ]
    known: nw.LazyFrame[IntoLazyFrameT] = nw.concat(rows).filter(~nw.col("day").is_null())
    if as_of is not None:
        known = known.filter(nw.col("day") <= as_of)
    sums = [nw.col(name).sum() for name in counted]
    return known.group_by("customer_id", "day", "kind", "topic").agg(*sums).to_native()


def _minutes(time: nw.Expr) -> nw.Expr:
    """Whole minutes since the year 1; engines do not agree on durations."""
    years = time.dt.year().cast(nw.Int64) - 1
    day = 365 * years + years // 4 - years // 100 + years // 400 + time.dt.ordinal_day().cast(nw.Int64)
    return (day * 24 + time.dt.hour().cast(nw.Int64)) * 60 + time.dt.minute().cast(nw.Int64)
