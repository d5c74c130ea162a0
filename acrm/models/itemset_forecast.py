"""How many frequent itemsets there will be, from the sets that a few pairs begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acrm.models.baskets import CountArray, ItemArray
from acrm.models.eclat import grow
from acrm.models.frequent_pairs import FrequentPairs

_SAMPLE = 200
"""Pairs whose sets are counted."""
_LIMIT = 50_000
"""Sets of theirs after which counting ends: a fraction of a second."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Frequent itemsets before they are looked for."""

    by_size: NDArray[np.float64]
    """Sets of 1, 2, ... items; the first two exactly."""
    sampled: int
    """Pairs whose sets were counted, of `pairs`."""
    pairs: int
    """Pairs that may begin a larger set."""
    at_least: bool
    """Whether counting ended at its limit, so that there are more."""

    @property
    def total(self) -> float:
        """Sets of all sizes."""
        return float(self.by_size.sum())


def forecast_itemsets(pairs: FrequentPairs, *, max_length: int | None = None) -> Forecast:
    """Count singles and pairs, and estimate larger sets from a sample of the pairs that begin them.

    A pair (i, j), i the rarer, begins at most as many triples as j has partners and as i has partners after j. With
    the smaller of the two as its size x, pairs are drawn systematically with probability proportional to x, so that
    the large ones surely are; a pair drawn counts for total(x) / (sample * x) pairs (Hansen and Hurwitz, 1943). The
    sample is the same in every run.

    Args:
        pairs: From `frequent_pairs`.
        max_length: Items of the largest sets.
    """
    sizes = [len(pairs.items), len(pairs.partners)][: max_length or 2]
    wide = np.diff(pairs.pair_starts)
    later = pairs.pair_starts[pairs.owners + 1] - np.arange(len(pairs.partners)) - 1
    size = np.minimum(later, wide[pairs.partners])
    expected = size * (_SAMPLE / max(int(size.sum()), 1))
    climbed = np.floor(np.cumsum(expected) + 0.5)
    drawn = np.diff(climbed, prepend=0.0)
    seeds = drawn > 0
    weights = drawn[seeds] / expected[seeds]
    keys = _key(pairs, pairs.owners[seeds], pairs.partners[seeds])
    larger: dict[int, float] = {}
    counted = 0

    def add(sets: ItemArray, _: CountArray) -> None:
        nonlocal counted
        weight = weights[np.searchsorted(keys, _key(pairs, sets[:, 0], sets[:, 1]))]
        larger[sets.shape[1]] = larger.get(sets.shape[1], 0.0) + float(weight.sum())
        counted += len(sets)
        if counted > _LIMIT:
            raise _Enough

    try:
        grow(pairs, add, max_length=max_length, seeds=seeds)
    except _Enough:
        ended = True
    else:
        ended = False
    return Forecast(
        by_size=np.array([*sizes, *(larger[length] for length in sorted(larger))], dtype=np.float64),
        sampled=int(seeds.sum()),
        pairs=int((size > 0).sum()),
        at_least=ended,
    )


class _Enough(Exception):
    """The limit is reached."""


def _key(pairs: FrequentPairs, owner: ItemArray, partner: ItemArray) -> CountArray:
    """A number for a pair that ascends in the order of pairs."""
    return owner.astype(np.int64) * len(pairs.items) + partner
