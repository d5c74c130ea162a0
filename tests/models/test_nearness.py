"""Distances to a group and the AUC of them, against counts by hand."""

import numpy as np
import pytest

from acrm.models.nearness import mean_gap, separation


def test_the_mean_gap_is_that_of_all_pairs() -> None:
    draw = np.random.default_rng(0)
    values, group = draw.normal(size=40), np.round(draw.normal(size=25), 1)
    pairs = np.abs(values[:, None] - group[None, :]).mean(axis=1)
    assert mean_gap(values, group) == pytest.approx(pairs)


@pytest.mark.parametrize("seed", range(4))
def test_auc_is_the_share_of_pairs_in_order(seed: int) -> None:
    draw = np.random.default_rng(seed)
    near, far = np.round(draw.normal(size=30), 1), np.round(draw.normal(0.5, 1, size=45), 1)
    pairs = (near[:, None] < far[None, :]) + 0.5 * (near[:, None] == far[None, :])
    assert separation(near, far).auc == pytest.approx(pairs.mean())


def test_the_error_is_that_of_many_samples() -> None:
    draw = np.random.default_rng(1)
    found = [separation(draw.normal(size=60), draw.normal(0.7, 1, size=80)) for _ in range(400)]
    assert np.std([one.auc for one in found]) == pytest.approx(np.mean([one.error for one in found]), rel=0.15)
    chance = [separation(draw.normal(size=60), draw.normal(size=80)).better(2) for _ in range(400)]
    assert np.mean(chance) < 0.05


def test_at_an_end_it_is_not_sure_of_itself() -> None:
    one = separation(np.array([0.0]), np.array([1.0]))
    assert (one.auc, one.better(2)) == (1.0, False)
    assert separation(np.zeros(50), np.ones(50)).better(2)
    assert separation(np.zeros(3), np.zeros(9)).auc == 0.5
