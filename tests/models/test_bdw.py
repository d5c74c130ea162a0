from __future__ import annotations

import mpmath
import numpy as np
import pytest

from acrm.models import bdw
from acrm.models.bdw import BetaDiscreteWeibull
from acrm.models.durations import Durations
from acrm.models.optimise import Fit, Objective
from acrm.models.sbg import ShiftedBetaGeometric

# Customers there at the end of years 0 ... 12, of 1,000: Fader & Hardie (2007), table 1.
HIGH_END = np.array([1000.0, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394])
REGULAR = np.array([1000.0, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173])


@pytest.mark.parametrize(
    ("alive", "years", "parameters", "log_likelihood", "error", "error_sbg"),
    [
        (HIGH_END, 5, (0.2274, 1.5127, 1.6751), -1374.55, 0.0025, 0.0325),
        (HIGH_END, 7, (0.2143, 1.4266, 1.7236), -1605.31, 0.0052, 0.0119),
        (REGULAR, 5, (0.4892, 0.8365, 1.2363), -1516.73, 0.0012, 0.0078),
        (REGULAR, 7, (0.4556, 0.7793, 1.2835), -1679.60, 0.0026, 0.0029),
    ],
)
def test_reference_fit_and_error_on_the_years_not_seen(
    alive: np.ndarray,
    years: int,
    parameters: tuple[float, float, float],
    log_likelihood: float,
    error: float,
    error_sbg: float,
) -> None:
    durations = Durations.of_cohorts(alive[: years + 1])
    model, fit = BetaDiscreteWeibull.fit(durations, starts=5)
    assert fit.converged
    assert fit.agreeing == 5
    assert (model.alpha, model.beta, model.c) == pytest.approx(parameters, abs=6e-5)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.005)
    later = np.arange(years + 1.0, 13)
    assert np.abs(model.survival(later) - alive[years + 1 :] / 1000).mean() == pytest.approx(error, abs=5e-5)
    sbg, _ = ShiftedBetaGeometric.fit(durations)
    assert np.abs(sbg.survival(later) - alive[years + 1 :] / 1000).mean() == pytest.approx(error_sbg, abs=5e-5)


def test_power_one_is_the_shifted_beta_geometric() -> None:
    period, durations = np.arange(1.0, 50), Durations.of_cohorts(HIGH_END)
    one, other = BetaDiscreteWeibull(alpha=0.7, beta=4.0, c=1.0), ShiftedBetaGeometric(alpha=0.7, beta=4.0)
    assert one.survival(period) == pytest.approx(other.survival(period), rel=1e-12)
    assert one.retention(period) == pytest.approx(other.retention(period), rel=1e-12)
    assert one.log_likelihood(durations) == pytest.approx(other.log_likelihood(durations), rel=1e-12)
    assert one.residual_lifetime(period, 0.05) == pytest.approx(other.residual_lifetime(period, 0.05), rel=1e-10)


@pytest.mark.parametrize("c", [0.3, 1.7, 6.0, 40.0])
def test_survival_against_high_precision(c: float) -> None:
    model = BetaDiscreteWeibull(alpha=0.7, beta=4.0, c=c)
    with mpmath.workdps(400):
        for period in (1, 2, 9, 400, 30_000):
            exact = mpmath.beta(0.7, 4 + mpmath.mpf(period) ** c) / mpmath.beta(0.7, 4)
            assert model.survival(np.array([float(period)]))[0] == pytest.approx(float(exact), rel=1e-12)


def test_gradient_is_the_slope_and_finite_as_far_as_the_search_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Caught(Exception):
        pass

    caught: list[Objective] = []

    def catch(objective: Objective, start: dict[str, float], *, starts: int) -> Fit:
        caught.append(objective)
        raise Caught

    monkeypatch.setattr(bdw, "maximise", catch)
    with pytest.raises(Caught):
        BetaDiscreteWeibull.fit(Durations.of_cohorts(HIGH_END, REGULAR[:4]))
    objective = caught[0]
    rng = np.random.default_rng(2)
    for point in rng.normal(0, 1.2, (50, 3)):
        slope = [(objective(point + 1e-5 * axis)[0] - objective(point - 1e-5 * axis)[0]) / 2e-5 for axis in np.eye(3)]
        assert objective(point)[1] == pytest.approx(slope, rel=1e-5, abs=1e-3)
    for point in rng.uniform(-12, 12, (500, 3)):
        value, gradient = objective(point)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_parameters_are_recovered() -> None:
    rng = np.random.default_rng(6)
    truth = BetaDiscreteWeibull(alpha=0.6, beta=2.5, c=1.4)
    leaves = truth.draw(np.zeros(40_000), rng)
    seen = rng.integers(1, 15, leaves.size).astype(float)
    model, fit = BetaDiscreteWeibull.fit(Durations.of_customers(np.minimum(leaves, seen), leaves <= seen))
    assert fit.converged
    assert fit.covariance is not None
    off = np.log([model.alpha / 0.6, model.beta / 2.5, model.c / 1.4]) / np.sqrt(np.diag(fit.covariance))
    assert np.abs(off).max() < 3
