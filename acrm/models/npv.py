"""Customer value as an annuity: what a margin per period, a retention and a discount rate are worth together.

Textbooks give different formulas to the same inputs because they book the payments at different moments, so a value is
only told together with its convention. With survival S(k) = r1 r2 ... rk (S(0) = 1) and v = 1 / (1 + discount), payment
number k + 1 (k = 0, 1, ...) counts as

    prospect     S(k)   v^k        paid at the start of a period, the first one now: a customer yet to be won
    existing     S(k+1) v^(k+1)    the same, but the first payment is in the past: a customer who has just paid
    period-end   S(k)   v^(k+1)    paid at the end of each period begun
    mid-period   S(k)   v^(k+1/2)  paid in the middle of each period begun

With constant retention r and no horizon these are m(1+d)/(1+d-r), mr/(1+d-r), m/(1+d-r) and m sqrt(1+d)/(1+d-r).
A period is a year, a month, or whatever margin, retention and discount are all stated for. `periods=10` means ten
payments: periods 0 to 9 for a prospect, 1 to 10 for an existing customer. Sources: Fader & Hardie, note 024 (2012), for
the first three; Berger & Nasr (1998); Gupta, Lehmann & Stuart (2004) for acquisition cost and growth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray

Convention = Literal["prospect", "existing", "period-end", "mid-period"]

# Survival index and time of the first payment; each later payment is one further on both.
_FIRST: dict[Convention, tuple[int, float]] = {
    "prospect": (0, 0.0),
    "existing": (1, 1.0),
    "period-end": (0, 1.0),
    "mid-period": (0, 0.5),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Schedule:
    """The equation of a net present value, one element per payment; the sum of `present` less the cost is the NPV."""

    period: FloatArray
    """1, 2, ...: number of the payment."""
    time: FloatArray
    """When it is booked, in periods from now."""
    survival: FloatArray
    """Probability that the customer is still there to make it."""
    margin: FloatArray
    """What a customer who is still there brings."""
    factor: FloatArray
    """Discount factor."""
    present: FloatArray
    """survival x margin x factor."""
    cumulative: FloatArray
    """Sum of `present` so far, less the acquisition cost."""


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """Change of the net present value when one input moves and the others stay."""

    retention: float
    """Each retention 1 percentage point higher, at most 1."""
    margin: float
    """Margin 1 percent higher."""
    acquisition_cost: float
    """Acquisition cost 1 percent lower."""
    discount: float
    """Discount rate 1 percentage point higher."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Annuity:
    """Margin, retention and discount of one customer or of the average customer of a segment, and what they are worth.

    Args:
        margin: Money per period from a customer who is still there, in the first payment; may be negative.
        retention: Share of customers who stay from one period to the next, 0 to 1: one number, or one per renewal
            (of a fitted model or a Kaplan-Meier curve), the last of which holds from then on.
        discount: Rate per period, 0 or more.
        convention: When payments are booked; see above.
        periods: How many payments count; None for all of them.
        acquisition_cost: Money spent now to win the customer, 0 or more. Sunk, so always 0, for an existing one.
        growth: Growth of the margin from payment to payment, above -1.

    Raises:
        ValueError: An argument outside of what is stated here.

    >>> round(Annuity(margin=100, retention=0.8, discount=0.1, convention="existing").value, 2)
    266.67
    >>> ten = Annuity(margin=100, retention=0.8, discount=0.1, periods=10, acquisition_cost=150)
    >>> round(ten.value, 4), round(ten.npv, 4)
    (351.4876, 201.4876)
    """

    margin: float
    retention: float | FloatArray
    discount: float
    convention: Convention = "prospect"
    periods: int | None = None
    acquisition_cost: float = 0.0
    growth: float = 0.0

    def __post_init__(self) -> None:
        retention = self._retention
        if retention.ndim != 1 or not retention.size or not np.all((retention >= 0) & (retention <= 1)):
            raise ValueError("retention is one number or a row of numbers from 0 to 1")
        if not (self.discount >= 0 and self.growth > -1 and self.acquisition_cost >= 0):
            raise ValueError("discount and acquisition cost are 0 or more, growth is above -1")
        if not math.isfinite(self.discount + self.growth + self.acquisition_cost + self.margin):
            raise ValueError("margin, discount, growth and acquisition cost are finite")
        if self.periods is not None and self.periods < 1:
            raise ValueError("at least one payment counts")
        if self.convention == "existing" and self.acquisition_cost:
            raise ValueError("what an existing customer cost to win is sunk")

    @property
    def _retention(self) -> FloatArray:
        return np.atleast_1d(np.asarray(self.retention, dtype=np.float64))

    @property
    def _ratio(self) -> float:
        """Each payment's present value by that of the one before, once the retention is constant."""
        return float(self._retention[-1]) * (1 + self.growth) / (1 + self.discount)

    def _unit(self, payments: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Survival, time and margin growth of the first payments."""
        index, start = _FIRST[self.convention]
        known = self._retention
        steps = np.concatenate((known, np.full(max(payments + index - known.size, 0), known[-1])))
        survival = np.concatenate(([1.0], np.cumprod(steps)))[index : index + payments]
        number = np.arange(payments, dtype=np.float64)
        return survival, start + number, (1 + self.growth) ** number

    def _present(self, payments: int) -> FloatArray:
        """Present value of each of the first payments per unit of margin."""
        survival, time, growth = self._unit(payments)
        value: FloatArray = survival * growth * (1 + self.discount) ** -time
        return value

    @property
    def _head(self) -> int:
        """So many payments, and all later ones follow by `_ratio`."""
        return self._retention.size + 1

    @property
    def multiple(self) -> float:
        """Value per unit of margin, the margin multiple; inf where the sum has no end.

        The sum over all payments is finite if the last retention x (1 + growth) < 1 + discount.

        >>> round(Annuity(margin=1, retention=0.8, discount=0.0).multiple, 9)
        5.0
        """
        if self.periods is not None:
            return float(self._present(self.periods).sum())
        present = self._present(self._head)
        last = float(present[-1])
        if last > 0 and self._ratio >= 1:
            return math.inf
        return float(present.sum()) + (last * self._ratio / (1 - self._ratio) if last > 0 else 0.0)

    @property
    def value(self) -> float:
        """Expected present value before the cost of winning the customer.

        It is also the break-even acquisition cost: a customer who costs more loses money.
        """
        return self.margin * self.multiple if self.margin else 0.0

    @property
    def npv(self) -> float:
        """Net present value: `value` less the acquisition cost."""
        return self.value - self.acquisition_cost

    def shares(self, payments: int) -> FloatArray:
        """Share of the value without horizon that the first 1, 2, ... payments bring.

        At constant retention it is 1 - (r (1+g) / (1+d))^n after n payments under every convention. "Five years" are
        five payments here; a sum over t = 0 ... 5 has six.

        >>> Annuity(margin=100, retention=0.8, discount=0.1).shares(6).round(3)[4:]
        array([0.797, 0.852])

        Raises:
            ValueError: The value without horizon is not finite, or there is none.
        """
        whole = replace(self, periods=None).multiple
        if not 0 < whole < math.inf:
            raise ValueError("shares of a value that is 0 or has no end")
        return np.cumsum(self._present(payments)) / whole

    def payback(self, *, discounted: bool) -> int | None:
        """Number of the payment with which the expected margin so far has covered the acquisition cost.

        Both margins are expected ones, of the customers still there; `discounted` says whether later payments count
        less. 0 if there is nothing to cover; None if the payments that count never cover it.

        >>> Annuity(margin=100, retention=0.8, discount=0.1, acquisition_cost=250).payback(discounted=False)
        4
        >>> Annuity(margin=100, retention=0.8, discount=0.1, acquisition_cost=400).payback(discounted=True) is None
        True
        """
        if not discounted:
            return replace(self, discount=0.0).payback(discounted=True)
        if not self.acquisition_cost:
            return 0
        if self.margin <= 0:
            return None
        # In units of margin. Sums of floats are rounded: what they miss by a trillionth is covered.
        owed = self.acquisition_cost / self.margin * (1 - 1e-12)
        present = self._present(self._head)
        covered = np.flatnonzero(np.cumsum(present) >= owed)
        if covered.size:
            number = int(covered[0]) + 1
        else:
            later = _payments_to(owed - float(present.sum()), float(present[-1]), self._ratio)
            if later is None:
                return None
            number = present.size + later
        return number if self.periods is None or number <= self.periods else None

    def payback_months(self, *, discounted: bool) -> int | None:
        """Month with which the margin so far has covered the acquisition cost; the periods are years.

        Each year's expected margin comes in twelve equal parts; `discounted` discounts it as the value does, the year
        as a whole, so that a customer with a net present value of 0 or more is paid back. 0 and None as in `payback`.

        >>> Annuity(margin=100, retention=0.8, discount=0.1, acquisition_cost=150).payback_months(discounted=False)
        20
        """
        year = self.payback(discounted=discounted)
        if not year:
            return year
        flow = (self if discounted else replace(self, discount=0.0)).schedule(year)
        owed = -float(flow.cumulative[-2]) if year > 1 else self.acquisition_cost
        # What rounded sums miss by a trillionth is covered, as above.
        return 12 * (year - 1) + min(12, math.ceil(12 * owed / float(flow.present[-1]) * (1 - 1e-12)))

    def sensitivity(self) -> Sensitivity:
        """What one percentage point of retention, one percent of margin and so on are worth.

        Raises:
            ValueError: The value has no end, so that nothing can be added to it.
        """
        base = self.npv
        if not math.isfinite(base):
            raise ValueError("sensitivity of a value that has no end")
        return Sensitivity(
            retention=replace(self, retention=np.minimum(self._retention + 0.01, 1.0)).npv - base,
            margin=replace(self, margin=self.margin * 1.01).npv - base,
            acquisition_cost=self.acquisition_cost * 0.01,
            discount=replace(self, discount=self.discount + 0.01).npv - base,
        )

    def schedule(self, payments: int | None = None) -> Schedule:
        """Each payment that counts, or the first ones; without horizon `payments` has to be given.

        >>> year = Annuity(margin=100, retention=0.8, discount=0.1, convention="existing", periods=2).schedule()
        >>> year.survival, year.present.round(2), year.cumulative.round(2)
        (array([0.8 , 0.64]), array([72.73, 52.89]), array([ 72.73, 125.62]))
        """
        payments = payments or self.periods
        if payments is None:
            raise ValueError("without horizon there is no last payment")
        survival, time, growth = self._unit(payments)
        margin = self.margin * growth
        factor = (1 + self.discount) ** -time
        present = survival * margin * factor
        return Schedule(
            period=np.arange(1.0, payments + 1),
            time=time,
            survival=survival,
            margin=margin,
            factor=factor,
            present=present,
            cumulative=np.cumsum(present) - self.acquisition_cost,
        )


def _payments_to(owed: float, last: float, ratio: float) -> int | None:
    """How many terms of last x ratio, last x ratio^2, ... reach `owed`; None if they never do."""
    first = last * ratio
    # All terms together come close to their sum and do not reach it.
    if first <= 0 or (ratio < 1 and owed >= first / (1 - ratio) * (1 - 1e-11)):
        return None
    if math.isclose(ratio, 1.0, rel_tol=1e-15):
        return math.ceil(owed / first)
    return math.ceil(math.log1p(owed * (ratio - 1) / first) / math.log(ratio))
