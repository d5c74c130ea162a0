"""BG/BB on 11,104 donors to a charity over six years: Fader, Hardie and Shang (2010), as BTYD's walkthrough has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import betaln

from acrm.models import bg_bb
from acrm.models.bg_bb import BgBb, Likelihood
from acrm.models.histories import Histories
from acrm.models.optimise import maximise

if TYPE_CHECKING:
    from tests.models.conftest import Seen

PUBLISHED = BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78)


@pytest.fixture(scope="module")
def donors(data: Path, seen: Seen) -> Histories:
    return seen(*np.loadtxt(data / "clv" / "donations.csv", delimiter=",", skiprows=1).T)


def test_on_donations(donors: Histories) -> None:
    model, fit = BgBb.fit(donors)
    assert list(fit.parameters.values()) == pytest.approx([1.204, 0.750, 0.657, 2.783], abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-33225.5813, abs=1e-4)
    assert fit.converged
    assert fit.agreeing == 3
    expected = model.expected_orders(donors, 5)
    assert expected @ donors.count == pytest.approx(12884.2, abs=0.1)
    assert model.expected_new(np.array([10.0]))[0] == pytest.approx(3.179805, abs=1e-4)
    cell = {(x, t): at for at, (x, t) in enumerate(zip(donors.frequency, donors.recency, strict=True))}
    alive, decade = model.p_alive(donors), model.expected_orders(donors, 10)
    assert [alive[cell[at]] for at in ((0, 0), (2, 4), (6, 6))] == pytest.approx([0.11, 0.59, 0.93], abs=5e-3)
    assert [decade[cell[at]] for at in ((0, 0), (4, 5))] == pytest.approx([0.1302169, 3.627858], rel=1e-4)


def test_in_sample_counts(donors: Histories, seen: Seen) -> None:
    model, _ = BgBb.fit(donors)
    never, always = (11_104 * np.exp(model.log_likelihood(seen(n, n, 6))) for n in (0, 6))
    assert [never, always] == pytest.approx([3454.9, 1253.1], abs=0.1)


def test_residual_orders_without_horizon(seen: Seen) -> None:
    # An annual rate of 10%.
    assert PUBLISHED.expected_residual(seen(3, 4, 6), np.log(1.1)) == pytest.approx([1.62138], abs=5e-6)
    residual = PUBLISHED.expected_residual(seen(np.arange(1.0, 7), 6, 6), np.log(1.1))
    assert residual == pytest.approx([1.8020, 2.6212, 3.4403, 4.2594, 5.0785, 5.8976], abs=5e-5)
    assert PUBLISHED.discounted_orders(seen(3, 4, 6), 2000, np.log(1.1)) == pytest.approx([1.62138], abs=5e-6)
    assert np.isinf(PUBLISHED.expected_residual(seen(3, 4, 6), 0)).all()


@pytest.mark.parametrize("discount", [0.0, 0.001, 0.1, 2.0])
@pytest.mark.parametrize("horizon", [1, 2, 5, 50, 5000])
def test_stays_are_sums_of_ratios_of_beta_functions(horizon: int, discount: float) -> None:
    for gamma, delta in ((0.657, 9.8), (0.02, 3.0), (1.0, 1.5), (6.0, 40.0)):
        n = np.arange(1, horizon + 1)
        terms = np.exp(betaln(gamma, delta + n - 1) - betaln(gamma, delta) - discount * n)
        assert bg_bb._discounted_stay(gamma, delta, horizon, discount) == pytest.approx(terms.sum(), rel=1e-10)


def test_the_gradient_is_that_of_the_likelihood(seen: Seen) -> None:
    likelihood = Likelihood(seen([0, 1, 3, 5, 5, 0], [0, 2, 3, 6, 5, 0], [6, 6, 4, 6, 5, 0], [50, 20, 9, 2, 1, 3]))
    point = np.log([0.6, 1.7, 0.9, 3.0])
    slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in 1e-5 * np.eye(4)]
    assert likelihood(point)[1] == pytest.approx(slopes, rel=1e-6, abs=1e-6)


def test_random_starts_reach_one_optimum(donors: Histories) -> None:
    rng = np.random.default_rng(1)
    likelihood = Likelihood(donors)
    for _ in range(50):
        start = dict(zip("abgd", map(float, np.exp(rng.normal(0, 1.5, 4))), strict=True))
        assert maximise(likelihood, start, starts=1).log_likelihood == pytest.approx(-33225.581274, abs=1e-4)


def test_parameters_that_made_the_data_are_found_and_draws_look_like_it(seen: Seen) -> None:
    rng = np.random.default_rng(5)
    n, age = 20_000, 12
    share, leave = rng.beta(1.2, 0.75, n), rng.beta(0.66, 2.78, n)
    stay = np.minimum(rng.geometric(leave) - 1, age)
    taken = (rng.random((age, n)) < share) & (np.arange(age)[:, None] < stay)
    frequency = taken.sum(axis=0)
    recency = (taken * np.arange(1, age + 1)[:, None]).max(axis=0)
    found, fit = BgBb.fit(seen(frequency, recency, age))
    assert fit.converged
    away = np.log(list(found.parameters().values())) - np.log([1.2, 0.75, 0.66, 2.78])
    assert away @ np.linalg.solve(fit.covariance, away) < 18.5
    new = seen(np.zeros(n), 0, 0)
    drawn = PUBLISHED.draw(new, age, rng)
    error = 4.5 / np.sqrt(n)
    assert drawn.mean() == pytest.approx(PUBLISHED.expected_new(np.array([0.0, age]))[1], abs=error * drawn.std())
    assert frequency.mean() == pytest.approx(PUBLISHED.expected_orders(new, age)[0], abs=error * frequency.std())
    assert (drawn > 0).mean() == pytest.approx(PUBLISHED.p_order(new, age)[0], abs=error)
    customers = seen(np.tile([0.0, 1, 4, 6], 40_000), np.tile([0.0, 3, 5, 6], 40_000), 6)
    drawn = PUBLISHED.draw(customers, 5, rng).reshape(-1, 4)
    away = drawn.mean(axis=0) - PUBLISHED.expected_orders(customers, 5)[:4]
    assert (np.abs(away) < 4.5 * drawn.std(axis=0) / 200).all()
    assert (drawn > 0).mean(axis=0) == pytest.approx(PUBLISHED.p_order(customers, 5)[:4], abs=0.012)
