"""Limits of a share (Wilson 1927)."""

from __future__ import annotations

from typing import Any

Z = 1.959963984540054
"""Of limits that hold with a probability of 95%."""


def wilson_limits(share: Any, trials: Any, z: float = Z) -> tuple[Any, Any]:
    """Between what the share lies that so many trials showed: numbers, arrays or expressions alike.

    Rounding may lead past 0 and 1 in the last digit.

    Args:
        share: Of the trials that succeeded.
        trials: More than 0.
        z: How many standard errors the limits are away.

    Examples:
        >>> [round(limit, 3) for limit in wilson_limits(0.5, 10)]
        [0.237, 0.763]
    """
    spread = z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * (share * (1 - share) / trials + spread / trials / 4) ** 0.5
    return centre - half, centre + half
