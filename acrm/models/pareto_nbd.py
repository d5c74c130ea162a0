"""The Pareto/NBD model: customers buy at random and may drop out at any time.

A customer's orders are a Poisson process whose rate varies between customers as Gamma(r, alpha), during a life whose
length is exponential with a rate that varies as Gamma(s, beta). Schmittlein, Morrison and Colombo (1987), "Counting
your customers"; Fader and Hardie (2005), "A note on deriving the Pareto/NBD model"; Fader, Hardie and Lee (2005), "RFM
and CLV", for residual lifetimes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acrm.models.histories import FloatArray, Histories
from acrm.models.optimise import Fit, maximise
from acrm.models.pareto_likelihood import Likelihood, State

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_FADED = 40.0
"""What is smaller than exp(-40) of the whole is left out of integrals."""


@dataclass(frozen=True, kw_only=True)
class ParetoNbd:
    """Parameters, above 0.

    Args:
        r: Shape of the gamma distribution of order rates.
        alpha: Its scale, in the unit of the histories.
        s: Shape of the gamma distribution of drop-out rates.
        beta: Its scale, in the unit of the histories.
    """

    name: ClassVar[str] = "pareto-nbd"
    r: float
    alpha: float
    s: float
    beta: float

    @classmethod
    def fit(cls, histories: Histories, *, start: Self | None = None, starts: int = 3) -> tuple[Self, Fit]:
        """The most likely parameters; see `optimise.maximise`.

        Args:
            histories: Groups of customers.
            start: A model near the optimum, such as that of the sample a bootstrap repeats.
            starts: As `maximise` takes them.
        """
        scale = float(np.average(histories.age, weights=histories.count)) / 3
        begin = start.parameters() if start else {"r": 0.7, "alpha": scale, "s": 0.7, "beta": scale}
        some = histories.sample()
        sample = Likelihood(some) if some else None
        fitted = maximise(Likelihood(histories), begin, starts=starts, sample=sample)
        return cls(**fitted.parameters), fitted

    def parameters(self) -> dict[str, float]:
        """By name."""
        return {"r": self.r, "alpha": self.alpha, "s": self.s, "beta": self.beta}

    def log_likelihood(self, histories: Histories) -> float:
        """Weighted sum over the groups."""
        return self.likelihood(histories)(np.log(list(self.parameters().values())))[0]

    def likelihood(self, histories: Histories) -> Likelihood:
        """What `fit` maximises."""
        return Likelihood(histories)

    def p_alive(self, histories: Histories) -> FloatArray:
        """Probability that a customer has not dropped out, within [0, 1]; 1 where the last order is the last moment."""
        alive: FloatArray = expit(-self._odds(histories))
        return alive

    def expected_orders(self, histories: Histories, horizon: float) -> FloatArray:
        """Orders expected within the horizon from the end of observation."""
        return self.discounted_orders(histories, horizon, 0.0)

    def expected_residual(self, histories: Histories, discount: float) -> FloatArray:
        """Discounted expected orders without horizon (DERT); infinite without discount where s is 1 or less."""
        return self.discounted_orders(histories, np.inf, discount)

    def discounted_orders(self, histories: Histories, horizon: float, discount: float) -> FloatArray:
        """Orders expected within the horizon, one at time t counted exp(-discount * t)."""
        ages, of_age = histories.ages
        life = _discounted_life(self.s, self.beta + ages, horizon, discount)
        if np.isinf(life).any():
            return np.full(len(of_age), np.inf)
        rate = (self.r + histories.frequency) / (self.alpha + histories.age)
        return self.p_alive(histories) * rate * life[of_age]

    def p_order(self, histories: Histories, horizon: float) -> FloatArray:
        """Probability of at least one order within the horizon.

        It integrates the density of the next order at time t, shape / scale * (1 + t / scale)**-(shape+1), times the
        probability to be there still, (1 + t / far)**-s, over log(1 + t / scale).
        """
        frequencies, ages, pair_of = histories.pairs
        shape, scale, far = self.r + frequencies, self.alpha + ages, self.beta + ages
        reach = np.minimum(np.log1p(horizon / scale), _FADED / shape)
        found = np.zeros(len(ages))
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            at = node * reach
            found += weight * np.exp(-shape * at - self.s * np.log1p(np.expm1(at) * scale / far))
        return self.p_alive(histories) * (shape * reach * found)[pair_of]

    def expected_new(self, time: FloatArray) -> FloatArray:
        """Repeat orders expected of a new customer up to each time after the first order."""
        lives = [_discounted_life(self.s, np.array([self.beta]), t, 0.0)[0] for t in time]
        return self.r / self.alpha * np.array(lives, dtype=float)

    def draw(self, histories: Histories, horizon: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """One possible number of orders within the horizon for each group, exactly as the model has it."""
        odds = self._odds(histories)
        orders = np.zeros(len(odds), dtype=np.int64)
        alive = np.flatnonzero(rng.random(len(orders)) < expit(-odds))
        # (1 + life / far)**-s is uniform.
        with np.errstate(over="ignore"):
            life = (self.beta + histories.age[alive]) * np.expm1(rng.standard_exponential(len(alive)) / self.s)
        rate = rng.standard_gamma(self.r + histories.frequency[alive]) / (self.alpha + histories.age[alive])
        orders[alive] = rng.poisson(rate * np.minimum(life, horizon))
        return orders

    def _odds(self, histories: Histories) -> FloatArray:
        return State(histories, self.r, self.alpha, self.s, self.beta).odds


def _discounted_life(s: float, far: FloatArray, horizon: float, discount: float) -> FloatArray:
    """Integral of exp(-discount * t) (1 + t / far)**-s over t up to the horizon, over log(1 + t / far)."""
    if np.isinf(horizon) and discount == 0:
        return far / (s - 1) if s > 1 else np.full(len(far), np.inf)
    reach = np.log1p(horizon / far)
    if discount > 0:
        reach = np.minimum(reach, np.log1p(_FADED / (discount * far)))
    if s > 1:
        reach = np.minimum(reach, _FADED / (s - 1))
    at = reach[:, None] * _NODES
    heights = np.exp((1 - s) * at - discount * far[:, None] * np.expm1(at))
    return far * reach * (heights @ _WEIGHTS)
