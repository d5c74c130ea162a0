"""Areas under a survival curve, and what remains of those who stayed so long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.models.durations import Durations
from acrm.models.kaplan_meier import kaplan_meier
from acrm.models.remaining_time import median_left, restricted_mean, staying


def test_telco(data: Path) -> None:
    table = pl.read_csv(data / "churn" / "Telco-Customer-Churn.csv", infer_schema_length=None)
    tenure, left = table["tenure"].cast(pl.Float64).to_numpy(), (table["Churn"] == "Yes").to_numpy()
    curve = kaplan_meier(Durations.of_customers(tenure, left))
    at = {int(time): float(share) for time, share in zip(curve.time, curve.survival, strict=True)}
    assert [at[month] for month in (12, 24, 72)] == pytest.approx([0.843200, 0.788736, 0.592790], abs=5e-7)
    assert restricted_mean(curve, 72).value == pytest.approx(54.4924, abs=5e-5)
    stay, low, high = staying(curve, np.array([12.0, 72.0]), 12)
    assert stay[0] == pytest.approx(at[24] / at[12])
    assert low[0] < stay[0] < high[0]
    assert np.isnan(stay[1])


def test_interval_of_the_mean_holds_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(12), 0
    truth = float((0.9 ** np.arange(10)).sum())
    for _ in range(400):
        leaves, seen = rng.geometric(0.1, 120).astype(float), rng.integers(5, 20, 120).astype(float)
        curve = kaplan_meier(Durations.of_customers(np.minimum(leaves, seen), leaves <= seen))
        mean = restricted_mean(curve, 10, 0.9)
        held += mean.low <= truth <= mean.high
    assert held / 400 == pytest.approx(0.9, abs=0.045)


def test_interval_of_staying_holds_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(13), 0
    for _ in range(400):
        leaves, seen = rng.geometric(0.1, 150).astype(float), rng.integers(6, 20, 150).astype(float)
        curve = kaplan_meier(Durations.of_customers(np.minimum(leaves, seen), leaves <= seen))
        _, low, high = staying(curve, np.array([3.0]), 4, 0.9)
        held += low[0] <= 0.9**4 <= high[0]
    assert held / 400 == pytest.approx(0.9, abs=0.045)


def test_half_are_gone() -> None:
    curve = kaplan_meier(Durations.of_cohorts(np.array([100.0, 50.0, 25.0, 24.0])))
    assert median_left(curve, np.array([0.0, 1.0, 2.0])).tolist()[:2] == [1, 1]
    assert np.isnan(median_left(curve, np.array([2.0]))[0])
    assert restricted_mean(curve, 2.0).value == pytest.approx(1.5)


def test_nobody_left_in_between() -> None:
    curve = kaplan_meier(Durations.of_cohorts(np.array([20.0, 10.0, 10.0])))
    stay, low, high = staying(curve, np.array([1.0]), 1)
    assert (stay[0], high[0]) == (1, 1)
    # Nobody of 10: the exact lower limit, .025 ** (1 / 10).
    assert low[0] == pytest.approx(0.6915, abs=5e-5)
