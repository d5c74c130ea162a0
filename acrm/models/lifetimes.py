"""What the models of contract lifetimes share: a chance of leaving per renewal that differs between customers.

Each customer has a chance theta of leaving at a renewal, theta ~ Beta(alpha, beta) over customers, and

    P(still there after period t | theta) = (1 - theta)^(t^c),    S(t) = B(alpha, beta + t^c) / B(alpha, beta).

c = 1 is the shifted beta-geometric model, whose customers never change; c above 1 (below 1) makes leaving more (less)
likely from renewal to renewal for each single customer. Either way those who stay are those who tend to stay, so the
retention of a cohort rises. Sources: Fader & Hardie (2007), How to project customer retention; Fader, Hardie, Liu,
Davin & Steenburgh (2018), How to project customer retention revisited; for the discounted lifetimes Fader & Hardie
(2010), Customer-base valuation in a contractual setting.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from acrm.models.durations import Durations
    from acrm.models.histories import FloatArray

# Discounted sums run until the rest is below this share of a payment.
_REST = 1e-15


@dataclass(frozen=True, kw_only=True)
class BetaLifetime(ABC):
    """A fitted lifetime model. `alive` is always the number of periods a customer has stayed, 0 for a new one."""

    name: ClassVar[str]

    alpha: float
    beta: float

    @property
    @abstractmethod
    def power(self) -> float:
        """The c above."""

    @abstractmethod
    def log_retention(self, period: FloatArray) -> FloatArray:
        """Log of the share of those there after `period` - 1 who stay through `period` (1, 2, ...)."""

    @abstractmethod
    def log_survival(self, period: FloatArray) -> FloatArray:
        """Log of the share of a cohort still there after `period`; 0 at 0."""

    def parameters(self) -> dict[str, float]:
        """Parameters by name; the class called with them gives the model again."""
        return asdict(self)

    def survival(self, period: FloatArray) -> FloatArray:
        """Share of a cohort still there after `period`; 1 at 0."""
        return np.exp(self.log_survival(period))

    def retention(self, period: FloatArray) -> FloatArray:
        """Share of those there after `period` - 1 who stay through `period` (1, 2, ...)."""
        return np.exp(self.log_retention(period))

    def log_likelihood(self, durations: Durations) -> float:
        """Log likelihood of the durations, censored ones included."""
        period, lost, stayed = renewals(durations)
        return likelihood(self.log_retention(period), lost, stayed)[0]

    def residual_lifetime(self, alive: FloatArray, discount: float, horizon: int | None = None) -> FloatArray:
        """Discounted expected residual lifetime (DERL): payments to come, the next one now if they renew.

        The sum over j = 1, 2, ... (up to `horizon`) of P(still there after alive + j | there after alive) / (1 +
        discount)^(j - 1): the value, in payments, of a customer about to decide on renewal number `alive` + 1. Papers
        that count the periods begun call that customer n = alive + 1. One who decides a period from now is worth this
        divided by 1 + discount, and a new customer, who pays for the first period now, `new_lifetime`.

        Args:
            alive: Whole periods stayed, 0 or more.
            discount: Rate per period, above 0 (without horizon, at least 1e-5; 0 is allowed with one).
            horizon: How many renewals count; None for all.

        Raises:
            ValueError: A discount outside of that.
        """
        if horizon is not None:
            if discount < 0:
                raise ValueError("the discount is 0 or more")
            ahead = np.arange(1.0, horizon + 1)
            distinct, place = np.unique(alive, return_inverse=True)
            log = np.cumsum(self.log_retention(distinct[:, None] + ahead), axis=1)
            return (np.exp(log) @ (1 + discount) ** (1 - ahead))[place]
        if discount < 1e-5:
            raise ValueError("without horizon the discount is 1e-5 or more")
        # Backwards: R(k) = r(k + 1) (1 + v R(k + 1)), all terms positive, from where the rest no longer counts.
        factor = 1 / (1 + discount)
        last = int(np.max(alive, initial=0.0))
        end = last + math.ceil(math.log(_REST) / math.log(factor))
        retention = self.retention(np.arange(1.0, end + 1)).tolist()
        worth = [0.0] * (end + 1)
        for period in range(end, 0, -1):
            worth[period - 1] = retention[period - 1] * (1 + factor * worth[period])
        return np.asarray(worth)[alive.astype(np.int64)]

    def new_lifetime(self, discount: float, horizon: int | None = None) -> float:
        """Discounted expected lifetime (DEL) of a new customer: the first payment now and `horizon` renewals."""
        return 1.0 + float(self.residual_lifetime(np.zeros(1), discount, horizon)[0]) / (1 + discount)

    def draw(self, alive: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw for each element the number of the renewal, 1 for the next, that the customer does not make.

        theta is drawn from its distribution among those who stayed so long, Beta(alpha, beta + alive^c), and the
        lifetime given theta by inversion. A customer who practically never leaves gives inf.
        """
        with np.errstate(divide="ignore", over="ignore"):
            stayed = alive**self.power
            wait = rng.standard_exponential(alive.shape) / -np.log1p(-rng.beta(self.alpha, self.beta + stayed))
            end = np.ceil((stayed + wait) ** (1 / self.power) - alive)
        drawn: FloatArray = np.maximum(end, 1.0)
        return drawn


def renewals(durations: Durations) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Periods 1, 2, ... up to the last, customers who left in each, and customers who stayed through it.

    Raises:
        ValueError: Times that are no whole numbers, or customers who leave before the first renewal.
    """
    whole = durations.time.astype(np.int64)
    if np.any(whole != durations.time) or durations.lost[durations.time == 0].any():
        raise ValueError("lifetimes are whole periods, and nobody leaves in period 0")
    period = np.arange(1.0, whole[-1] + 1)
    lost = np.zeros(period.size + 1)
    lost[whole] = durations.lost
    # Whoever is seen in a later period was there in all before it.
    at_risk = durations.at_risk()[np.searchsorted(durations.time, period)]
    return period, lost[1:], at_risk - lost[1:]


def likelihood(log_retention: FloatArray, lost: FloatArray, stayed: FloatArray) -> tuple[float, FloatArray]:
    """Sum of lost x log(1 - r) + stayed x log r over the periods, and its slope by each log r.

    The product of retentions is the survival, so this is the likelihood of all lifetimes, with no gamma function.
    """
    leave = -np.expm1(log_retention)
    with np.errstate(divide="ignore"):
        value = np.where(lost > 0, lost * np.log(leave), 0.0) + stayed * log_retention
    slope: FloatArray = stayed - lost * np.exp(log_retention) / leave
    return float(value.sum()), slope


def usual_churn(lost: FloatArray, stayed: FloatArray) -> float:
    """Share who leave at a renewal, all periods together, inside of 0 and 1: where to start a search.

    >>> usual_churn(np.array([3.0, 1.0]), np.array([7.0, 6.0]))
    0.25
    """
    return float((lost.sum() + 1) / (lost.sum() + stayed.sum() + 3))
