from __future__ import annotations

import numpy as np
import pytest

from acrm.models.histories import FloatArray
from acrm.models.optimise import maximise


def bowl(logs: FloatArray) -> tuple[float, FloatArray]:
    """A peak at (2, 5) with standard errors 1/4 and 1/2 of the logarithms, correlated."""
    hessian = np.array([[20.0, 4.0], [4.0, 5.0]])
    away = logs - np.log([2.0, 5.0])
    return float(-away @ hessian @ away / 2) - 100, -hessian @ away


def test_a_peak_is_found_with_its_errors() -> None:
    fit = maximise(bowl, {"one": 1.0, "two": 1.0})
    assert fit.parameters == pytest.approx({"one": 2, "two": 5})
    assert fit.log_likelihood == pytest.approx(-100)
    assert fit.converged
    assert (fit.starts, fit.agreeing, fit.flat) == (3, 3, ())
    assert np.linalg.inv(fit.covariance) == pytest.approx(np.array([[20.0, 4.0], [4.0, 5.0]]), rel=1e-6)


def test_draws_have_the_covariance_and_come_again() -> None:
    fit = maximise(bowl, {"one": 1.0, "two": 1.0})
    drawn = fit.draw(20_000, np.random.default_rng(0))
    logs = np.log([list(parameters.values()) for parameters in drawn])
    assert np.cov(logs.T) == pytest.approx(fit.covariance, rel=0.05)
    assert logs.mean(axis=0) == pytest.approx(np.log([2, 5]), abs=0.01)
    assert fit.draw(2, np.random.default_rng(0)) == drawn[:2]


def test_two_peaks_are_no_agreement() -> None:
    def peaks(logs: FloatArray) -> tuple[float, FloatArray]:
        square = logs**2 - 1
        return float(-10 * (square @ square) + logs.sum()), -40 * square * logs + 1

    fit = maximise(peaks, {"one": 1.1})
    assert fit.parameters["one"] == pytest.approx(np.e, rel=0.02)
    assert fit.agreeing == 2
    assert not fit.converged
    assert fit.flat == ()


def test_a_ridge_without_end_is_named_and_not_drawn_along() -> None:
    def ridge(logs: FloatArray) -> tuple[float, FloatArray]:
        # Two numbers whose ratio is 3, and the larger the better, though hardly.
        first, second, third = logs
        off, gain = first - second - np.log(3), np.exp(-second)
        return float(-50 * off**2 - gain - 50 * third**2), np.array([-100 * off, 100 * off + gain, -100 * third])

    fit = maximise(ridge, {"large": 3.0, "larger": 1.0, "plain": 2.0})
    assert not fit.converged
    assert fit.flat == ("large", "larger")
    assert fit.parameters["plain"] == pytest.approx(1)
    assert fit.parameters["large"] / fit.parameters["larger"] == pytest.approx(3)
    for parameters in fit.draw(50, np.random.default_rng(0)):
        assert parameters["large"] * parameters["larger"] == pytest.approx(
            fit.parameters["large"] * fit.parameters["larger"], rel=0.01
        )


def test_a_saddle_is_not_called_an_optimum() -> None:
    def saddle(logs: FloatArray) -> tuple[float, FloatArray]:
        return float(logs[0] ** 2 - logs[1] ** 2), np.array([2 * logs[0], -2 * logs[1]])

    fit = maximise(saddle, {"up": 1.0, "down": 1.0}, starts=1)
    assert not fit.converged
    assert fit.flat == ()
