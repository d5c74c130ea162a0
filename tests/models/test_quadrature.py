from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

from acrm.models.quadrature import beta_grid, gamma_grid

SIZES = [0.001, 0.05, 0.8, 1.0, 3.5, 20.0, 900.0, 1e5]


@pytest.mark.parametrize("a", SIZES)
@pytest.mark.parametrize("b", SIZES)
def test_means_over_beta(a: float, b: float) -> None:
    p, log_q, weights = beta_grid(a, b, 1.0)
    assert weights @ p == pytest.approx(a / (a + b), rel=1e-9)
    none = np.prod([(b + n) / (a + b + n) for n in range(3)])
    assert weights @ -np.expm1(3 * log_q) == pytest.approx(1 - none, rel=1e-8)


@pytest.mark.parametrize("shape", [0.01, 0.24, 1.0, 30.0, 5000.0])
def test_means_over_gamma_for_all_scales_at_once(shape: float) -> None:
    scales = np.array([0.5, 4.0, 60.0])
    rates, weights = gamma_grid(shape, scales, 0.1)
    assert weights @ rates == pytest.approx(shape / scales, rel=1e-9)
    # The mean root, which is steeper than the rate nowhere above its knee.
    roots = np.exp(gammaln(shape + 0.5) - gammaln(shape)) / np.sqrt(scales)
    reach = np.sqrt(rates) * (rates > 0.1) + rates / np.sqrt(0.1) * (rates <= 0.1)
    if shape > 20:
        assert weights @ np.sqrt(rates) == pytest.approx(roots, rel=1e-9)
    else:
        assert (weights @ reach <= roots * (1 + 1e-9)).all()
