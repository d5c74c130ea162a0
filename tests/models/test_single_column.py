from __future__ import annotations

import numpy as np
import pytest

from acrm.models.single_column import binned, level_auc, rank_auc


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
