"""BG/NBD and its kin against what is published: CDNOW, 2,357 customers, unless said otherwise.

Sources: FHL, Fader, Hardie and Lee (2005); BTYD, the walkthrough of the R package BTYD 2.4; lifetimes and CLVTools, the
tests of these packages. What names no source was computed here once and stands against regressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mpmath as mp
import numpy as np
import pytest

from acrm.models.betageo import BetaGeometric
from acrm.models.histories import FloatArray, Histories

if TYPE_CHECKING:
    from tests.models.conftest import Buyers, Seen

# BTYD's estimates, and what its walkthrough computes with them.
BTYD = BetaGeometric(r=0.2425982, alpha=4.4136842, a=0.7929899, b=2.4261667)


def test_bg_nbd_on_cdnow(sample: Buyers) -> None:
    model, fit = BetaGeometric.fit(sample.grouped)
    # CLVTools; FHL print .243, 4.414, .793, 2.426 and -9582.4.
    assert list(fit.parameters.values()) == pytest.approx([0.2425945, 4.4136019, 0.7929199, 2.4258881], rel=2e-5)
    assert fit.log_likelihood == pytest.approx(-9582.4292, abs=1e-4)
    assert fit.converged
    assert fit.agreeing == fit.starts == 3
    assert fit.gradient_norm < 1e-4
    errors = np.sqrt(np.diag(fit.covariance))
    # CLVTools' vignette, on the scale of logarithms.
    assert errors == pytest.approx([0.05176, 0.0857, 0.23424, 0.29078], rel=1e-3)
    assert model.log_likelihood(sample.each) == pytest.approx(fit.log_likelihood, abs=1e-6)


def test_mbg_nbd_on_cdnow(sample: Buyers) -> None:
    _, fit = BetaGeometric.fit(sample.grouped, dropout_at_zero=True)
    # lifetimes: .525, 6.183, .891, 1.614
    assert list(fit.parameters.values()) == pytest.approx([0.52484, 6.18309, 0.89136, 1.61400], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-9582.1357, abs=1e-4)
    assert fit.converged


def test_on_78_weeks_and_on_all_customers(whole_sample: Buyers, master: Buyers) -> None:
    _, fit = BetaGeometric.fit(whole_sample.grouped)
    assert list(fit.parameters.values()) == pytest.approx([0.253561, 5.447259, 0.607365, 2.647234], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-17138.2340, abs=1e-4)
    _, fit = BetaGeometric.fit(master.grouped)
    assert list(fit.parameters.values()) == pytest.approx([0.251624, 4.788942, 0.723434, 2.161087], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-95368.4439, abs=1e-4)
    _, fit = BetaGeometric.fit(master.grouped, dropout_at_zero=True)
    assert list(fit.parameters.values()) == pytest.approx([0.637140, 7.310290, 0.807474, 1.228394], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-95336.9583, abs=1e-4)


@pytest.mark.parametrize(
    ("dropout_at_zero", "total", "mae", "rmse", "correlation", "msle"),
    [(False, 1653.4, 0.7855, 1.6080, 0.6256, 0.2343), (True, 1576.7, 0.7648, 1.6072, 0.6273, 0.2314)],
)
def test_39_weeks_held_out(
    sample: Buyers, dropout_at_zero: bool, total: float, mae: float, rmse: float, correlation: float, msle: float
) -> None:
    model, _ = BetaGeometric.fit(sample.grouped, dropout_at_zero=dropout_at_zero)
    expected, actual = model.expected_orders(sample.each, 39), sample.later
    assert actual.sum() == 1882  # BTYD
    assert expected.sum() == pytest.approx(total, abs=0.05)
    assert np.abs(expected - actual).mean() == pytest.approx(mae, abs=5e-5)
    assert np.sqrt(((expected - actual) ** 2).mean()) == pytest.approx(rmse, abs=5e-5)
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(correlation, abs=5e-5)
    assert ((np.log1p(expected) - np.log1p(actual)) ** 2).mean() == pytest.approx(msle, abs=5e-5)


def test_deciles_and_tracking_of_bg_nbd(sample: Buyers, master: Buyers) -> None:
    model, _ = BetaGeometric.fit(sample.grouped)
    expected = model.expected_orders(sample.each, 39)
    best = np.argsort(-expected, kind="stable")[: round(len(expected) / 10)]
    assert expected[best].sum() == pytest.approx(861, abs=1)
    assert sample.later[best].sum() == pytest.approx(885, abs=2)
    # BTYD: 4339 repeat orders by week 78.
    assert sample.each.frequency.sum() + sample.later.sum() == 4339
    weeks, who = np.unique(sample.each.age + 39, return_inverse=True)
    assert model.expected_new(weeks)[who].sum() == pytest.approx(4160.6, abs=0.1)
    model, _ = BetaGeometric.fit(master.grouped)
    expected, actual = model.expected_orders(master.each, 39), master.later
    assert actual.sum() == 19684
    assert expected.sum() == pytest.approx(16873.7, abs=0.05)
    assert np.abs(expected - actual).mean() == pytest.approx(0.8187, abs=5e-5)
    assert np.sqrt(((expected - actual) ** 2).mean()) == pytest.approx(1.7329, abs=5e-5)
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(0.6688, abs=5e-5)


def test_single_customers_of_the_walkthrough(seen: Seen) -> None:
    # BTYD: 52 weeks of a new customer; customer 1516.
    assert BTYD.expected_new(np.array([0.0, 52.0])) == pytest.approx([0, 1.444004], abs=2e-6)
    customer = seen(26, 30 + 6 / 7, 31)
    assert BTYD.expected_orders(customer, 52) == pytest.approx([25.75659], abs=1e-4)
    assert BTYD.p_alive(customer) == pytest.approx([0.9688523], abs=5e-7)
    # BTYD, the increasing frequency paradox: more orders and then the same silence, less to come.
    paradox = BTYD.expected_orders(seen([10, 15, 20, 25], 20, 39), 52)
    assert paradox == pytest.approx([0.3474606, 0.04283391, 0.004158973, 0.0003583685], rel=1e-5)
    # lifetimes' tests
    assert BTYD.expected_orders(seen(2, 30.43, 38.86), 39) == pytest.approx([1.226], abs=5e-4)


def test_residual_orders_without_horizon(seen: Seen) -> None:
    model = BetaGeometric(r=0.243, alpha=4.414, a=0.793, b=2.426)
    customers = seen([2, 0], [30.43, 0], 38.86)
    residual = model.expected_residual(customers, 0.0027)
    assert residual == pytest.approx([5.1564, 1.0157], abs=5e-5)
    assert model.discounted_orders(customers, 1e5, 0.0027) == pytest.approx(residual, rel=1e-9)
    assert np.isinf(model.expected_residual(customers, 0)).all()
    # With a above 1 everybody leaves in the end: after (a + b + x - 1) / (a - 1) orders, given alive.
    mortal = BetaGeometric(r=5.0, alpha=4.414, a=2.0, b=2.426)
    assert mortal.expected_residual(customers, 0)[1] == pytest.approx(3.426)
    assert mortal.expected_orders(customers, 1e9)[1] == pytest.approx(3.426, abs=1e-3)


def exact(model: BetaGeometric, x: float, recency: float, age: float, horizon: float) -> mp.mpf:
    """The published closed form, with 40 digits where a float has 16."""
    r, alpha, a, b = (mp.mpf(value) for value in model.parameters().values())
    z = int(model.dropout_at_zero)
    shape, scale, left = r + x, alpha + age, b + x + z
    share = mp.mpf(horizon) / (scale + horizon)
    stay = (1 - share) ** shape * mp.hyp2f1(shape, left, a + left - 1, share, maxprec=20000, maxterms=10**7)
    odds = a / (left - 1) * (scale / (alpha + recency)) ** shape if x + z else 0
    return (a + left - 1) / (a - 1) * (1 - stay) / (1 + odds)


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b"),
    [
        (0.243, 4.414, 0.793, 2.426),
        (0.25, 4.0, 1.000001, 2.5),
        (0.05, 0.5, 0.01, 900.0),
        (5.0, 30.0, 3.5, 0.05),
        (0.9, 1000.0, 40.0, 300.0),
    ],
)
def test_108_cases_each_where_the_textbook_overflows(r: float, alpha: float, a: float, b: float, seen: Seen) -> None:
    model = BetaGeometric(r=r, alpha=alpha, a=a, b=b)
    cases = [(x, 0.97 * age if x else 0.0, age) for x in (0, 1, 7, 50, 200, 5000) for age in (5.0, 38.86, 500.0)]
    customers = seen(*(np.array(column) for column in zip(*cases, strict=True)))
    with mp.workdps(40):
        for horizon in (0.1, 1.0, 39.0, 52.0, 520.0, 3650.0):
            found = model.expected_orders(customers, horizon)
            assert found == pytest.approx([float(exact(model, *case, horizon)) for case in cases], rel=1e-9, abs=0)


def simulate(model: BetaGeometric, ages: FloatArray, rng: np.random.Generator) -> Histories:
    """Customers of the model, event by event."""
    n = len(ages)
    rate, p = rng.gamma(model.r, 1 / model.alpha, n), rng.beta(model.a, model.b, n)
    frequency, recency, log_gaps, now = np.zeros((4, n))
    here = np.flatnonzero(rng.random(n) >= p) if model.dropout_at_zero else np.arange(n)
    while len(here):
        now[here] += rng.gamma(model.k, 1 / rate[here])
        here = here[now[here] < ages[here]]
        log_gaps[here] += np.log(now[here] - recency[here])
        frequency[here] += 1
        recency[here] = now[here]
        here = here[rng.random(len(here)) >= p[here]]
    return Histories(frequency=frequency, recency=recency, age=ages, count=np.ones(n), log_gaps=log_gaps)


@pytest.mark.parametrize("dropout_at_zero", [False, True])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_parameters_that_made_the_data_are_found(k: int, dropout_at_zero: bool) -> None:
    true = BetaGeometric(r=0.8, alpha=5.0, a=0.9, b=2.5, k=k, dropout_at_zero=dropout_at_zero)
    rng = np.random.default_rng(k)
    histories = simulate(true, rng.uniform(30, 80, 8000), rng)
    found, fit = BetaGeometric.fit(histories, k=k, dropout_at_zero=dropout_at_zero)
    assert fit.converged
    away = np.log(list(found.parameters().values())) - np.log(list(true.parameters().values()))
    # Squared distance in standard errors: chi-squared with four degrees of freedom, above 18.5 once in a thousand.
    assert away @ np.linalg.solve(fit.covariance, away) < 18.5
    # The likelihoods of another regularity are comparable, and lower.
    _, other = BetaGeometric.fit(histories, k=k + 1, dropout_at_zero=dropout_at_zero)
    assert other.log_likelihood < fit.log_likelihood - 10


@pytest.mark.parametrize("k", [1, 3])
def test_orders_discounted_orders_and_draws_of_simulated_customers(k: int, seen: Seen) -> None:
    model = BetaGeometric(r=1.2, alpha=6.0, a=0.8, b=2.4, k=k, dropout_at_zero=True)
    rng = np.random.default_rng(2)
    n = 100_000
    ahead = simulate(model, np.full(n, 40.0), rng)
    new = seen(0, 0, 0)
    error = 4.5 / np.sqrt(n)
    assert model.expected_new(np.array([40.0]))[0] == pytest.approx(
        ahead.frequency.mean(), abs=error * ahead.frequency.std()
    )
    assert model.p_order(new, 40.0)[0] == pytest.approx((ahead.frequency > 0).mean(), abs=error)
    # Just after the first order nothing is known, so that a draw is a simulation.
    drawn = model.draw(seen(np.zeros(n), 0, 0), 40.0, rng)
    assert drawn.mean() == pytest.approx(ahead.frequency.mean(), abs=2 * error * ahead.frequency.std())
    assert (drawn**2).mean() == pytest.approx((ahead.frequency**2).mean(), rel=0.1)


def test_draws_at_the_edges_are_numbers(seen: Seen) -> None:
    customers = seen([0.0, 0, 900], [0.0, 0, 1e-9], [0.0, 3650, 1e-9])
    for a, b in ((1e-5, 1e-5), (1e5, 1e-5), (1e-5, 1e5)):
        for k in (1, 3):
            model = BetaGeometric(r=1e-4, alpha=1e-3, a=a, b=b, k=k)
            drawn = model.draw(customers, 3650.0, np.random.default_rng(0))
            assert (drawn >= 0).all()
            assert np.isfinite(model.expected_orders(customers, 3650.0)).all()
            assert np.isinf(model.expected_residual(customers, 0)).all() == (a <= 1)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_draws_have_the_expected_mean(k: int, seen: Seen) -> None:
    model = BetaGeometric(r=1.2, alpha=6.0, a=0.8, b=2.4, k=k)
    customers = seen(np.tile([0.0, 1, 4, 30], 40_000), np.tile([0.0, 8, 35, 39], 40_000), 40)
    drawn = model.draw(customers, 26.0, np.random.default_rng(3)).reshape(-1, 4)
    off = drawn.mean(axis=0) - model.expected_orders(customers, 26.0)[:4]
    assert (np.abs(off) < 4.5 * drawn.std(axis=0) / 200).all()
    assert (drawn > 0).mean(axis=0) == pytest.approx(model.p_order(customers, 26.0)[:4], abs=0.012)
