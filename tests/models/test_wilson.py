from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from acrm.models.wilson import wilson_limits


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (3, 17), (842, 8000), (4238, 6711)])
def test_numbers_arrays_and_expressions_as_scipy_has_them(hits: int, trials: int) -> None:
    known = binomtest(hits, trials).proportion_ci(method="wilson")
    expected = pytest.approx([known.low, known.high], abs=1e-12)
    assert list(wilson_limits(hits / trials, trials)) == expected
    low, high = wilson_limits(np.array([hits / trials]), np.array([trials]))
    assert [low[0], high[0]] == expected
    row = pl.DataFrame({"hits": [hits], "trials": [trials]})
    ends = wilson_limits(pl.col("hits") / pl.col("trials"), pl.col("trials"))
    assert list(row.select(low=ends[0], high=ends[1]).row(0)) == expected
