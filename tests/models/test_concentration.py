from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.models.concentration import gini, lorenz, top_share, whale_curve

values = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


def pairwise(value: list[float]) -> float:
    """Half the relative mean absolute difference: what the Gini coefficient is defined as."""
    every = np.asarray(value, dtype=np.float64)
    total = every.sum()
    return float(np.abs(every[:, None] - every).sum() / (2 * every.size * total)) if total else 0.0


@given(values)
def test_gini_is_half_the_relative_mean_difference(value: list[float]) -> None:
    assert gini(np.asarray(value, dtype=np.float64), np.ones(len(value))) == pytest.approx(pairwise(value), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5)), min_size=1, max_size=10))
def test_counts_are_repeated_rows(rows: list[tuple[int, int]]) -> None:
    value, count = np.array(rows, dtype=np.float64).T
    repeated = np.repeat(value, count.astype(int))
    ones = np.ones(repeated.size)
    assert gini(value, count) == pytest.approx(gini(repeated, ones), abs=1e-12)
    assert top_share(value, count) == pytest.approx(top_share(repeated, ones), abs=1e-12)
    assert whale_curve(value - 20, count).peak == pytest.approx(whale_curve(repeated - 20, ones).peak)


def test_top_share_takes_part_of_the_customer_at_the_border() -> None:
    # A tenth of 5 customers is half of the best one.
    assert top_share(np.array([60.0, 10, 10, 10, 10]), np.ones(5)) == pytest.approx(0.3)
    assert top_share(np.arange(1.0, 11), np.ones(10)) == pytest.approx(10 / 55)


def test_nothing_is_spread_evenly() -> None:
    assert gini(np.zeros(4), np.ones(4)) == 0
    assert top_share(np.zeros(4), np.ones(4)) == pytest.approx(0.1)


def test_losses_have_no_lorenz_curve() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        lorenz(np.array([1.0, -1.0]), np.ones(2))


def test_whale_curve_climbs_to_the_peak_and_ends_at_the_total() -> None:
    whale = whale_curve(np.array([50.0, -30.0, 10.0]), np.array([2.0, 1.0, 2.0]))
    assert whale.customers.tolist() == [0, 0.4, 0.8, 1]
    assert whale.profit.tolist() == [0, 100, 120, 90]
    assert (whale.total, whale.peak, whale.peak_at, whale.loss_makers) == (90, 120, 0.8, 0.2)
    assert whale.peak_share == pytest.approx(4 / 3)


def test_no_peak_share_of_a_loss() -> None:
    whale = whale_curve(np.array([-3.0, 1.0]), np.ones(2))
    assert whale.peak_share is None
    assert whale_curve(np.array([-3.0, -1.0]), np.ones(2)).peak == 0
