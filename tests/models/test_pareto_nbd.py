"""Pareto/NBD against what is published on CDNOW; sources as in test_betageo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mpmath as mp
import numpy as np
import pytest

from acrm.models.histories import Histories
from acrm.models.pareto_nbd import ParetoNbd

if TYPE_CHECKING:
    from tests.models.conftest import Buyers, Seen

BEST = ParetoNbd(r=0.553277, alpha=10.577684, s=0.606240, beta=11.668735)


def test_on_cdnow(sample: Buyers, whole_sample: Buyers, master: Buyers) -> None:
    _, fit = ParetoNbd.fit(sample.grouped)
    # CLVTools: .55315, 10.57633, .60625, 11.67150; the likelihood is flat there, and this optimum a little higher.
    assert list(fit.parameters.values()) == pytest.approx([0.553277, 10.577684, 0.606240, 11.668735], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-9594.976179, abs=1e-5)
    assert fit.converged
    assert fit.agreeing == 3
    errors = np.sqrt(np.diag(fit.covariance)) * list(fit.parameters.values())
    assert errors == pytest.approx([0.0476264, 0.8427222, 0.1872594, 6.2105448], rel=1e-3)  # CLVTools
    _, fit = ParetoNbd.fit(whole_sample.grouped)
    # BTYD, in the page of pnbd.DERT
    assert list(fit.parameters.values()) == pytest.approx([0.5629966, 12.5590370, 0.4081095, 10.5148048], rel=1e-4)
    assert fit.log_likelihood == pytest.approx(-17135.8359, abs=1e-4)
    _, fit = ParetoNbd.fit(master.grouped)
    assert list(fit.parameters.values()) == pytest.approx([0.597420, 11.585658, 0.522186, 8.827758], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-95415.1186, abs=1e-4)


def test_39_weeks_held_out(sample: Buyers) -> None:
    model, _ = ParetoNbd.fit(sample.grouped)
    expected, actual = model.expected_orders(sample.each, 39), sample.later
    assert expected.sum() == pytest.approx(1665.5, abs=0.05)
    assert np.abs(expected - actual).mean() == pytest.approx(0.7545, abs=5e-5)
    assert np.sqrt(((expected - actual) ** 2).mean()) == pytest.approx(1.6028, abs=5e-5)
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(0.6302, abs=5e-5)
    assert ((np.log1p(expected) - np.log1p(actual)) ** 2).mean() == pytest.approx(0.2377, abs=5e-5)
    weeks, who = np.unique(sample.each.age + 39, return_inverse=True)
    assert model.expected_new(weeks)[who].sum() == pytest.approx(4270.0, abs=0.1)


def test_single_customers_of_the_walkthrough(seen: Seen) -> None:
    # BTYD, at its own estimates, which are not quite the optimum.
    assert BEST.expected_new(np.array([0.0, 52.0])) == pytest.approx([0, 1.473434], abs=1e-6)
    customer = seen(26, 30 + 6 / 7, 31)
    assert BEST.expected_orders(customer, 52) == pytest.approx([25.45647], rel=1e-4)
    assert BEST.p_alive(customer) == pytest.approx([0.997874], abs=1e-6)
    paradox = BEST.expected_orders(seen([10, 15, 20, 25], 20, 39), 52)
    assert paradox == pytest.approx([0.7062289, 0.1442396, 0.02250658, 0.00309267], rel=1e-3)


def test_residual_orders_without_horizon(seen: Seen) -> None:
    # The inputs of BTYD's page of pnbd.DERT; x = 1 .. 10 by the closed form with Tricomi's function.
    model = ParetoNbd(r=0.5629966, alpha=12.5590370, s=0.4081095, beta=10.5148048)
    assert model.expected_residual(seen(7, 35, 77.86), 0.0027) == pytest.approx([1.8641833], abs=5e-8)
    residual = model.expected_residual(seen(np.arange(1.0, 11), 30, 77.86), 0.0027)
    published = [2.19916, 2.84353, 2.86713, 2.44541, 1.84050, 1.26242, 0.80962, 0.49480, 0.29202, 0.16793]
    assert residual == pytest.approx(published, abs=6e-6)
    assert np.isinf(model.expected_residual(seen(7, 35, 77.86), 0)).all()
    mortal = ParetoNbd(r=0.5, alpha=10.0, s=2.0, beta=10.0)
    assert mortal.expected_residual(seen(0, 0, 0), 0) == pytest.approx([0.5])


def test_long_histories_that_other_programs_stumble_over(seen: Seen) -> None:
    # CLVTools' regression tests.
    model = ParetoNbd(r=0.5143, alpha=2.8845, s=0.2856, beta=14.1087)
    ends = [103.57143, 97.28571, 98.0, 99.42857]
    customers = seen([221, 254, 161, 204], [103.42857, 97.14286, 94.71429, 98.57143], ends)
    assert np.isfinite(model.log_likelihood(customers))
    assert model.p_alive(customers) == pytest.approx([0.999596, 0.999558, 0.749488, 0.994255], abs=1e-6)
    # Nothing can have happened since an order of the last moment.
    assert model.p_alive(seen([0, 9], [0, 40], [0, 40])).tolist() == [1, 1]


@pytest.mark.parametrize(
    "parameters",
    [
        (0.553, 10.58, 0.606, 11.67),
        (0.25, 4.0, 1.000001, 4.0),
        (0.05, 0.5, 0.01, 900.0),
        (5.0, 30.0, 3.5, 0.05),
        (0.9, 1000.0, 40.0, 300.0),
    ],
)
def test_108_cases_each_where_the_textbook_overflows(parameters: tuple[float, ...], seen: Seen) -> None:
    model = ParetoNbd(**dict(zip(("r", "alpha", "s", "beta"), parameters, strict=True)))
    frequencies, ages, horizons = (0, 1, 7, 50, 200, 5000), (5.0, 38.86, 500.0), (0.1, 1.0, 39.0, 52.0, 520.0, 3650.0)
    cases = [(x, 0.97 * age if x else 0.0, age) for x in frequencies for age in ages]
    customers = seen(*(np.array(column) for column in zip(*cases, strict=True)))
    r, alpha, s, beta = (mp.mpf(value) for value in parameters)
    with mp.workdps(25):
        alive = []
        for x, recency, age in cases:
            near, far, shape = alpha + recency, beta + recency, r + x

            def density(v: mp.mpf, near: mp.mpf = near, far: mp.mpf = far, shape: mp.mpf = shape) -> mp.mpf:
                # Of a drop-out, over the logarithm of the scale, relative to the moment of the last order.
                return mp.exp(-(shape - 1) * v) * (1 + near * mp.expm1(v) / far) ** (-s - 1)

            reach = mp.log((alpha + age) / near)
            ticks = [tick for tick in (n / (shape + s + 1) for n in (1, 3, 10, 30, 100)) if tick < reach]
            odds = s * near * mp.quad(density, [0, *ticks, reach])
            odds *= ((alpha + age) / near) ** shape * ((beta + age) / far) ** (s + 1) / (beta + age)
            alive.append(1 / (1 + odds))
        shown = [float(value) for value in alive]
        assert model.p_alive(customers) == pytest.approx(shown, rel=1e-8, abs=1e-300)
        for horizon in horizons:
            stay = [((beta + age) / (beta + age + horizon)) ** (s - 1) for _, _, age in cases]
            rates = [(r + x) / (alpha + age) * (beta + age) / (s - 1) for x, _, age in cases]
            orders = [float(p * rate * (1 - q)) for p, rate, q in zip(alive, rates, stay, strict=True)]
            assert model.expected_orders(customers, horizon) == pytest.approx(orders, rel=1e-8, abs=1e-300)
            some = model.p_order(customers, horizon)
            assert ((some >= 0) & (some <= np.minimum(shown, orders) * (1 + 1e-8) + 1e-300)).all()


def test_parameters_that_made_the_data_are_found_and_draws_look_like_it(seen: Seen) -> None:
    true = ParetoNbd(r=0.8, alpha=6.0, s=0.9, beta=12.0)
    rng = np.random.default_rng(4)
    n = 6_000
    ages = rng.integers(210, 560, n) / 7
    rate = rng.gamma(true.r, 1 / true.alpha, n)
    life = np.minimum(rng.exponential(1 / rng.gamma(true.s, 1 / true.beta, n)), ages)
    frequency = rng.poisson(rate * life).astype(float)
    # The last of x uniform moments, up to the next day.
    recency = np.where(frequency > 0, life * rng.random(n) ** (1 / np.maximum(frequency, 1)), 0)
    recency = np.minimum(np.ceil(recency * 7) / 7, ages)
    histories = Histories(frequency=frequency, recency=recency, age=ages, count=np.ones(n))
    found, fit = ParetoNbd.fit(histories)
    assert fit.converged
    away = np.log(list(found.parameters().values())) - np.log(list(true.parameters().values()))
    assert away @ np.linalg.solve(fit.covariance, away) < 18.5
    # Draws of new customers repeat the simulation; those of old ones have the expected mean.
    drawn = true.draw(seen(np.zeros(n), 0, 0), 50.0, rng)
    assert drawn.mean() == pytest.approx(true.expected_new(np.array([50.0]))[0], abs=4.5 * drawn.std() / np.sqrt(n))
    customers = seen(np.tile([0.0, 1, 4, 30], 40_000), np.tile([0.0, 8, 35, 39], 40_000), 40)
    drawn = true.draw(customers, 26.0, rng).reshape(-1, 4)
    off = drawn.mean(axis=0) - true.expected_orders(customers, 26.0)[:4]
    assert (np.abs(off) < 4.5 * drawn.std(axis=0) / 200).all()
    assert (drawn > 0).mean(axis=0) == pytest.approx(true.p_order(customers, 26.0)[:4], abs=0.012)


def test_lives_without_end_are_no_overflow(seen: Seen) -> None:
    forever = ParetoNbd(r=2.0, alpha=4.0, s=1e-4, beta=1e-3)
    orders = forever.draw(seen([3.0] * 500, 10, 11), 8.0, np.random.default_rng(1))
    assert orders.mean() == pytest.approx(5 / 15 * 8, abs=0.3)
