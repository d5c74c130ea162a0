from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.models import frequent_pairs as module
from acrm.models.baskets import Baskets
from acrm.models.frequent_pairs import FrequentPairs, frequent_pairs

sets = st.lists(st.sets(st.integers(0, 8)), max_size=25)


def encoded(baskets: list[set[int]]) -> Baskets:
    basket = np.repeat(np.arange(len(baskets)), [len(items) for items in baskets])
    item = np.array([item for items in baskets for item in items], dtype=np.int64)
    return Baskets.of(basket, item, n_baskets=len(baskets))


def counted(pairs: FrequentPairs) -> dict[frozenset[int], int]:
    two = zip(pairs.items[pairs.owners].tolist(), pairs.items[pairs.partners].tolist(), strict=True)
    return dict(zip(map(frozenset, two), pairs.pair_counts.tolist(), strict=True))


@given(sets, st.integers(1, 6))
def test_pairs_are_those_that_enough_baskets_hold(baskets: list[set[int]], count: int) -> None:
    pairs = frequent_pairs(encoded(baskets), count)
    held = {frozenset(two): sum(set(two) <= items for items in baskets) for two in combinations(range(9), 2)}
    assert counted(pairs) == {two: n for two, n in held.items() if n >= count}
    assert np.all(np.diff(pairs.item_counts) >= 0)
    assert np.all(pairs.owners < pairs.partners)


@given(sets, st.integers(1, 6))
def test_what_is_left_of_baskets_holds_all_larger_sets(baskets: list[set[int]], count: int) -> None:
    pairs = frequent_pairs(encoded(baskets), count)
    left = [set(pairs.items[pairs.ranks[slice(*at)]].tolist()) for at in pairwise(pairs.starts)]
    for three in combinations(range(9), 3):
        held = sum(set(three) <= items for items in baskets)
        if held >= count:
            assert sum(set(three) <= items for items in left) == held


def test_strips_of_the_product_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    baskets = Baskets.of(random.integers(0, 300, 3000), random.integers(0, 60, 3000))
    whole = counted(frequent_pairs(baskets, 3))
    monkeypatch.setattr(module, "_ENTRIES", 100)
    assert counted(frequent_pairs(baskets, 3)) == whole


def test_no_basket_is_no_count() -> None:
    with pytest.raises(ValueError, match="no basket"):
        frequent_pairs(encoded([{1}]), 0)
