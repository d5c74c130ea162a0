"""How many customers a control group needs before a comparison of two shares can tell anything."""

from __future__ import annotations

from math import sqrt

POWER, ALPHA = 0.8, 0.05
"""The chance to see an effect that is there, and to see one that is not (two-sided)."""
_MOST = 1 << 40


def control_needed(treated: int, base: float, extra: float) -> int | None:
    """The least control group that shows a share of `base + extra` among the treated against `base` without them.

    Normal approximation with the pooled share under no effect, as in R's power.prop.test, for groups of different size.

    >>> control_needed(686, 0.10, 0.05)
    686

    Args:
        treated: How many are treated.
        base: Share who respond without it.
        extra: How much higher the share of the treated is, above 0.

    Returns:
        A number of customers, or None where no control group is large enough, as too few are treated.
    """
    if treated < 1 or extra <= 0 or not _shows(treated, _MOST, base, extra):
        return None
    low, high = 1, _MOST
    while low < high:
        middle = (low + high) // 2
        if _shows(treated, middle, base, extra):
            high = middle
        else:
            low = middle + 1
    return low


def smallest_effect(treated: int, control: int, base: float) -> float | None:
    """The least difference of shares that groups of these sizes show, or None where they show none.

    >>> effect = smallest_effect(686, 686, 0.10)
    >>> round(effect or 0, 3)
    0.05

    Args:
        treated: How many are treated.
        control: How many are not.
        base: Share who respond without it.
    """
    most = 1.0 - base
    if min(treated, control) < 1 or most <= 0 or not _shows(treated, control, base, most):
        return None
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _shows(treated, control, base, middle) else (middle, high)
    return high


def _shows(treated: int, control: int, base: float, extra: float) -> bool:
    from scipy.special import ndtri

    share = min(base + extra, 1.0)
    pooled = (treated * share + control * base) / (treated + control)
    none = sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    some = sqrt(share * (1 - share) / treated + base * (1 - base) / control)
    return bool(float(ndtri(1 - ALPHA / 2)) * none + float(ndtri(POWER)) * some <= share - base)
