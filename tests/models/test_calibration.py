from __future__ import annotations

import numpy as np
import pytest

from acrm.models.calibration import calibrate, mean_of


def drawn(slope: float, offset: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    logits = random.normal(-1, 1.5, 20_000)
    return logits, random.random(20_000) < 1 / (1 + np.exp(-(slope * logits + offset)))


def test_it_finds_the_slope_and_offset_that_made_the_outcomes() -> None:
    logits, outcome = drawn(0.6, 0.4, 0)
    found = calibrate(logits, outcome)
    errors = np.sqrt([found.covariance[0], found.covariance[2]])
    assert abs(found.slope - 0.6) < 3 * errors[0] < 0.1
    assert abs(found.offset - 0.4) < 3 * errors[1] < 0.1
    assert (1 / (1 + np.exp(-found(logits)))).mean() == pytest.approx(outcome.mean(), abs=1e-4)


def test_what_ranks_no_better_than_chance_tells_everybody_the_same() -> None:
    logits, outcome = drawn(-0.5, 0.0, 1)
    found = calibrate(logits, outcome)
    assert found.slope == 0
    assert found.offset == pytest.approx(np.log(outcome.mean() / (1 - outcome.mean())), abs=1e-3)


def test_log_odds_that_part_the_outcomes_wholly_have_a_calibration_all_the_same() -> None:
    outcome = np.arange(100) < 30
    found = calibrate(np.where(outcome, 2.0, -2.0), outcome)
    told = 1 / (1 + np.exp(-found(np.array([2.0, -2.0]))))
    assert told.tolist() == pytest.approx([31 / 32, 1 / 72], abs=1e-4)


def test_the_mean_of_calibrations_is_no_surer_than_each() -> None:
    one, other = (calibrate(*drawn(0.6, 0.4, seed)) for seed in (2, 3))
    mean = mean_of([one, other])
    assert mean.slope == pytest.approx((one.slope + other.slope) / 2)
    assert mean.variance(np.zeros(1))[0] == pytest.approx((one.covariance[2] + other.covariance[2]) / 2)
