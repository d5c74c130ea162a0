"""How long customers of a contract stayed: what the contractual models and the Kaplan-Meier curve are fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Durations:
    """Customers by the period in which they left or were last seen; arrays of one length, in ascending time.

    All customers start at time 0, whatever the date. Someone who leaves in period t made it through t - 1 renewals;
    someone seen last at the end of period t, and still a customer then, is censored there: they were at risk in period
    t and did not leave in it. Counts may be fractions, as weights are.
    """

    time: FloatArray
    """Distinct periods, 0 or more; 1, 2, ... for the discrete models."""
    lost: FloatArray
    """Customers who left in the period."""
    kept: FloatArray
    """Customers last seen, still there, at the end of it."""

    def __post_init__(self) -> None:
        if not (self.time.shape == self.lost.shape == self.kept.shape and self.time.ndim == 1 and self.time.size):
            raise ValueError("time, lost and kept are rows of one length")
        if np.any(self.time < 0) or np.any(np.diff(self.time) <= 0) or np.any(self.lost < 0) or np.any(self.kept < 0):
            raise ValueError("times ascend from 0, counts are 0 or more")

    @classmethod
    def of_customers(cls, time: FloatArray, left: npt.NDArray[np.bool_], count: FloatArray | None = None) -> Self:
        """Group customers (or groups of `count` customers): time under contract, and whether they left then.

        >>> some = Durations.of_customers(np.array([2.0, 1.0, 2.0]), np.array([True, True, False]))
        >>> some.time, some.lost, some.kept
        (array([1., 2.]), array([1., 1.]), array([0., 1.]))
        """
        times, place = np.unique(time, return_inverse=True)
        weight = np.ones(time.size) if count is None else count
        return cls(
            time=times,
            lost=np.bincount(place, np.where(left, weight, 0.0), times.size).astype(np.float64),
            kept=np.bincount(place, np.where(left, 0.0, weight), times.size).astype(np.float64),
        )

    @classmethod
    def of_cohorts(cls, *alive: FloatArray) -> Self:
        """Add up retention tables: for each cohort, customers there at the start and at the end of each period.

        >>> two = Durations.of_cohorts(np.array([10.0, 7.0, 6.0]), np.array([5.0, 4.0]))
        >>> two.lost, two.kept
        (array([0., 4., 1.]), array([0., 4., 6.]))

        Raises:
            ValueError: A cohort grows, or has no start.
        """
        length = max(row.size for row in alive)
        lost, kept = np.zeros(length), np.zeros(length)
        for row in alive:
            if not row.size or np.any(np.diff(row) > 0):
                raise ValueError("a cohort starts somewhere and does not grow")
            lost[1 : row.size] -= np.diff(row)
            kept[row.size - 1] += row[-1]
        return cls(time=np.arange(length, dtype=np.float64), lost=lost, kept=kept)

    def at_risk(self) -> FloatArray:
        """Customers there when each period began and seen until its end.

        >>> Durations.of_cohorts(np.array([10.0, 7.0, 6.0]), np.array([5.0, 4.0])).at_risk()
        array([15., 15.,  7.])
        """
        return np.cumsum((self.lost + self.kept)[::-1])[::-1]
