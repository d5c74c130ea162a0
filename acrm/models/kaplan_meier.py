"""The share of customers who stay, counted and not modelled: the product-limit estimate of Kaplan & Meier (1958)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from acrm.models.durations import Durations
    from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class KaplanMeier:
    """A survival curve as steps; each array has one element per time at which somebody was at risk."""

    time: FloatArray
    at_risk: FloatArray
    lost: FloatArray
    survival: FloatArray
    """Share still there after `time`."""
    low: FloatArray
    high: FloatArray

    @property
    def retention(self) -> FloatArray:
        """Share of those at risk who stayed through each time."""
        return 1.0 - self.lost / self.at_risk

    @property
    def median(self) -> float:
        """First time after which at most half are still there; inf if more than half stay to the end of the data."""
        below = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.time[below[0]]) if below.size else math.inf


def kaplan_meier(durations: Durations, interval: float = 0.95) -> KaplanMeier:
    """Estimate survival from times to leaving, some of them censored.

    S(t) = product over times up to t of (1 - lost / at risk). Those censored at a time are at risk at it. The interval
    is pointwise: Greenwood's variance sum of lost / (n (n - lost)), on the scale of log(-log S), which keeps it within
    0 and 1. That says nothing while nobody has left, so there the lower limit is the exact one of the binomial,
    ((1 - interval) / 2)^(1 / at risk); where nobody is left, the limits are 0 and the upper limit of the time before.

    >>> from acrm.models.durations import Durations
    >>> curve = kaplan_meier(Durations.of_cohorts(np.array([10.0, 8.0, 6.0]), np.array([10.0, 9.0])))
    >>> curve.survival.round(4), curve.at_risk
    (array([1.    , 0.85  , 0.6375]), array([20., 20.,  8.]))

    Args:
        durations: Times to leaving, or to the last time seen.
        interval: Probability that the limits shall enclose, between 0 and 1.
    """
    watched = durations.at_risk() > 0
    at_risk, lost = durations.at_risk()[watched], durations.lost[watched]
    # Only at the last time can everybody leave; a product of floats might end at 1e-17 there.
    gone = lost >= at_risk
    survival = np.where(gone, 0.0, np.cumprod(1.0 - lost / at_risk))
    greenwood = np.cumsum(np.where(gone, 0.0, lost / np.where(gone, 1.0, at_risk * (at_risk - lost))))
    log = np.log(np.where((survival > 0) & (survival < 1), survival, 0.5))
    width = np.exp(ndtri((1 + interval) / 2) * np.sqrt(greenwood) / -log)
    low = np.where(survival < 1, survival**width, ((1 - interval) / 2) ** (1 / at_risk))
    high = np.where(survival < 1, survival ** (1 / width), 1.0)
    high[gone] = np.append(1.0, high)[:-1][gone]
    return KaplanMeier(time=durations.time[watched], at_risk=at_risk, lost=lost, survival=survival, low=low, high=high)
