"""How much more of something a group has than is expected of it, drawn towards 1 as far as the counts are small.

The count of a cell is Poisson with mean index x expected, and the indices have a gamma distribution with mean 1, whose
variance comes from all cells: the gamma-Poisson model of DuMouchel, Bayesian Data Mining in Large Frequency Tables, The
American Statistician 53(3), 1999, with one gamma distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainc, gammaincinv

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray

_LEAST = 1e-3
"""Variance of the indices that is always taken for possible."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """One element per cell."""

    raw: FloatArray
    """Count by expected."""
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    """Probability of a count as far off as this or farther, on either side, were the index 1."""


def index(count: FloatArray, expected: FloatArray, interval: float = 0.95) -> Index:
    """Index of every cell; limits are those of the gamma distribution that is left after seeing the count.

    The variance of the true indices is what the squared deviations hold beyond the Poisson part, weighted by what is
    expected. p is mid-p: half of the probability of the count itself counts, twice the smaller side.

    >>> found = index(np.array([2.0, 200.0, 90.0]), np.array([1.0, 100.0, 100.0]))
    >>> found.raw, found.mean.round(2)
    (array([2. , 2. , 0.9]), array([1.33, 1.98, 0.9 ]))

    Args:
        count: Per cell, 0 or more.
        expected: Per cell, above 0.
        interval: Probability that the limits shall enclose.
    """
    beyond = float(np.sum((count - expected) ** 2 - expected) / np.sum(expected**2)) if count.size else 0.0
    shape = 1 / max(beyond, _LEAST)
    after, rate = count + shape, expected + shape
    below = np.where(count > 0, 1 - gammainc(np.maximum(count, 1), expected), 0.0)  # P(X < count)
    up_to = 1 - gammainc(count + 1, expected)  # P(X <= count)
    middle = (below + up_to) / 2
    return Index(
        raw=count / expected,
        mean=after / rate,
        low=gammaincinv(after, (1 - interval) / 2) / rate,
        high=gammaincinv(after, (1 + interval) / 2) / rate,
        p=np.minimum(2 * np.minimum(middle, 1 - middle), 1.0),
    )
