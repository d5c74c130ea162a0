from __future__ import annotations

import numpy as np

from acrm.models.folds import stratified, together


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


def test_who_shares_any_label_stays_together() -> None:
    random = np.random.default_rng(4)
    alike, same = random.integers(0, 60, 90), random.integers(0, 70, 90)
    found = together(alike, same)
    reached = np.arange(90)
    for _ in range(90):
        for label in (alike, same):
            for value in np.unique(label):
                reached[label == value] = reached[label == value].min()
    assert len(np.unique(found)) == len(np.unique(reached))
    assert len({*zip(found.tolist(), reached.tolist(), strict=True)}) == len(np.unique(found))
