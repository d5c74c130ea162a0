"""Likelihood of the beta-geometric family, with its gradient.

Special functions are taken of distinct frequencies and logarithms of distinct times only, which makes a million
customers as cheap as their distinct histories.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, digamma, gammaln

from acrm.models.histories import FloatArray, Histories


class Likelihood:
    """Of histories of customers who may drop out after an order, as a function of the logarithms of r, alpha, a, b.

    With N = r + kx, a history that ends at T is as likely as

        Gamma(N) / Gamma(r) * alpha**r / (alpha+T)**N * B(a, b+x+z) / B(a, b) * (lost + waiting)

    where z is 1 if drop-out is possible after the first order, else 0; "lost" is a / (b+x-1+z) times
    ((alpha+T) / (alpha+t))**N, for a drop-out after the last order at t; and "waiting" sums over j = 0 .. k-1 events
    since that order: Gamma(N+j) / Gamma(N) / j! * ((T-t) / (alpha+T))**j. For k = 1 it is 1.
    """

    def __init__(self, histories: Histories, k: int, dropout_at_zero: bool) -> None:
        if k > 1 and histories.log_gaps is None:
            raise ValueError("regular buying needs log_gaps")
        self.histories, self.k, self.z = histories, k, int(dropout_at_zero)
        count = histories.count
        self._of_x, self._of_age = histories.frequencies[1], histories.ages[1]
        self._by_x = np.bincount(self._of_x, count)
        self._by_age = np.bincount(self._of_age, count)
        self._orders_by_age = np.bincount(self._of_age, count * histories.frequency)
        self._constant = 0.0
        if histories.log_gaps is not None:
            self._constant = (k - 1) * float(count @ histories.log_gaps)
            self._constant -= float(count @ histories.frequency) * float(gammaln(k))

    def __call__(self, logs: FloatArray) -> tuple[float, FloatArray]:
        """Log likelihood and gradient, see `optimise.Objective`."""
        r, alpha, a, b = map(float, np.exp(logs))
        k, count = self.k, self.histories.count
        x, ages = self.histories.frequencies[0], self.histories.ages[0]
        after, last = alpha + ages, alpha + self.histories.recencies[0]
        state = State(self.histories, r, alpha, a, b, k, self.z)
        total = float(self._by_x.sum())
        left = b + x + self.z
        by_x = gammaln(r + k * x) - gammaln(r) + betaln(a, left) - betaln(a, b)
        powers = r * self._by_age + k * self._orders_by_age
        value = self._constant + self._by_x @ by_x + total * r * np.log(alpha) - powers @ np.log(after)
        smaller = np.exp(-np.abs(state.odds))
        value += count @ (np.log1p(smaller) + np.maximum(state.odds, 0) + state.log_waiting)

        lost = count * np.where(state.odds > 0, 1, smaller) / (1 + smaller)
        lost_by_x = np.bincount(self._of_x, lost)
        by_r = self._by_x @ (digamma(r + k * x) - digamma(r)) + total * np.log(alpha) - self._by_age @ np.log(after)
        by_r += lost @ state.log_ratio
        inverse = 1 / after
        further = inverse[self._of_age] - (1 / last)[self.histories.recencies[1]]
        by_alpha = total * r / alpha - powers @ inverse + (lost * (r + k * self.histories.frequency)) @ further
        both = digamma(a + left)
        by_a = self._by_x @ (digamma(a + b) - both) + lost.sum() / a
        by_b = self._by_x @ (digamma(left) - both - digamma(b) + digamma(a + b))
        by_b -= lost_by_x @ (1 / np.where(lost_by_x > 0, left - 1, 1))
        if k > 1:
            waiting = count - lost
            by_r += waiting @ state.waiting_by_r
            by_alpha -= waiting @ (state.events_waiting * inverse[self._of_age])
        gradient = np.array([by_r, by_alpha, by_a, by_b]) * (r, alpha, a, b)
        return float(value), gradient


class State:
    """What is known of groups at the end of observation: odds of having dropped out, events since the last order.

    `odds` (logarithm; minus infinity where nobody can have dropped out), `log_ratio` of the scales at the end of
    observation and at the last order, `phases` (shape (k, n), probability of j events, given alive) and, for the
    gradient, `log_waiting`, `waiting_by_r`, `events_waiting`.
    """

    def __init__(self, histories: Histories, r: float, alpha: float, a: float, b: float, k: int, z: int) -> None:
        x, of_x = histories.frequencies
        ages, of_age = histories.ages
        recencies, of_recency = histories.recencies
        shape = r + k * x
        self.log_ratio: FloatArray = np.log(alpha + ages)[of_age] - np.log(alpha + recencies)[of_recency]
        can = x + z > 0
        drop = np.where(can, np.log(a) - np.log(np.where(can, b + x - 1 + z, 1)), -np.inf)
        self.odds: FloatArray = drop[of_x] + shape[of_x] * self.log_ratio
        self.log_waiting: FloatArray | float = 0.0
        self.phases: FloatArray = np.ones((1, len(of_x)))
        if k == 1:
            return
        share = (histories.age - histories.recency) / (alpha + ages)[of_age]
        ways, harmonic = np.ones_like(shape), np.zeros_like(shape)
        phases, by_r = [np.ones_like(share)], np.zeros_like(share)
        for j in range(1, k):
            ways = ways * (shape + j - 1) / j
            harmonic = harmonic + 1 / (shape + j - 1)
            phases.append(ways[of_x] * share**j)
            by_r += phases[-1] * harmonic[of_x]
        waiting = np.sum(phases, axis=0)
        self.phases = np.array(phases) / waiting
        self.waiting_by_r: FloatArray = by_r / waiting
        self.events_waiting: FloatArray = np.arange(k) @ self.phases
        self.log_waiting = np.log(waiting)
        self.odds = self.odds - self.log_waiting
