"""Uplift models: they find an effect that differs, and find none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.qini import curves
from acrm.models.uplift import LEARNERS, Learner, cross_fitted


def trial(rows: int, *, differs: bool, amount: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    columns, treated = rng.normal(size=(rows, 3)), rng.random(rows) < 0.5
    effect = 0.3 * (columns[:, 0] > 0) if differs else np.full(rows, 0.15)
    base = 0.2 + 0.1 * (columns[:, 1] > 0)
    if amount:
        return columns, base + effect * treated + rng.normal(scale=0.5, size=rows), treated
    return columns, (rng.random(rows) < base + effect * treated).astype(float), treated


@pytest.mark.parametrize("learner", LEARNERS)
def test_an_effect_that_differs_is_found(learner: Learner) -> None:
    columns, outcome, treated = trial(4000, differs=True)
    scores = cross_fitted(learner, columns, outcome, treated)
    # The true order has an area of 37.5 per 1,000.
    assert curves(scores, outcome, treated).qini_area > 25
    assert 0 < scores.min() < scores.max() < 1


def test_an_amount_is_an_outcome_too() -> None:
    columns, outcome, treated = trial(3000, differs=True, amount=True)
    for learner in ("t_linear", "s_boosting"):
        assert curves(cross_fitted(learner, columns, outcome, treated), outcome, treated).qini_area > 25


def test_no_difference_is_not_made_up() -> None:
    columns, outcome, treated = trial(4000, differs=False)
    for learner in LEARNERS:
        assert abs(curves(cross_fitted(learner, columns, outcome, treated), outcome, treated).qini_area) < 20


def test_a_seed_gives_the_same_scores() -> None:
    columns, outcome, treated = trial(600, differs=True)
    one, other = (cross_fitted("t_boosting", columns, outcome, treated, seed=3) for _ in range(2))
    assert np.array_equal(one, other)
