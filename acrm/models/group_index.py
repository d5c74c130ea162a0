"""How much more of something a group has than is expected of it, drawn towards 1 as far as the counts are small.

The count of a cell is Poisson with mean index x expected, and the indices of a group have a gamma distribution with
mean 1, whose variance comes from the group's cells: the gamma-Poisson model of DuMouchel, Bayesian Data Mining in Large
Frequency Tables, The American Statistician 53(3), 1999, with one gamma distribution for each group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, gammaincinv

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray

    IntArray = NDArray[np.int64]

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


def index(count: IntArray, group: IntArray, item: IntArray, interval: float = 0.95) -> Index:
    """Index of every cell of a table of groups and items.

    Expected is what the group has of everything times what all groups have of the item, by what all have of everything.
    The variance of the true indices of a group is what its chi-square is above the number of cells, by what is expected
    in all of them. p is a binomial one, given how many the item has in all groups: twice the smaller side, half of the
    count's own probability in it (mid-p). Limits of a large group, of which "all" mostly consists, are wider than they
    need be.

    >>> found = index(np.array([30, 70, 10, 190]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    >>> found.raw.round(3), found.mean.round(2), found.p.round(3)
    (array([2.25 , 0.808, 0.375, 1.096]), array([1.93, 0.82, 0.64, 1.09]), array([0.   , 0.026, 0.   , 0.026]))

    Args:
        count: Per cell, 0 or more; the sum of each group and of each item is above 0.
        group: Of each cell, from 0.
        item: Of each cell, from 0; each once in each group.
        interval: Probability that the limits shall enclose.
    """
    of_group, of_item, everything = np.bincount(group, count), np.bincount(item, count), float(count.sum())
    share = (of_group / everything)[group]
    expected = share * of_item[item]
    beyond = np.bincount(group, (count - expected) ** 2 / expected - 1) / np.bincount(group, expected)
    shape = (1 / np.maximum(beyond, _LEAST))[group]
    after, rate = count + shape, expected + shape
    tries = of_item[item].astype(np.int64)
    up_to = bdtr(count.astype(float), tries, share)
    below = np.where(count > 0, bdtr(np.maximum(count - 1.0, 0), tries, share), 0.0)
    middle = (below + up_to) / 2
    return Index(
        raw=count / expected,
        mean=after / rate,
        low=gammaincinv(after, (1 - interval) / 2) / rate,
        high=gammaincinv(after, (1 + interval) / 2) / rate,
        p=np.clip(2 * np.minimum(middle, 1 - middle), 0.0, 1.0),
    )
