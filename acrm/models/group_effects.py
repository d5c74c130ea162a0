"""How much the members of a group differ from all others, for every group at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acrm.models.wilson import Z, wilson_limits

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Effects:
    """One entry per group; NaN where the group, or the rest, has no value.

    Attributes:
        effect: Of all pairs of a member and another, the share in which the member has more, less the share in which
            it has less; from -1 to 1. Of yes and no it is the difference of the shares.
        low: Lower end of the interval at 95%.
        high: Upper end.
        strength: Size of the effect from 0 to 1, of one meaning for numbers and shares (see `strength_of_shares`).
        p: Two-sided, normal approximation with correction for ties and continuity.
    """

    effect: FloatArray
    low: FloatArray
    high: FloatArray
    strength: FloatArray
    p: FloatArray


def cliffs_delta(values: FloatArray, group: IntArray, groups: int) -> Effects:
    """Cliff's delta of each group against the rest, and the Mann-Whitney test of it.

    Values are sorted once. The variance of an effect is that of the placements of the members among the others and of
    the others among the members; the interval is Cliff's asymmetric one, which stays within -1 and 1.

    Args:
        values: One per customer, all known.
        group: 0 to `groups` - 1.
        groups: How many there are.

    Source: N. Cliff, Ordinal Methods for Behavioral Data Analysis (1996); D. Feng, N. Cliff, JMASM 3(2), 2004.

    Examples:
        >>> found = cliffs_delta(np.array([1.0, 2, 3, 4, 2, 6]), np.array([0, 0, 0, 1, 1, 1]), 2)
        >>> found.effect.round(4)  # of nine pairs seven are lower, one higher and one equal
        array([-0.6667,  0.6667])
    """
    distinct, place = np.unique(values, return_inverse=True)
    everyone = np.bincount(place, minlength=len(distinct)).astype(float)
    n = float(len(values))
    ties = float(((everyone**3) - everyone).sum())
    found = np.full((5, groups), np.nan)
    for which in range(groups):
        members = np.bincount(place[group == which], minlength=len(distinct)).astype(float)
        others = everyone - members
        inside, outside = float(members.sum()), float(others.sum())
        if not inside or not outside:
            continue
        # Share of the other side that lies below each value, of equals half.
        above_others = (np.cumsum(others) - others / 2) / outside
        above_members = (np.cumsum(members) - members / 2) / inside
        won = float((members * above_others).sum() / inside)
        spread = _variance(above_others, members, inside) / inside + _variance(above_members, others, outside) / outside
        delta = 2 * won - 1
        low, high = _interval(delta, 2 * float(np.sqrt(spread)), min(inside, outside))
        scale = np.sqrt(inside * outside / 12 * ((n + 1) - ties / (n * (n - 1))))
        away = abs(won - 0.5) * inside * outside
        found[:, which] = delta, low, high, abs(delta), _two_sided(away, scale)
    return Effects(**dict(zip(("effect", "low", "high", "strength", "p"), found, strict=True)))


def difference_of_shares(having: IntArray, sizes: IntArray) -> Effects:
    """How much more often the members of each group have something than the rest do.

    The interval is Newcombe's from two Wilson intervals; the test that of the hypergeometric distribution, as a normal
    one with correction for continuity (with Yates' correction of chi squared it agrees but for a factor N / (N - 1)).

    Args:
        having: Members of each group who have it.
        sizes: Members of each group.

    Source: R. G. Newcombe, Statistics in Medicine 17, 1998, method 10.

    Examples:
        >>> found = difference_of_shares(np.array([56, 48]), np.array([70, 80]))
        >>> [round(float(end[0]), 4) for end in (found.effect, found.low, found.high)]  # Newcombe's table II, case (a)
        [0.2, 0.0524, 0.3339]
    """
    inside, with_it = sizes.astype(float), having.astype(float)
    n, total = inside.sum(), with_it.sum()
    outside, others = n - inside, total - with_it
    with np.errstate(divide="ignore", invalid="ignore"):
        here, there = with_it / inside, others / outside
        (low1, high1), (low2, high2) = _wilson(here, inside), _wilson(there, outside)
        difference = here - there
        low = difference - np.sqrt((here - low1) ** 2 + (high2 - there) ** 2)
        high = difference + np.sqrt((high1 - here) ** 2 + (there - low2) ** 2)
        scale = np.sqrt(inside * total * (n - total) * outside / (n**2 * (n - 1)))
        p = _two_sided(np.abs(with_it - inside * total / n), scale)
    p = np.where(np.isnan(difference), np.nan, p)
    return Effects(effect=difference, low=low, high=high, strength=strength_of_shares(here, there), p=p)


def strength_of_shares(here: FloatArray, there: FloatArray) -> FloatArray:
    """The distance of two shares on the scale of Cliff's delta.

    Cohen's h, the difference of the arcsines, has the limits of Cohen's d, and two normal distributions d apart have
    the delta 2 Phi(d / sqrt 2) - 1. So 10% against 2% weighs more than 54% against 46%.

    Examples:
        >>> strength_of_shares(np.array([0.1, 0.54]), np.array([0.02, 0.46])).round(3)
        array([0.201, 0.09 ])
    """
    from scipy.special import ndtr

    with np.errstate(invalid="ignore"):
        h = 2 * np.abs(np.arcsin(np.sqrt(here)) - np.arcsin(np.sqrt(there)))
    found: FloatArray = 2 * ndtr(h / np.sqrt(2)) - 1
    return found


def _variance(values: FloatArray, counts: FloatArray, n: float) -> float:
    if n < 2:
        return 0.0
    mean = float((values * counts).sum() / n)
    return float(((values - mean) ** 2 * counts).sum() / (n - 1))


def _interval(delta: float, error: float, smaller: float) -> tuple[float, float]:
    z2 = Z**2
    if abs(delta) > 1 - 1e-12:
        bound = (smaller - z2) / (smaller + z2)
        return (bound, 1.0) if delta > 0 else (-1.0, -bound)
    # An error of 0 without complete separation comes of a single member: nothing is known.
    if error == 0 and smaller < 2:
        return -1.0, 1.0
    half = Z * error * float(np.sqrt((1 - delta**2) ** 2 + z2 * error**2))
    below = 1 - delta**2 + z2 * error**2
    return max(-1.0, (delta - delta**3 - half) / below), min(1.0, (delta - delta**3 + half) / below)


def _wilson(share: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, high = wilson_limits(share, n)
    return np.maximum(0, low), np.minimum(1, high)


def _two_sided(away: Any, scale: Any) -> Any:
    """P values of being so far away from what chance would give, 1 where nothing varies."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.maximum(np.asarray(away) - 0.5, 0) / np.asarray(scale)
    return np.where(np.asarray(scale) > 0, 2 * ndtr(-z), 1.0)
