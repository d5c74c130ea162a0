from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from acrm.models.shrinkage import Shrunk, shrink

# Rubin (1981), effects of coaching in eight schools and their standard errors.
EFFECT = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERROR = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])


def test_eight_schools() -> None:
    # Groups so large that their own variance counts. Gelman et al., Bayesian Data Analysis, table 5.3, gives posterior
    # medians 10 8 7 8 5 6 10 8 under a flat prior on the spread, which the one here nearly is.
    size = np.full(8, 1e9)
    got = shrink(size, EFFECT, ERROR**2 * size, 0.95)
    assert got.mean == pytest.approx([10, 8, 7, 8, 5, 6, 10, 8], abs=0.7)
    assert got.overall == pytest.approx(8, abs=0.5)
    assert np.all(got.low < 8)
    assert np.all(got.high > 8)


def test_against_adaptive_quadrature() -> None:
    variance = ERROR**2
    scale = np.mean(variance) + np.var(EFFECT)

    def weigh(spread: float) -> tuple[float, float]:
        between = spread**2
        precision = 1 / (variance + between)
        centre = (precision * EFFECT).sum() / precision.sum()
        misfit = (precision * (EFFECT - centre) ** 2).sum()
        likelihood = np.sqrt(1e15 * np.prod(precision) / precision.sum()) * np.exp(-misfit / 2)
        first = between * precision[0] * EFFECT[0] + (1 - between * precision[0]) * centre
        return likelihood / (1 + between / scale), first

    whole = quad(lambda spread: weigh(spread)[0], 0, np.inf, epsabs=0, epsrel=1e-10)[0]
    mean = quad(lambda spread: np.prod(weigh(spread)), 0, np.inf, epsabs=0, epsrel=1e-10)[0] / whole
    size = np.full(8, 1e12)
    assert shrink(size, EFFECT, variance * size).mean[0] == pytest.approx(mean, rel=1e-6)


def test_seven_customers_are_no_finding_and_seven_thousand_are() -> None:
    mean, variance = np.array([100.0, 52, 48, 50, 51]), np.full(5, 50.0**2)
    few = shrink(np.array([7.0, 4000, 4000, 4000, 4000]), mean, variance)
    assert few.mean[0] < 60
    assert few.low[0] < 50 < few.high[0]
    many = shrink(np.array([7000.0, 4000, 4000, 4000, 4000]), mean, variance)
    assert many.mean[0] == pytest.approx(100, abs=1)
    assert many.weight[0] > 0.99


def test_a_small_group_among_huge_ones_that_differ_keeps_its_mean() -> None:
    size = np.array([7.0, 1e6, 1e6, 1e6, 1e6])
    got = shrink(size, np.array([300.0, 100, 500, 900, 1300]), np.full(5, 100.0))
    assert got.mean == pytest.approx([300, 100, 500, 900, 1300], rel=0.01)


def test_edges() -> None:
    alone = shrink(np.array([4.0]), np.array([10.0]), np.array([16.0]))
    assert alone.mean[0] == pytest.approx(10)
    # Two standard errors of 2: wider than the normal distribution has it, for the variance is of four customers.
    assert 2 * 1.2816 * 2 < alone.high[0] - alone.low[0] < 2 * 1.6377 * 2
    flat = shrink(np.array([4.0, 5]), np.array([10.0, 20]), np.zeros(2))
    assert flat.mean.tolist() == flat.low.tolist() == [10, 20]
    singles = shrink(np.ones(3), np.array([10.0, 20, 30]), np.zeros(3))
    assert np.all(np.isfinite(singles.low + singles.high))
    assert singles.mean[0] > 10
    same = shrink(np.full(4, 9.0), np.full(4, 5.0), np.full(4, 2.0))
    assert same.mean == pytest.approx([5] * 4)
    assert np.all(same.low < 5)


def test_units_do_not_matter() -> None:
    size, variance = np.array([7.0, 50, 400]), np.array([30.0, 40, 35])
    mean = np.array([3.0, 5, 4])
    kopecks = shrink(size, mean * 1e6, variance * 1e12)
    assert kopecks.low == pytest.approx(shrink(size, mean, variance).low * 1e6)


@pytest.mark.parametrize("spread", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("groups", [4, 12])
def test_intervals_hold_as_often_as_they_say_and_beat_the_raw_means(spread: float, groups: int) -> None:
    rng = np.random.default_rng(5)
    held, shrunk_error, raw_error = 0, 0.0, 0.0
    runs = 250
    for _ in range(runs):
        size = rng.integers(2, 60, groups).astype(np.float64)
        truth = 20 + spread * rng.standard_normal(groups)
        samples = [truth[group] + 8 * rng.standard_normal(int(size[group])) for group in range(groups)]
        mean = np.array([sample.mean() for sample in samples])
        got: Shrunk = shrink(size, mean, np.array([sample.var(ddof=1) for sample in samples]))
        held += int(((got.low <= truth) & (truth <= got.high)).sum())
        shrunk_error += float(((got.mean - truth) ** 2).sum())
        raw_error += float(((mean - truth) ** 2).sum())
    # Of 80%: a little less for four groups, more where groups do not differ, for no data can be sure of that.
    assert 0.73 <= held / (runs * groups) <= (0.84 if spread == 5 else 0.97)
    assert shrunk_error < raw_error
