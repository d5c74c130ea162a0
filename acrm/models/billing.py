"""Whether orders come as a clock strikes: a plan that is billed is not a habit of buying, and needs other models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from acrm.models.histories import FloatArray

# Days between two payments of a plan: the calendar's shortest and longest.
_PLANS: dict[str, tuple[float, float]] = {
    "week": (7, 7),
    "two weeks": (14, 14),
    "four weeks": (28, 28),
    "month": (28, 31),
    "two months": (59, 62),
    "quarter": (89, 92),
    "half-year": (181, 184),
    "year": (365, 366),
}
_SHORTEST = 7.0
_GAPS = 2
# So many of the customers who can be judged, and not fewer than so many of them, make it billing.
_SHARE = 0.5
_CUSTOMERS = 10


@dataclass(frozen=True, kw_only=True)
class Billing:
    """What the gaps between orders say about billing."""

    period: str
    """The plan most customers are on: week, two weeks, ..., year, or days for another fixed number of days."""
    days: float
    """Its length; that of a calendar period is the middle of its range."""
    customers: int
    """Customers with two gaps or more, who can be judged."""
    regular: int
    """Those of them who are on some plan."""

    @property
    def share(self) -> float:
        """Share of the customers judged who are on some plan; 0 if none could be judged."""
        return self.regular / self.customers if self.customers else 0.0

    @property
    def recognised(self) -> bool:
        """Whether this is billing: at least half of the customers judged are on a plan, and ten were judged."""
        return self.share >= _SHARE and self.customers >= _CUSTOMERS


def detect_billing(gaps: FloatArray, customer: npt.NDArray[np.int64]) -> Billing:
    """Look for plans in the days between orders.

    A customer is on a plan if two thirds of their gaps are as long as its period, to 3 percent or the one day that a
    weekend moves a payment: a payment that failed or came late breaks one gap or two, not the customer. Tried are the
    periods of the calendar, and the most frequent gap of 7 days or more as a plan of its own. Not seen is the plan of
    a customer who also orders between its payments.

    >>> detect_billing(np.array([31.0, 28.0, 31.0, 4.0, 90.0]), np.array([0, 0, 0, 1, 1]))
    Billing(period='month', days=29.5, customers=2, regular=1)

    Args:
        gaps: Days from each order day of a customer to their next, above 0.
        customer: Number of the customer of each gap, from 0.
    """
    total = np.bincount(customer)
    judged = total >= _GAPS
    long = gaps[(gaps >= _SHORTEST) & judged[customer]]
    plans = dict(_PLANS)
    if long.size:
        lengths, times = np.unique(np.round(long), return_counts=True)
        plans["days"] = (float(lengths[np.argmax(times)]),) * 2
    best, days, most = "", 0.0, -1
    anywhere = np.zeros(total.size, dtype=np.bool_)
    for name, (low, high) in plans.items():
        slack = max(1.0, 0.03 * low)
        hits = np.bincount(customer[(gaps >= low - slack) & (gaps <= high + slack)], minlength=total.size)
        on_plan = judged & (3 * hits >= 2 * total)
        anywhere |= on_plan
        # Of plans that hold equally many customers the calendar's comes first.
        if np.count_nonzero(on_plan) > most:
            best, days, most = name, (low + high) / 2, int(np.count_nonzero(on_plan))
    return Billing(
        period=best, days=days, customers=int(np.count_nonzero(judged)), regular=int(np.count_nonzero(anywhere))
    )
