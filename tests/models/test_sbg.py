from __future__ import annotations

import csv
from pathlib import Path

import mpmath
import numpy as np
import pytest

from acrm.models.durations import Durations
from acrm.models.sbg import ShiftedBetaGeometric

# Customers there at the end of years 0 ... 7, of 1,000: Fader & Hardie (2007), table 1.
HIGH_END = np.array([1000.0, 869, 743, 653, 593, 551, 517, 491])
REGULAR = np.array([1000.0, 631, 468, 382, 326, 289, 262, 241])


@pytest.mark.parametrize(
    ("alive", "alpha", "beta", "log_likelihood", "later", "error"),
    [
        (HIGH_END, 0.668, 3.806, -1611.16, [0.460, 0.436, 0.414, 0.395, 0.378], 0.0119),
        (REGULAR, 0.704, 1.182, -1680.27, [0.220, 0.204, 0.191, 0.180, 0.170], 0.0029),
    ],
    ids=["high end", "regular"],
)
def test_published_fit_and_projection(
    alive: np.ndarray, alpha: float, beta: float, log_likelihood: float, later: list[float], error: float
) -> None:
    durations = Durations.of_cohorts(alive)
    model, fit = ShiftedBetaGeometric.fit(durations)
    assert fit.converged
    assert model.alpha == pytest.approx(alpha, abs=5e-4)
    assert model.beta == pytest.approx(beta, abs=5e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.005)
    assert model.log_likelihood(durations) == pytest.approx(fit.log_likelihood)
    # Years 8 to 12, which the fit has not seen, as the paper's figures show them.
    actual = {869: [0.468, 0.445, 0.427, 0.409, 0.394], 631: [0.223, 0.207, 0.194, 0.183, 0.173]}[int(alive[1])]
    projected = model.survival(np.arange(8.0, 13))
    assert projected == pytest.approx(later, abs=5e-4)
    assert np.abs(projected - actual).mean() == pytest.approx(error, abs=5e-5)


def test_cohorts_of_different_ages() -> None:
    # Fader & Hardie, Fitting the sBG model to multi-cohort data (2007).
    first = np.array([10000.0, 8000, 6480, 5307, 4391])
    durations = Durations.of_cohorts(first, first[:4], first[:3], first[:2])
    model, fit = ShiftedBetaGeometric.fit(durations)
    assert (model.alpha, model.beta) == pytest.approx((3.80, 15.19), abs=0.005)
    assert fit.log_likelihood == pytest.approx(-40255.8373, abs=5e-5)


def test_discounted_lifetimes() -> None:
    high_end = ShiftedBetaGeometric.fit(Durations.of_cohorts(HIGH_END))[0]
    regular = ShiftedBetaGeometric.fit(Durations.of_cohorts(REGULAR))[0]
    # Before renewal 8 of those who stayed 7 years, and before renewal 7 of those who stayed 6.
    assert high_end.residual_lifetime(np.array([7.0, 6.0]), 0.1) == pytest.approx([7.530, 7.3447], abs=5e-4)
    assert high_end.new_lifetime(0.1) == pytest.approx(5.9223, abs=5e-5)
    assert regular.new_lifetime(0.1) == pytest.approx(3.6949, abs=5e-5)


@pytest.mark.parametrize("discount", [1.0, 0.1, 0.01, 0.0005])
@pytest.mark.parametrize(("alpha", "beta"), [(0.668, 3.806), (0.05, 0.2), (30.0, 200.0)])
def test_residual_lifetime_is_the_closed_form(alpha: float, beta: float, discount: float) -> None:
    # Fader & Hardie (2010), equation 5, with n = periods stayed + 1.
    model = ShiftedBetaGeometric(alpha=alpha, beta=beta)
    closed = [
        (beta + n - 1)
        / (alpha + beta + n - 1)
        * float(mpmath.hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + discount)))
        for n in (1, 4, 4, 41)
    ]
    assert model.residual_lifetime(np.array([0.0, 3, 3, 40]), discount) == pytest.approx(closed, rel=1e-10)


def test_one_objective_for_customers_and_tables() -> None:
    rng = np.random.default_rng(1)
    leaves, seen = rng.geometric(0.2, 400).astype(float), rng.integers(1, 9, 400).astype(float)
    durations = Durations.of_customers(np.minimum(leaves, seen), leaves <= seen)
    model = ShiftedBetaGeometric(alpha=2.0, beta=7.0)
    density = model.survival(leaves - 1) - model.survival(leaves)
    by_customer = np.where(leaves <= seen, np.log(density), np.log(model.survival(seen)))
    assert model.log_likelihood(durations) == pytest.approx(by_customer.sum())


def test_parameters_are_recovered_from_censored_customers() -> None:
    rng = np.random.default_rng(8)
    leaves = rng.geometric(rng.beta(0.8, 3.0, 20_000)).astype(float)
    seen = rng.integers(1, 15, leaves.size).astype(float)
    model, fit = ShiftedBetaGeometric.fit(Durations.of_customers(np.minimum(leaves, seen), leaves <= seen))
    assert fit.converged
    assert fit.covariance is not None
    off = np.log([model.alpha / 0.8, model.beta / 3.0]) / np.sqrt(np.diag(fit.covariance))
    assert np.abs(off).max() < 3


def test_customers_who_do_not_differ_give_the_geometric_curve_and_no_certificate() -> None:
    model, fit = ShiftedBetaGeometric.fit(Durations.of_cohorts(1000 * np.power(0.8, np.arange(8.0))))
    assert not fit.converged
    assert model.survival(np.arange(12.0)) == pytest.approx(0.8 ** np.arange(12), abs=1e-4)


def test_the_table_in_the_data_folder_is_the_published_one(data: Path) -> None:
    with (data / "clv" / "sbg_retention.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["high_end_pct"]) * 10 for row in rows[:8]] == pytest.approx(HIGH_END.tolist())
    assert [float(row["regular_pct"]) * 10 for row in rows[:8]] == pytest.approx(REGULAR.tolist())
