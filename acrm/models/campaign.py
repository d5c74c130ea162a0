"""Whom a retention campaign should contact, and what it brings, by each customer's own probability and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, ndtr

if TYPE_CHECKING:
    from acrm.models.empc import Offer
    from acrm.models.histories import FloatArray

_POINTS = 400
"""Shares kept over which a campaign's profit is averaged, each as likely as the others."""


def gains(probability: FloatArray, value: FloatArray, offer: Offer) -> FloatArray:
    """Profit to be expected of contacting each customer.

    One about to leave is kept with the offer's mean success and then worth the value less the incentive; one who would
    have stayed takes the incentive; each contact costs. A customer is worth a contact where this is above 0.

    >>> from acrm.models.empc import Offer
    >>> gains(np.array([0.5, 0.1]), np.array([200.0, 200.0]), Offer()).round(6)  # 0.5 x 0.3 x 190 - 0.5 x 10 - 1
    array([22.5, -4.3])

    Args:
        probability: Of leaving, shape (n,).
        value: Of the customer if kept, money; that of `offer` is not looked at.
        offer: Costs and success.
    """
    saved = probability * offer.success * (value - offer.incentive)
    gain: FloatArray = saved - (1 - probability) * offer.incentive - offer.contact
    return gain


def thresholds(value: FloatArray, offer: Offer) -> FloatArray:
    """The probability of leaving above which a customer of this value is worth a contact; inf where none is.

    >>> from acrm.models.empc import Offer
    >>> thresholds(np.array([200.0, 10.0]), Offer()).round(6)  # (1 + 10) / (0.3 x 190 + 10)
    array([0.164179,      inf])
    """
    least = offer.contact + offer.incentive
    most = offer.success * (value - offer.incentive) + offer.incentive
    return np.where(most > least, least / np.where(most > least, most, 1.0), np.inf)


def profit_interval(
    probability: FloatArray, value: FloatArray, offer: Offer, interval: float = 0.95
) -> tuple[float, float]:
    """Between what the profit of contacting all these customers lies, the probabilities being right.

    The share kept is the same unknown one for all, Beta(alpha, beta); given it, each customer leaves or not and is kept
    or not on their own, and their sum is taken as normal. The limits are quantiles of that mixture.

    Args:
        probability: Of leaving, of those contacted, shape (n,).
        value: Of each if kept, money.
        offer: Costs and success.
        interval: Probability that the limits shall enclose.
    """
    if not probability.size:
        return 0.0, 0.0
    kept = betaincinv(offer.alpha, offer.beta, (np.arange(_POINTS) + 0.5) / _POINTS)
    saved, paid = value - offer.incentive, (1 - probability) * offer.incentive
    base = float(paid.sum()) + offer.contact * probability.size
    mean = kept * float((probability * saved).sum()) - base
    # Per customer: saved with probability p x kept, minus the incentive with 1 - p, else nothing.
    square = kept * float((probability * saved**2).sum()) + float((paid * offer.incentive).sum())
    lost = probability * saved
    means = kept**2 * float((lost**2).sum()) - 2 * kept * float((lost * paid).sum()) + float((paid**2).sum())
    spread = np.sqrt(np.maximum(square - means, 1e-300))
    return _quantile(mean, spread, (1 - interval) / 2), _quantile(mean, spread, (1 + interval) / 2)


def _quantile(mean: FloatArray, spread: FloatArray, tail: float) -> float:
    """Of an even mixture of normal distributions, by halving."""
    low, high = float((mean - 9 * spread).min()), float((mean + 9 * spread).max())
    for _ in range(80):
        middle = (low + high) / 2
        if float(ndtr((middle - mean) / spread).mean()) < tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2
