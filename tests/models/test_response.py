"""What one more unit brings: known curves are found again, and their intervals hold as often as they promise."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.response import response, variation


def test_a_known_curve_is_found_again() -> None:
    spend = np.tile([50.0, 100.0, 300.0, 20.0], 15)
    trend = np.arange(60.0)[:, None]
    scale, mean = 75.0, spend.mean()
    found = response(spend, 20 + 30 * np.log1p(spend / scale) + 0.1 * trend[:, 0], trend)
    assert found.marginal == pytest.approx(30 / (scale + mean))
    assert (found.low, found.high) == pytest.approx((found.marginal, found.marginal))
    assert found.average > found.marginal
    assert found.periods == 60


@pytest.mark.parametrize("periods", [30, 60, 104])
def test_the_interval_holds_as_often_as_it_promises(periods: int) -> None:
    rng = np.random.default_rng(periods)
    clock = np.arange(periods)[:, None] / periods
    held = 0
    for _ in range(200):
        spend = rng.gamma(4, 25, periods)
        outcome = 20 + 30 * np.log1p(spend / 100) + 10 * clock[:, 0] + rng.normal(0, 6, periods)
        found = response(spend, outcome, clock)
        held += found.low <= 30 / (100 + spend.mean()) <= found.high
    assert held / 200 == pytest.approx(0.95, abs=0.045)


def test_spend_that_follows_trend_and_season_does_not_vary_on_its_own() -> None:
    clock = np.arange(104) / 104
    season = np.column_stack([clock, np.sin(4 * np.pi * clock)])
    spend = 100 + 50 * clock + 20 * season[:, 1]
    assert variation(spend, season) < 1e-9
    assert variation(spend * np.where(np.arange(104) % 2, 1.5, 0.5), season) == pytest.approx(0.5, abs=0.02)
    assert variation(np.zeros(104), season) == 0
