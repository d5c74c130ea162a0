"""The beta-geometric family: BG/NBD, MBG/NBD and their regular forms, (M)BG/CNBD-k.

A customer's orders follow every k-th event of a Poisson process (k = 1: the Poisson process itself), whose rate varies
between customers as Gamma(r, alpha). After an order a customer drops out for good with a probability that varies as
Beta(a, b); in the modified models (M) already after the first order, so that those who never came back may be lost too.

Fader, Hardie and Lee (2005), "Counting your customers the easy way"; Batislam, Denizel and Filiztekin (2007); Platzer
and Reutterer (2016), "Ticking away the moments", for k > 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, expit

from acrm.models.betageo_likelihood import Likelihood, State
from acrm.models.histories import FloatArray, Histories
from acrm.models.optimise import Fit, maximise
from acrm.models.renewals import future_orders
from acrm.models.smooth import over_pairs


@dataclass(frozen=True, kw_only=True)
class BetaGeometric:
    """Parameters, above 0, and the two switches of the family.

    Args:
        r: Shape of the gamma distribution of event rates.
        alpha: Its scale, in the unit of the histories.
        a: First parameter of the beta distribution of drop-out probabilities.
        b: The second.
        k: Events per order: 1 buys at random, larger numbers buy more regularly.
        dropout_at_zero: Whether a customer may be lost right after the first order (the modified models).
    """

    r: float
    alpha: float
    a: float
    b: float
    k: int = 1
    dropout_at_zero: bool = False

    @property
    def name(self) -> str:
        """As in `bg-nbd`, `mbg-nbd`, `bg-cnbd-2`, `mbg-cnbd-3`."""
        return f"{'m' * self.dropout_at_zero}bg-{'nbd' if self.k == 1 else f'cnbd-{self.k}'}"

    @classmethod
    def fit(
        cls,
        histories: Histories,
        *,
        k: int = 1,
        dropout_at_zero: bool = False,
        start: Self | None = None,
        starts: int = 3,
    ) -> tuple[Self, Fit]:
        """The most likely parameters; see `optimise.maximise`.

        Args:
            histories: Groups of customers.
            k: See the class.
            dropout_at_zero: See the class.
            start: A model near the optimum, such as that of the sample a bootstrap repeats.
            starts: As `maximise` takes them.
        """
        # A scale at which somebody with few orders is as likely to be new as to be rare.
        alpha = k * float(np.average(histories.age, weights=histories.count)) / 4
        begin = start.parameters() if start else {"r": 0.5 * k, "alpha": alpha, "a": 1.0, "b": 2.0}
        some = histories.sample()
        sample = Likelihood(some, k, dropout_at_zero) if some else None
        fitted = maximise(Likelihood(histories, k, dropout_at_zero), begin, starts=starts, sample=sample)
        return cls(**fitted.parameters, k=k, dropout_at_zero=dropout_at_zero), fitted

    def parameters(self) -> dict[str, float]:
        """By name, without the switches, which the model's name tells."""
        return {"r": self.r, "alpha": self.alpha, "a": self.a, "b": self.b}

    def log_likelihood(self, histories: Histories) -> float:
        """Weighted sum over the groups."""
        return self.likelihood(histories)(np.log(list(self.parameters().values())))[0]

    def likelihood(self, histories: Histories) -> Likelihood:
        """What `fit` maximises."""
        return Likelihood(histories, self.k, self.dropout_at_zero)

    def p_alive(self, histories: Histories) -> FloatArray:
        """Probability that a customer has not dropped out, within [0, 1].

        Without `dropout_at_zero` it is exactly 1 for those who never came back: the model lets nobody go before a
        second order.

        Examples:
            >>> model = BetaGeometric(r=0.243, alpha=4.414, a=0.793, b=2.426)
            >>> seen = {"recency": np.array([0, 30.43]), "age": np.array([38.86, 38.86]), "count": np.ones(2)}
            >>> model.p_alive(Histories(frequency=np.array([0, 2.0]), **seen)).round(3).tolist()
            [1.0, 0.727]
        """
        alive: FloatArray = expit(-self._state(histories).odds)
        return alive

    def expected_orders(self, histories: Histories, horizon: float) -> FloatArray:
        """Orders expected within the horizon from the end of observation."""
        return self.discounted_orders(histories, horizon, 0.0)

    def expected_residual(self, histories: Histories, discount: float) -> FloatArray:
        """Discounted expected orders without horizon (DERT); infinite without discount where a is 1 or less."""
        return self.discounted_orders(histories, np.inf, discount)

    def discounted_orders(self, histories: Histories, horizon: float, discount: float) -> FloatArray:
        """Orders expected within the horizon, one at time t counted exp(-discount * t)."""
        if np.isinf(horizon) and discount == 0 and self.a <= 1:
            return np.full(len(histories.age), np.inf)
        frequencies, ages, pair_of = histories.pairs

        def future(x: float, ages: FloatArray, phase: int) -> FloatArray:
            shape, b = self.r + self.k * x + phase, self.b + x + self.dropout_at_zero
            return future_orders(shape, self.alpha + ages, self.a, b, horizon, discount, self.k, phase)

        ahead = [over_pairs(partial(future, phase=phase), frequencies, ages, self.alpha) for phase in range(self.k)]
        return self._mean(histories, np.array(ahead)[:, pair_of])

    def p_order(self, histories: Histories, horizon: float) -> FloatArray:
        """Probability of at least one order within the horizon."""
        frequencies, ages, pair_of = histories.pairs
        phase = np.arange(self.k)[:, None]
        reached = horizon / (self.alpha + ages + horizon)
        ahead = betainc(self.k - phase, self.r + self.k * frequencies + phase, reached)
        return self._mean(histories, ahead[:, pair_of])

    def expected_new(self, time: FloatArray) -> FloatArray:
        """Repeat orders expected of a new customer up to each time after the first order."""
        alive = self.b / (self.a + self.b) if self.dropout_at_zero else 1.0
        scale, b = np.array([self.alpha]), self.b + self.dropout_at_zero
        orders = [future_orders(self.r, scale, self.a, b, t, 0.0, self.k)[0] if t > 0 else 0.0 for t in time]
        return alive * np.array(orders, dtype=float)

    def draw(self, histories: Histories, horizon: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """One possible number of orders within the horizon for each group, exactly as the model has it."""
        state = self._state(histories)
        orders = np.zeros(len(state.odds), dtype=np.int64)
        alive = np.flatnonzero(rng.random(len(orders)) < expit(-state.odds))
        x = histories.frequency[alive]
        phase = np.zeros(len(alive), dtype=np.int64)
        if self.k > 1:
            phase += (rng.random(len(alive)) > np.cumsum(state.phases[:, alive], axis=0)[:-1]).sum(axis=0)
        rate = rng.standard_gamma(self.r + self.k * x + phase) / (self.alpha + histories.age[alive])
        drawn = (rng.poisson(rate * horizon) + phase) // self.k
        some = np.flatnonzero(drawn)
        # Drop-out follows the n-th of them with odds that are a ratio of two gamma variables.
        stay = np.maximum(rng.standard_gamma(self.b + x[some] + self.dropout_at_zero), np.finfo(float).tiny)
        with np.errstate(divide="ignore", over="ignore"):
            lost = rng.standard_gamma(self.a, len(some)) / stay
            until = 1 + np.floor(rng.standard_exponential(len(some)) / np.log1p(lost))
        drawn[some] = np.minimum(drawn[some], until)
        orders[alive] = drawn
        return orders

    def _state(self, histories: Histories) -> State:
        return State(histories, self.r, self.alpha, self.a, self.b, self.k, int(self.dropout_at_zero))

    def _mean(self, histories: Histories, ahead: FloatArray) -> FloatArray:
        """Mean of what is 0 for the lost, from its values given alive and so many events since the last order."""
        state = self._state(histories)
        mean: FloatArray = expit(-state.odds) * np.einsum("kn,kn->n", state.phases, ahead)
        return mean
