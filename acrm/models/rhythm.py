"""How regularly each customer buys, learnt from the own gaps and from those of all: gamma gaps, gamma rates.

The gaps of a customer between purchases vary as Gamma(shape, rate), around a rate of the customer's own that varies
between customers as Gamma(a, b). Of a customer with n gaps that sum up to s the rate is then Gamma(a + shape n, b + s),
and with u = t / (b + s + t) the next gap is longer than t with probability 1 - I_u(shape, a + shape n), where I is the
regularised incomplete beta function. So one gap hardly moves a customer away from what is usual, ten do.

Only gaps that ended are learnt from: the model tells how long customers stay away who come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from scipy.special import betaincc, betaincinv, digamma, gammaln

from acrm.models.histories import FloatArray
from acrm.models.optimise import Fit, maximise

_MOST = 20_000
"""Customers that the fit looks at, evenly spread over the order they are in."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Gaps:
    """What is known of the ended gaps of customers, one element each."""

    number: FloatArray
    total: FloatArray
    """Their sum, in days."""
    log_total: FloatArray
    """The sum of their logarithms."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Parameters, above 0.

    Args:
        shape: Of a customer's gaps: 1 buys at random, larger numbers buy more regularly.
        a: Shape of the distribution of rates between customers.
        b: Its scale, in days.
    """

    shape: float
    a: float
    b: float

    @classmethod
    def fit(cls, gaps: Gaps) -> tuple[Self, Fit]:
        """The most likely parameters; customers without a gap say nothing.

        Raises:
            ValueError: There is no gap at all.
        """
        some = np.flatnonzero(gaps.number > 0)
        if not some.size:
            raise ValueError("no gaps")
        some = some[:: -(-some.size // _MOST)]
        number, total, log_total = gaps.number[some], gaps.total[some], gaps.log_total[some]
        start = {"shape": 1.0, "a": 1.5, "b": float(total.sum() / number.sum())}
        fitted = maximise(partial(_likelihood, number=number, total=total, log_total=log_total), start)
        return cls(**fitted.parameters), fitted

    def longer(self, gaps: Gaps, days: FloatArray) -> FloatArray:
        """Probability that the next gap is longer than so many days.

        >>> one = Gaps(number=np.array([0.0, 4.0]), total=np.array([0.0, 40.0]), log_total=np.zeros(2))
        >>> Rhythm(shape=1.0, a=2.0, b=60.0).longer(one, np.array([60.0, 60.0])).round(3)
        array([0.25, 0.06])
        """
        scale = self.b + gaps.total
        found: FloatArray = betaincc(self.shape, self.a + self.shape * gaps.number, days / (scale + days))
        return found

    def exceeded(self, gaps: Gaps, share: FloatArray | float) -> FloatArray:
        """The days that the next gap exceeds with probability `share`, above 0; of a half, the usual gap."""
        # The other tail of the same beta function: of small shares nothing is lost.
        left = betaincinv(self.a + self.shape * gaps.number, self.shape, share)
        found: FloatArray = (self.b + gaps.total) * (1 - left) / np.maximum(left, np.finfo(float).tiny)
        return found


def _likelihood(
    logs: FloatArray, number: FloatArray, total: FloatArray, log_total: FloatArray
) -> tuple[float, FloatArray]:
    """Log likelihood of the gaps, and its gradient; both in the logarithms of the parameters."""
    shape, a, b = np.exp(logs)
    after, scale = a + shape * number, np.log(b + total)
    value = (
        (shape - 1) * log_total - number * gammaln(shape) + gammaln(after) - gammaln(a) + a * np.log(b) - after * scale
    )
    slopes = (
        log_total + number * (digamma(after) - digamma(shape) - scale),
        digamma(after) - digamma(a) + np.log(b) - scale,
        a / b - after / (b + total),
    )
    return float(value.sum()), np.array([slope.sum() for slope in slopes]) * (shape, a, b)
