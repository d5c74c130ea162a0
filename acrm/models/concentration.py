"""How unevenly value is spread over customers: Lorenz curve, Gini, top share, whale curve.

`count` is how many customers each value stands for; a row with count 3 gives what three equal rows give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray


def lorenz(value: FloatArray, count: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points of the Lorenz curve: share of customers, poorest first, and share of the value that is theirs.

    Both start at 0 and end at 1; between the points the curve is straight. A total of 0 is spread evenly.

    >>> customers, share = lorenz(np.array([6.0, 1.0, 3.0]), np.array([1.0, 2.0, 1.0]))
    >>> customers, share.round(3)
    (array([0.  , 0.5 , 0.75, 1.  ]), array([0.   , 0.182, 0.455, 1.   ]))

    Args:
        value: One value per row, 0 or more.
        count: Customers per row, 0 or more and not all 0.

    Raises:
        ValueError: A value below 0 (shares of such a total can be above 1 or change their sign: see `whale_curve`).
    """
    if np.any(value < 0):
        raise ValueError("a Lorenz curve is of values that are 0 or more")
    order = np.argsort(value, kind="stable")
    customers = np.concatenate(([0.0], np.cumsum(count[order])))
    total = np.concatenate(([0.0], np.cumsum((value * count)[order])))
    customers /= customers[-1]
    return customers, total / total[-1] if total[-1] > 0 else customers


def gini(value: FloatArray, count: FloatArray) -> float:
    """Gini coefficient: 0 if all are worth the same, 1 - 1/n if one of n customers is worth everything.

    Twice the area between the Lorenz curve and the diagonal, exact for the customers given; it is not corrected for
    being a sample. Arguments and errors as of `lorenz`.

    >>> gini(np.array([0.0, 0.0, 0.0, 8.0]), np.ones(4))
    0.75
    """
    customers, share = lorenz(value, count)
    return float(1.0 - np.sum(np.diff(customers) * (share[1:] + share[:-1])))


def top_share(value: FloatArray, count: FloatArray, top: float = 0.1) -> float:
    """Share of the value that the most valuable customers hold; the one at the border counts in part.

    Arguments and errors as of `lorenz`.

    >>> round(top_share(np.array([5.0, 3.0, 1.0, 1.0]), np.ones(4), 0.5), 3)
    0.8
    """
    customers, share = lorenz(value, count)
    return float(1.0 - np.interp(1.0 - top, customers, share))


@dataclass(frozen=True, kw_only=True, eq=False)
class Whale:
    """Profit added up from the most profitable customer to the least: it climbs to a peak, then losses eat it."""

    customers: FloatArray
    """Share of customers so far, from 0 to 1."""
    profit: FloatArray
    """Their profit, in money, from 0 to the total."""
    total: float
    peak: float
    """Profit of all customers above 0."""
    peak_at: float
    """Share of customers above 0."""
    loss_makers: float
    """Share of customers below 0."""

    @property
    def peak_share(self) -> float | None:
        """Peak by total: 1.5 says that losses destroy a third of what was earned; None if the total is not above 0."""
        return self.peak / self.total if self.total > 0 else None


def whale_curve(profit: FloatArray, count: FloatArray) -> Whale:
    """Add up profit from the best customer down.

    >>> whale = whale_curve(np.array([-20.0, 100.0, 0.0, 20.0]), np.ones(4))
    >>> whale.profit, whale.peak_share, whale.peak_at, whale.loss_makers
    (array([  0., 100., 120., 120., 100.]), 1.2, 0.5, 0.25)

    Args:
        profit: Profit per customer, of either sign, one per row.
        count: Customers per row, 0 or more and not all 0.
    """
    order = np.argsort(-profit, kind="stable")
    customers = np.concatenate(([0.0], np.cumsum(count[order])))
    climbed = np.concatenate(([0.0], np.cumsum((profit * count)[order])))
    return Whale(
        customers=customers / customers[-1],
        profit=climbed,
        total=float(climbed[-1]),
        peak=float(np.max(climbed)),
        peak_at=float(count[profit > 0].sum() / customers[-1]),
        loss_makers=float(count[profit < 0].sum() / customers[-1]),
    )
