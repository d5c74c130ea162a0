"""Gamma-Gamma on the 946 customers of the CDNOW sample who came back: Fader and Hardie's note 025."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.models.gamma_gamma import GammaGamma, Likelihood
from acrm.models.histories import FloatArray
from acrm.models.optimise import maximise


@pytest.fixture(scope="module")
def spend(data: Path) -> tuple[FloatArray, FloatArray]:
    """Repeat orders to 1997-09-30 and their mean value, customers in the order of their numbers."""
    rows = [line.split() for line in (data / "clv" / "CDNOW_sample.txt").read_text(encoding="utf-8").splitlines()]
    lines = pl.DataFrame(
        [(row[1], int(row[2]), float(row[4])) for row in rows if row], schema=["id", "day", "value"], orient="row"
    )
    days = lines.filter(pl.col("day") <= 19970930).group_by("id", "day").agg(pl.col("value").sum()).sort("id", "day")
    later = days.with_columns(pl.col("value").shift(-1).over("id"))
    found = later.group_by("id").agg(pl.col("value").count().alias("x"), pl.col("value").mean()).sort("id")
    return found["x"].cast(float).to_numpy(), found["value"].fill_null(0).to_numpy()


def test_on_cdnow(spend: tuple[FloatArray, FloatArray]) -> None:
    frequency, mean = spend
    back = frequency > 0
    assert back.sum() == 946
    model, fit = GammaGamma.fit(frequency[back], mean[back], np.ones(946))
    # The note prints 6.25, 3.74, 15.44.
    assert list(fit.parameters.values()) == pytest.approx([6.249572, 3.744225, 15.443524], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-4055.9177, abs=1e-4)
    assert fit.converged
    assert model.finite
    assert model.mean == pytest.approx(35.170, abs=1e-3)
    # Hardie's sheet, as the tests of lifetimes have it.
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert model.expected_spend(frequency[:10], mean[:10]) == pytest.approx(published, abs=5e-3)
    assert np.corrcoef(frequency[back], mean[back])[0, 1] == pytest.approx(0.1139, abs=5e-5)


def test_random_starts_reach_one_optimum(spend: tuple[FloatArray, FloatArray]) -> None:
    frequency, mean = spend
    back = frequency > 0
    likelihood = Likelihood(frequency[back], mean[back], np.ones(946))
    rng = np.random.default_rng(1)
    for _ in range(50):
        start = dict(zip("pqg", map(float, np.exp(rng.normal([1, 1, 3], 1.5))), strict=True))
        assert maximise(likelihood, start, starts=1).log_likelihood == pytest.approx(-4055.9177, abs=1e-4)


def test_parameters_that_made_the_data_are_found() -> None:
    rng = np.random.default_rng(6)
    frequency = rng.integers(1, 9, 4000).astype(float)
    mean = rng.gamma(4.0 * frequency) / (rng.gamma(2.5, 1 / 30.0, 4000) * frequency)
    model, fit = GammaGamma.fit(frequency, mean, np.ones(4000))
    assert fit.converged
    away = np.log(list(fit.parameters.values())) - np.log([4.0, 2.5, 30.0])
    assert away @ np.linalg.solve(fit.covariance, away) < 16.3
    assert model.log_likelihood(frequency, mean, np.ones(4000)) == pytest.approx(fit.log_likelihood)
    # The unit of money is of no importance, nor that of weights.
    cents, _ = GammaGamma.fit(frequency, 1e6 * mean, np.full(4000, 2.0))
    assert list(cents.parameters().values()) == pytest.approx([model.p, model.q, 1e6 * model.gamma], rel=1e-5)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    likelihood = Likelihood(np.array([1.0, 2, 2, 9]), np.array([3.0, 70, 0.5, 20]), np.array([3.0, 1, 1, 2]))
    point = np.log([2.0, 1.5, 12.0])
    slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in 1e-5 * np.eye(3)]
    assert likelihood(point)[1] == pytest.approx(slopes, rel=1e-6)


def test_totals_are_drawn_around_expected_spend() -> None:
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    rng = np.random.default_rng(7)
    n = 200_000
    frequency, mean, orders = (
        np.tile([0.0, 3.0, 3.0, 20.0], (n, 1)),
        np.tile([9.9, 80, 5, 40], (n, 1)),
        np.tile([2, 1, 0, 7], (n, 1)),
    )
    drawn = model.draw(frequency.ravel(), mean.ravel(), orders.ravel(), rng).reshape(n, 4)
    expected = model.expected_spend(frequency[0], mean[0]) * orders[0]
    assert drawn.mean(axis=0) == pytest.approx(expected, rel=0.01)
    assert (drawn[:, 2] == 0).all()


def test_a_tail_too_heavy_for_a_mean_is_said() -> None:
    model = GammaGamma(p=0.5, q=0.4, gamma=10.0)
    assert not model.finite
    assert model.mean == np.inf
    assert model.expected_spend(np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0, 10.0])).tolist() == pytest.approx(
        [np.inf, np.inf, 37.5]
    )


def test_nothing_is_not_an_order_value() -> None:
    with pytest.raises(ValueError, match="above 0"):
        GammaGamma.fit(np.array([1.0, 2.0]), np.array([0.0, 5.0]), np.ones(2))
