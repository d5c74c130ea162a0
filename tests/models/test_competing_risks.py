"""Cumulative incidence: by hand, one cause is Kaplan-Meier, and the interval's coverage."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.competing_risks import cumulative_incidence
from acrm.models.durations import Durations
from acrm.models.kaplan_meier import kaplan_meier


def sample(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Leaving at rate .15, two of three for the first cause; seen until a time of its own."""
    leaves, seen = rng.exponential(1 / 0.15, rows), rng.uniform(0, 15, rows)
    cause = np.where(leaves > seen, -1, (rng.random(rows) > 2 / 3).astype(int))
    return np.minimum(leaves, seen), cause


def test_shares_and_those_who_stay_are_everybody() -> None:
    time, cause = sample(np.random.default_rng(3), 300)
    found = cumulative_incidence(np.ceil(time), cause, 2)
    assert found.share.sum(axis=0) + found.survival == pytest.approx(1.0)
    assert np.all(np.diff(found.share, axis=1) >= 0)
    assert np.all((found.low <= found.share) & (found.share <= found.high))


def test_one_cause_is_the_curve() -> None:
    time, cause = sample(np.random.default_rng(4), 200)
    left = cause >= 0
    curve = kaplan_meier(Durations.of_customers(time, left))
    found = cumulative_incidence(time, np.where(left, 0, -1), 1)
    assert found.share[0] == pytest.approx(1 - curve.survival)


def test_interval_holds_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(5), 0
    truth = 2 / 3 * (1 - np.exp(-0.15 * 6))
    for _ in range(300):
        found = cumulative_incidence(*sample(rng, 150), 2, 0.9)
        place = np.searchsorted(found.time, 6, side="right") - 1
        held += found.low[0, place] <= truth <= found.high[0, place]
    assert held / 300 == pytest.approx(0.9, abs=0.05)


def test_weights_are_customers() -> None:
    time, cause = np.array([1.0, 2, 2]), np.array([0, 1, -1])
    many = cumulative_incidence(np.repeat(time, [3, 2, 4]), np.repeat(cause, [3, 2, 4]), 2)
    few = cumulative_incidence(time, cause, 2, count=np.array([3.0, 2, 4]))
    assert few.share.tolist() == many.share.tolist()
    assert few.high == pytest.approx(many.high)
