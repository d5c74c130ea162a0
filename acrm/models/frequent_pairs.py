"""Baskets reduced to their frequent items, and which two of these are bought together often enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from acrm.models.baskets import Baskets, CountArray, ItemArray

_ENTRIES = 10_000_000
"""Of pair counts, frequent or not, that are held together: 12 bytes each."""


class TooManyItemsets(Exception):
    """There are more than was allowed, and so none are given.

    Args:
        expected: How many there are by the forecast, or at least.
        at_least: Whether there are more than expected.
        found: How many there were when the search ended; 0 if the forecast was enough not to begin.
        most: How many were allowed.
    """

    def __init__(self, *, expected: float, at_least: bool, found: int, most: int) -> None:
        super().__init__(f"more than {most} itemsets")
        self.expected = expected
        self.at_least = at_least
        self.found = found
        self.most = most


@dataclass(frozen=True, kw_only=True, eq=False)
class FrequentPairs:
    """Frequent items by rank, the rarest first, and for each the more frequent ones it is often bought with.

    Args:
        n_baskets: All baskets.
        min_count: Baskets that make an item or a pair frequent.
        items: Rank -> code; of two equally frequent items the smaller code comes first.
        item_counts: Rank -> baskets.
        starts: Where each basket begins in `ranks`, and where the last one ends. These are the baskets that can hold a
            larger set: of three or more items that are in two pairs each.
        ranks: Their items, ascending within a basket.
        pair_starts: Where the pairs of each rank begin in `partners`, and where the last ones end.
        partners: The higher rank of each pair, ascending for one lower rank.
        pair_counts: Baskets that hold both.
        apart: Pairs of frequent items that no set may hold, as the lower rank times the number of items, plus the
            higher; they are no pairs here. None: all may meet.
    """

    n_baskets: int
    min_count: int
    items: ItemArray
    item_counts: CountArray
    starts: CountArray
    ranks: ItemArray
    pair_starts: CountArray
    partners: ItemArray
    pair_counts: CountArray
    apart: CountArray | None = None

    @cached_property
    def owners(self) -> ItemArray:
        """The lower rank of each pair."""
        return np.repeat(np.arange(len(self.items), dtype=np.int32), np.diff(self.pair_starts))

    @cached_property
    def following(self) -> ItemArray:
        """For each position in `ranks`, how many more its basket has."""
        ends = np.repeat(self.starts[1:].astype(np.int32), np.diff(self.starts))
        return (ends - np.arange(1, len(ends) + 1)).astype(np.int32)

    @cached_property
    def occurrences(self) -> tuple[CountArray, ItemArray]:
        """Where each rank begins in the second array, which has all its positions in `ranks`, in order of baskets."""
        # Positions counting from 0 as data of a matrix, transposed: one pass, in C.
        positions = np.arange(len(self.ranks), dtype=np.int32)
        shape = (len(self.starts) - 1, len(self.items))
        turned = csr_array((positions, self.ranks, self.starts), shape=shape).tocsc()
        return turned.indptr.astype(np.int64), turned.data


def frequent_pairs(
    baskets: Baskets, min_count: int, most: int | None = None, apart: CountArray | None = None
) -> FrequentPairs:
    """Count items, drop the rare ones, count pairs of the others, drop the rare ones.

    Pairs are the sparse product X'X of the matrix of baskets by items, a strip of items at a time and of it only what
    is frequent kept: its work is the sum of the squared sizes of the reduced baskets.

    Args:
        baskets: Without giants.
        min_count: 1 or more.
        most: Pairs that may be found.
        apart: Two codes a row that no set shall hold together, such as an item and the group it belongs to.

    Raises:
        TooManyItemsets: There are more than `most`.

    Examples:
        Items 0 and 2 are in three baskets each, twice together; 1 is in one.

        >>> basket, item = np.array([0, 0, 0, 1, 1, 2, 3]), np.array([0, 1, 2, 0, 2, 2, 0])
        >>> pairs = frequent_pairs(Baskets.of(basket, item), 2)
        >>> pairs.items, pairs.item_counts, pairs.partners, pairs.pair_counts
        (array([0, 2], dtype=int32), array([3, 3]), array([1], dtype=int32), array([2]))
    """
    if min_count < 1:
        raise ValueError("what is in no basket has no count")
    counts = baskets.item_counts
    often = np.flatnonzero(counts >= min_count)
    items = often[np.argsort(counts[often], kind="stable")].astype(np.int32)
    starts, ranks = _ranked(baskets, items)
    pair_starts, partners, pair_counts = _count_pairs(starts, ranks, len(items), min_count, most)
    barred = None if apart is None or not len(apart) else _barred(apart, items)
    if barred is not None:
        owners = np.repeat(np.arange(len(items)), np.diff(pair_starts))
        kept = ~np.isin(owners * len(items) + partners, barred)
        pair_starts = np.concatenate(([0], np.cumsum(kept)))[pair_starts]
        partners, pair_counts = partners[kept], pair_counts[kept]
    degree = np.diff(pair_starts) + np.bincount(partners, minlength=len(items))
    starts, ranks = _reduced(starts, ranks, degree[ranks] > 1, 3)
    return FrequentPairs(
        n_baskets=baskets.n_baskets,
        min_count=min_count,
        items=items,
        item_counts=counts[items],
        starts=starts,
        ranks=ranks,
        pair_starts=pair_starts,
        partners=partners,
        pair_counts=pair_counts,
        apart=barred,
    )


def _barred(apart: CountArray, items: ItemArray) -> CountArray:
    """Pairs of codes as those of ranks, where both are frequent."""
    rank = np.full(max(int(apart.max()), int(items.max(initial=0))) + 1, -1, dtype=np.int64)
    rank[items] = np.arange(len(items))
    lower, higher = np.sort(rank[apart], axis=1).T
    keys: CountArray = (lower * len(items) + higher)[lower >= 0]
    return keys


def _ranked(baskets: Baskets, items: ItemArray) -> tuple[CountArray, ItemArray]:
    """Baskets of two or more of these items, as ranks in ascending order."""
    rank = np.full(baskets.n_items, -1, dtype=np.int32)
    rank[items] = np.arange(len(items), dtype=np.int32)
    ranks = rank[baskets.items]
    starts, ranks = _reduced(baskets.starts, ranks, ranks >= 0, 2)
    key = np.repeat(np.arange(len(starts) - 1) * len(items), np.diff(starts))
    key += ranks
    key.sort()
    key %= max(len(items), 1)
    return starts, key.astype(np.int32)


def _reduced(
    starts: CountArray, ranks: ItemArray, kept: NDArray[np.bool_], smallest: int
) -> tuple[CountArray, ItemArray]:
    """Baskets without some of their lines, if `smallest` or more are left."""
    before = np.concatenate(([0], np.cumsum(kept)))
    sizes = np.diff(before[starts])
    kept = kept & np.repeat(sizes >= smallest, np.diff(starts))
    return np.concatenate(([0], np.cumsum(sizes[sizes >= smallest]))), ranks[kept]


def _count_pairs(
    starts: CountArray, ranks: ItemArray, n_items: int, min_count: int, most: int | None
) -> tuple[CountArray, ItemArray, CountArray]:
    """Frequent pairs of a lower and a higher rank, in order."""
    matrix = csr_array((np.ones(len(ranks), np.int32), ranks, starts), shape=(len(starts) - 1, n_items))
    turned = matrix.T.tocsr()
    sizes = np.diff(starts)
    # Rarely as many: different items in the baskets of one item, each counted as often as it occurs.
    reach = np.bincount(ranks, weights=np.repeat(sizes, sizes), minlength=n_items)
    owners, partners, counts = [], [], []
    for first, last in _strips(np.minimum(reach, n_items)):
        product = turned[first:last] @ matrix
        kept = np.flatnonzero(product.data >= min_count)
        owner = np.searchsorted(product.indptr, kept, side="right") - 1 + first
        upper = product.indices[kept] > owner
        owner, kept = owner[upper], kept[upper]
        order = np.lexsort((product.indices[kept], owner))
        owners.append(owner[order])
        partners.append(product.indices[kept[order]].astype(np.int32))
        counts.append(product.data[kept[order]].astype(np.int64))
        found = sum(map(len, counts))
        if most is not None and found > most:
            raise TooManyItemsets(expected=found, at_least=True, found=found, most=most)
    if not owners:
        return np.zeros(n_items + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int64)
    pair_starts = np.concatenate(([0], np.cumsum(np.bincount(np.concatenate(owners), minlength=n_items))))
    return pair_starts, np.concatenate(partners), np.concatenate(counts)


def _strips(entries: CountArray) -> Iterator[tuple[int, int]]:
    """Neighbours with at most `_ENTRIES` together, or one alone."""
    edges = np.unique((np.cumsum(entries) - entries) // _ENTRIES, return_index=True)[1].tolist()
    yield from pairwise([*edges, len(entries)])
