"""How fast things end, for each cause: rates that are constant within spans of age and multiplied by what is known.

Deals that are still open have not ended yet, those that were open when records began were not seen earlier: both count
for the time they were seen. The chance of an end for a cause follows from the rates of all causes.

Source: M. Friedman, Piecewise exponential models for survival data with covariates, Annals of Statistics 10 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray

    Causes = NDArray[np.int64]

SPREAD = 0.3
"""Prior standard deviation of what a feature adds to the logarithm of a rate: 0.3 is a third more or less."""
_PRIOR = 0.5
"""Ends that a span is taken to have had beforehand, at the rate of all: one without any does not get the rate 0."""
_STEPS, _ENOUGH = 60, 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class EndingRates:
    """Rates by cause: exp(level of the span + features x weights) per unit of time."""

    starts: FloatArray
    """Where the spans of age begin, ascending from 0, shape (spans,); the last one has no end."""
    weights: FloatArray
    """Shape (causes, spans + features): levels of the spans first."""
    covariance: FloatArray
    """Of the weights of each cause, shape (causes, spans + features, spans + features)."""

    def chances(self, age: FloatArray, features: FloatArray, ahead: FloatArray) -> FloatArray:
        """The chance of having ended for each cause within some times from now, shape (causes, things, times).

        Args:
            age: Of each thing, 0 or more.
            features: One row per thing.
            ahead: Times from now, ascending, above 0.
        """
        levels, slopes = self.weights[:, : self.starts.size], self.weights[:, self.starts.size :]
        risk = np.exp(np.clip(slopes @ features.T, -30, 30))
        ended = np.zeros((len(self.weights), age.size))
        still = np.ones(age.size)
        found = np.empty((len(self.weights), age.size, ahead.size))
        for place, (begin, end) in enumerate(zip(np.append(0.0, ahead[:-1]), ahead, strict=True)):
            for span, start in enumerate(self.starts):
                stop = self.starts[span + 1] if span + 1 < self.starts.size else np.inf
                time = np.clip(np.minimum(age + end, stop) - np.maximum(age + begin, start), 0, None)
                rates = np.exp(levels[:, span])[:, None] * risk
                total = rates.sum(axis=0)
                gone = still * -np.expm1(-total * time)
                ended += rates / total * gone
                still -= gone
            found[:, :, place] = ended
        return found

    def drawn(self, chance: np.random.Generator) -> EndingRates:
        """Rates as they might be as well: weights from the normal distribution of the estimates."""
        weights = [
            chance.multivariate_normal(mean, spread, method="cholesky")
            for mean, spread in zip(self.weights, self.covariance, strict=True)
        ]
        return replace(self, weights=np.array(weights))


def fit_rates(
    entered: FloatArray, left: FloatArray, cause: Causes, causes: int, features: FloatArray, starts: FloatArray
) -> EndingRates:
    """The most likely rates, features drawn towards saying nothing (`SPREAD`), levels towards that of all spans.

    Two ended while four were seen for a unit of time each:

    >>> age, cause = np.array([1.0, 1.0, 1.0, 1.0]), np.array([0, 0, -1, -1])
    >>> found = fit_rates(np.zeros(4), age, cause, 1, np.zeros((4, 0)), np.array([0.0]))
    >>> np.exp(found.weights).round(3)
    array([[0.5]])

    Args:
        entered: Age since which each thing was seen, shape (n,).
        left: Age at its end or when seen last, `entered` or more.
        cause: 0 to `causes` - 1, or -1 for those that had not ended.
        causes: How many there are.
        features: Shape (n, features), each about 0 to 1 or standardised.
        starts: Where spans of age begin, ascending from 0.
    """
    stops = np.append(starts[1:], np.inf)
    seen = np.clip(np.minimum(left[:, None], stops) - np.maximum(entered[:, None], starts), 0, None)
    span = np.searchsorted(starts, left, side="left") - 1
    fits = [_fit(seen, np.maximum(span, 0)[cause == one], cause == one, features) for one in range(causes)]
    return EndingRates(
        starts=starts, weights=np.array([fit[0] for fit in fits]), covariance=np.array([fit[1] for fit in fits])
    )


def _fit(
    seen: FloatArray, spans: Causes, ended: NDArray[np.bool_], features: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weights of one cause and their covariance, by Newton's method with halved steps."""
    count = seen.shape[1]
    ends = np.bincount(spans, minlength=count).astype(float)
    everything = max(float(seen.sum()), 1e-9)
    usual = np.log(max(float(ends.sum()), _PRIOR) / everything)
    sums = features[ended].sum(axis=0)
    weights = np.append(np.full(count, usual), np.zeros(features.shape[1]))

    def value(weights: FloatArray) -> float:
        level, slope = weights[:count], weights[count:]
        expected = float(np.exp(features @ slope) @ (seen @ np.exp(level)))
        prior = _PRIOR * float((level - usual - np.exp(level - usual)).sum()) - float(slope @ slope) / (2 * SPREAD**2)
        return float(ends @ level + sums @ slope) - expected + prior

    best = value(weights)
    for _ in range(_STEPS):
        level, slope = weights[:count], weights[count:]
        risk = np.exp(features @ slope)
        cells = seen * np.exp(level) * risk[:, None]
        each = cells.sum(axis=1)
        pull = _PRIOR * np.exp(level - usual)
        slopes = np.append(ends - cells.sum(axis=0) + _PRIOR - pull, sums - features.T @ each - slope / SPREAD**2)
        cross = cells.T @ features
        own = features.T @ (features * each[:, None]) + np.eye(len(slope)) / SPREAD**2
        bend = np.block([[np.diag(cells.sum(axis=0) + pull), cross], [cross.T, own]])
        step = np.linalg.solve(bend, slopes)
        length = 1.0
        while (reached := value(weights + length * step)) < best and length > 1e-6:
            length /= 2
        weights, gained, best = weights + length * step, reached - best, reached
        if abs(gained) < _ENOUGH * (1 + abs(best)):
            break
    return weights, np.linalg.inv(bend)
