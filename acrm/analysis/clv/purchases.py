"""Order lines as the models of value see them: on which days each customer bought, and for how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.params import WEEK
from acrm.analysis.history import read_history
from acrm.analysis.result import Scalar
from acrm.analysis.taken_off import taken_off
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.histories import FloatArray, Histories, IndexArray

EPOCH = date(1970, 1, 1)
_MANY = 10_000
"""Distinct histories from which on those that nearly agree have their limits in common."""
_NEAR = (0.02, 0.05, 0.1)
"""How nearly, by the number of orders and the times since: the first that leaves no more, else the last."""


@dataclass(frozen=True, kw_only=True)
class Purchases:
    """Days with an order, sorted by customer and day, one customer after the other; refunds are taken off."""

    ids: pl.Series
    """Customers, sorted."""
    start: IndexArray
    """Where each customer's days begin; one more for the end of all."""
    day: FloatArray
    """Days since 1970."""
    amount: FloatArray
    as_of: date
    unit: float
    """Days of the unit in which models count time."""
    kept: float
    """Share of the money that refunds without a purchase before them leave."""
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]

    @property
    def end(self) -> float:
        """The last day observed, in days since 1970."""
        return float((self.as_of - EPOCH).days)

    @property
    def span(self) -> int:
        """Days from the first order of all to the end."""
        return int(self.end - self.day.min())

    def until(self, end: float) -> Known:
        """What was known of the customers on a day; those who had not bought yet are not among them."""
        import numpy as np

        counts = np.add.reduceat((self.day <= end).astype(np.int64), self.start[:-1])
        customer = np.flatnonzero(counts)
        first = self.start[:-1][customer]
        last = first + counts[customer] - 1
        frequency = (counts[customer] - 1).astype(float)
        # Customer by customer: differences of one running sum would lose the cents of a large base.
        later = np.where(self.day <= end, self.amount, 0.0)
        later[self.start[:-1]] = 0
        repeat = np.add.reduceat(later, self.start[:-1])[customer]
        gaps = np.concatenate(([0.0], np.log(np.maximum(np.diff(self.day, prepend=self.day[:1]), 1.0)).cumsum()))
        return Known(
            customer=customer,
            frequency=frequency,
            recency=self.day[last] - self.day[first],
            age=end - self.day[first],
            mean=np.divide(repeat, frequency, out=np.zeros_like(repeat), where=frequency > 0),
            # In the unit: each gap of weeks is a seventh of its days.
            log_gaps=gaps[last + 1] - gaps[first + 1] - frequency * np.log(self.unit),
            unit=self.unit,
            spend=self.amount[first] + repeat,
        )

    def by_opportunity(self, days: int) -> Purchases:
        """The same where customers can order once in so many days, counted back from the end.

        The last day of such a span stands for all of it.
        """
        import numpy as np

        customer = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
        at = self.end - (self.end - self.day) // days * days
        fresh = np.concatenate(([True], (np.diff(customer) > 0) | (np.diff(at) > 0)))
        first = np.flatnonzero(fresh)
        return replace(
            self,
            start=np.append(np.searchsorted(customer[first], np.arange(len(self.start) - 1)), len(first)),
            day=at[first],
            amount=np.add.reduceat(self.amount, first),
            unit=float(days),
        )

    def orders_in(self, start: float, end: float) -> FloatArray:
        """Order days of each customer after `start` up to `end`, first orders left out."""
        import numpy as np

        within = ((self.day > start) & (self.day <= end)).astype(float)
        within[self.start[:-1]] = 0
        counted: FloatArray = np.add.reduceat(within, self.start[:-1])
        return counted


@dataclass(frozen=True, kw_only=True)
class Known:
    """One element per customer; times in days."""

    customer: IndexArray
    """Their places among all customers."""
    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    mean: FloatArray
    """Money of an order day after the first; 0 without any."""
    log_gaps: FloatArray
    spend: FloatArray
    """All money, the first order's too."""
    unit: float
    """Days of the unit in which models count time."""

    def grouped(self) -> Grouped:
        """The distinct histories, with how many customers have each."""
        import numpy as np

        from acrm.models.histories import Histories

        code = (
            (self.frequency.astype(np.int64) << 40) | (self.recency.astype(np.int64) << 20) | self.age.astype(np.int64)
        )
        _, first, group, count = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
        total = np.bincount(group, self.mean).astype(float)
        return Grouped(
            group=group,
            total_mean=total,
            histories=Histories(
                frequency=self.frequency[first],
                recency=self.recency[first] / self.unit,
                age=self.age[first] / self.unit,
                count=count.astype(float),
                log_gaps=np.bincount(group, self.log_gaps) / count,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """Distinct histories of customers."""

    histories: Histories
    group: IndexArray
    """The place of every customer's history."""
    total_mean: FloatArray
    """Sum over the customers of a group of their money per repeat order."""

    def alike(self) -> Grouped:
        """Groups of groups that nearly agree, where there are very many; `group` is then the place of a group.

        The times since the first and since the last order, and the number of orders, differ by 2% at most, by 5% or 10%
        where so many would be left; below a few weeks and a few orders, as both are whole, they are equal.
        """
        import numpy as np

        whole = self.histories
        if len(whole.count) <= _MANY:
            return replace(self, group=np.arange(len(whole.count)))
        for near in _NEAR:
            figures = (whole.frequency, whole.age, whole.age - whole.recency)
            orders, old, since = ((np.log1p(figure) // near).astype(np.int64) for figure in figures)
            code = (orders << 32) | (old << 16) | since
            _, first, of = np.unique(code, return_index=True, return_inverse=True)
            if len(first) <= _MANY:
                break
        count = np.bincount(of, whole.count).astype(float)

        def middle(values: FloatArray) -> FloatArray:
            """The mean of each group, moved to a value that there is: what models reckon is shared between groups."""
            known, mean = np.unique(values), np.bincount(of, values * whole.count) / count
            found: FloatArray = known[np.searchsorted((known[1:] + known[:-1]) / 2, mean)]
            return found

        age = middle(whole.age)
        histories = replace(
            whole,
            frequency=middle(whole.frequency),
            recency=np.minimum(middle(whole.recency), age),
            age=age,
            count=count,
            log_gaps=None if whole.log_gaps is None else np.bincount(of, whole.log_gaps * whole.count) / count,
        )
        return Grouped(histories=histories, group=of, total_mean=np.bincount(of, self.total_mean).astype(float))


def read_purchases(lines: pl.LazyFrame, *, as_of: date | None) -> Purchases:
    """Order lines reduced to days of purchase.

    Refund lines are taken off the order whose id they carry; what is more than that, or carries no order's id, is taken
    off what the customer had bought last until that day. What comes to 0 is no purchase. Refunds without a purchase
    before them lower the value of all orders alike.

    Raises:
        InputError: See `read_history`; nobody bought anything that was kept.
    """
    import numpy as np
    import polars as pl

    from acrm.errors import InputError
    from acrm.summaries.customers import loose_refunds, order_outcomes, purchase_days
    from acrm.summaries.ledger import Outcome

    history = read_history(lines, refunds="net", as_of=as_of, beside=(purchase_days, order_outcomes, loose_refunds))
    today: Any = history.figures["as_of"]
    found, outcomes, refunds = history.beside
    days_bought = found.select("customer_id", "day", "amount").sort("customer_id", "day")
    kept_days, unmatched = taken_off(days_bought, refunds, ["customer_id"])
    left = Decimal(unmatched["amount"].sum())
    if kept_days.is_empty():
        raise InputError("clv_no_purchases")
    days = kept_days.with_columns(pl.col("day").cast(pl.Int32), pl.col("amount").cast(pl.Float64))
    first = days.select((pl.col("customer_id") != pl.col("customer_id").shift(1)).fill_null(True)).to_series()
    start = np.append(first.arg_true().to_numpy(), days.height).astype(np.intp)
    sums = {int(row["outcome"]): row for row in outcomes.iter_rows(named=True)}
    bought = Decimal(kept_days["amount"].sum())
    kept = max(0.0, float(1 - left / bought))
    loose = Decimal(refunds["amount"].sum())
    # What refunds take off is told below, by what it is here.
    notes = [note for note in history.notes if note.id not in ("history.refunds_net", "history.refunds_only")]
    if loose > left:
        notes.append(Message("clv.loose_refunds", {"amount": loose - left, "days": found.height - days.height}))
    if left:
        notes.append(Message("clv.early_refunds", {"amount": left, "share": 1 - kept}))
    void = sums.get(Outcome.VOID)
    if void:
        notes.append(Message("clv.void_orders", {"orders": int(void["orders"])}))
    orders: Any = history.figures["orders"]
    same_day = int(orders) - (int(void["orders"]) if void else 0) - found.height
    sold: Any = history.figures["customers"]
    returned = int(sold) - int(first.sum())
    if returned:
        notes.append(Message("clv.returned_all", {"customers": returned}))
    figures = history.figures | {
        "customers": first.sum(),
        "customers_returned_all": returned,
        "purchase_days": days.height,
        "same_day_orders": same_day,
        "void_orders": int(void["orders"]) if void else 0,
    }
    return Purchases(
        ids=days["customer_id"].filter(first),
        start=start,
        day=days["day"].cast(pl.Float64).to_numpy(),
        amount=days["amount"].to_numpy(),
        as_of=today,
        unit=WEEK,
        kept=kept,
        figures=figures,
        notes=tuple(notes),
    )


def day_of(number: float) -> date:
    """A count of days since 1970 as a date."""
    return EPOCH + timedelta(days=int(number))
