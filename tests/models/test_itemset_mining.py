from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.frequent_patterns import fpgrowth
from numpy.typing import NDArray

from acrm.models import itemset_mining
from acrm.models.baskets import Baskets, min_count
from acrm.models.frequent_pairs import TooManyItemsets
from acrm.models.itemset_mining import frequent_itemsets, suggest_support
from acrm.models.itemsets import Itemsets

Table = NDArray[np.bool_]


def from_table(held: Table) -> Baskets:
    return Baskets.of(*np.nonzero(held), n_baskets=len(held))


def counted(itemsets: Itemsets) -> dict[frozenset[int], int]:
    starts, items = itemsets.listed()
    names = [frozenset(items[start:end].tolist()) for start, end in pairwise(starts)]
    return dict(zip(names, itemsets.counts.tolist(), strict=True))


def by_mlxtend(held: Table, count: int, max_length: int | None = None) -> dict[frozenset[int], int]:
    # Half a basket less, so that its product of floats cannot decide.
    found = fpgrowth(pd.DataFrame(held), min_support=(count - 0.5) / len(held), max_len=max_length)
    counts = (found["support"] * len(held)).round().astype(int)
    return dict(zip(map(frozenset, found["itemsets"]), counts, strict=True))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows, columns = draw(st.integers(1, 60)), draw(st.integers(1, 10))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    held: Table = random.random((rows, columns)) < random.random(columns) * draw(st.floats(0.2, 1))
    return held


@settings(max_examples=200, deadline=None)
@given(tables(), st.integers(1, 20))
def test_the_same_sets_as_mlxtend(held: Table, count: int) -> None:
    count = min(count, len(held))
    assert counted(frequent_itemsets(from_table(held), count)[0]) == by_mlxtend(held, count)


def test_the_same_sets_as_mlxtend_of_dense_baskets() -> None:
    random = np.random.default_rng(7)
    held: Table = random.random((2_000, 16)) < random.uniform(0.5, 0.98, 16)
    itemsets, _ = frequent_itemsets(from_table(held), 300)
    assert len(itemsets.sets) > 8
    assert counted(itemsets) == by_mlxtend(held, 300)
    assert counted(frequent_itemsets(from_table(held), 300, max_length=4)[0]) == by_mlxtend(held, 300, 4)


@pytest.mark.parametrize(
    ("support", "sizes"),
    [
        (0.05, [28, 3]),
        (0.02, [59, 61, 2]),
        (0.01, [88, 213, 32]),
        (0.005, [120, 605, 264, 12]),
        (0.001, [157, 2_981, 6_831, 3_137, 376, 10]),
    ],
)
def test_groceries(groceries: Baskets, support: float, sizes: list[int]) -> None:
    # The figures of mlxtend, Efficient-Apriori and PyFIM, which agree.
    itemsets, _ = frequent_itemsets(groceries, min_count(support, groceries.n_baskets))
    assert list(map(len, itemsets.sets)) == sizes


@pytest.mark.parametrize(("name", "support"), [("groceries", 0.002), ("online_retail", 0.02), ("t10i4", 0.01)])
def test_real_baskets_are_the_same_sets_as_of_mlxtend(
    name: str, support: float, request: pytest.FixtureRequest
) -> None:
    baskets: Baskets = request.getfixturevalue(name)
    count = min_count(support, baskets.n_baskets)
    # Items that are rare alone are in no set: without them its table of all baskets and items is small.
    often = np.flatnonzero(baskets.item_counts >= count)
    held = np.zeros((baskets.n_baskets, baskets.n_items), dtype=bool)
    held[np.repeat(np.arange(baskets.n_baskets), np.diff(baskets.starts)), baskets.items] = True
    theirs = by_mlxtend(held[:, often], count)
    named = {frozenset(often[list(items)].tolist()): number for items, number in theirs.items()}
    assert counted(frequent_itemsets(baskets, count)[0]) == named


def test_online_retail(online_retail: Baskets) -> None:
    # The figures of five programs, which agree.
    assert (online_retail.n_baskets, online_retail.n_items, len(online_retail.items)) == (19_960, 3_812, 519_600)
    assert online_retail.without_giants()[0] is online_retail
    for support, found, two in ((0.02, 391, 89), (0.01, 2_049, 935)):
        itemsets, _ = frequent_itemsets(online_retail, min_count(support, online_retail.n_baskets))
        assert (len(itemsets), len(itemsets.sets[1])) == (found, two)


def test_t10i4(t10i4: Baskets) -> None:
    # The figures of PyFIM.
    for support, found in ((0.01, 385), (0.005, 1_073), (0.001, 27_532)):
        assert len(frequent_itemsets(t10i4, min_count(support, t10i4.n_baskets))[0]) == found


def test_two_runs_are_equal(groceries: Baskets) -> None:
    order = np.random.default_rng(1).permutation(len(groceries.items))
    basket = np.repeat(np.arange(groceries.n_baskets), np.diff(groceries.starts))
    runs = [
        frequent_itemsets(baskets, 20)[0].listed()[1].tobytes()
        for baskets in (groceries, Baskets.of(basket[order], groceries.items[order]))
    ]
    assert runs[0] == runs[1]


def test_one_giant_basket() -> None:
    random = np.random.default_rng(0)
    basket, item = random.integers(1, 5_000, 20_000), (random.random(20_000) ** 3 * 20_000).astype(int)
    giant = np.arange(20_000)
    baskets = Baskets.of(np.concatenate([giant * 0, basket]), np.concatenate([giant, item]))
    # With the giant in it, only what else is bought as well is ever looked at; without it the rest is as it is alone.
    assert len(frequent_itemsets(baskets, 5)[0].sets) < 5
    kept, _ = baskets.without_giants()
    alone = frequent_itemsets(Baskets.of(basket - 1, item), 5)[0]
    assert counted(frequent_itemsets(kept, 5)[0]) == counted(alone)


def test_baskets_of_one_item() -> None:
    itemsets, forecast = frequent_itemsets(Baskets.of(np.arange(9), np.arange(9) % 2), 2)
    assert counted(itemsets) == {frozenset({0}): 5, frozenset({1}): 4}
    assert forecast.total == 2


def test_an_item_in_every_basket() -> None:
    itemsets, _ = frequent_itemsets(Baskets.of(np.array([0, 1, 2, 1, 2]), np.array([7, 7, 7, 3, 4])), 1)
    assert counted(itemsets) == {
        frozenset({3}): 1,
        frozenset({4}): 1,
        frozenset({7}): 3,
        frozenset({3, 7}): 1,
        frozenset({4, 7}): 1,
    }


def test_nothing_frequent_and_nothing_at_all() -> None:
    none = np.empty(0, dtype=np.int64)
    for baskets in (
        Baskets.of(np.arange(5), np.arange(5)),
        Baskets.of(none, none),
        Baskets.of(none, none, n_baskets=3),
    ):
        itemsets, forecast = frequent_itemsets(baskets, 2)
        assert (len(itemsets), forecast.total) == (0, 0)
        assert itemsets.closed.tolist() == itemsets.maximal.tolist() == []
        assert itemsets.listed()[0].tolist() == [0]


def test_support_below_one_basket_is_every_set_there_is() -> None:
    baskets = Baskets.of(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3]))
    assert len(frequent_itemsets(baskets, min_count(0.0001, 2))[0]) == 2**3 - 1 + 1


@pytest.mark.parametrize("most", [10, 500, 40_000])
def test_too_many_sets_are_none(most: int) -> None:
    baskets = Baskets.of(np.repeat(np.arange(10), 40), np.tile(np.arange(40), 10))
    with pytest.raises(TooManyItemsets) as told:
        frequent_itemsets(baskets, 5, most=most)
    assert told.value.expected > most == told.value.most
    assert told.value.found == (0 if most > 780 else 780)
    assert len(frequent_itemsets(baskets, 5, max_length=2, most=820)[0]) == 820


def test_too_many_sets_that_were_not_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    baskets = Baskets.of(np.repeat(np.arange(10), 12), np.tile(np.arange(12), 10))
    whole, forecast = frequent_itemsets(baskets, 5)
    assert len(whole) == 2**12 - 1
    few = replace(forecast, by_size=np.array([12.0]))
    monkeypatch.setattr(itemset_mining, "forecast_itemsets", lambda *_, **__: few)
    with pytest.raises(TooManyItemsets) as told:
        frequent_itemsets(baskets, 5, most=4_094)
    assert told.value.expected == told.value.found > 4_094
    assert told.value.at_least


def test_no_sets_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        frequent_itemsets(Baskets.of(np.array([0]), np.array([0])), 1, max_length=0)


def test_suggested_support_is_the_lowest_that_gives_few_enough_sets(groceries: Baskets) -> None:
    found = suggest_support(groceries, enough=5_000)
    assert (found.support, found.min_count, found.because) == (0.002, 20, "sets")
    assert len(frequent_itemsets(groceries, 20)[0]) < 5_000 < len(frequent_itemsets(groceries, 10)[0])


def test_suggested_support_leaves_every_set_enough_baskets(groceries: Baskets) -> None:
    found = suggest_support(groceries, fewest=60, enough=10**6)
    assert (found.support, found.min_count, found.because) == (0.01, 99, "baskets")


@pytest.mark.parametrize("near", [100, 2_000])
def test_suggested_support_is_the_same_whatever_sample_it_starts_from(
    groceries: Baskets, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = suggest_support(groceries, enough=2_000)
    monkeypatch.setattr(itemset_mining, "_SAMPLE", near)
    assert suggest_support(groceries, enough=2_000).support == whole.support


@pytest.mark.parametrize(
    ("baskets", "support", "count"),
    [
        (Baskets.of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), 1.0, 2),
        (Baskets.of(np.arange(7), np.arange(7)), 0.714285714, 5),
        (Baskets.of(np.empty(0, int), np.empty(0, int)), 1.0, 1),
        (Baskets.of(np.repeat(np.arange(10), 40), np.tile(np.arange(40), 10)), 0.9, 9),
    ],
    ids=["two baskets", "nothing twice", "nothing", "all alike"],
)
def test_suggested_support_where_nothing_is_right(baskets: Baskets, support: float, count: int) -> None:
    found = suggest_support(baskets)
    assert (found.support, found.min_count) == (support, count)
    assert found.because == ("sets" if found.forecast.at_least else "baskets")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=6))
def test_what_is_apart_is_in_no_set_and_all_else_is(seed: int, pairs: set[tuple[int, int]]) -> None:
    random = np.random.default_rng(seed)
    held = random.random((40, 7)) < random.uniform(0.3, 0.9)
    baskets = Baskets.of(*np.nonzero(held), n_baskets=40, n_items=7)
    apart = np.array([pair for pair in sorted(pairs) if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)

    def told(found: Itemsets) -> dict[frozenset[int], int]:
        sets = [frozenset(row) for rows in found.sets for row in rows.tolist()]
        return dict(zip(sets, found.counts.tolist(), strict=True))

    everything = told(frequent_itemsets(baskets, 3)[0])
    allowed = {one: n for one, n in everything.items() if not any(set(pair) <= one for pair in apart.tolist())}
    assert told(frequent_itemsets(baskets, 3, apart=apart)[0]) == allowed
