"""Whether shares differ between groups, and how sure a count is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, gammaincinv

from acrm.models.group_effects import FloatArray, IntArray

COCHRAN = 5.0
"""Expected counts below this make the distribution of chi-square an approximation that is not to be relied on."""


@dataclass(frozen=True, kw_only=True)
class ChiSquare:
    """Pearson's test that all groups have the same share; `small` counts expected cells below `COCHRAN`."""

    statistic: float
    df: int
    p: float
    small: int


def chi_square(having: IntArray, sizes: IntArray) -> ChiSquare | None:
    """Pearson's chi-square of a table of groups by having something or not, without correction; None: nothing varies.

    Examples:
        >>> found = chi_square(np.array([56, 48]), np.array([70, 80]))
        >>> round(found.statistic, 4), found.df, round(found.p, 4)
        (7.0234, 1, 0.008)

    Args:
        having: Members of each group who have it.
        sizes: Members of each group.
    """
    filled = sizes > 0
    with_it, members = having[filled].astype(float), sizes[filled].astype(float)
    share = with_it.sum() / members.sum() if len(members) else 0.0
    if len(members) < 2 or not 0 < share < 1:
        return None
    expected = np.concatenate([members * share, members * (1 - share)])
    observed = np.concatenate([with_it, members - with_it])
    statistic = float(((observed - expected) ** 2 / expected).sum())
    df = len(members) - 1
    return ChiSquare(statistic=statistic, df=df, p=float(chdtrc(df, statistic)), small=int((expected < COCHRAN).sum()))


def holm(p: FloatArray) -> FloatArray:
    """P values of several tests, so that the chance of one false finding or more among all stays what it is for one.

    Source: S. Holm, Scandinavian Journal of Statistics 6(2), 1979.

    Examples:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    found = np.full(len(p), np.nan)
    found[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return found


def count_limits(count: int, interval: float) -> tuple[float, float]:
    """Between what the mean of a Poisson count lies, after Garwood (1936).

    >>> [round(limit, 4) for limit in count_limits(10, 0.95)]
    [4.7954, 18.3904]
    """
    low = float(gammaincinv(count, (1 - interval) / 2)) if count else 0.0
    return low, float(gammaincinv(count + 1, (1 + interval) / 2))
