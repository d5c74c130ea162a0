from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from acrm.models.baskets import Baskets
from acrm.models.itemset_mining import frequent_itemsets
from acrm.models.rule_measures import Association
from acrm.models.rule_tests import benjamini_hochberg, fisher
from acrm.models.rules import find_rules


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.integers(0, 80)] * 4), min_size=1, max_size=4))
def test_fisher_of_the_table(tables: list[tuple[int, int, int, int]]) -> None:
    baskets = 320
    both, left, right, _ = np.array(tables).T
    rules = Association(both=both, lhs=both + left, rhs=both + right, baskets=baskets)
    known = [
        fisher_exact([[a, b], [c, baskets - a - b - c]], alternative="greater").pvalue
        for a, b, c in zip(both.tolist(), left.tolist(), right.tolist(), strict=True)
    ]
    assert fisher(rules) == pytest.approx(known, rel=1e-9)


@pytest.mark.parametrize(
    ("count", "confidence", "raw", "corrected", "bonferroni"),
    [(10, 0.8, 410, 410, 377), (10, 0.5, 5_594, 5_594, 1_815), (60, 0.25, 453, 453, 410)],
)
def test_groceries(
    groceries: Baskets, count: int, confidence: float, raw: int, corrected: int, bonferroni: int
) -> None:
    p = fisher(find_rules(frequent_itemsets(groceries, count)[0], min_confidence=confidence).association)
    q = benjamini_hochberg(p)
    assert ((p < 0.01).sum(), (q < 0.01).sum(), (p * len(p) < 0.01).sum()) == (raw, corrected, bonferroni)


def test_no_rules_no_tests() -> None:
    none = np.empty(0, dtype=np.int64)
    p = fisher(Association(both=none, lhs=none, rhs=none, baskets=10))
    assert len(p) == len(benjamini_hochberg(p)) == 0


def test_a_tenth_of_chance_findings_is_false_among_those_at_a_tenth() -> None:
    random = np.random.default_rng(2)
    p = np.concatenate([random.random(5_000), random.random(500) * 1e-4])
    found = benjamini_hochberg(p) < 0.1
    assert found[5_000:].all()
    assert found[:5_000].sum() / found.sum() == pytest.approx(0.1, abs=0.03)
