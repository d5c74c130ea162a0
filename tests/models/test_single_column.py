from __future__ import annotations

import numpy as np
import pytest

from acrm.models.single_column import binned, holds_shares, level_auc, rank_auc, surely


def test_ids_tell_nothing_and_levels_what_they_tell() -> None:
    random = np.random.default_rng(0)
    outcome = random.random(2000) < 0.3
    assert level_auc(np.arange(2000), outcome) == 0.5
    assert level_auc(random.integers(0, 30, 2000), outcome) == pytest.approx(0.5, abs=0.04)
    assert level_auc(outcome.astype(np.intp), outcome) == 1.0
    # A level in the middle tells as well as one at the end.
    assert level_auc(np.where(outcome, 1, random.choice([0, 2], 2000)), outcome) == 1.0


def test_ranks_count_whichever_way_they_point() -> None:
    outcome = np.array([True, True, False, False])
    assert rank_auc(np.array([1.0, 2.0, 3.0, 4.0]), outcome) == rank_auc(np.array([4.0, 3.0, 2.0, 1.0]), outcome) == 1.0
    assert rank_auc(np.array([1.0, 2.0, np.nan, np.nan]), outcome) == 0.5


def test_many_numbers_are_binned() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    values[:10] = np.nan
    levels = binned(values)
    assert levels[:10].tolist() == [levels.max()] * 10
    assert np.bincount(levels)[:-1].max() <= 25


def test_sure_shares_are_those_of_clopper_and_pearson() -> None:
    counts = np.array([10, 10, 100, 59])
    found = surely(np.array([10.0, 5, 95, 59]), counts)
    # All of n: the n-th root of the chance.
    assert found[0] == pytest.approx(0.05 ** (1 / 10))
    assert found[3] == pytest.approx(0.95, abs=1e-3)
    assert found[1] == pytest.approx(0.2224, abs=1e-4)
    assert (found < np.array([10, 5, 95, 59]) / counts).all()


def test_shares_of_a_label_are_told_from_what_foretells_it() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        p = random.beta(2, 5, 3000).round(2)
        assert not holds_shares(p, random.random(3000) < p)
    group = np.arange(3000) % 150
    outcome = random.random(3000) < 0.3
    share = np.bincount(group, weights=outcome)[group] / 20
    assert holds_shares(share, outcome)
    assert holds_shares(100 * share, outcome)
    assert holds_shares((share * 20 + 0.3 * 7) / 27, outcome)
    assert not holds_shares(share, random.random(3000) < 0.3)
    assert not holds_shares(outcome.astype(float), outcome)
