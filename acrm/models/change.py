"""How much a total, a mean or a share changed, and how far chance alone may move it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from acrm.models.histories import FloatArray

FEWEST = 30
"""Customers behind both numbers below whom no interval is given."""


@dataclass(frozen=True, kw_only=True)
class Quotient:
    """A figure as a sum divided by a sum, one element per customer; a total is divided by nothing.

    Customers who did nothing in the time of the figure have 0 in both.
    """

    top: FloatArray
    bottom: FloatArray | None = None

    @property
    def value(self) -> float:
        """The figure; nan where it is divided by 0."""
        if self.bottom is None:
            return float(self.top.sum())
        below = float(self.bottom.sum())
        return float(self.top.sum()) / below if below else float("nan")

    def influence(self) -> FloatArray:
        """What each customer adds to the figure, to first order; the squares add up to its variance."""
        if self.bottom is None:
            return self.top
        return (self.top - self.value * self.bottom) / float(self.bottom.sum())


def change(
    now: Quotient, before: Quotient, *, relative: bool, interval: float = 0.95
) -> tuple[float, float | None, float | None]:
    """The change of a figure between two times, with its interval.

    Customers are what varies: who of a large crowd comes, and what each of them does, is taken as drawn at random, and
    one customer's two times belong together (the delta method over customers, their number being Poisson). A relative
    change is now / before - 1 with limits found on the scale of the logarithm; an absolute one is now - before.

    Args:
        now: The figure; customers in the same order in both.
        before: The figure at the earlier time.
        relative: Of amounts and counts; shares change absolutely, in points.
        interval: Probability that the limits shall enclose.

    Returns:
        The change and its limits; limits are None where fewer than `FEWEST` customers stand behind it, and all three
        say nothing (nan, None, None) where a figure is not known, or not above 0 and relative.

    Examples:
        >>> ten, nine = Quotient(top=np.repeat(10.0, 50)), Quotient(top=np.repeat(9.0, 50))
        >>> [round(limit, 6) for limit in change(ten, nine, relative=True)]
        [0.111111, 0.111111, 0.111111]
    """
    value, earlier = now.value, before.value
    if not np.isfinite([value, earlier]).all() or (relative and min(value, earlier) <= 0):
        return float("nan"), None, None
    moved = value / earlier - 1 if relative else value - earlier
    active = (now.top != 0) | (before.top != 0)
    for figure in (now, before):
        active |= figure.bottom != 0 if figure.bottom is not None else False
    if int(np.count_nonzero(active)) < FEWEST:
        return moved, None, None
    scale = (value, earlier) if relative else (1.0, 1.0)
    error = float(np.sqrt(np.sum((now.influence() / scale[0] - before.influence() / scale[1]) ** 2)))
    reach = float(ndtri((1 + interval) / 2)) * error
    if not relative:
        return moved, moved - reach, moved + reach
    return moved, (1 + moved) * float(np.exp(-reach)) - 1, (1 + moved) * float(np.exp(reach)) - 1
