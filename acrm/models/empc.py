"""The expected maximum profit of a churn score: what the best campaign by it brings, however many accept an offer.

T. Verbraken, W. Verbeke, B. Baesens, A novel profit maximizing metric for measuring classification performance of
customer churn prediction models, IEEE Transactions on Knowledge and Data Engineering 25(5), 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import betainc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a retention campaign costs and saves, in money, and how many of those about to leave it keeps.

    The share kept is Beta(`alpha`, `beta`); the defaults are those of the literature, whose money is per 200 of value.

    >>> Offer().success, Offer(alpha=3, beta=1).success
    (0.3, 0.75)
    """

    value: float = 200.0
    """Of a customer who is kept, before the incentive."""
    incentive: float = 10.0
    """Paid to those who accept: the ones kept, and all who would have stayed anyway."""
    contact: float = 1.0
    """Paid for each one contacted."""
    alpha: float = 6.0
    beta: float = 14.0

    def __post_init__(self) -> None:
        if not (self.value > self.incentive >= 0 and self.contact >= 0 and self.alpha > 0 and self.beta > 0):
            raise ValueError("a value above the incentive, costs of 0 or more, alpha and beta above 0")

    @property
    def success(self) -> float:
        """The mean share of those about to leave who are kept."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True, kw_only=True)
class ExpectedProfit:
    """Profit per customer of the base, and the share of the base contacted, both expected over the share kept."""

    profit: float
    share: float


def empc(score: FloatArray, left: NDArray[np.bool_], offer: Offer | None = None) -> ExpectedProfit:
    """The expected maximum profit of contacting those with the highest scores.

    For each share kept the best threshold is a corner of the convex hull of the ROC curve, and from a certain share on
    it is the next one. So the expectation is a sum over corners of incomplete beta functions: nothing is approximated.
    Customers with equal scores are contacted together; a score worse than none brings 0.

    >>> found = empc(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, False, False, False]))
    >>> round(found.profit, 4), round(found.share, 4)  # (0.3 x 190 - 1) / 4, unless next to nobody is kept
    (14.0, 0.25)

    Args:
        score: Higher for those more likely to leave; its unit does not matter.
        left: Who did; there are some, and some who did not.
        offer: None: that of the literature.

    Raises:
        ValueError: Nobody left, or everybody.
    """
    offer = offer or Offer()
    if left.all() or not left.any():
        raise ValueError("some leave, and some stay")
    leavers, stayers = _hull(score, left)
    # Between two corners it pays to go on where gamma x lost >= the cost of those added.
    gain, waste = np.diff(leavers, prepend=0.0), np.diff(stayers, prepend=0.0)
    cost = (offer.contact + offer.incentive) * waste + offer.contact * gain
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.where(gain > 0, cost / (gain * (offer.value - offer.incentive)), np.inf)
    edges = np.concatenate([np.minimum(np.maximum.accumulate(turn), 1.0), [1.0]])
    weight = np.diff(betainc(offer.alpha, offer.beta, edges))
    kept = offer.success * np.diff(betainc(offer.alpha + 1, offer.beta, edges))
    saved = (offer.value - offer.incentive) * leavers * kept
    spent = (offer.contact * leavers + (offer.contact + offer.incentive) * stayers) * weight
    return ExpectedProfit(profit=float((saved - spent).sum()), share=float(((leavers + stayers) * weight).sum()))


def profit_of_all(share_leaving: float, offer: Offer | None = None) -> float:
    """Profit per customer of contacting everybody, whatever share is kept: what a score has to beat, as 0 for nobody.

    >>> round(profit_of_all(0.25), 4)  # 0.25 x (0.3 x 190 - 1) - 0.75 x 11
    5.75
    """
    offer = offer or Offer()
    saved = share_leaving * offer.success * (offer.value - offer.incentive)
    return saved - (1 - share_leaving) * offer.incentive - offer.contact


def _hull(score: FloatArray, left: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """The corners of the hull above 0, as shares of the base: those who leave, and those who stay, contacted so far.

    Pooling neighbours whose rates of leaving rise is what isotonic regression does.
    """
    values, at, count = np.unique(-score, return_inverse=True, return_counts=True)
    rate = np.bincount(at, left, values.size) / count
    blocks = isotonic_regression(rate, weights=count, increasing=False).blocks
    ends = blocks[1:] - 1
    total = float(score.size)
    gone = np.cumsum(np.bincount(at, left, values.size))[ends] / total
    return gone, np.cumsum(count)[ends] / total - gone
