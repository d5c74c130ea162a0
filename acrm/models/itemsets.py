"""Frequent itemsets in canonical order: what each is a subset of, and which are closed or maximal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from acrm.models.baskets import CountArray, ItemArray

RowArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Itemsets:
    """All sets of items that enough baskets hold, smallest first, then by their codes.

    With a set all its subsets are here, so that each can be named by a number: its place in this order.

    Args:
        n_baskets: All baskets.
        min_count: Baskets that make a set frequent.
        max_length: Items of the largest sets looked for, None for all.
        sets: Per size, from 1 on and without gaps, one row of ascending codes per set; rows are in lexicographic order.
        set_counts: Per size, the baskets that hold each set.
    """

    n_baskets: int
    min_count: int
    max_length: int | None
    sets: tuple[ItemArray, ...]
    set_counts: tuple[CountArray, ...]

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> RowArray:
        """Number of the first set of each size, and at last of all sets."""
        return np.cumsum([0, *map(len, self.sets)])

    @cached_property
    def counts(self) -> CountArray:
        """Baskets that hold each set."""
        return np.concatenate([np.empty(0, np.int64), *self.set_counts])

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Items of each set."""
        return np.repeat(np.arange(1, len(self.sets) + 1), np.diff(self.starts))

    def listed(self) -> tuple[RowArray, ItemArray]:
        """Codes of all sets, one after another, and where each set begins and the last one ends: a list column."""
        ends = np.concatenate(([0], np.cumsum(self.sizes)))
        return ends, np.concatenate([np.empty(0, np.int32), *(rows.ravel() for rows in self.sets)])

    @cached_property
    def subsets(self) -> tuple[RowArray, ...]:
        """Per size, what remains of each set (row) without each of its items (column), by its place among its size.

        Without its last item a set is its prefix. Without another it is the prefix without that item, then the last
        item: one search, as prefixes and last items ascend together. Of single items nothing remains: 0.
        """
        subsets: list[RowArray] = []
        keys: list[RowArray] = []
        n_items = max((int(rows.max()) + 1 for rows in self.sets[:1]), default=1)
        for size, rows in enumerate(self.sets, start=1):
            first = np.concatenate(([True], np.any(rows[1:, :-1] != rows[:-1, :-1], axis=1)))
            prefix = np.zeros(int(first.sum()), dtype=np.int64)
            for column, key in enumerate(keys):
                prefix = np.searchsorted(key, prefix * n_items + rows[first, column])
            prefix = prefix[np.cumsum(first) - 1]
            found = np.zeros(rows.shape, dtype=np.int64)
            for column in range(size - 1):
                found[:, column] = np.searchsorted(keys[-1], subsets[-1][prefix, column] * n_items + rows[:, -1])
            found[:, -1] = prefix
            subsets.append(found)
            keys.append(prefix * n_items + rows[:, -1])
        return tuple(subsets)

    @cached_property
    def closed(self) -> NDArray[np.bool_]:
        """Whether no larger set is in as many baskets: what the closed sets tell, they tell of all sets.

        Larger than `max_length` nothing was looked for, so that the largest sets count as closed and maximal.
        """
        return ~self._covered(same_count=True)

    @cached_property
    def maximal(self) -> NDArray[np.bool_]:
        """Whether no larger set is frequent."""
        return ~self._covered(same_count=False)

    def _covered(self, *, same_count: bool) -> NDArray[np.bool_]:
        """Whether a set with one item more is frequent, or has the same count."""
        covered = np.zeros(len(self), dtype=bool)
        levels = zip(self.starts, self.subsets[1:], self.set_counts, self.set_counts[1:], strict=False)
        for start, subsets, counts, larger in levels:
            for column in subsets.T:
                covered[start + (column[counts[column] == larger] if same_count else column)] = True
        return covered


def canonical(sets: ItemArray, counts: CountArray) -> tuple[ItemArray, CountArray]:
    """Sets of one size in the order of `Itemsets`, each and all.

    >>> canonical(np.array([[7, 2], [1, 2]], dtype=np.int32), np.array([5, 6]))
    (array([[1, 2],
           [2, 7]], dtype=int32), array([6, 5]))
    """
    sets = np.sort(sets, axis=1)
    # Of several codes one whole number, for as many as fit: fewer keys to sort by.
    bits = int(sets.max(initial=1)).bit_length()
    together = 63 // bits
    keys = []
    for begin in range(0, sets.shape[1], together):
        key = np.zeros(len(sets), dtype=np.int64)
        for column in sets[:, begin : begin + together].T:
            key <<= bits
            key |= column
        keys.append(key)
    order = np.lexsort(keys[::-1])
    return sets[order], counts[order]
