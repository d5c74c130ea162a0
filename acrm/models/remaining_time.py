"""How much longer customers stay, counted and not modelled: areas under a Kaplan-Meier curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray
    from acrm.models.kaplan_meier import KaplanMeier


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean time and the limits of its interval."""

    value: float
    error: float
    low: float
    high: float


def restricted_mean(curve: KaplanMeier, until: float, interval: float = 0.95) -> Mean:
    """The mean time that a customer stays within the first `until` periods: the area under the curve up to there.

    The variance is the sum over times of (area from there to `until`)^2 lost / (n (n - lost)), the interval normal.

    >>> from acrm.models.durations import Durations
    >>> from acrm.models.kaplan_meier import kaplan_meier
    >>> curve = kaplan_meier(Durations.of_customers(np.array([1.0, 2.0]), np.array([True, True])))
    >>> restricted_mean(curve, 3.0).value
    1.5

    Args:
        curve: Of all customers from their start.
        until: In the curve's unit; past its end the curve is taken to stay level, of which nothing is known.
        interval: Probability that the limits shall enclose.

    Source: J. P. Klein, M. L. Moeschberger, Survival Analysis, 2nd ed. (2003), section 4.5.
    """
    area = _areas(curve, np.append(curve.time, until).clip(max=until))
    total, rest = float(area[-1]), area[-1] - area[:-1]
    inside = (curve.time <= until) & (curve.at_risk > curve.lost)
    n, d = curve.at_risk[inside], curve.lost[inside]
    error = float(np.sqrt((rest[inside] ** 2 * d / (n * (n - d))).sum()))
    far = float(ndtri((1 + interval) / 2)) * error
    return Mean(value=total, error=error, low=max(0.0, total - far), high=min(until, total + far))


def staying(
    curve: KaplanMeier, age: FloatArray, ahead: float, interval: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The chance that those who have stayed `age` periods stay `ahead` more, and its limits.

    All three are NaN where nobody was seen for so long. The limits are Greenwood's of the time between, on the scale of
    log(-log); where nobody left in it they are the exact binomial ones.

    >>> from acrm.models.durations import Durations
    >>> from acrm.models.kaplan_meier import kaplan_meier
    >>> curve = kaplan_meier(Durations.of_cohorts(np.array([100.0, 80.0, 60.0])))
    >>> staying(curve, np.array([0.0, 1.0, 2.0]), 1.0)[0]
    array([0.8 , 0.75,  nan])

    Args:
        curve: Of all customers from their start.
        age: Time stayed by each, shape (n,).
        ahead: In the curve's unit.
        interval: Probability that the limits shall enclose.
    """
    now, then = _survival(curve, age), _survival(curve, age + ahead)
    seen = (age + ahead <= curve.time[-1]) & (now > 0)
    share = np.where(seen, then / np.where(now > 0, now, 1.0), np.nan)
    n, d = curve.at_risk, curve.lost
    greenwood = np.append(0.0, np.cumsum(np.where(n > d, d / np.where(n > d, n * (n - d), 1.0), 0.0)))
    first, last = (np.searchsorted(curve.time, at, side="right") for at in (age, age + ahead))
    inside = seen & (share > 0) & (share < 1)
    log = np.log(np.where(inside, share, 0.5))
    width = np.exp(ndtri((1 + interval) / 2) * np.sqrt(greenwood[last] - greenwood[first]) / -log)
    all_stay = ((1 - interval) / 2) ** (1 / n[np.minimum(last, n.size) - 1])
    low = np.where(inside, np.exp(log * width), np.where(share == 1, all_stay, share))
    return share, low, np.where(inside, np.exp(log / width), share)


def median_left(curve: KaplanMeier, age: FloatArray) -> FloatArray:
    """The time after which half of those who have stayed `age` are gone; NaN where the data end before that.

    >>> from acrm.models.durations import Durations
    >>> from acrm.models.kaplan_meier import kaplan_meier
    >>> curve = kaplan_meier(Durations.of_cohorts(np.array([100.0, 60.0, 40.0, 30.0, 20.0])))
    >>> median_left(curve, np.array([0.0, 1.0, 2.0, 3.0]))
    array([ 2.,  2.,  2., nan])
    """
    half = _survival(curve, age) / 2
    # Survival falls; the first time at which it is at or below the half.
    place = np.searchsorted(-curve.survival, -half - 1e-12, side="left")
    reached = (place < curve.time.size) & (half > 0)
    ends = curve.time[np.minimum(place, curve.time.size - 1)]
    return np.where(reached, ends - age, np.nan)


def _survival(curve: KaplanMeier, at: FloatArray) -> FloatArray:
    """The curve as a step function that changes at its times."""
    place = np.searchsorted(curve.time, at, side="right")
    share: FloatArray = np.append(1.0, curve.survival)[place]
    return share


def _areas(curve: KaplanMeier, ends: FloatArray) -> FloatArray:
    """Areas under the curve from 0 to each of the ascending ends."""
    inner = np.concatenate([[0.0], curve.time])
    steps = np.append(1.0, curve.survival)
    whole = np.concatenate([[0.0], np.cumsum(np.diff(inner) * steps[:-1])])
    place = np.searchsorted(inner, ends, side="right") - 1
    area: FloatArray = whole[place] + (ends - inner[place]) * steps[place]
    return area
