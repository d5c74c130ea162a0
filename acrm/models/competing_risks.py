"""For what reason customers leave, counted and not modelled: cumulative incidence by Aalen & Johansen (1978)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Incidence:
    """Share who have left for each cause by each time, shape (causes, times), and those still there, shape (times,)."""

    time: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    survival: FloatArray


def cumulative_incidence(
    time: FloatArray, cause: NDArray[np.int64], causes: int, interval: float = 0.95, count: FloatArray | None = None
) -> Incidence:
    """Estimate by when which share has left for which cause, some customers still being there.

    F(t) of a cause is the sum over times up to t of S(before) x lost for it / at risk. Shares of all causes and of
    those who stay sum to 1: unlike 1 - Kaplan-Meier with other causes censored, which says how many would leave for a
    cause if there were no other. Variance: delta method (Marubini & Valsecchi 1995, eq. 10.12); interval on the scale
    of log(-log).

    >>> found = cumulative_incidence(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0, 1, -1, 0]), 2)
    >>> found.share.round(3).tolist(), found.survival.round(3).tolist()
    ([[0.25, 0.25, 0.75], [0.0, 0.25, 0.25]], [0.75, 0.5, 0.0])

    Args:
        time: Of leaving or of being seen last, shape (n,).
        cause: 0 to `causes` - 1, or -1 for those still there.
        causes: How many there are.
        interval: Probability that the limits shall enclose.
        count: Customers that each row stands for; None: one.
    """
    weight = np.ones(time.size) if count is None else count
    times, place = np.unique(time, return_inverse=True)
    everyone = np.bincount(place, weight, times.size)
    at_risk = np.cumsum(everyone[::-1])[::-1]
    lost = np.array([np.bincount(place[cause == one], weight[cause == one], times.size) for one in range(causes)])
    d = lost.sum(axis=0)
    gone = d >= at_risk
    after = np.where(gone, 0.0, np.cumprod(1.0 - d / at_risk))
    before = np.append(1.0, after)[:-1]
    share = np.cumsum(before * lost / at_risk, axis=1)
    all_of = np.where(gone, 0.0, d / np.where(gone, 1.0, at_risk * (at_risk - d)))
    own = before**2 * (at_risk - lost) * lost / at_risk**3
    cross = before * lost / at_risk**2
    # The sum over s <= t of (F(t) - F(s))^2 a(s) + b(s) - 2 (F(t) - F(s)) c(s), its squares multiplied out.
    a0, a1, a2 = (np.cumsum(all_of * share**power, axis=1) for power in (0, 1, 2))
    variance = share**2 * a0 - 2 * share * a1 + a2
    variance += np.cumsum(own, axis=1) - 2 * (share * np.cumsum(cross, axis=1) - np.cumsum(share * cross, axis=1))
    inside = (share > 0) & (share < 1)
    log = np.log(np.where(inside, share, 0.5))
    far = float(ndtri((1 + interval) / 2)) * np.sqrt(np.maximum(variance, 0.0)) / (np.where(inside, share, 0.5) * -log)
    low = np.where(inside, share ** np.exp(far), share)
    high = np.where(inside, share ** np.exp(-far), share)
    return Incidence(time=times, share=share, low=low, high=high, survival=after)
