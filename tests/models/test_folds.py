from __future__ import annotations

import numpy as np

from acrm.models.folds import stratified


def test_groups_stay_together_and_folds_are_alike() -> None:
    random = np.random.default_rng(0)
    groups = np.concatenate([np.arange(900), random.integers(0, 40, 100) + 900])
    groups = np.unique(groups, return_inverse=True)[1]
    outcome = random.random(1000) < 0.2
    fold = stratified(outcome, groups, folds=5, seed=0)
    for group in np.unique(groups):
        assert len(np.unique(fold[groups == group])) == 1
    assert np.ptp(np.bincount(fold)) <= 10
    shares = np.bincount(fold, weights=outcome) / np.bincount(fold)
    assert np.ptp(shares) < 0.03


def test_single_customers_are_dealt_evenly() -> None:
    outcome = np.arange(103) % 10 == 0
    fold = stratified(outcome, np.arange(103), folds=5, seed=3)
    assert np.ptp(np.bincount(fold)) <= 2
    assert np.ptp(np.bincount(fold, weights=outcome)) <= 1
    assert (fold != stratified(outcome, np.arange(103), folds=5, seed=4)).any()
