from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.frequent_patterns import association_rules

from acrm.models.baskets import Baskets, min_count
from acrm.models.itemset_mining import frequent_itemsets
from acrm.models.itemsets import Itemsets
from acrm.models.rules import Rules, find_rules

Sides = tuple[frozenset[int], frozenset[int]]
MEASURES = ("support", "confidence", "lift", "leverage", "conviction")


def sides(rules: Rules) -> list[Sides]:
    starts, items = rules.itemsets.listed()
    names = [frozenset(items[start:end].tolist()) for start, end in pairwise(starts)]
    return [(names[lhs], names[rhs]) for lhs, rhs in zip(rules.lhs, rules.rhs, strict=True)]


def by_mlxtend(itemsets: Itemsets, min_confidence: float) -> pd.DataFrame:
    starts, items = itemsets.listed()
    names = [frozenset(items[start:end].tolist()) for start, end in pairwise(starts)]
    table = pd.DataFrame({"support": itemsets.counts / itemsets.n_baskets, "itemsets": names})
    with warnings.catch_warnings():
        # It divides by 0 where the confidence is 1.
        warnings.simplefilter("ignore", RuntimeWarning)
        # A share divided by a share is at times a trifle below the limit that it is at.
        found = association_rules(table, metric="confidence", min_threshold=min_confidence - 1e-9)
    return found.set_index(pd.Index(zip(found["antecedents"], found["consequents"], strict=True), tupleize_cols=False))


def same_as_mlxtend(itemsets: Itemsets, min_confidence: float, rhs_size: int) -> int:
    rules = find_rules(itemsets, min_confidence=min_confidence, rhs_size=rhs_size)
    found = by_mlxtend(itemsets, min_confidence)
    found = found[found["consequents"].map(len) <= rhs_size]
    names = sides(rules)
    assert len(names) == len(set(names))
    assert set(names) == set(found.index)
    found = found.loc[names]
    for name, theirs in [*((name, name) for name in MEASURES), ("zhang", "zhangs_metric")]:
        known = found[theirs].to_numpy(float)
        np.testing.assert_allclose(getattr(rules.association, name), known, rtol=1e-10, atol=1e-10)
    return len(rules)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 10), st.sampled_from([0.1, 0.5, 0.97]))
def test_the_same_rules_and_measures_as_mlxtend(seed: int, count: int, min_confidence: float) -> None:
    random = np.random.default_rng(seed)
    held = random.random((random.integers(2, 50), 6)) < random.random(6)
    itemsets, _ = frequent_itemsets(Baskets.of(*np.nonzero(held), n_baskets=len(held)), count)
    if len(itemsets.sets) > 1:
        same_as_mlxtend(itemsets, min_confidence, 6)


def test_groceries_have_the_measures_of_mlxtend(groceries: Baskets) -> None:
    itemsets, _ = frequent_itemsets(groceries, 20)
    assert same_as_mlxtend(itemsets, 0.2, 1) > 3_000
    assert same_as_mlxtend(itemsets, 0.2, 3) > 4_000


@pytest.mark.parametrize(
    ("support", "confidence", "sizes", "lift"),
    [
        # Published in many tutorials of arules; the third by Lantz (2013), Machine Learning with R.
        (0.001, 0.8, {3: 29, 4: 229, 5: 140, 6: 12}, (3.131, 11.235)),
        (0.001, 0.5, {2: 11, 3: 1_461, 4: 3_211, 5: 939, 6: 46}, (1.957, 18.996)),
        (0.006, 0.25, {2: 150, 3: 297, 4: 16}, (0.9932, 3.9565)),
        (0.005, 0.5, {2: 1, 3: 98, 4: 21}, (1.957, 3.691)),
    ],
)
def test_groceries(
    groceries: Baskets, support: float, confidence: float, sizes: dict[int, int], lift: tuple[float, float]
) -> None:
    itemsets, _ = frequent_itemsets(groceries, min_count(support, groceries.n_baskets))
    rules = find_rules(itemsets, min_confidence=confidence)
    found, numbers = np.unique(itemsets.sizes[rules.whole], return_counts=True)
    assert dict(zip(found.tolist(), numbers.tolist(), strict=True)) == sizes
    lifts = rules.association.lift
    assert (lifts.min(), lifts.max()) == pytest.approx(lift, rel=1e-3)


def test_groceries_without_redundant_rules(groceries: Baskets) -> None:
    # 18 by is.redundant of arules.
    rules = find_rules(frequent_itemsets(groceries, 10)[0], min_confidence=0.8)
    assert (len(rules), len(rules.where(~rules.redundant))) == (410, 392)
    assert np.all(rules.where(rules.redundant).improvement <= 0)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.4, 0.7]), st.sampled_from([0.0, 1.0]), st.integers(1, 3))
def test_redundant_and_improvement_by_their_definitions(
    seed: int, min_confidence: float, min_lift: float, rhs_size: int
) -> None:
    random = np.random.default_rng(seed)
    held = random.random((25, 5)) < random.random(5)
    itemsets, _ = frequent_itemsets(Baskets.of(*np.nonzero(held), n_baskets=25), 2)
    every = find_rules(itemsets, rhs_size=rhs_size)
    known = dict(zip(sides(every), every.association.confidence.tolist(), strict=True))
    share = {rhs: float(held[:, list(rhs)].all(axis=1).mean()) for _, rhs in known}
    rules = find_rules(itemsets, min_confidence=min_confidence, min_lift=min_lift, rhs_size=rhs_size)
    chosen = dict(zip(sides(rules), rules.association.confidence.tolist(), strict=True))
    assert chosen.keys() == {
        (lhs, rhs)
        for (lhs, rhs), value in known.items()
        if value >= min_confidence and value / share[rhs] >= min_lift - 1e-12
    }
    for (lhs, rhs), redundant, improvement in zip(chosen, rules.redundant, rules.improvement, strict=True):
        shorter = [value for (left, right), value in known.items() if right == rhs and left < lhs]
        assert improvement == pytest.approx(chosen[lhs, rhs] - max([share[rhs], *shorter]), abs=1e-12)
        among = [value for (left, right), value in chosen.items() if right == rhs and left < lhs]
        assert redundant == any(value >= chosen[lhs, rhs] for value in among)


@pytest.mark.parametrize("lines", [[], [(0, 0)], [(0, 0), (0, 1)]], ids=["nothing", "one item", "one rare pair"])
def test_no_rules(lines: list[tuple[int, int]]) -> None:
    baskets = Baskets.of(*np.array(lines, dtype=np.int64).reshape(-1, 2).T)
    rules = find_rules(frequent_itemsets(baskets, 2)[0])
    assert len(rules) == len(rules.association.lift) == 0
