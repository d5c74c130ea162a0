"""Series taken apart, against what they were made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.models.seasonality import seasonality


@pytest.mark.parametrize("cycle", [4, 7, 12])
def test_a_season_that_was_put_in_comes_out(cycle: int) -> None:
    time = np.arange(5 * cycle, dtype=np.float64)
    factor = np.exp(np.sin(2 * np.pi * time / cycle))
    found = seasonality(1000 * 1.01**time * factor, cycle)
    assert found.multiplicative
    # The mean factor of a cycle is 1.
    np.testing.assert_allclose(found.adjusted, 1000 * 1.01**time * factor[:cycle].mean(), rtol=1e-9)
    summand = 10 * np.sin(2 * np.pi * time / cycle)
    added = seasonality(time - 20 + summand, cycle)
    assert not added.multiplicative
    np.testing.assert_allclose(added.adjusted, time - 20, atol=1e-9)


def test_one_extraordinary_month_moves_no_season() -> None:
    values = np.tile(np.arange(100.0, 112.0), 6)
    odd = values.copy()
    odd[30] *= 5
    at = np.arange(12) != 6
    np.testing.assert_allclose(seasonality(odd, 12).cycle[at], seasonality(values, 12).cycle[at], rtol=0.03)


def test_fewer_than_two_cycles_have_no_season() -> None:
    values = np.arange(1.0, 24.0)
    assert (seasonality(values, 12).season == (1 if seasonality(values, 12).multiplicative else 0)).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(1, 12))
def test_the_parts_make_the_whole(values: list[float], cycle: int) -> None:
    series = np.array(values)
    found = seasonality(series, cycle)
    whole = found.adjusted * found.season if found.multiplicative else found.adjusted + found.season
    np.testing.assert_allclose(whole, series, atol=1e-6)
    assert len(found.level) == len(series)
