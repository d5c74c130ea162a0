"""The BG/BB model: opportunities to buy come one by one, and each is taken or not.

Time is counted in opportunities after the first order: years of a donor, days of a fair, mailings. At each one a
customer who is still there orders with a probability that varies between customers as Beta(alpha, beta); before each
one a customer drops out with a probability that varies as Beta(gamma, delta). Fader, Hardie and Shang (2010),
"Customer-base analysis in a discrete-time noncontractual setting".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, digamma, expit

from acrm.models.histories import FloatArray, Histories
from acrm.models.optimise import Fit, maximise
from acrm.models.quadrature import beta_grid
from acrm.models.tails import Between


@dataclass(frozen=True, kw_only=True)
class BgBb:
    """Parameters, above 0. Frequency, recency and age of histories are whole numbers of opportunities.

    Args:
        alpha: First parameter of the beta distribution of order probabilities.
        beta: The second.
        gamma: First parameter of the beta distribution of drop-out probabilities.
        delta: The second.
    """

    name: ClassVar[str] = "bg-bb"
    alpha: float
    beta: float
    gamma: float
    delta: float

    @classmethod
    def fit(cls, histories: Histories, *, start: Self | None = None, starts: int = 3) -> tuple[Self, Fit]:
        """The most likely parameters; see `optimise.maximise`.

        Args:
            histories: Groups of customers.
            start: A model near the optimum, such as that of the sample a bootstrap repeats.
            starts: As `maximise` takes them.
        """
        begin = start.parameters() if start else {"alpha": 1.0, "beta": 1.0, "gamma": 0.7, "delta": 3.0}
        fitted = maximise(Likelihood(histories), begin, starts=starts)
        return cls(**fitted.parameters), fitted

    def parameters(self) -> dict[str, float]:
        """By name."""
        return {"alpha": self.alpha, "beta": self.beta, "gamma": self.gamma, "delta": self.delta}

    def log_likelihood(self, histories: Histories) -> float:
        """Weighted sum over the groups."""
        return self.likelihood(histories)(np.log(list(self.parameters().values())))[0]

    def likelihood(self, histories: Histories) -> Likelihood:
        """What `fit` maximises."""
        return Likelihood(histories)

    def p_alive(self, histories: Histories) -> FloatArray:
        """Probability that a customer will still be there at the next opportunity, within [0, 1)."""
        stays = (self.delta + histories.age) / (self.gamma + self.delta + histories.age)
        alive: FloatArray = expit(-self._odds(histories)) * stays
        return alive

    def expected_orders(self, histories: Histories, horizon: float) -> FloatArray:
        """Orders expected at the next `horizon` opportunities, of which the last counts in part if not whole."""
        return self.discounted_orders(histories, horizon, 0.0)

    def expected_residual(self, histories: Histories, discount: float) -> FloatArray:
        """Discounted expected orders without horizon (DERT), the next opportunity discounted once.

        Infinite without discount where gamma is 1 or less. An annual rate d is a `discount` of log(1 + d).
        """
        return self.discounted_orders(histories, np.inf, discount)

    def discounted_orders(self, histories: Histories, horizon: float, discount: float) -> FloatArray:
        """Orders expected within the horizon, one at the n-th opportunity from now counted exp(-discount * n)."""
        ages, of_age = histories.ages
        # Whoever is there at the next opportunity has passed one more than was seen.
        times = np.array([_discounted_stay(self.gamma, self.delta + age + 1, horizon, discount) for age in ages])
        if np.isinf(times).any():
            return np.full(len(of_age), np.inf)
        share = (self.alpha + histories.frequency) / (self.alpha + self.beta + histories.age)
        orders: FloatArray = self.p_alive(histories) * share * times[of_age]
        return orders

    def p_order(self, histories: Histories, horizon: float) -> FloatArray:
        """Probability of at least one order at the next `horizon` opportunities, which are counted whole."""
        frequencies, ages, pair_of = histories.pairs
        found = np.zeros(len(ages))
        # The first order comes at the next opportunity, or the one after it, ...
        here, misses = np.ones(len(ages)), self.beta + ages - frequencies
        passed = np.ones(len(ages))
        for n in range(int(horizon)):
            found += here * passed * (self.alpha + frequencies) / (self.alpha + self.beta + ages + n)
            passed *= (misses + n) / (self.alpha + self.beta + ages + n)
            here *= (self.delta + ages + 1 + n) / (self.gamma + self.delta + ages + 1 + n)
        some: FloatArray = self.p_alive(histories) * found[pair_of]
        return some

    def expected_new(self, time: FloatArray) -> FloatArray:
        """Repeat orders expected of a new customer up to each opportunity after the first order."""
        alive = self.delta / (self.gamma + self.delta)
        times = [_discounted_stay(self.gamma, self.delta + 1, t, 0.0) if t > 0 else 0.0 for t in time]
        return alive * self.alpha / (self.alpha + self.beta) * np.array(times, dtype=float)

    def draw(self, histories: Histories, horizon: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """One possible number of orders at the next `horizon` opportunities, which are counted whole."""
        orders = np.zeros(len(histories.age), dtype=np.int64)
        alive = np.flatnonzero(rng.random(len(orders)) < expit(-self._odds(histories)))
        x, age = histories.frequency[alive], histories.age[alive]
        # Before each opportunity customers leave with odds that are a ratio of two gamma variables.
        kept = np.maximum(rng.standard_gamma(self.delta + age), np.finfo(float).tiny)
        with np.errstate(divide="ignore", over="ignore"):
            odds = rng.standard_gamma(self.gamma, len(alive)) / kept
            stay = np.floor(rng.standard_exponential(len(alive)) / np.log1p(odds))
        share = rng.beta(self.alpha + x, self.beta + age - x)
        orders[alive] = rng.binomial(np.minimum(stay, int(horizon)).astype(np.int64), share)
        return orders

    def _odds(self, histories: Histories) -> FloatArray:
        return State(histories, self.alpha, self.beta, self.gamma, self.delta).odds


def _discounted_stay(gamma: float, delta: float, horizon: float, discount: float) -> float:
    """Sum over n = 1 .. horizon of exp(-discount * n) times the probability to stay n-1 times: means of (1-p)**(n-1).

    With z = exp(-discount) it is the mean of z (1 - (z (1-p))**horizon) / (1 - z (1-p)), a function that falls from
    p = 0 on, but no faster than 1 / p; see `renewals` for how its mean is taken.
    """
    if np.isinf(horizon) and discount == 0:
        return (gamma + delta - 1) / (gamma - 1) if gamma > 1 else np.inf
    knee = max(1 / horizon, -np.expm1(-discount))
    power = np.exp(-discount) / knee
    _, log_q, weights = beta_grid(gamma, delta, knee)
    step = log_q - discount
    height = np.exp(-discount) * _geometric(step, horizon)
    at_zero = np.exp(-discount) * float(_geometric(np.array([-discount]), horizon)[0])
    floor = np.exp(betaln(gamma, delta + power) - betaln(gamma, delta))
    return float(at_zero * floor + weights @ (height - at_zero * np.exp(power * log_q)))


def _geometric(step: FloatArray, terms: float) -> FloatArray:
    """1 + exp(step) + exp(2 step) + ..., for steps of 0 or less."""
    with np.errstate(invalid="ignore"):
        total: FloatArray = np.where(step < 0, np.expm1(step * terms) / np.expm1(step), terms)
    return total


class Likelihood:
    """Of histories, as a function of the logarithms of alpha, beta, gamma, delta.

    x orders at n opportunities are as likely as B(alpha+x, beta+n-x) / B(alpha, beta)
    * B(gamma, delta+n) / B(gamma, delta) * (1 + odds of having dropped out).
    """

    def __init__(self, histories: Histories) -> None:
        self.histories = histories

    def __call__(self, logs: FloatArray) -> tuple[float, FloatArray]:
        """Log likelihood and gradient, see `optimise.Objective`."""
        alpha, beta, gamma, delta = map(float, np.exp(logs))
        x, n, pair_of = self.histories.pairs
        count = self.histories.count
        by_pair = np.bincount(pair_of, count)
        state = State(self.histories, alpha, beta, gamma, delta)
        value = by_pair @ (betaln(alpha + x, beta + n - x) - betaln(alpha, beta))
        value += by_pair @ (betaln(gamma, delta + n) - betaln(gamma, delta))
        value += count @ np.logaddexp(0, state.odds)
        both = digamma(alpha + beta) - digamma(alpha + beta + n)
        stay = digamma(gamma + delta) - digamma(gamma + delta + n)
        gradient = state.gradient(count * expit(state.odds))
        gradient += [
            by_pair @ (digamma(alpha + x) - digamma(alpha) + both),
            by_pair @ (digamma(beta + n - x) - digamma(beta) + both),
            by_pair @ stay,
            by_pair @ (digamma(delta + n) - digamma(delta) + stay),
        ]
        return float(value), gradient * (alpha, beta, gamma, delta)


class State:
    """The odds (logarithm) of having dropped out by the end of observation, and how they depend on the parameters.

    They are gamma / (gamma+delta+n) times the sum over m, from the last order to n-1, of f(m) / f(n), where
    f(m) = B(alpha+x, beta+m-x) B(gamma+1, delta+m) is the likelihood of m opportunities followed by a drop-out.
    """

    def __init__(self, histories: Histories, alpha: float, beta: float, gamma: float, delta: float) -> None:
        x, of_x = histories.frequencies
        m = np.arange(histories.age.max(initial=0))[:, None]
        # Fewer opportunities than orders do not occur; whatever stands there is not looked at.
        missed = beta + np.maximum(m - x, 0)
        both, kept, stay = alpha + beta + m, delta + m, gamma + delta + m + 1
        falls = np.log(missed / both) + np.log(kept / stay)
        slopes = np.empty((len(m), 4, len(x)))
        slopes[:, 0] = -1 / both
        slopes[:, 1] = 1 / missed - 1 / both
        slopes[:, 2] = -1 / stay
        slopes[:, 3] = 1 / kept - 1 / stay
        cells = np.zeros((len(m), 5, len(x)))
        cells[:, 0] = 1
        last, end = histories.recency.astype(np.intp), histories.age.astype(np.intp)
        self._between = Between(cells, falls, slopes, of_x, last, end)
        self._all = gamma, gamma + delta + histories.age
        self.odds: FloatArray = self._between.log_sum + np.log(gamma) - np.log(self._all[1])

    def gradient(self, weights: FloatArray) -> FloatArray:
        """Derivatives of the weighted sum of the odds, by alpha, beta, gamma, delta."""
        gamma, whole = self._all
        found = self._between.gradient(weights)
        found[2] += weights.sum() / gamma
        found[2:] -= weights @ (1 / whole)
        return found
