"""The coefficient of variation against numpy, with and without empty periods."""

import numpy as np
import pytest

from acrm.models.variation import coefficient_of_variation


def test_it_is_that_of_the_filled_row() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 50, (20, 6)).astype(float)
    item = np.repeat(np.arange(20), 6)
    found = coefficient_of_variation(item, rows.ravel(), np.full(20, 9))
    filled = np.hstack([rows, np.zeros((20, 3))])
    assert found == pytest.approx(filled.std(axis=1, ddof=1) / filled.mean(axis=1), rel=1e-12)


def test_one_period_and_nothing_sold_are_not_known() -> None:
    found = coefficient_of_variation(np.array([0, 1, 1]), np.array([3.0, 2, 2]), np.array([1, 2, 12, 0]))
    assert np.isnan(found[[0, 2, 3]]).all()
    assert found[1] == 0
