"""Tests of shares against scipy's, and limits of counts against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from acrm.models.proportions import chi_square, count_limits, holm


def test_chi_square_is_that_of_the_table() -> None:
    having, sizes = np.array([12, 30, 7, 0]), np.array([40, 90, 10, 25])
    found = chi_square(having, sizes)
    assert found is not None
    table = np.array([having, sizes - having])
    expected = stats.chi2_contingency(table, correction=False)
    assert (found.statistic, found.df, found.p) == pytest.approx((expected.statistic, expected.dof, expected.pvalue))
    assert found.small == (expected.expected_freq < 5).sum() == 1


@pytest.mark.parametrize(
    ("having", "sizes"), [([3], [9]), ([0, 0], [5, 9]), ([5, 9], [5, 9]), ([0, 3], [0, 9]), ([], [])]
)
def test_without_differences_there_is_no_test(having: list[int], sizes: list[int]) -> None:
    assert chi_square(np.array(having, dtype=int), np.array(sizes, dtype=int)) is None


def test_holm_leaves_out_what_was_not_tested() -> None:
    adjusted = holm(np.array([0.2, np.nan, 0.001, 0.04]))
    assert adjusted[[0, 2, 3]] == pytest.approx([0.2, 0.003, 0.08])
    assert np.isnan(adjusted[1])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_holm_errs_at_all_as_rarely_as_promised() -> None:
    rng = np.random.default_rng(0)
    wrong = np.mean([holm(rng.random(11)).min() <= 0.05 for _ in range(4000)])
    assert wrong == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("mean", [0.5, 3.0, 40.0])
def test_limits_of_a_count_hold_at_least_as_often_as_promised(mean: float) -> None:
    drawn = np.random.default_rng(0).poisson(mean, 3000)
    held = [low <= mean <= high for low, high in (count_limits(int(count), 0.95) for count in drawn)]
    assert np.mean(held) >= 0.94
    assert count_limits(0, 0.95) == pytest.approx((0.0, -np.log(0.025)))
