"""Rates of ending: recovered from simulated deals, whatever was seen of them; chances agree with counting."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.competing_risks import cumulative_incidence
from acrm.models.ending_rates import EndingRates, fit_rates

STARTS = np.array([0.0, 10.0, 30.0])


def simulated(rng: np.random.Generator, n: int) -> tuple[np.ndarray, ...]:
    """Won at 0.02 a day, twice as fast with the feature after log 2; lost at 0.04 before day 10 and 0.01 after."""
    feature = rng.integers(0, 2, n).astype(float)
    won = rng.exponential(1 / (0.02 * np.where(feature > 0, 2, 1)))
    early = rng.exponential(1 / 0.04, n)
    lost = np.where(early < 10, early, 10 + rng.exponential(1 / 0.01, n))
    watched = rng.uniform(5, 120, n)
    left = np.minimum(np.minimum(won, lost), watched)
    cause = np.where(watched <= np.minimum(won, lost), -1, np.where(won < lost, 0, 1))
    return feature[:, None], left, cause


def test_known_rates_come_back() -> None:
    feature, left, cause = simulated(np.random.default_rng(1), 20_000)
    found = fit_rates(np.zeros(left.size), left, cause, 2, feature, STARTS)
    assert np.exp(found.weights[0, :3]) == pytest.approx([0.02] * 3, rel=0.12)
    assert np.exp(found.weights[0, 3]) == pytest.approx(2, rel=0.1)
    assert np.exp(found.weights[1]) == pytest.approx([0.04, 0.01, 0.01, 1], rel=0.15)


def test_things_seen_late_do_not_bend_the_rates() -> None:
    rng = np.random.default_rng(2)
    feature, left, cause = simulated(rng, 40_000)
    entered = rng.uniform(0, 40, left.size)
    kept = left > entered
    found = fit_rates(entered[kept], left[kept], cause[kept], 2, feature[kept], STARTS)
    assert np.exp(found.weights[0, :3]) == pytest.approx([0.02] * 3, rel=0.2)
    assert np.exp(found.weights[1, 0]) == pytest.approx(0.04, rel=0.15)


def test_chances_agree_with_counting() -> None:
    _, left, cause = simulated(np.random.default_rng(3), 20_000)
    starts = np.array([0.0, 5.0, 10.0, 20.0, 40.0])
    found = fit_rates(np.zeros(left.size), left, cause, 2, np.zeros((left.size, 0)), starts)
    counted = cumulative_incidence(left, cause, 2)
    chances = found.chances(np.zeros(1), np.zeros((1, 0)), np.array([5.0, 20.0, 60.0]))
    at = np.searchsorted(counted.time, [5.0, 20.0, 60.0], side="right") - 1
    assert chances[:, 0] == pytest.approx(counted.share[:, at], abs=0.01)


def test_chances_of_all_causes_never_exceed_one_and_grow() -> None:
    rates = EndingRates(
        starts=np.array([0.0, 3.0]), weights=np.log([[0.5, 2.0], [1.5, 0.1]]), covariance=np.zeros((2, 2, 2))
    )
    found = rates.chances(np.array([0.0, 1.0, 9.0]), np.zeros((3, 0)), np.array([0.5, 4.0, 100.0]))
    assert np.all(np.diff(found, axis=2) >= 0)
    assert np.all(found.sum(axis=0) <= 1 + 1e-12)
    assert found[:, 2, 2] == pytest.approx([2.0 / 2.1, 0.1 / 2.1])


def test_intervals_of_drawn_rates_cover() -> None:
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        time = rng.exponential(50, 120)
        watched = rng.uniform(10, 90, 120)
        cause = np.where(time > watched, -1, (rng.random(120) > 0.6).astype(int))
        found = fit_rates(np.zeros(120), np.minimum(time, watched), cause, 2, np.zeros((120, 0)), np.array([0.0, 20]))
        drawn = [found.drawn(rng).chances(np.zeros(1), np.zeros((1, 0)), np.array([60.0]))[0, 0, 0] for _ in range(100)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        covered.append(low <= 0.6 * -np.expm1(-60 / 50) <= high)
    assert np.mean(covered) >= 0.88


def test_a_span_without_ends_has_a_small_rate_and_no_infinity() -> None:
    left, cause = np.array([1.0, 2.0, 50.0, 50.0]), np.array([0, 0, -1, -1])
    found = fit_rates(np.zeros(4), left, cause, 1, np.zeros((4, 0)), np.array([0.0, 10.0]))
    assert np.isfinite(found.weights).all()
    assert np.exp(found.weights[0, 1]) < np.exp(found.weights[0, 0]) / 5


def test_the_order_of_rows_makes_no_difference() -> None:
    feature, left, cause = simulated(np.random.default_rng(4), 500)
    turned = np.random.default_rng(5).permutation(500)
    one = fit_rates(np.zeros(500), left, cause, 2, feature, STARTS)
    other = fit_rates(np.zeros(500), left[turned], cause[turned], 2, feature[turned], STARTS)
    assert other.weights == pytest.approx(one.weights, abs=1e-7)
