"""What customers under contract will pay: expectations, spreads and quantiles over lifetimes and parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray
    from acrm.models.lifetimes import BetaLifetime

# Payments after this many, or together worth less than this share of what they would be undiscounted, are left out.
_FAR = 1200
_REST = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Of the discounted payments to come, one element per customer."""

    mean: FloatArray
    variance: FloatArray


def to_come(model: BetaLifetime, alive: FloatArray, due: FloatArray) -> FloatArray:
    """Probability that a customer makes each of the next payments, shape (n, largest of `due`).

    Args:
        model: A fitted model.
        alive: Whole periods stayed, shape (n,).
        due: How many payments count for the customer, shape (n,); later ones are 0.
    """
    payments = int(due.max())
    log = model.log_survival(np.arange(alive.max() + payments + 1))
    now = alive.astype(np.int64)[:, None]
    number = np.arange(1, payments + 1)
    makes: FloatArray = np.where(number <= due[:, None], np.exp(log[now + number] - log[now]), 0.0)
    return makes


def moments(makes: FloatArray, discount: float) -> Moments:
    """Mean and variance of the value of the payments made, the next one now and each later one a period after.

    Who makes payment j has made all before it. So with a_j the value of j payments, the mean square is the sum of
    P(makes j) (a_j^2 - a_(j-1)^2).

    >>> found = moments(np.array([[0.5, 0.25]]), 0.0)
    >>> found.mean, found.variance
    (array([0.75]), array([0.6875]))

    Args:
        makes: See `to_come`.
        discount: Rate per period, 0 or more.
    """
    worth = (1 + discount) ** -np.arange(makes.shape[1], dtype=np.float64)
    mean = makes @ worth
    square = makes @ np.diff(np.cumsum(worth) ** 2, prepend=0.0)
    return Moments(mean=mean, variance=np.maximum(square - mean**2, 0.0))


def quantile(makes: FloatArray, probability: float) -> FloatArray:
    """The smallest number of payments that is not exceeded with this probability, for each customer.

    >>> quantile(np.array([[0.5, 0.25]]), 0.4), quantile(np.array([[0.5, 0.25]]), 0.6)
    (array([0.]), array([1.]))

    Args:
        makes: See `to_come`; its mean over models takes in what is not known of their parameters.
        probability: Between 0 and 1.
    """
    # P(N > n) is the probability to make payment n + 1. Sums of floats are rounded.
    payments: FloatArray = (makes > 1 - probability + 1e-12).sum(axis=1).astype(np.float64)
    return payments


def annuity(payments: FloatArray, discount: float) -> FloatArray:
    """Value of so many payments, the first one now.

    >>> annuity(np.array([0.0, 1.0, 2.0]), 0.25)
    array([0. , 1. , 1.8])
    """
    if not discount:
        return payments
    value: FloatArray = (1 - (1 + discount) ** -payments) * (1 + discount) / discount
    return value


def endless(discount: float) -> int:
    """So many payments stand for all of them: the rest is worth less than a millionth of what all could be, or far off.

    >>> endless(0.10)
    145
    """
    return min(_FAR, math.ceil(-math.log(_REST) / math.log1p(discount))) if discount else _FAR
