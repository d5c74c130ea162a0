"""What the baskets that hold a set of items hold of them: how many they are, and sums of amounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from acrm.models.baskets import Baskets, CountArray


@dataclass(frozen=True, kw_only=True, eq=False)
class SetSums:
    """One set per row.

    Args:
        baskets: Those that hold all its items.
        sums: One column per amount: the sum over these baskets of what is told of the set's items.
    """

    baskets: CountArray
    sums: CountArray


def set_sums(baskets: Baskets, sets: Iterable[NDArray[np.integer]], amounts: CountArray | None = None) -> SetSums:
    """Count and sum for sets that need not be frequent.

    Items are taken rarest first, so that no step looks at more baskets than the rarest item has; sets that begin with
    the same rare items share these steps where they follow each other in that order.

    Args:
        baskets: Where to look.
        sets: Codes of each set's items, each once.
        amounts: Whole numbers, one row per entry of `baskets.items`; none by default.

    Examples:
        Bread (0) for 2 and milk (1) for 3, then bread alone for 2.

        >>> two = Baskets.of(np.array([0, 0, 1]), np.array([0, 1, 0]))
        >>> found = set_sums(two, [np.array([0]), np.array([0, 1])], np.array([[2], [3], [2]]))
        >>> found.baskets, found.sums
        (array([2, 1]), array([[4],
               [5]]))
    """
    if amounts is None:
        amounts = np.zeros((len(baskets.items), 0), dtype=np.int64)
    counts = baskets.item_counts
    place = np.argsort(np.argsort(counts, kind="stable"), kind="stable")
    # The entries of each item in order of baskets: the matrix of baskets by items, transposed in one pass.
    shape = (baskets.n_baskets, baskets.n_items)
    turned = csr_array((np.arange(len(baskets.items)), baskets.items, baskets.starts), shape=shape).tocsc()
    begins, entries, owners = turned.indptr, turned.data, turned.indices

    ordered = [tuple(sorted((int(code) for code in codes), key=lambda code: place[code])) for codes in sets]
    found = np.zeros(len(ordered), dtype=np.int64)
    sums = np.zeros((len(ordered), amounts.shape[1]), dtype=np.int64)
    path: list[int] = []
    held: list[tuple[CountArray, CountArray]] = []
    for row in sorted(range(len(ordered)), key=lambda at: ordered[at]):
        codes = ordered[row]
        same = 0
        while same < min(len(path), len(codes)) and path[same] == codes[same]:
            same += 1
        del path[same:], held[same:]
        for code in codes[same:]:
            item = slice(begins[code], begins[code + 1])
            own, at = owners[item], entries[item]
            if held:
                before, so_far = held[-1]
                # Where the baskets so far stand among those of the item, as far as they do.
                spot = np.minimum(np.searchsorted(own, before), len(own) - 1)
                hit = np.flatnonzero(own[spot] == before) if len(own) else spot[:0]
                own, values = before[hit], so_far[hit] + amounts[at[spot[hit]]]
            else:
                values = amounts[at]
            path.append(code)
            held.append((own, values))
        found[row] = len(held[-1][0])
        sums[row] = held[-1][1].sum(axis=0)
    return SetSums(baskets=found, sums=sums)
