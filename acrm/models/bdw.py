"""The beta-discrete-Weibull model of contract lifetimes (Fader, Hardie, Liu, Davin & Steenburgh 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy.special import betaln, digamma, gammaln

from acrm.models.lifetimes import BetaLifetime, likelihood, renewals, usual_churn
from acrm.models.optimise import Fit, maximise

if TYPE_CHECKING:
    from acrm.models.durations import Durations
    from acrm.models.histories import FloatArray

# Of a log retention: nobody stays for ever, though differences of logarithms may say so.
_NEVER = -1e-16
# Of log y: exp of more overflows.
_FAR = 600.0
# From here on the first three terms of Stirling's series are exact to the last digit.
_STIRLING = 40.0


@dataclass(frozen=True, kw_only=True)
class BetaDiscreteWeibull(BetaLifetime):
    """Chances of leaving that differ between customers and change with the number of renewals.

    `c` above 1: each customer grows more likely to leave; below 1, less; at 1, the shifted beta-geometric model.

    >>> model = BetaDiscreteWeibull(alpha=1.0, beta=3.0, c=2.0)
    >>> model.survival(np.array([0.0, 1.0, 2.0])).round(9)
    array([1.        , 0.75      , 0.42857143])
    """

    name: ClassVar[str] = "bdw"

    c: float

    @property
    def power(self) -> float:
        """The parameter c."""
        return self.c

    def log_survival(self, period: FloatArray) -> FloatArray:
        """Log of the share of a cohort still there after `period`; 0 at 0."""
        with np.errstate(divide="ignore"):
            spent = self.c * np.log(period)
        beta = np.log(np.full(1, self.beta))
        return _log_beta(self.alpha, np.logaddexp(beta, spent)) - _log_beta(self.alpha, beta)

    def log_retention(self, period: FloatArray) -> FloatArray:
        """Log of the share of those there after `period` - 1 who stay through `period` (1, 2, ...)."""
        return np.minimum(self.log_survival(period) - self.log_survival(period - 1), _NEVER)

    @classmethod
    def fit(cls, durations: Durations, *, starts: int = 3) -> tuple[Self, Fit]:
        """Find the most likely parameters; see `maximise` for the certificate.

        Needs someone who left and someone who stayed through the third period; with fewer periods than parameters, or
        customers who do not differ, it does not converge.
        """
        period, lost, stayed = renewals(durations)
        with np.errstate(divide="ignore"):
            ends = np.log(np.stack([period, period - 1]))
        # Someone new has spent t = 0, whose power is 0 for every c.
        slopes = np.where(np.isfinite(ends), ends, 0.0)

        def objective(log: FloatArray) -> tuple[float, FloatArray]:
            alpha, power = np.exp(log[0]), np.exp(log[2])
            spent = power * ends
            logs = np.logaddexp(log[1], spent)
            at = _log_beta(alpha, logs)
            value, slope = likelihood(np.minimum(at[0] - at[1], _NEVER), lost, stayed)
            by_alpha, by_log = _slopes(alpha, logs)
            by_beta = np.exp(log[1] - logs) * by_log
            by_power = np.exp(spent - logs) * by_log * power * slopes
            gradient = [(slope * (part[0] - part[1])).sum() for part in (alpha * by_alpha, by_beta, by_power)]
            return value, np.array(gradient)

        start = {"alpha": 1.0, "beta": 1 / usual_churn(lost, stayed), "c": 1.0}
        fit = maximise(objective, start, starts=starts)
        return cls(**fit.parameters), fit


def _log_beta(alpha: float, log: FloatArray) -> FloatArray:
    """Log of B(alpha, y) by log y, also where y = beta + t^c is beyond all floats.

    Where y is large log gamma(y) - log gamma(alpha + y) is a small difference of large numbers; Stirling's series
    leaves only what differs.
    """
    y = np.exp(np.minimum(log, _FAR))
    series = alpha - (y - 0.5) * np.log1p(alpha / y) - alpha * np.logaddexp(np.log(alpha), log)
    value: FloatArray = np.where(
        y > _STIRLING, gammaln(alpha) + series + _stirling(y) - _stirling(alpha + y), betaln(alpha, y)
    )
    return value


def _stirling(y: FloatArray) -> FloatArray:
    inverse = 1 / np.maximum(y, _STIRLING)
    return inverse * (1 / 12 - inverse**2 * (1 / 360 - inverse**2 / 1260))


def _slopes(alpha: float, log: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes of `_log_beta` by alpha and by log y."""
    y = np.exp(np.minimum(log, _FAR))
    both = digamma(alpha + y)
    by_alpha = digamma(alpha) - np.where(log > _FAR, log, both)
    far = alpha * (alpha - 1) / (2 * y) - alpha
    by_log = np.where(y > 1e6 * (1 + alpha), far, y * (digamma(y) - both))
    return by_alpha, by_log
