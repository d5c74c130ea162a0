"""The shifted beta-geometric model of contract lifetimes (Fader & Hardie 2007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy.special import betaln

from acrm.models.lifetimes import BetaLifetime, likelihood, renewals, usual_churn
from acrm.models.optimise import Fit, maximise

if TYPE_CHECKING:
    from acrm.models.durations import Durations
    from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True)
class ShiftedBetaGeometric(BetaLifetime):
    """Chances of leaving that differ between customers and stay the same for each.

    Retention in period t is (beta + t - 1) / (alpha + beta + t - 1).

    >>> model = ShiftedBetaGeometric(alpha=1.0, beta=3.0)
    >>> model.retention(np.array([1.0, 2.0])), model.survival(np.array([0.0, 1.0, 2.0])).round(9)
    (array([0.75, 0.8 ]), array([1.  , 0.75, 0.6 ]))
    """

    name: ClassVar[str] = "sbg"

    @property
    def power(self) -> float:
        """Always 1."""
        return 1.0

    def log_survival(self, period: FloatArray) -> FloatArray:
        """Log of the share of a cohort still there after `period`; 0 at 0."""
        share: FloatArray = betaln(self.alpha, self.beta + period) - betaln(self.alpha, self.beta)
        return share

    def log_retention(self, period: FloatArray) -> FloatArray:
        """Log of the share of those there after `period` - 1 who stay through `period` (1, 2, ...)."""
        return -np.log1p(self.alpha / (self.beta + period - 1))

    @classmethod
    def fit(cls, durations: Durations, *, starts: int = 3) -> tuple[Self, Fit]:
        """Find the most likely parameters; see `maximise` for the certificate.

        Needs someone who left and someone who stayed through the second period. If customers do not differ, so that
        retention does not rise, alpha and beta grow without end at a constant ratio: then the fit does not converge.

        >>> from acrm.models.durations import Durations
        >>> model, fit = ShiftedBetaGeometric.fit(Durations.of_cohorts(np.array([2100.0, 1260, 840, 600])))
        >>> round(model.alpha, 3), round(model.beta, 3), fit.converged
        (2.0, 3.0, True)
        """
        period, lost, stayed = renewals(durations)

        def objective(log: FloatArray) -> tuple[float, FloatArray]:
            alpha, beta = np.exp(log)
            before = beta + period - 1
            value, slope = likelihood(-np.log1p(alpha / before), lost, stayed)
            part = alpha / (alpha + before)
            return value, np.array([-(slope * part).sum(), (slope * part * beta / before).sum()])

        fit = maximise(objective, {"alpha": 1.0, "beta": 1 / usual_churn(lost, stayed)}, starts=starts)
        return cls(**fit.parameters), fit
