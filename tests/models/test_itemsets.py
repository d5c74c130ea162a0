from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acrm.models.baskets import Baskets
from acrm.models.itemset_mining import frequent_itemsets
from acrm.models.itemsets import Itemsets, canonical


def found(baskets: list[set[int]], count: int) -> Itemsets:
    basket = np.repeat(np.arange(len(baskets)), [len(items) for items in baskets])
    item = np.array([item for items in baskets for item in items], dtype=np.int64)
    return frequent_itemsets(Baskets.of(basket, item, n_baskets=len(baskets)), count)[0]


def named(itemsets: Itemsets) -> list[tuple[int, ...]]:
    starts, items = itemsets.listed()
    return [tuple(items[start:end].tolist()) for start, end in pairwise(starts)]


mined = st.builds(found, st.lists(st.sets(st.integers(0, 6)), max_size=20), st.integers(1, 4))


@given(mined)
def test_order_is_by_size_then_codes(itemsets: Itemsets) -> None:
    names = named(itemsets)
    assert names == sorted(names, key=lambda items: (len(items), items))
    assert [len(items) for items in names] == itemsets.sizes.tolist()
    assert len(names) == len(itemsets) == len(itemsets.counts)


@given(mined)
def test_subsets_lack_the_item_of_their_column(itemsets: Itemsets) -> None:
    names = named(itemsets)
    for size, (rows, subsets) in enumerate(zip(itemsets.sets, itemsets.subsets, strict=True), start=1):
        for items, without in zip(rows.tolist(), subsets.tolist(), strict=True):
            for column, place in enumerate(without):
                rest = (*items[:column], *items[column + 1 :])
                assert names[itemsets.starts[size - 2] + place] == rest if rest else place == 0


@given(mined)
def test_closed_and_maximal_by_their_definitions(itemsets: Itemsets) -> None:
    counts = dict(zip(map(frozenset, named(itemsets)), itemsets.counts.tolist(), strict=True))
    larger = {items: [more for more in counts if items < more] for items in counts}
    maximal = [not larger[items] for items in counts]
    closed = [all(counts[more] < counts[items] for more in larger[items]) for items in counts]
    assert itemsets.maximal.tolist() == maximal
    assert itemsets.closed.tolist() == closed


def test_codes_that_fill_several_keys() -> None:
    random = np.random.default_rng(0)
    sets = random.integers(0, 2**30, (500, 5)).astype(np.int32)
    sets[:, 0] = random.integers(0, 3, 500)
    ordered, counts = canonical(sets, np.arange(500))
    assert ordered.tolist() == sorted(sorted(row) for row in sets.tolist())
    assert np.sort(sets[counts], axis=1).tolist() == ordered.tolist()


def test_groceries_closed_and_maximal(groceries: Baskets) -> None:
    # Counted by brute force and by PyFIM.
    for count, closed, maximal in ((99, 333, 243), (50, 1_001, 708), (10, 13_464, 7_794)):
        itemsets, _ = frequent_itemsets(groceries, count)
        assert (itemsets.closed.sum(), itemsets.maximal.sum()) == (closed, maximal)
