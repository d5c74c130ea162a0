"""Models of buying fitted to the time before a day and judged by the time since; the best of them fitted to all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.params import WEEK

if TYPE_CHECKING:
    from acrm.analysis.clv.purchases import Grouped, Known, Purchases
    from acrm.models.gamma_gamma import GammaGamma
    from acrm.models.histories import FloatArray
    from acrm.models.optimise import Fit
    from acrm.models.purchases import PurchaseModel

PLAIN = ("bg-nbd", "mbg-nbd", "pareto-nbd")
REGULAR = ("mbg-cnbd-2", "mbg-cnbd-3", "mbg-cnbd-4")
_TIE = 2.0
"""Held-out log likelihoods nearer than this cannot be told apart: then the smaller error counts."""
SHORTEST = 28
"""Days that must be held out for a judgement: four weeks."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The held-out time: what was known before it, and what came."""

    cut: float
    days: int
    known: Known
    grouped: Grouped
    orders: FloatArray
    """Order days of each known customer in the held-out time."""
    before: FloatArray
    """And in as many days before it."""
    later: Grouped
    """The known customers at the end of it."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model fitted to what was known before the held-out time."""

    model: PurchaseModel
    fit: Fit
    held_out: float
    """Log likelihood of the orders of the held-out time."""
    forecast: FloatArray
    """Orders expected of each known customer."""

    @property
    def usable(self) -> bool:
        """Whether the search ended in one place, or on a ridge of which every point forecasts the same."""
        return self.fit.converged or bool(self.fit.flat)


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What an order is worth: a model of it, or, where it has no finite mean, the mean of all."""

    model: GammaGamma | None
    fit: Fit | None
    mean: float
    """Mean value of a repeat order."""
    correlation: float
    """Between a customer's number and mean value of repeat orders; the model takes it for 0."""

    def expected(self, frequency: FloatArray, mean: FloatArray) -> FloatArray:
        """Expected value of an order."""
        import numpy as np

        if self.model is None:
            return np.full(len(frequency), self.mean)
        return self.model.expected_spend(frequency, mean)


def trial(purchases: Purchases, horizon: int) -> Trial | None:
    """Hold out as many days as are asked for, but at most half of the time, rounded up; None when that is too short."""
    days = min(horizon, -(-purchases.span // 2))
    if purchases.unit != WEEK:
        days -= days % int(purchases.unit)
    cut = purchases.end - days
    known = purchases.until(cut)
    if days < SHORTEST or not known.frequency.any():
        return None
    later = purchases.until(purchases.end)
    import numpy as np

    among = np.isin(later.customer, known.customer, assume_unique=True)
    names = ("customer", "frequency", "recency", "age", "mean", "log_gaps", "spend")
    return Trial(
        cut=cut,
        days=days,
        known=known,
        grouped=known.grouped(),
        orders=purchases.orders_in(cut, purchases.end)[known.customer],
        before=purchases.orders_in(cut - days, cut)[known.customer],
        later=replace(later, **{name: getattr(later, name)[among] for name in names}).grouped(),
    )


def candidates(model: str, held: Trial) -> list[Candidate]:
    """The models to choose from, in the order of their names; regular buying is tried as long as it fits better."""
    names = list(PLAIN) if model == "auto" else [model]
    found = [_candidate(name, held) for name in names]
    if model == "auto":
        best = next(one.fit.log_likelihood for one in found if one.model.name == "mbg-nbd")
        for name in REGULAR:
            one = _candidate(name, held)
            found.append(one)
            if one.fit.log_likelihood <= best:
                break
            best = one.fit.log_likelihood
    return found


def _candidate(name: str, held: Trial) -> Candidate:
    from acrm.models import purchases as models

    model, fit = models.fit(name, held.grouped.histories)
    later = model.log_likelihood(held.later.histories) - model.log_likelihood(held.grouped.histories)
    expected = model.expected_orders(held.grouped.histories, held.days / held.known.unit)
    return Candidate(model=model, fit=fit, held_out=later, forecast=expected[held.grouped.group])


def chosen(found: list[Candidate], held: Trial) -> Candidate:
    """The candidate that makes the held-out orders likeliest; of such as cannot be told apart, with the least error."""
    import numpy as np

    usable = [one for one in found if one.usable] or found
    best = max(one.held_out for one in usable)
    near = [one for one in usable if one.held_out >= best - _TIE]
    return min(near, key=lambda one: (float(np.abs(one.forecast - held.orders).mean()), one.model.name))


def spend_of(known: Known) -> Spend:
    """The model of order values, fitted to the customers with repeat orders."""
    import numpy as np

    from acrm.models.gamma_gamma import GammaGamma

    some = (known.frequency > 0) & (known.mean > 0)
    frequency, mean = known.frequency[some], known.mean[some]
    overall = float(np.average(mean, weights=frequency))
    # Equal values differ by the rounding of their sums.
    varied = len(mean) > 2 and mean.std() > 1e-9 * overall and frequency.std() > 0
    correlation = float(np.corrcoef(frequency, mean)[0, 1]) if varied else 0.0
    model, fit = GammaGamma.fit(frequency, mean, np.ones(len(mean)))
    if not model.finite or not (fit.converged or fit.flat):
        return Spend(model=None, fit=fit, mean=overall, correlation=correlation)
    return Spend(model=model, fit=fit, mean=overall, correlation=correlation)


def described(name: str, fit: Fit, customers: int) -> dict[str, Any]:
    """A fitted model as the JSON summary tells it; times in weeks."""
    return {
        "name": name,
        "parameters": fit.parameters,
        "log_likelihood": fit.log_likelihood,
        "customers": customers,
        "converged": fit.converged,
        "gradient_norm": fit.gradient_norm,
        "starts": fit.starts,
        "agreeing": fit.agreeing,
        "flat": list(fit.flat),
    }
