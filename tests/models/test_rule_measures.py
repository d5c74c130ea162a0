from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from acrm.models.rule_measures import Association


def rule(both: int, lhs: int, rhs: int, baskets: int) -> Association:
    return Association(both=np.array([both]), lhs=np.array([lhs]), rhs=np.array([rhs]), baskets=baskets)


cells = st.tuples(*[st.integers(1, 300)] * 4)


@given(cells)
def test_chi_square_and_expected_of_the_table(table: tuple[int, int, int, int]) -> None:
    both, left, right, neither = table
    found = rule(both, both + left, both + right, sum(table))
    known = chi2_contingency([[both, left], [right, neither]], correction=False)
    assert found.chi_square[0] == pytest.approx(known.statistic, rel=1e-9, abs=1e-12)
    assert found.expected[0] == pytest.approx(known.expected_freq[0, 0])


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from([0.5, 0.9, 0.95]))
def test_wilson(both: int, lhs: int, level: float) -> None:
    both = min(both, lhs)
    known = binomtest(both, lhs).proportion_ci(level, method="wilson")
    low, high = rule(both, lhs, 300, 500).confidence_interval(level)
    assert (low[0], high[0]) == pytest.approx((known.low, known.high), abs=1e-12)


@pytest.mark.parametrize(
    ("share", "baskets"),
    [((0.03, 0.07, 0.12, 0.78), 5_000), ((0.009, 0.001, 0.041, 0.949), 500), ((0.001, 0.001, 0.049, 0.949), 10_000)],
)
def test_lift_interval_covers_as_often_as_it_says(share: tuple[float, ...], baskets: int) -> None:
    drawn = np.random.default_rng(3).multinomial(baskets, share, 4_000)
    both, left, right, _ = drawn[drawn[:, 0] > 0].T
    low, high = Association(both=both, lhs=both + left, rhs=both + right, baskets=baskets).lift_interval(0.9)
    lift = share[0] / ((share[0] + share[1]) * (share[0] + share[2]))
    assert np.mean((low <= lift) & (lift <= high)) == pytest.approx(0.9, abs=0.03)


def test_one_basket_is_no_sure_thing() -> None:
    low, high = rule(1, 1, 50, 10_000).lift_interval()
    assert low[0] < 70
    assert high[0] > 300


def test_where_nothing_can_be_said() -> None:
    everywhere, never, new = rule(10, 10, 10, 10), rule(0, 4, 5, 10), rule(0, 0, 5, 10)
    assert (everywhere.zhang[0], everywhere.chi_square[0], everywhere.conviction[0]) == (0, 0, np.inf)
    assert everywhere.lift_interval()[0] < 1 < everywhere.lift_interval()[1]
    assert (never.lift[0], never.zhang[0]) == (0, -1)
    assert [limit[0] > 0 for limit in never.lift_interval()] == [True, True]
    assert np.isnan([new.confidence, new.lift, *new.lift_interval()]).all()
    assert (rule(4, 4, 4, 10).zhang[0], rule(4, 4, 4, 10).conviction[0]) == (1, np.inf)


def test_counts_of_millions_do_not_overflow() -> None:
    big = rule(4_000_000, 40_000_000, 50_000_000, 100_000_000)
    assert big.lift[0] == pytest.approx(0.2)
    assert big.leverage[0] == pytest.approx(0.04 - 0.2)
    assert big.chi_square[0] == pytest.approx(1e8 * (0.04 - 0.2) ** 2 / (0.4 * 0.5 * 0.6 * 0.5))
