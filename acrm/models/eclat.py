"""Frequent itemsets of three and more items, by Eclat over packed bitsets.

Every set is found once, from its rarest item up. For an item, the baskets that hold it are projected to the items it is
frequently bought with, and each of these pairs gets one bit per such basket. A set and its sibling (the same but for
the last item) join to a larger set; its baskets are the bits both have, counted 64 at a time. Of pairs, only those join
whose last items are a frequent pair themselves.

Zaki (2000), "Scalable algorithms for association mining".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acrm.models.baskets import CountArray, ItemArray
from acrm.models.frequent_pairs import FrequentPairs

BitArray = NDArray[np.uint64]
Places = NDArray[np.integer]
Found = Callable[[ItemArray, CountArray], None]
"""Takes sets of one size, a row of ascending ranks each, and their counts."""

_CACHED = 1 << 16
"""Words of bits that are joined in one go, half a megabyte: about what stays in the cache."""
_HELD = 1 << 20
"""Words, cells or candidates that are worked on together."""


def grow(
    pairs: FrequentPairs, found: Found, *, max_length: int | None = None, seeds: NDArray[np.bool_] | None = None
) -> None:
    """Hand over all frequent sets of three and more items, in pieces; any exception of `found` ends the search.

    Args:
        pairs: What they are grown from.
        found: Called with each piece.
        max_length: Items of the largest sets.
        seeds: Which pairs may begin a set with their two items, all by default.

    Examples:
        Three baskets of the same three items.

        >>> from acrm.models.baskets import Baskets
        >>> from acrm.models.frequent_pairs import frequent_pairs
        >>> baskets = Baskets.of(np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3))
        >>> grow(frequent_pairs(baskets, 3), lambda sets, counts: print(sets, counts))
        [[0 1 2]] [3]
    """
    if max_length is not None and max_length < 3:
        return
    search = _Search(pairs, found, max_length)
    # The sums of bits are products with ones, which are not worth a second thread.
    with threadpool_limits(limits=1, user_api="blas"):
        for first, last in _groups(pairs, seeds):
            search.from_items(first, last, seeds)


def _groups(pairs: FrequentPairs, seeds: NDArray[np.bool_] | None) -> Iterator[tuple[int, int]]:
    """Neighbouring items to begin with, so many together that rare ones do not cost a call each."""
    wide = np.diff(pairs.pair_starts)
    reached = np.concatenate(([0], np.cumsum(wide[pairs.partners])))
    cost = len(pairs.items) + wide * pairs.item_counts + np.diff(reached[pairs.pair_starts])
    cost += np.bincount(pairs.ranks, weights=pairs.following, minlength=len(cost)).astype(np.int64)
    busy = wide > 1
    if seeds is not None:
        busy &= np.bincount(pairs.owners[seeds], minlength=len(busy)) > 0
    items = np.flatnonzero(busy)
    for first, last in _slices(cost[items]):
        # Items between them that begin nothing have no candidates.
        yield int(items[first]), int(items[last - 1]) + 1


def _slices(cost: CountArray) -> Iterator[tuple[int, int]]:
    """Neighbours that cost at most `_HELD` more than one of them; some may cost nothing."""
    group = (np.cumsum(cost) - cost) // _HELD
    edges = np.flatnonzero(np.diff(group, prepend=-1, append=-1))
    yield from pairwise(edges.tolist())


def _ranges(starts: Places, lengths: Places) -> ItemArray:
    """start, start + 1, ... of each, one after another.

    >>> _ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2], dtype=int32)
    """
    # Positions of a few hundred million lines at most: half the memory to move.
    before = np.cumsum(lengths, dtype=np.int64) - lengths
    steps: ItemArray = np.repeat((starts - before).astype(np.int32), lengths)
    steps += np.arange(len(steps), dtype=np.int32)
    return steps


@dataclass(frozen=True)
class _Search:
    pairs: FrequentPairs
    found: Found
    max_length: int | None

    def from_items(self, first: int, last: int, seeds: NDArray[np.bool_] | None) -> None:
        """All sets whose rarest item is one of these ranks."""
        pairs = self.pairs
        own = slice(pairs.pair_starts[first], pairs.pair_starts[last])
        owner, partner = pairs.owners[own], pairs.partners[own]
        row = np.full((last - first, len(pairs.items)), -1, dtype=np.int32)
        row[owner - first, partner] = np.arange(len(owner), dtype=np.int32)
        # Siblings (i, j) and (i, l) with a frequent pair (j, l): of the partners of j those that i has as well.
        wide = np.diff(pairs.pair_starts)[partner]
        if seeds is not None:
            wide = np.where(seeds[own], wide, 0)
        left = np.repeat(np.arange(len(owner)), wide)
        right = row[owner[left] - first, pairs.partners[_ranges(pairs.pair_starts[partner], wide)]]
        left, right = left[right >= 0], right[right >= 0]
        used = np.zeros(len(owner), dtype=bool)
        used[left] = used[right] = True
        if not len(left):
            return
        renumbered = (np.cumsum(used) - 1).astype(np.int32)
        row[owner - first, partner] = np.where(used, renumbered, -1)
        lefts, rights = renumbered[left], renumbered[right]
        sets = np.column_stack([owner[used], partner[used]])
        bits = _projected(pairs, first, row, len(sets))
        ends = np.cumsum(np.bincount(lefts, minlength=len(sets)))
        starts = np.concatenate(([0], ends[:-1]))
        for begin, end in _slices((ends - starts) * bits.shape[1]):
            some = slice(starts[begin], ends[end - 1])
            self.join(sets, bits, lefts[some], rights[some])

    def join(self, sets: ItemArray, bits: BitArray, left: Places, right: Places) -> None:
        """Join these rows, then what came of it, as deep as it goes; all joins of one row on the left come together."""
        if self.pairs.apart is not None:
            meet = sets[left, -1].astype(np.int64) * len(self.pairs.items) + sets[right, -1]
            allowed = ~np.isin(meet, self.pairs.apart)
            left, right = left[allowed], right[allowed]
        if not len(left):
            return
        deeper = sets.shape[1] + 1 != self.max_length
        at, counts, joined = _joined(bits, left, right, self.pairs.min_count, keep=deeper)
        if not len(at):
            return
        left, right = left[at], right[at]
        larger = np.column_stack([sets[left], sets[right, -1]])
        self.found(larger, counts)
        if not deeper:
            return
        rows = np.arange(len(left))
        siblings = np.searchsorted(left, left, side="right") - rows - 1
        for begin, end in _slices(siblings * bits.shape[1]):
            some = siblings[begin:end]
            self.join(larger, joined, np.repeat(rows[begin:end], some), _ranges(rows[begin:end] + 1, some))


def _projected(pairs: FrequentPairs, first: int, row: ItemArray, n_rows: int) -> BitArray:
    """A bit per row (an item and a partner) and basket of the item.

    `row` tells the row of each item from `first` on and each partner, or -1. Baskets with fewer than two partners in
    them join nothing and get no bit.
    """
    starts, positions = pairs.occurrences
    owned = np.diff(starts[first : first + len(row) + 1])
    owned[(row < 0).all(axis=1)] = 0
    position = positions[_ranges(starts[first : first + len(row)], owned)]
    following = pairs.following[position]
    cell = np.repeat(np.repeat(np.arange(len(row)) * row.shape[1], owned), following)
    cell += pairs.ranks[_ranges(position + 1, following)]
    hit = row.ravel()[cell]
    some = np.flatnonzero(hit >= 0)
    basket = np.repeat(np.arange(len(position), dtype=np.int32), following)[some]
    several = np.bincount(basket, minlength=len(position)) > 1
    # Baskets are numbered anew for each item.
    before = np.concatenate(([0], np.cumsum(several)))
    number = before[:-1] - np.repeat(before[np.cumsum(owned) - owned], owned)
    width = int(number.max(initial=0)) // 64 + 1
    # Of a basket of one partner, the bit is put where nothing is read.
    number[~several] = width * 64
    cells = np.zeros((n_rows, width * 64 + 1), dtype=bool)
    cells[hit[some], number[basket]] = True
    return np.packbits(cells[:, : width * 64], axis=1, bitorder="little").view(np.uint64)


def _joined(
    bits: BitArray, left: Places, right: Places, min_count: int, *, keep: bool
) -> tuple[CountArray, CountArray, BitArray]:
    """Which of the joins are frequent, their counts and, where wanted, their bits."""
    words = bits.shape[1]
    # Whole numbers up to 2^24 are exact in single precision.
    ones = np.ones(words, dtype=np.float32 if words < 1 << 18 else np.float64)
    step = max(_CACHED // words, 1)
    found, counts, kept = [], [], []
    for begin in range(0, len(left), step):
        both = np.take(bits, left[begin : begin + step], axis=0)
        both &= np.take(bits, right[begin : begin + step], axis=0)
        count = np.bitwise_count(both).astype(ones.dtype) @ ones
        at = np.flatnonzero(count >= min_count)
        found.append(at + begin)
        counts.append(count[at].astype(np.int64))
        if keep:
            kept.append(both[at])
    return np.concatenate(found), np.concatenate(counts), np.concatenate(kept) if keep else bits[:0]
