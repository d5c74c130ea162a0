"""What one more unit of spend brings, where spend was now higher and now lower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acrm.models.histories import FloatArray
from acrm.models.linear import fit_linear

BLOCK, BLOCKS = 4, 10
"""Periods in a row whose errors may hang together, and how many such blocks are needed to allow for it."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """The curve outcome = a + b log(1 + spend / scale) + controls, at the mean spend.

    Attributes:
        average: Outcome of all periods by the spend of all.
        marginal: Slope of the curve: outcome of one more unit of spend in a period.
        low, high: Ends of its interval.
        variation: Standard deviation of spend beyond what the controls explain, by mean spend.
        periods: How many there are.
    """

    average: float
    marginal: float
    low: float
    high: float
    variation: float
    periods: int


def variation(spend: FloatArray, controls: FloatArray) -> float:
    """How much spend varies on its own: what trend and season leave of it, as a share of its mean.

    >>> variation(np.array([1.0, 2.0, 3.0, 4.0]), np.array([[0.0], [1.0], [2.0], [3.0]])) < 1e-12
    True
    """
    design = np.column_stack([np.ones(len(spend)), controls])
    left = spend - design @ np.linalg.lstsq(design, spend, rcond=None)[0]
    mean = float(spend.mean())
    return float(left.std()) / mean if mean > 0 else 0.0


def response(spend: FloatArray, outcome: FloatArray, controls: FloatArray, level: float = 0.95) -> Response:
    """Fit the curve by least squares; the returns diminish by its form, how steeply is what the data say.

    `scale` is the median spend of the periods that had any. Errors are clustered by blocks of four periods in a row
    where there are ten blocks or more, else HC3.

    >>> spend = np.tile([10.0, 20.0, 40.0], 20)
    >>> found = response(spend, 3 + 5 * np.log1p(spend / 20), np.arange(60.0)[:, None])
    >>> round(found.marginal, 6)  # 5 / (20 + 70 / 3)
    0.115385

    Args:
        spend, outcome: One entry per period, in their order; spend is 0 or more, some of it above.
        controls: Shape (periods, k), such as trend and season.
        level: Of the interval.

    Raises:
        ValueError: Not more periods than columns.
    """
    scale, mean = float(np.median(spend[spend > 0])), float(spend.mean())
    count = len(spend)
    blocks = np.arange(count) // BLOCK if count >= BLOCK * BLOCKS else None
    fit = fit_linear(outcome, np.column_stack([np.log1p(spend / scale), controls]), clusters=blocks, level=level)
    # What a curve of log(1 + s / scale) gains by one more unit at s.
    slope = 1 / (scale + mean)
    return Response(
        average=float(outcome.sum() / spend.sum()),
        marginal=float(fit.coefficients[0]) * slope,
        low=float(fit.low[0]) * slope,
        high=float(fit.high[0]) * slope,
        variation=variation(spend, controls),
        periods=count,
    )
