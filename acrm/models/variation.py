"""How evenly something sells over periods: the coefficient of variation, with empty periods or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray


def coefficient_of_variation(item: NDArray[np.int64], sold: FloatArray, periods: NDArray[np.int64]) -> FloatArray:
    """Sample standard deviation of what is sold per period (divisor n - 1), divided by the mean.

    >>> coefficient_of_variation(np.array([0, 0, 1]), np.array([2.0, 4.0, 3.0]), np.array([2, 3])).round(3)
    array([0.471, 1.732])

    Args:
        item: Of each entry, from 0.
        sold: In a period in which the item was sold; one entry per item and period.
        periods: How many count for each item; those beyond its entries are zeros.

    Returns:
        One number per item; nan with fewer than two periods, or nothing sold in them.
    """
    mean = np.bincount(item, sold, len(periods)) / np.maximum(periods, 1)
    zeros = periods - np.bincount(item, minlength=len(periods))
    squares = np.bincount(item, (sold - mean[item]) ** 2, len(periods)) + zeros * mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = np.sqrt(squares / (periods - 1)) / mean
    found[(periods < 2) | (mean <= 0)] = np.nan
    return found
