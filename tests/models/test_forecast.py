"""Forecasts: what the limits enclose, which method is believed, and that nothing is known before its time."""

import numpy as np
import pytest

from acrm.models.forecast import FEWEST, forecast
from acrm.models.histories import FloatArray


def series(rng: np.random.Generator, length: int, *, drift: float, walk: float, cycle: int) -> FloatArray:
    time = np.arange(length)
    season = 0.3 * np.sin(2 * np.pi * time / cycle)
    return np.exp(8 + season + drift * time + np.cumsum(rng.normal(0, walk, length)) + rng.normal(0, 0.1, length))


@pytest.mark.parametrize(("drift", "walk"), [(0.0, 0.0), (0.0, 0.05), (0.01, 0.03)])
@pytest.mark.parametrize(("length", "horizon"), [(36, 3), (60, 6)])
def test_limits_enclose_what_comes_as_often_as_they_say(length: int, horizon: int, drift: float, walk: float) -> None:
    rng = np.random.default_rng(3)
    inside, errors, naive = [], [], []
    for _ in range(80):
        values = series(rng, length + horizon, drift=drift, walk=walk, cycle=12)
        found = forecast(values[:length], 12, horizon, interval=0.9)
        truth = values[length:]
        inside.append((truth >= found.low) & (truth <= found.high))
        errors.append(np.abs(truth - found.values).mean())
        naive.append(np.abs(truth - found.naive).mean())
    assert 0.82 <= np.mean(inside) <= 0.98
    # What is chosen is no worse than the seasonal naive on values that nothing was chosen by.
    assert np.mean(errors) <= 1.02 * np.mean(naive)


def test_a_walk_without_direction_is_forecast_by_its_last_value() -> None:
    rng = np.random.default_rng(5)
    found = forecast(1000 + np.cumsum(rng.normal(0, 5, 60)), 1, 3)
    assert found.method == "naive"
    assert not found.beaten
    assert (found.values == found.naive).all()


def test_held_out_values_are_not_known_before() -> None:
    rng = np.random.default_rng(6)
    values = series(rng, 40, drift=0.0, walk=0.02, cycle=12)
    later = values.copy()
    later[-1] *= 3
    one, other = forecast(values, 12, 3), forecast(later, 12, 3)
    for method, errors in one.errors.items():
        # Only errors against the last value itself differ.
        rows, horizon = errors.shape
        against_last = np.array([[row + ahead == rows - 1 for ahead in range(horizon)] for row in range(rows)])
        np.testing.assert_array_equal(errors[~against_last], other.errors[method][~against_last])


def test_nothing_falls_below_nothing() -> None:
    values = np.array([5.0, 0, 3, 0, 0, 4, 0, 1, 0, 2, 0, 0])
    found = forecast(values, 12, 3)
    assert (found.low >= 0).all()
    assert (found.values >= 0).all()
    below = forecast(values - 4, 12, 3)
    assert (below.low < 0).any()


def test_errors_are_by_hand() -> None:
    values = np.array([10.0, 12, 11, 13, 12, 14, 13, 15, 14, 16])
    found = forecast(values, 2, 1)
    # The seasonal naive is always 1 behind; that is also its error inside the series.
    assert found.scaled["naive"] == pytest.approx(1.0)
    assert found.held_out == 2
    assert found.relative["naive"] == pytest.approx((1 / 14 + 1 / 16) / 2)
    assert found.method == "drift"
    assert found.values[0] == pytest.approx(15.0, rel=0.02)


def test_of_what_never_came_no_share_is_missed() -> None:
    found = forecast(np.array([9.0, 8, 7, *[0.0] * 30]), 1, 1)
    assert np.isnan(found.relative["naive"])


def test_a_short_series_is_refused() -> None:
    with pytest.raises(ValueError, match=str(FEWEST - 1)):
        forecast(np.ones(FEWEST - 1), 12, 3)


def test_a_constant_series_is_forecast_by_itself() -> None:
    found = forecast(np.full(30, 7.0), 12, 3)
    assert found.values.tolist() == pytest.approx([7.0] * 3)
    assert np.isnan(found.scaled["naive"])
