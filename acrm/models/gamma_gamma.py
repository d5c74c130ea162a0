"""The Gamma-Gamma model of spend: what an order of a customer is worth on average, and what future orders may bring.

The values of a customer's orders vary as Gamma(p, nu), and nu between customers as Gamma(q, gamma), independently of
how often they order. Fader, Hardie and Lee (2005), "RFM and CLV"; Fader and Hardie (2013), note 025.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy.special import digamma, gammaln

from acrm.models.histories import FloatArray
from acrm.models.optimise import Fit, maximise


@dataclass(frozen=True, kw_only=True)
class GammaGamma:
    """Parameters, above 0.

    Args:
        p: Shape of the distribution of order values.
        q: Shape of the distribution between customers. Only above 1 customers have a mean at all: see `finite`.
        gamma: Its scale, in money.
    """

    name: ClassVar[str] = "gamma-gamma"
    p: float
    q: float
    gamma: float

    @classmethod
    def fit(
        cls,
        frequency: FloatArray,
        mean_spend: FloatArray,
        count: FloatArray,
        *,
        start: Self | None = None,
        starts: int = 3,
    ) -> tuple[Self, Fit]:
        """The most likely parameters; see `optimise.maximise`.

        Args:
            frequency: Orders that the mean is taken over, 1 or more, shape (n,).
            mean_spend: Their mean value, above 0, shape (n,).
            count: Customers with both, or other weights, shape (n,).
            start: A model near the optimum, such as that of the sample a bootstrap repeats.
            starts: As `maximise` takes them.

        Raises:
            ValueError: A frequency or mean of 0 or less, of which the model knows nothing.
        """
        likelihood = Likelihood(frequency, mean_spend, count)
        middle = float(np.average(mean_spend, weights=count))
        begin = start.parameters() if start else {"p": 3.0, "q": 3.0, "gamma": middle}
        fitted = maximise(likelihood, begin, starts=starts)
        return cls(**fitted.parameters), fitted

    @property
    def finite(self) -> bool:
        """Whether customers have a mean value per order (q above 1); if not, the tail of spend is too heavy."""
        return self.q > 1

    @property
    def mean(self) -> float:
        """Expected value of an order of a customer of whom nothing is known; infinite unless `finite`."""
        return self.p * self.gamma / (self.q - 1) if self.finite else np.inf

    def parameters(self) -> dict[str, float]:
        """By name."""
        return {"p": self.p, "q": self.q, "gamma": self.gamma}

    def log_likelihood(self, frequency: FloatArray, mean_spend: FloatArray, count: FloatArray) -> float:
        """Weighted sum over customers."""
        return Likelihood(frequency, mean_spend, count)(np.log(list(self.parameters().values())))[0]

    def expected_spend(self, frequency: FloatArray, mean_spend: FloatArray) -> FloatArray:
        """Expected value of an order, between the customer's own mean and the one of all.

        Frequency 0 gives the mean of all, whatever stands for the customer's. Infinite where p * frequency + q is 1 or
        less: for such a q even the history does not bring the tail under control.

        Examples:
            Two orders of 22.35 on average outweigh the mean of all, 35.17.

            >>> model = GammaGamma(p=6.25, q=3.74, gamma=15.42)
            >>> model.expected_spend(np.array([2.0, 0.0]), np.array([22.35, 0.0])).round(2).tolist()
            [24.66, 35.17]
        """
        left = self.p * frequency + self.q - 1
        total = self.gamma + frequency * np.where(frequency > 0, mean_spend, 0)
        return np.where(left > 0, self.p * total / np.where(left > 0, left, 1), np.inf)

    def draw(
        self, frequency: FloatArray, mean_spend: FloatArray, orders: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """One possible total of each customer's next orders, exactly as the model has it.

        It is gamma + frequency * mean_spend times a ratio of gamma variables, with shapes p * orders and
        p * frequency + q; 0 where `orders` are.
        """
        spent: FloatArray = np.zeros(len(orders))
        some = np.flatnonzero(orders)
        x = frequency[some]
        ratio = rng.standard_gamma(self.p * orders[some]) / rng.standard_gamma(self.p * x + self.q)
        spent[some] = (self.gamma + x * np.where(x > 0, mean_spend[some], 0)) * ratio
        return spent


class Likelihood:
    """Of mean values of orders, as a function of the logarithms of p, q, gamma."""

    def __init__(self, frequency: FloatArray, mean_spend: FloatArray, count: FloatArray) -> None:
        if not ((frequency > 0) & (mean_spend > 0)).all():
            raise ValueError("frequency and mean_spend must be above 0")
        self._x, of_x = np.unique(frequency, return_inverse=True)
        self._of_x, self._count = of_x, count
        self._by_x = np.bincount(of_x, count)
        self._spent = frequency * mean_spend
        self._logs_by_x = np.bincount(of_x, count * np.log(self._spent))
        self._constant = -float(count @ np.log(mean_spend))

    def __call__(self, logs: FloatArray) -> tuple[float, FloatArray]:
        """Log likelihood and gradient, see `optimise.Objective`."""
        p, q, gamma = map(float, np.exp(logs))
        x, total = self._x, float(self._by_x.sum())
        px = p * x
        whole = gamma + self._spent
        by_x = np.bincount(self._of_x, self._count * np.log(whole))
        value = self._by_x @ (gammaln(px + q) - gammaln(px)) + total * (q * logs[2] - gammaln(q))
        value += px @ self._logs_by_x - (px + q) @ by_x + self._constant
        rise = digamma(px + q)
        gradient = np.array(
            [
                (x * self._by_x) @ (rise - digamma(px)) + x @ self._logs_by_x - x @ by_x,
                self._by_x @ rise + total * (logs[2] - digamma(q)) - by_x.sum(),
                total * q / gamma - (px + q) @ np.bincount(self._of_x, self._count / whole),
            ]
        )
        return float(value), gradient * (p, q, gamma)
