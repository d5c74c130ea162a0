"""Contracts with the time each has been watched, so that the last periods can be hidden from a model and foretold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from acrm.models.durations import Durations
from acrm.models.lifetimes import likelihood, renewals

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Tenures:
    """Groups of customers, one element each; times are whole periods since the customer's start.

    Args:
        time: Number of the renewal that was not made (1, 2, ...), or renewals made so far by those still there.
        left: Which of the two it is.
        age: Periods that have passed since the start, whether the customer was still there or not; `time` or more.
        count: Customers of the group.
    """

    time: FloatArray
    left: npt.NDArray[np.bool_]
    age: FloatArray
    count: FloatArray

    @classmethod
    def of_cohorts(cls, *alive: FloatArray) -> Self:
        """Read retention tables: for each cohort, customers there at the start and at the end of each period.

        >>> both = Tenures.of_cohorts(np.array([10.0, 7.0, 6.0]), np.array([5.0, 5.0]))
        >>> both.time, both.left, both.age, both.count
        (array([1., 2., 2., 1.]), array([ True,  True, False, False]), array([2., 2., 2., 1.]), array([3., 1., 6., 5.]))

        Raises:
            ValueError: A cohort grows, or has no start.
        """
        rows: list[tuple[int, bool, int, float]] = []
        for cohort in alive:
            if not cohort.size or np.any(np.diff(cohort) > 0):
                raise ValueError("a cohort starts somewhere and does not grow")
            last = cohort.size - 1
            rows += [(t, True, last, float(cohort[t - 1] - cohort[t])) for t in range(1, last + 1)]
            rows.append((last, False, last, float(cohort[-1])))
        time, left, age, count = np.array([row for row in rows if row[3] > 0], dtype=np.float64).T
        return cls(time=time, left=left > 0, age=age, count=count)

    def durations(self) -> Durations:
        """The same without the ages, as the models take them."""
        return Durations.of_customers(self.time, self.left, self.count)

    def until(self, periods: int) -> Tenures:
        """What was known so many periods ago: who had started by then, and who was still there."""
        age = self.age - periods
        some = age >= 0
        age = age[some]
        time = np.minimum(self.time[some], age)
        return Tenures(time=time, left=self.left[some] & (self.time[some] <= age), age=age, count=self.count[some])

    def grouped(self) -> Tenures:
        """The same customers with equal ones counted together."""
        keys = np.stack([self.time, self.left.astype(np.float64), self.age])
        distinct, place = np.unique(keys, axis=1, return_inverse=True)
        count = np.bincount(place.ravel(), self.count, distinct.shape[1]).astype(np.float64)
        return Tenures(time=distinct[0], left=distinct[1] > 0, age=distinct[2], count=count)

    def last_retention(self) -> float:
        """Share who renewed in the newest period: the naive rule, and what a report of last month shows.

        Where all or none did, it is (renewed + 1/2) / (at risk + 1), because a rule that calls something impossible has
        no likelihood. NaN if nobody was at risk.
        """
        newest = (self.time == self.age) & (self.age >= 1)
        at_risk = float(self.count[newest].sum())
        renewed = float(self.count[newest & ~self.left].sum())
        if not at_risk:
            return float("nan")
        return renewed / at_risk if 0 < renewed < at_risk else (renewed + 0.5) / (at_risk + 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """How a forecast of the last periods did, made from what was known before them."""

    log_likelihood: float
    """Of the renewals made and missed in the last periods."""
    survival_error: float
    """Mean absolute error, over these periods, of the share still there of all who had ever started."""
    staying_error: float
    """The same of those who were still there when the forecast was made."""


def held_out(tenures: Tenures, periods: int, log_retention: Callable[[FloatArray], FloatArray]) -> HeldOut:
    """Compare a curve of retentions with what happened in the last periods.

    Args:
        tenures: Everything that is known now.
        periods: How many of the last periods the curve knows nothing of, 1 or more; somebody was there before them.
        log_retention: Log of the share of those there after period t - 1 who stay through period t (1, 2, ...).

    >>> two = Tenures.of_cohorts(np.array([100.0, 80.0, 64.0, 48.0]))
    >>> test = held_out(two, 1, lambda period: np.full(period.shape, np.log(0.8)))
    >>> round(test.survival_error, 4), round(test.staying_error, 4), round(test.log_likelihood, 3)
    (0.032, 0.05, -36.462)
    """
    before = tenures.until(periods)
    _, lost, stayed = renewals(tenures.durations())
    _, lost_before, stayed_before = renewals(before.durations())
    # The renewals before are among all of them: what remains are the held-out ones.
    lost[: lost_before.size] -= lost_before
    stayed[: stayed_before.size] -= stayed_before
    logs = log_retention(np.arange(1.0, tenures.age.max() + 1))
    survival = np.concatenate(([0.0], np.cumsum(logs)))
    ages, place = np.unique(before.age.astype(np.int64), return_inverse=True)
    known = np.bincount(place, before.count)
    here = np.bincount(place, np.where(before.left, 0.0, before.count))
    # The same groups in the same order as `before`, with what became of them.
    now = tenures.age >= periods
    end = tenures.time[now] - tenures.left[now]
    errors = []
    for step in range(1, periods + 1):
        there = float(tenures.count[now][end >= before.age + step].sum())
        ever = known @ np.exp(survival[ages + step])
        conditional = here @ np.exp(survival[ages + step] - survival[ages])
        errors.append((abs(ever - there) / known.sum(), abs(conditional - there) / here.sum()))
    survival_error, staying_error = np.mean(errors, axis=0).tolist()
    value = likelihood(logs[: lost.size], lost, stayed)[0]
    return HeldOut(log_likelihood=value, survival_error=survival_error, staying_error=staying_error)
