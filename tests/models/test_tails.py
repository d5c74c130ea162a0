from __future__ import annotations

import numpy as np
import pytest

from acrm.models.histories import FloatArray
from acrm.models.tails import Between


def build(decay: float) -> Between:
    """f = exp(-decay * (row + 1) * point) at six points; the parameter is the decay."""
    rows = np.array([1.0, 2.0, 300.0])
    cells = np.zeros((5, 2, 3))
    cells[:, 0] = 1
    falls = -decay * np.tile(rows, (5, 1))
    slopes = -np.tile(rows, (5, 1, 1))
    first, end = np.array([0, 1, 2, 0, 3]), np.array([5, 4, 5, 1, 3])
    return Between(cells, falls, slopes, np.array([0, 1, 1, 2, 0]), first, end)


def test_sums_and_their_slopes() -> None:
    decay = 0.5

    def by_hand(decay: float) -> FloatArray:
        spans = [(1, 0, 5), (2, 1, 4), (2, 2, 5), (300, 0, 1)]
        return np.array(
            [np.log(np.exp(decay * row * np.arange(1, end - first + 1)).sum()) for row, first, end in spans]
        )

    between = build(decay)
    assert between.log_sum[:4] == pytest.approx(by_hand(decay), rel=1e-12)
    assert between.log_sum[4] == -np.inf
    weights = np.array([1.0, 0.5, 2.0, 0.25, 0.0])
    slope = weights[:4] @ (by_hand(decay + 1e-6) - by_hand(decay - 1e-6)) / 2e-6
    assert between.gradient(weights) == pytest.approx([slope], rel=1e-6)
