"""How near rows are to a group, value by value, and how well nearness parts two groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray


def mean_gap(values: FloatArray, group: FloatArray) -> FloatArray:
    """The mean absolute difference of each value to those of a group.

    >>> mean_gap(np.array([0.0, 2.0, 10.0]), np.array([1.0, 3.0]))
    array([2., 1., 8.])

    Args:
        values: Any numbers.
        group: One number or more.
    """
    ordered = np.sort(group)
    sums = np.append(0.0, np.cumsum(ordered))
    below = np.searchsorted(ordered, values)
    under = values * below - sums[below]
    over = (sums[-1] - sums[below]) - values * (group.size - below)
    mean: FloatArray = (under + over) / group.size
    return mean


@dataclass(frozen=True)
class Separation:
    """The chance that one of the group is nearer than one of the others, and its standard error (Hanley & McNeil)."""

    auc: float
    error: float

    def better(self, sigmas: float) -> bool:
        """Whether it lies above one half by more than so many standard errors."""
        return self.auc - sigmas * self.error > 0.5


def separation(group: FloatArray, others: FloatArray) -> Separation:
    """How well distances part a group from others; ties count half.

    J. A. Hanley, B. J. McNeil, The Meaning and Use of the Area under a ROC Curve, Radiology 143(1), 1982.

    >>> separation(np.array([0.0, 1.0]), np.array([1.0, 2.0])).auc
    0.875

    Args:
        group: Distances of those who should be near; one or more.
        others: Distances of the others; one or more.
    """
    m, n = group.size, others.size
    ranks = rankdata(np.concatenate([group, others]))
    auc = float(1 - (ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    # At an end the formula says 0; it is no less unsure than half an observation.
    a = min(max(auc, 0.5 / (m * n)), 1 - 0.5 / (m * n))
    spread = a * (1 - a) + (m - 1) * (a / (2 - a) - a * a) + (n - 1) * (2 * a * a / (1 + a) - a * a)
    return Separation(auc, math.sqrt(max(spread, 0.0) / (m * n)))
