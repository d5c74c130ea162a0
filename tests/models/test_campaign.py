"""Whom a campaign contacts: the threshold is where the gain turns, and the interval holds as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.campaign import gains, profit_interval, thresholds
from acrm.models.empc import Offer


def test_the_gain_is_nothing_at_the_threshold() -> None:
    value = np.array([60.0, 200.0, 1000.0])
    offer = Offer(incentive=10, contact=3)
    at = thresholds(value, offer)
    assert gains(at, value, offer) == pytest.approx(0.0, abs=1e-9)
    assert np.all(np.diff(at) < 0)


def test_without_an_incentive_it_is_probability_times_success_times_value_against_the_cost() -> None:
    offer = Offer(incentive=0, contact=6)
    assert thresholds(np.array([200.0]), offer) == pytest.approx(6 / (0.3 * 200))
    # Certain to leave and still not worth it.
    assert thresholds(np.array([10.0]), offer)[0] == np.inf
    assert gains(np.array([1.0]), np.array([10.0]), offer)[0] < 0


def test_who_is_worth_nothing_is_not_worth_a_contact_that_costs_nothing() -> None:
    free = Offer(incentive=0.0, contact=0.0)
    assert thresholds(np.array([0.0, 5.0]), free).tolist() == [np.inf, 0.0]


def test_the_interval_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    probability, value, offer = rng.uniform(0.1, 0.6, 200), rng.uniform(50, 400, 200), Offer()
    low, high = profit_interval(probability, value, offer, 0.9)
    kept = rng.beta(offer.alpha, offer.beta, (4000, 1))
    leaves = rng.random((4000, 200)) < probability
    saved = (leaves & (rng.random((4000, 200)) < kept)) @ (value - 10)
    profit = saved - 10 * (~leaves).sum(axis=1) - 200
    assert ((profit >= low) & (profit <= high)).mean() == pytest.approx(0.9, abs=0.02)
    assert profit.mean() == pytest.approx(gains(probability, value, offer).sum(), rel=0.05)


def test_nobody_brings_nothing() -> None:
    assert profit_interval(np.empty(0), np.empty(0), Offer()) == (0.0, 0.0)
