"""Trends of shares: found where they are, not where groups merely differ."""

from __future__ import annotations

import numpy as np

from acrm.models.share_trend import share_trend


def test_groups_that_differ_without_a_trend_are_none() -> None:
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sizes = rng.integers(300, 900, 12)
        having = rng.binomial(sizes, np.clip(rng.normal(0.6, 0.05, 12), 0.05, 0.95))
        trend = share_trend(np.arange(12.0), having, sizes)
        assert trend is not None
        found.append(trend.p <= 0.05)
    assert np.mean(found) < 0.1


def test_a_fall_is_found() -> None:
    rng = np.random.default_rng(1)
    sizes = np.full(10, 500)
    having = rng.binomial(sizes, 0.7 - 0.02 * np.arange(10))
    trend = share_trend(np.arange(10.0), having, sizes)
    assert trend is not None
    assert trend.p < 0.01
    assert -0.03 < trend.slope < -0.01


def test_three_groups_and_shares_that_do_not_vary_tell_nothing() -> None:
    assert share_trend(np.arange(3.0), np.array([1, 2, 3]), np.array([9, 9, 9])) is None
    assert share_trend(np.arange(5.0), np.zeros(5, int), np.full(5, 9)) is None
    assert share_trend(np.arange(5.0), np.array([1, 2, 3, 4, 0]), np.array([9, 9, 9, 0, 0])) is None
