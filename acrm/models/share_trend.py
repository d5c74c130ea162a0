"""Whether a share rises or falls from group to group, beyond how much groups differ anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr

if TYPE_CHECKING:
    from acrm.models.group_effects import FloatArray, IntArray

NEEDED = 4
"""Groups without which nothing tells a trend from groups that differ."""


@dataclass(frozen=True, kw_only=True)
class ShareTrend:
    """Change of the share per unit of time, and the chance of so steep a one where there is none."""

    slope: float
    p: float


def share_trend(at: FloatArray, having: IntArray, sizes: IntArray) -> ShareTrend | None:
    """The slope of shares over time, weighted by the groups' sizes; None with fewer than four groups.

    Groups that differ from the line by more than chance make the slope as much less sure (quasi-binomial: the variance
    is multiplied by what they do, never divided): one odd month is no trend. P from the t distribution.

    >>> found = share_trend(np.arange(4.0), np.array([60, 55, 50, 45]), np.array([100, 100, 100, 100]))
    >>> round(found.slope, 3), round(found.p, 3)
    (-0.05, 0.155)

    Args:
        at: When each group was.
        having: Members of each group that count.
        sizes: Members of each group.
    """
    filled = sizes > 0
    at, part, n = at[filled], having[filled].astype(float), sizes[filled].astype(float)
    if at.size < NEEDED or np.ptp(at) == 0:
        return None
    mean = part.sum() / n.sum()
    if not 0 < mean < 1:
        return None
    away = at - (n * at).sum() / n.sum()
    spread = float((n * away**2).sum())
    slope = float((n * away * part / n).sum() / spread)
    rest = part / n - mean - slope * away
    odd = float((n * rest**2).sum() / (mean * (1 - mean)) / (at.size - 2))
    error = np.sqrt(mean * (1 - mean) / spread * max(1.0, odd))
    return ShareTrend(slope=slope, p=float(2 * stdtr(at.size - 2, -abs(slope) / error)))
