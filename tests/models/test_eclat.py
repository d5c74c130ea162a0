from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.models import eclat
from acrm.models.baskets import Baskets, CountArray, ItemArray
from acrm.models.eclat import grow
from acrm.models.frequent_pairs import FrequentPairs, frequent_pairs

Counted = dict[tuple[int, ...], int]


def grown(pairs: FrequentPairs, max_length: int | None = None, seeds: CountArray | None = None) -> Counted:
    found: Counted = {}

    def add(sets: ItemArray, counts: CountArray) -> None:
        rows = list(map(tuple, sets.tolist()))
        assert not found.keys() & set(rows), "found once"
        found.update(zip(rows, counts.tolist(), strict=True))

    grow(pairs, add, max_length=max_length, seeds=None if seeds is None else seeds.astype(bool))
    return found


def thick(seed: int) -> Baskets:
    """200 baskets, each with most of 12 items."""
    random = np.random.default_rng(seed)
    basket, item = np.nonzero(random.random((200, 12)) < random.random(12))
    return Baskets.of(basket, item)


@given(st.lists(st.sets(st.integers(0, 6)), max_size=20), st.integers(1, 5))
def test_sets_are_those_that_enough_baskets_hold(baskets: list[set[int]], count: int) -> None:
    basket = np.repeat(np.arange(len(baskets)), [len(items) for items in baskets])
    pairs = frequent_pairs(Baskets.of(basket, np.array([i for items in baskets for i in items], dtype=int)), count)
    held = {
        ranks: sum(set(pairs.items[list(ranks)].tolist()) <= items for items in baskets)
        for size in range(3, 8)
        for ranks in combinations(range(len(pairs.items)), size)
    }
    assert grown(pairs) == {ranks: n for ranks, n in held.items() if n >= count}


@pytest.mark.parametrize("held", [1, 40, 5_000])
def test_pieces_change_nothing(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = frequent_pairs(thick(1), 30)
    whole = grown(pairs)
    assert max(map(len, whole)) > 4
    monkeypatch.setattr(eclat, "_HELD", held)
    monkeypatch.setattr(eclat, "_CACHED", held)
    assert grown(pairs) == whole


def test_max_length_leaves_out_larger_sets_alone() -> None:
    pairs = frequent_pairs(thick(2), 30)
    whole = grown(pairs)
    for longest in (1, 2, 3, 4, 50):
        assert grown(pairs, longest) == {ranks: n for ranks, n in whole.items() if len(ranks) <= longest}


def test_seeds_begin_the_sets() -> None:
    pairs = frequent_pairs(thick(3), 30)
    seeds = np.arange(len(pairs.partners)) % 3 == 0
    begin = set(zip(pairs.owners[seeds].tolist(), pairs.partners[seeds].tolist(), strict=True))
    whole = grown(pairs)
    assert grown(pairs, seeds=seeds) == {ranks: n for ranks, n in whole.items() if ranks[:2] in begin}
