"""What stands in the baskets beside an item, held against what stands beside an item that is there by chance.

Large baskets hold more of everything, and so beside any item there is more than in an average basket. Chance is a table
of baskets and items in which every basket has as many items as it has, and every item as many baskets, on average, and
which is random apart from that: the bipartite configuration model, in which basket b holds item i with probability
x_i y_b / (1 + x_i y_b) (Saracco et al., Randomizing bipartite networks, Scientific Reports 5, 2015). The value beside
an item is then expected to be the mean, so weighted, of the baskets' value without one of their items. The pull of an
item is the mean value beside it divided by that: 1 for an item that is in baskets by chance, however large they are.

A few giant baskets would decide every mean they are in: no basket counts for more than 95% of them are worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray

    IntArray = NDArray[np.int64]

GIANT = 0.95
"""Share of the baskets that are worth less than what any counts for at most."""
_STEPS = 200
_CLOSE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Pull:
    """One element per item."""

    beside: FloatArray
    """Mean value of the other items of the baskets that hold it, each up to `cap`."""
    expected: FloatArray
    """The same for an item that is in as many baskets by chance."""
    ratio: FloatArray
    """The first by the second; nan where nothing is expected beside anything."""
    low: FloatArray
    high: FloatArray
    """Limits of the ratio; nan where one customer alone bought the item, or nothing stands beside it."""
    cap: float
    """What a basket counts for at most."""


def pull(
    item: IntArray, basket: IntArray, value: FloatArray, customer: IntArray, items: int, interval: float = 0.95
) -> Pull:
    """Pull of every item.

    Baskets of one customer are alike, so that the limits come from the sums of the customers' deviations (Liang &
    Zeger, 1986), with Student's t for few customers, on the logarithm of the ratio. They are never closer than those of
    an item by chance, for three equal baskets are no certainty. What is expected counts as certain.

    >>> found = pull(np.array([0, 1, 0, 2]), np.array([0, 0, 1, 2]), np.array([1.0, 9, 1, 5]), np.arange(3), 3)
    >>> found.beside, found.expected.round(2)
    (array([4.5, 1. , 0. ]), array([3.78, 1.66, 2.61]))

    Args:
        item: Of each entry, from 0 to `items` - 1; once per basket.
        basket: Of each entry, from 0 without gaps.
        value: Of each entry, 0 or more.
        customer: Of each basket, from 0; a number of its own where the customer is not known.
        items: How many there are; each has an entry.
        interval: Probability that the limits shall enclose.
    """
    size: IntArray = np.bincount(basket).astype(np.int64)
    worth: FloatArray = np.bincount(basket, value).astype(np.float64)
    cap = float(np.quantile(worth, GIANT, method="higher"))
    beside_each = np.minimum(worth[basket] - value, cap)
    count: IntArray = np.bincount(item, minlength=items).astype(np.int64)
    beside = np.bincount(item, beside_each, items) / count
    expected, spread = by_chance(size, worth, count, cap)
    # Beside a cheap item of many baskets stand dearer ones than on the average of all.
    own, entries, total = np.bincount(item, value, items), len(item), float(value.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        dearer = np.nan_to_num((total - own) / (entries - count) / (total / entries), nan=1.0, posinf=1.0)
    expected, spread = expected * dearer, spread * dearer**2

    # Sums of the deviations by item and customer.
    pair = item * (int(customer.max()) + 1) + customer[basket]
    pairs, which = np.unique(pair, return_inverse=True)
    sums = np.bincount(which, beside_each - beside[item])
    owner = pairs // (int(customer.max()) + 1)
    clusters = np.bincount(owner, minlength=items)
    squares = np.bincount(owner, sums**2, items)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = beside / expected
        robust = squares * clusters / (clusters - 1) / count.astype(float) ** 2
        error = np.sqrt(np.maximum(robust, spread / clusters)) / beside
        factor = np.exp(np.minimum(stdtrit(np.maximum(clusters - 1, 1), (1 + interval) / 2) * error, 700.0))
        factor[clusters < 2] = np.nan
        return Pull(beside=beside, expected=expected, ratio=ratio, low=ratio / factor, high=ratio * factor, cap=cap)


def by_chance(size: IntArray, worth: FloatArray, count: IntArray, cap: float) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the value beside an item that is in `count` baskets by chance.

    Args:
        size: Items of each basket, 1 or more.
        worth: Value of each basket.
        count: Baskets that hold the item, one per item; they add up to the sizes.
        cap: What stands beside an item counts for at most so much.
    """
    sizes, which = np.unique(size, return_inverse=True)
    counts, back = np.unique(count, return_inverse=True)
    held = _weights(sizes, np.bincount(which), counts, np.bincount(back))
    without_one = np.minimum(worth * (size - 1) / size, cap)
    whole = held @ np.bincount(which)
    mean: FloatArray = (held @ np.bincount(which, without_one)) / whole
    square: FloatArray = (held @ np.bincount(which, without_one**2)) / whole
    return mean[back], np.maximum(square - mean**2, 0)[back]


def _weights(sizes: IntArray, baskets: IntArray, counts: IntArray, items: IntArray) -> FloatArray:
    """How probably a basket of each size holds an item of each count: counts x sizes.

    What every basket holds is there for certain; the rest of the baskets is what is left to chance.
    """
    certain = counts == baskets.sum()
    left = (sizes - items[certain].sum()).astype(float)
    free = np.where(certain, 0.0, counts)
    entries = max(float(baskets @ left), 1.0)
    x, y = free / np.sqrt(entries), left / np.sqrt(entries)
    for _ in range(_STEPS):
        before = x
        x = np.divide(free, (y / (1 + np.outer(x, y))) @ baskets, out=np.zeros_like(x), where=free > 0)
        y = np.divide(left, (x[:, None] / (1 + np.outer(x, y))).T @ items, out=np.zeros_like(y), where=left > 0)
        if np.all(np.abs(x - before) <= _CLOSE * np.abs(x)):
            break
    product = np.outer(x, y)
    held: FloatArray = product / (1 + product)
    held[certain] = 1.0
    return held
