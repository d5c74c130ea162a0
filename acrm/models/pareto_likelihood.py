"""Likelihood of the Pareto/NBD model, with its gradient.

The published form takes differences of hypergeometric functions, switches between two of them and has no gradient. Here
the integral behind them is summed over time, once for all customers of a frequency; every term is positive.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, expit, gammaln

from acrm.models.histories import FloatArray, Histories
from acrm.models.tails import Between

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_GROWTH = 1.5
"""From the start to the end of a cell, time plus the smaller scale grows by this factor at most."""
_CELLS = 500_000
"""Frequencies times times that are looked at together; each takes about 200 bytes."""
_POWER = 4
"""What falls to nothing within a cell is no polynomial at the end of it, but nearly one in a root of this order."""


class State:
    """The odds (logarithm) of having dropped out by the end of observation, and how they depend on the parameters.

    The odds are s times the integral over u, from the last order to the end T, of f(u) / f(T) / (beta+T), where
    f(u) = (alpha+u)**-(r+x) (beta+u)**-(s+1) is the density of a drop-out at u.
    """

    def __init__(self, histories: Histories, r: float, alpha: float, s: float, beta: float) -> None:
        x, of_x = histories.frequencies
        ages, of_age = histories.ages
        recencies, of_recency = histories.recencies
        times = np.unique(np.concatenate([ages, recencies, _grades(min(alpha, beta), ages[-1])]))
        last, end = np.searchsorted(times, recencies)[of_recency], np.searchsorted(times, ages)[of_age]
        self._by_age = of_age, s, beta + ages
        self.odds: FloatArray = np.log(s) - np.log(beta + ages)[of_age]
        self._parts = []
        rows = max(1, _CELLS // len(times))
        for row in range(0, len(x), rows):
            part = slice(None) if rows >= len(x) else np.flatnonzero(of_x // rows == row // rows)
            falling = _falling(times, x[row : row + rows], r, alpha, s, beta)
            between = Between(*falling, of_x[part] - row, last[part], end[part])
            self.odds[part] += between.log_sum
            self._parts.append((part, between))

    def gradient(self, weights: FloatArray) -> FloatArray:
        """Derivatives of the weighted sum of the odds, by r, alpha, s, beta; `weights` vanish where the odds do."""
        of_age, s, far = self._by_age
        found: FloatArray = np.sum([between.gradient(weights[part]) for part, between in self._parts], axis=0)
        found[2] += weights.sum() / s
        found[3] -= np.bincount(of_age, weights) @ (1 / far)
        return found


def _grades(scale: float, end: float) -> FloatArray:
    """Times from 0 on, far enough from each other to be few and near enough for f to be smooth between them."""
    grown: FloatArray = scale * np.expm1(np.arange(0, np.log1p(end / scale), np.log(_GROWTH)))
    return grown


def _falling(
    times: FloatArray, x: FloatArray, r: float, alpha: float, s: float, beta: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """See `Between`, for f at the times and all x.

    Within a cell f is close to a single power of scale + u, one that has the slope and the curvature of f at the start
    of the cell. In a variable that turns this power into a smooth function, a few nodes do for any steepness.
    """
    start, width = times[:-1, None], np.diff(times)[:, None]
    near, far = alpha + start, beta + start
    whole, steps = np.log1p(width / near), np.log1p(width / far)
    slope = (r + x) / near + (s + 1) / far
    scale = slope / ((r + x) / near**2 + (s + 1) / far**2)
    fall = np.maximum((slope * scale - 1) / _POWER, 0.5)
    mass = -np.expm1(-fall * np.log1p(width / scale))
    cells = np.zeros((len(times) - 1, 5, len(x)))
    for node, weight in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
        v = -np.log1p(-node * mass) / fall
        further = scale * np.expm1(v)
        by_near, by_far = further / near, further / far
        log_near, log_far = np.log1p(by_near), np.log1p(by_far)
        height = weight * np.exp((fall + 1) * v - (r + x) * log_near - (s + 1) * log_far)
        cells[:, 0] += height
        cells[:, 1] -= height * log_near
        cells[:, 2] += height * (by_near / (1 + by_near))
        cells[:, 3] -= height * log_far
        cells[:, 4] += height * (by_far / (1 + by_far))
    cells *= (scale * mass / fall)[:, None]
    cells[:, 2] *= (r + x) / near
    cells[:, 4] *= (s + 1) / far
    slopes = np.empty((len(times) - 1, 4, len(x)))
    slopes[:, 0] = -whole
    slopes[:, 1] = (r + x) * width / (near * (near + width))
    slopes[:, 2] = -steps
    slopes[:, 3] = (s + 1) * width / (far * (far + width))
    return cells, -(r + x) * whole - (s + 1) * steps, slopes


class Likelihood:
    """Of histories of customers who may drop out at any time, as a function of the logarithms of r, alpha, s, beta.

    A history that ends at T is as likely as Gamma(r+x) / Gamma(r) * alpha**r / (alpha+T)**(r+x)
    * (beta / (beta+T))**s * (1 + odds of having dropped out).
    """

    def __init__(self, histories: Histories) -> None:
        self.histories = histories
        count = histories.count
        of_x, of_age = histories.frequencies[1], histories.ages[1]
        self._by_x, self._by_age = np.bincount(of_x, count), np.bincount(of_age, count)
        self._orders_by_age = np.bincount(of_age, count * histories.frequency)

    def __call__(self, logs: FloatArray) -> tuple[float, FloatArray]:
        """Log likelihood and gradient, see `optimise.Objective`."""
        r, alpha, s, beta = map(float, np.exp(logs))
        x, ages, count = self.histories.frequencies[0], self.histories.ages[0], self.histories.count
        state = State(self.histories, r, alpha, s, beta)
        total = float(count.sum())
        near, far = np.log(alpha + ages), np.log(beta + ages)
        powers = r * self._by_age + self._orders_by_age
        value = self._by_x @ (gammaln(r + x) - gammaln(r)) - powers @ near - s * (self._by_age @ far)
        value += total * (r * logs[1] + s * logs[3])
        value += count @ (np.log1p(np.exp(-np.abs(state.odds))) + np.maximum(state.odds, 0))
        gradient = state.gradient(count * expit(state.odds))
        gradient += [
            self._by_x @ (digamma(r + x) - digamma(r)) - self._by_age @ near + total * logs[1],
            total * r / alpha - powers @ (1 / (alpha + ages)),
            total * logs[3] - self._by_age @ far,
            s * (total / beta - self._by_age @ (1 / (beta + ages))),
        ]
        return float(value), gradient * (r, alpha, s, beta)
