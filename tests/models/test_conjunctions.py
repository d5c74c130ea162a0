from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from acrm.models.conjunctions import difference, find_conditions


def by_hand(inside: NDArray[np.bool_], outcome: NDArray[np.float64]) -> tuple[float, float]:
    """The t value and p of ranks inside against ranks outside."""
    ranks = stats.rankdata(outcome)
    t, p = stats.ttest_ind(ranks[inside], ranks[~inside])
    return float(t), float(p)


@pytest.fixture
def rows() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    random = np.random.default_rng(8)
    masks = random.random((600, 6)) < [0.5, 0.5, 0.3, 0.6, 0.2, 0.4]
    return masks, np.exp(random.normal(size=600) + 1.2 * (masks[:, 0] & masks[:, 1]))


def test_p_is_that_of_the_weakest_of_three_comparisons(rows: tuple[NDArray[np.bool_], NDArray[np.float64]]) -> None:
    masks, outcome = rows
    found = find_conditions(masks, np.arange(6), outcome, least=20)
    assert (found.singles, found.pairs) == (6, 15)
    assert (found.first[0], found.second[0]) == (0, 1)
    one, two = masks[:, 0], masks[:, 1]
    three = [by_hand(one & two, outcome)]
    # Within a part the ranks are those of all rows.
    ranks = stats.rankdata(outcome)
    three += [stats.ttest_ind(ranks[a & b], ranks[a & ~b]) for a, b in ((one, two), (two, one))]
    assert found.p[0] == pytest.approx(max(p for _, p in three), rel=1e-4)
    assert found.score[0] == pytest.approx(min(t for t, _ in three), rel=1e-4)
    alone = {int(first): place for place, first in enumerate(found.first) if found.second[place] < 0}
    assert found.p[alone[0]] == pytest.approx(by_hand(one, outcome)[1])


def test_q_counts_all_that_was_tested(rows: tuple[NDArray[np.bool_], NDArray[np.float64]]) -> None:
    masks, outcome = rows
    found = find_conditions(masks, np.arange(6), outcome, least=20)
    by_rank = found.p * 21 / np.arange(1, len(found.p) + 1)
    assert found.q == pytest.approx(np.minimum.accumulate(by_rank[::-1])[::-1])
    assert (found.q <= 0.05).all()


def test_yes_and_no_is_exact(rows: tuple[NDArray[np.bool_], NDArray[np.float64]]) -> None:
    masks, outcome = rows
    yes = outcome > np.quantile(outcome, 0.9)
    found = find_conditions(masks, np.arange(6), yes.astype(float), least=20)
    one, two = masks[:, 0], masks[:, 1]
    three = []
    for inside, outside in ((one & two, ~(one & two)), (one & two, one & ~two), (one & two, two & ~one)):
        table = [[(inside & yes).sum(), (inside & ~yes).sum()], [(outside & yes).sum(), (outside & ~yes).sum()]]
        three.append(2 * stats.fisher_exact(table, alternative="greater").pvalue)
    place = list(zip(found.first.tolist(), found.second.tolist(), strict=True)).index((0, 1))
    assert found.p[place] == pytest.approx(max(three))


def test_what_lowers_is_found_as_what_raises(rows: tuple[NDArray[np.bool_], NDArray[np.float64]]) -> None:
    masks, outcome = rows
    one, other = (find_conditions(masks, np.arange(6), sign * outcome, least=20) for sign in (1, -1))
    assert one.first.tolist() == other.first.tolist()
    assert one.p == pytest.approx(other.p, rel=1e-4)


def test_a_condition_and_its_opposite_are_one_test() -> None:
    random = np.random.default_rng(1)
    mask = random.random(200) < 0.5
    found = find_conditions(np.column_stack([mask, ~mask, mask]), np.array([0, 0, 1]), random.normal(size=200), least=5)
    # No pair of a column with its copy: no row has the one without the other.
    assert (found.singles, found.pairs) == (1, 0)


def test_blocks_of_many_conditions_and_rows_join_without_a_seam() -> None:
    random = np.random.default_rng(2)
    masks = random.random((300, 600)) < 0.5
    outcome = random.normal(size=300) + 3.0 * (masks[:, 300] & masks[:, 599])
    found = find_conditions(masks, np.arange(600), outcome, least=20)
    assert found.pairs == 600 * 599 / 2
    assert (found.first[0], found.second[0]) == (300, 599)
    doubled = find_conditions(np.tile(masks[:, 290:310], (80, 1)), np.arange(20), np.tile(outcome, 80), least=20)
    assert doubled.pairs == 190  # 24,000 rows


def test_a_constant_outcome_has_no_findings() -> None:
    masks = np.random.default_rng(0).random((100, 3)) < 0.5
    assert len(find_conditions(masks, np.arange(3), np.ones(100), least=5).p) == 0


def test_welch_and_newcombe() -> None:
    random = np.random.default_rng(3)
    outcome, inside = random.normal(size=90), np.arange(90) < 30
    outcome[inside] *= 4
    known = stats.ttest_ind(outcome[inside], outcome[~inside], equal_var=False).confidence_interval(0.9)
    assert difference(outcome, inside, 0.9)[1:] == pytest.approx(tuple(known))
    # Newcombe (1998), table II, method 10: 56/70 against 48/80 is .0524 to .3339; 10/10 against 0/10 .6075 to 1.
    for (yes, of, other, among), ends in (((56, 70, 48, 80), (0.0524, 0.3339)), ((10, 10, 0, 10), (0.6075, 1.0))):
        shares = np.concatenate([np.arange(of) < yes, np.arange(among) < other]).astype(float)
        assert difference(shares, np.arange(of + among) < of, 0.95)[1:] == pytest.approx(ends, abs=5e-5)
