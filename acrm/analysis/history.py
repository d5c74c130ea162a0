"""The customers' histories as an analysis needs them: collected, dated, in one currency, with what was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.summaries.customers import Refunds

Reduction = Callable[..., "pl.LazyFrame"]
"""Of order lines, up to and including `as_of`, such as `acrm.summaries.customers.purchase_days`."""


@dataclass(frozen=True)
class History:
    """Customers who bought, and the account of the order lines they were made from.

    `customers`, sorted by `customer_id`: `days_since_last` (0: ordered on `as_of`), `orders`, `spend`,
    `first_order_at`, `last_order_at`. In `figures`, `lines` = `lines_used` + every other `lines_...` but
    `lines_refund`, which are among the used ones when refunds are net.
    """

    customers: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]
    beside: tuple[pl.DataFrame, ...] = ()
    """What the reductions asked for made of the same lines up to the same day, in no order."""


def read_history(
    transactions: pl.LazyFrame, *, refunds: Refunds, as_of: date | None, beside: Sequence[Reduction] = ()
) -> History:
    """Reduce order lines to customers in one pass; `as_of` defaults to the day after the last event that is no test.

    A date far after all others is taken for mistyped: the day before it is the last one, and the note names it. Other
    reductions of the ledger of orders, given as `beside`, come from the same pass.

    Raises:
        InputError: No customer with a sale line; lines in more than one currency (lines without one are taken to be
            in the only one there is, and counted, unless they are the most).
    """
    import polars as pl

    from acrm.engine import collect_all
    from acrm.summaries.customers import customer_history, line_counts
    from acrm.summaries.ledger import Part
    from acrm.validity import FAR

    customers, counts, *others = collect_all(
        [
            customer_history(transactions, refunds=refunds, as_of=as_of),
            line_counts(transactions, as_of=as_of),
            *(reduction(transactions, as_of=as_of) for reduction in beside),
        ]
    )
    used = counts.filter(pl.col("part") <= int(Part.REFUND if refunds == "net" else Part.SALE))
    if "currency" in counts.columns:
        currency, without = one_currency(used)
        if currency and without:
            # An order may have lines with and without it: count its orders again with the column out of the way.
            history = read_history(transactions.drop("currency"), refunds=refunds, as_of=as_of, beside=beside)
            note = Message("history.no_currency", {"lines": without, "currency": currency})
            return replace(history, figures=history.figures | {"currency": currency}, notes=(*history.notes, note))
    else:
        currency = None
    lines = {part: int(counts.filter(part=int(part))["lines"].sum()) for part in Part}
    if customers.is_empty():
        raise InputError("no_sales", reasons="; ".join(map(str, left_out(lines))) or text("history.no_lines"))
    last_event: Any = counts.filter(pl.col("part") != int(Part.TEST))["last_day"].max()
    if as_of is None and (last_event - _newest_but(last_event, customers)).days > FAR:
        last, far = far_dates(transactions)
        if last < last_event:
            history = read_history(transactions, refunds=refunds, as_of=last + timedelta(days=1), beside=beside)
            return replace(history, notes=(*far, *history.notes))
        doubtful = far
    else:
        doubtful = ()
    today = as_of or last_event + timedelta(days=1)
    customers = customers.select(
        "customer_id",
        (pl.lit(today) - pl.col("last_order_at")).dt.total_days().alias("days_since_last"),
        "orders",
        pl.col("spend").cast(pl.Decimal(38, 4)),
        "first_order_at",
        "last_order_at",
    ).sort("customer_id")
    spend = _total(customers["spend"])
    refunded = -_total(counts.filter(part=int(Part.REFUND))["amount"])
    figures: dict[str, Scalar] = {
        "as_of": today,
        "customers": customers.height,
        "orders": int(customers["orders"].sum()),
        "spend": spend,
        "currency": currency,
        "first_order_at": _day(customers["first_order_at"].min()),
        "last_order_at": _day(customers["last_order_at"].max()),
        "lines": sum(lines.values()),
        "lines_used": int(used["lines"].sum()),
        **{f"lines_{part.name.lower()}": lines[part] for part in Part if part is not Part.SALE},
        "refunded": refunded,
    }
    notes = [*doubtful, *left_out(lines)]
    if refunded:
        notes.append(Message(f"history.refunds_{refunds}", {"lines": lines[Part.REFUND], "amount": refunded}))
    never_bought = spend - _total(used["amount"])
    if never_bought:
        notes.append(Message("history.refunds_only", {"amount": never_bought}))
    return History(customers, figures, tuple(notes), tuple(others))


def far_dates(transactions: pl.LazyFrame) -> tuple[date, tuple[Message, ...]]:
    """The newest day that is not mistyped, and what to say of the days after it.

    A newest day that is far off, but not mistyped by the rule of `validity.last_believable`, is named.

    Args:
        transactions: Order lines as in `read_history`; test lines do not count.
    """
    from acrm.engine import collect
    from acrm.summaries.sales import lines_by_day, orders_after
    from acrm.validity import FAR, last_believable

    days = collect(lines_by_day(transactions)).sort("ordered_on")

    def after(day: date) -> pl.DataFrame:
        return collect(orders_after(transactions, day)).drop("lines").sort("ordered_on", "order_id")

    newest = last_believable(days.rows(), lambda day: after(day)["order_id"].n_unique()) or date.min
    found: list[date] = days["ordered_on"].to_list()
    if newest < found[-1]:
        orders = after(newest)
        named = [text("history.order_on", order=order, day=day) for day, order in orders.head(5).iter_rows()]
        values = {"orders": orders.height, "named": listed(named), "last": newest, "to": found[-1]}
        return newest, (Message("history.far_dates", values),)
    pause = (found[-1] - found[-2]).days if len(found) > 1 else 0
    far = {"day": found[-1], "days": pause, "before": found[-2]} if pause > FAR else None
    return newest, (Message("history.far_date", far),) if far else ()


def _newest_but(day: date, customers: pl.DataFrame) -> date:
    """The newest day of a customer's first or last order before the day given; a cheap sign that it is no outlier."""
    import polars as pl

    seen = pl.concat([customers["first_order_at"], customers["last_order_at"]])
    return _day(seen.filter(seen < day).max()) or date.min


def one_currency(used: pl.DataFrame) -> tuple[str | None, int]:
    """The currency of the lines, or None, and how many lines have none."""
    import polars as pl

    lines = used.group_by("currency").agg(pl.col("lines").sum())
    known = lines.drop_nulls("currency").sort("lines", "currency", descending=[True, False])
    without = int(lines["lines"].sum()) - int(known["lines"].sum())
    named = int(known["lines"].sum())
    if known.height > 1 or (known.height and without > named):
        counts = [text("history.in_currency", currency=name, lines=count) for name, count in known.rows()]
        counts += [text("history.in_no_currency", lines=without)] if without else []
        raise InputError("mixed_currencies", counts=", ".join(counts), currency=known["currency"][0])
    return known["currency"][0] if known.height else None, without


def left_out(lines: dict[Any, int]) -> list[Message]:
    """What is said of the lines that do not count, by what they are (`Part`)."""
    from acrm.summaries.ledger import Part

    total = sum(lines.values())
    reasons = (part for part in Part if part > Part.REFUND and lines[part])
    return [
        Message(f"history.left_out_{part.name.lower()}", {"lines": lines[part], "share": lines[part] / total})
        for part in reasons
    ]


def _total(amounts: pl.Series) -> Decimal:
    return Decimal(amounts.sum())


def _day(value: Any) -> date | None:
    return value if isinstance(value, date) else None
