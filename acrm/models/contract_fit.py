"""The candidates for a contract's lifetimes: fitted, tried on held-out periods beside a naive rule, and one chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from acrm.models.bdw import BetaDiscreteWeibull
from acrm.models.sbg import ShiftedBetaGeometric
from acrm.models.tenures import HeldOut, Tenures, held_out

if TYPE_CHECKING:
    from acrm.models.durations import Durations
    from acrm.models.histories import FloatArray
    from acrm.models.lifetimes import BetaLifetime
    from acrm.models.optimise import Fit

Verdict = Literal["better", "same", "worse"]

MODELS: tuple[type[ShiftedBetaGeometric | BetaDiscreteWeibull], ...] = (ShiftedBetaGeometric, BetaDiscreteWeibull)
# Held-out periods: a third of those there are, and no more than so many.
_MOST_HELD = 12
_FEWEST_KNOWN = 3
# Standard errors of the logarithms past which no more is tried, and how many points are tried for each one drawn.
_WIDE = 1.5
_PROPOSALS = 10
# Held-out log likelihoods closer than this are equal.
_EQUAL = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One model fitted to everything that is known."""

    model: BetaLifetime
    fit: Fit
    test: HeldOut | None
    """Of the same model fitted to what was known before the held-out periods; None if that fit did not converge."""
    durations: Durations

    @property
    def alike(self) -> bool:
        """Customers do not differ: alpha and beta grow without end at one ratio, which tells the retention."""
        return bool(self.fit.flat)

    @property
    def usable(self) -> bool:
        """Whether the search for the parameters came to an end that can be trusted."""
        return self.fit.converged or self.alike

    @property
    def penalised(self) -> float:
        """Log likelihood less the number of parameters (AIC, over -2)."""
        return self.fit.log_likelihood - len(self.model.parameters())

    def draw(self, number: int, rng: np.random.Generator) -> list[BetaLifetime]:
        """The model with parameters as they might be as well, in proportion to their likelihood.

        Ten times as many are drawn from the normal distribution that has the likelihood's peak and curvature in the
        logarithms, no wider than `_WIDE`, and of these the likely ones are kept (sampling importance resampling): the
        likelihood of customers who differ little is far from normal. What has no best value stays where it is.
        """
        centre = np.log(list(self.fit.parameters.values()))
        roots, axes = np.linalg.eigh(self.fit.covariance)
        scale = np.minimum(np.sqrt(np.maximum(roots, 0.0)), _WIDE)
        normal = rng.standard_normal((_PROPOSALS * number, len(centre)))
        points = centre + normal * scale @ axes.T
        models = [self._moved(point) for point in points]
        weight = np.array([model.log_likelihood(self.durations) for model in models])
        # Where nothing moves, nothing is made up for.
        weight += (normal[:, scale > 0] ** 2).sum(axis=1) / 2
        weight = np.exp(weight - weight.max())
        return [models[one] for one in rng.choice(len(models), number, p=weight / weight.sum())]

    def _moved(self, logs: FloatArray) -> BetaLifetime:
        return type(self.model)(**dict(zip(self.fit.parameters, map(float, np.exp(logs)), strict=True)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """All candidates, and the one to go on with."""

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    """None if no fit converged."""
    held_periods: int
    """0 if there are too few periods to hold any out; then the penalised likelihood chooses."""
    naive: HeldOut | None
    naive_retention: float

    @property
    def verdict(self) -> Verdict | None:
        """How the chosen model did beside the naive rule, by likelihood and by the error of the share that stays.

        `better` or `worse` if both say so, the likelihood by more than 1, else `same`; None without a test.
        """
        test = self.chosen.test if self.chosen else None
        if not test or not self.naive:
            return None
        gain = test.log_likelihood - self.naive.log_likelihood
        closer = test.staying_error <= self.naive.staying_error
        return "better" if gain > _EQUAL and closer else "worse" if gain < -_EQUAL and not closer else "same"


def choose(tenures: Tenures, periods: int | None = None) -> Choice:
    """Fit every model, test it on the last periods, and choose by the likelihood of what happened in them.

    The naive rule repeats the retention of the last period before the held-out ones, whatever the age of a customer.

    Args:
        tenures: Everything that is known.
        periods: How many to hold out; None for a third of all, 12 at most. Three must remain before them.
    """
    durations = tenures.durations()
    all_periods = int(tenures.age.max())
    held = min(all_periods // 3, _MOST_HELD) if periods is None else periods
    before = tenures.until(held)
    if held < 1 or all_periods - held < _FEWEST_KNOWN or not before.left.any() or before.left.all():
        held = 0
    naive_retention = before.last_retention() if held else math.nan
    naive = None
    if not math.isnan(naive_retention):
        naive = held_out(tenures, held, lambda period: np.full(period.shape, math.log(naive_retention)))
    candidates = []
    for model in MODELS:
        fitted, fit = model.fit(durations)
        test = None
        if naive:
            known, known_fit = model.fit(before.durations())
            if known_fit.converged or known_fit.flat:
                test = held_out(tenures, held, known.log_retention)
        candidates.append(Candidate(model=fitted, fit=fit, test=test, durations=durations))
    usable = [one for one in candidates if one.usable and (one.test or not naive)]
    usable = usable or [one for one in candidates if one.usable]
    chosen = max(usable, key=lambda one: one.test.log_likelihood if one.test else one.penalised, default=None)
    return Choice(
        candidates=tuple(candidates),
        chosen=chosen,
        held_periods=held if naive else 0,
        naive=naive,
        naive_retention=naive_retention,
    )
