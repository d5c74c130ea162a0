"""How well a score orders customers by what a treatment does to them: effect, Qini curve, effect among the first.

N. J. Radcliffe, Using control groups to target on predicted lift: building and assessing uplift models, Direct
Marketing Analytics Journal 1, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray

    BoolArray = NDArray[np.bool_]


_BINS, _AT_ONCE = 500, 20
"""Steps of the curves of resamples, and how many of these are held in memory together."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A difference of means, its standard error and the limits of its interval."""

    value: float
    error: float
    low: float
    high: float


def average_effect(outcome: FloatArray, treated: BoolArray, interval: float = 0.95) -> Effect:
    """The mean of the treated less that of the others, each with a variance of its own (normal interval).

    >>> found = average_effect(np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0]), np.arange(6) < 3)
    >>> round(found.value, 4), round(found.error, 4)
    (0.6667, 0.3333)
    """
    arms = [outcome[treated], outcome[~treated]]
    value = float(arms[0].mean() - arms[1].mean())
    error = float(np.sqrt(sum(arm.var(ddof=1) / arm.size for arm in arms)))
    far = float(ndtri((1 + interval) / 2)) * error
    return Effect(value=value, error=error, low=value - far, high=value + far)


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """What is gained when customers are treated in the order of a score; a point per distinct score, and one at 0."""

    share: FloatArray
    """Of all customers, treated so far."""
    qini: FloatArray
    """Outcome of the treated so far less that of as many others, per treated customer of the whole trial."""
    uplift: FloatArray
    """Difference of the means so far, times the share."""

    @property
    def qini_area(self) -> float:
        """Area between the Qini curve and that of random order, per 1,000 treated."""
        return 1000 * _beyond(self.share, self.qini)

    @property
    def uplift_area(self) -> float:
        """The same of the uplift curve."""
        return 1000 * _beyond(self.share, self.uplift)


def curves(score: FloatArray, outcome: FloatArray, treated: BoolArray) -> Curves:
    """The curves of a score; customers with equal scores are treated together.

    Args:
        score: Highest first.
        outcome: What is wanted: 0 and 1, or an amount.
        treated: By lot.
    """
    _, place = np.unique(-score, return_inverse=True)
    weights = (treated, ~treated, treated * outcome, ~treated * outcome)
    return _curves(*(np.bincount(place, weight).astype(np.float64) for weight in weights))


def _curves(own: FloatArray, other: FloatArray, own_sum: FloatArray, other_sum: FloatArray) -> Curves:
    """By customers of either arm, and the sums of their outcomes, at each place of the order."""
    n_own, n_other, y_own, y_other = (
        np.concatenate([[0.0], np.cumsum(part)]) for part in (own, other, own_sum, other_sum)
    )
    all_of, ratio = n_own + n_other, np.divide(n_own, n_other, out=np.zeros(n_own.size), where=n_other > 0)
    means = [np.divide(y, n, out=np.zeros(n.size), where=n > 0) for y, n in ((y_own, n_own), (y_other, n_other))]
    share = all_of / all_of[-1]
    return Curves(share=share, qini=(y_own - y_other * ratio) / n_own[-1], uplift=(means[0] - means[1]) * share)


def _beyond(x: FloatArray, y: FloatArray) -> float:
    return float((np.diff(x) * (y[1:] + y[:-1])).sum() / 2 - y[-1] / 2)


def coefficients(score: FloatArray, outcome: FloatArray, treated: BoolArray) -> tuple[float, float]:
    """Areas of the Qini and of the uplift curve by those of the best order there can be, of outcomes of 0 and 1.

    The best Qini order has the treated with the outcome first and the others with it last. That of the uplift curve has
    treated with and others without it first, and between the rest first those of whichever kind is the more useful.
    """
    ours = curves(score, outcome, treated)
    wanted = outcome > 0.5
    best = curves(np.where(treated, 1.0, -1.0) * wanted, outcome, treated)
    spoilt = int((wanted & ~treated).sum()) > int((~wanted & treated).sum())
    ideal = curves(2.0 * (wanted == treated) + (wanted if spoilt else treated), outcome, treated)
    return ours.qini_area / best.qini_area, ours.uplift_area / ideal.uplift_area


def first(score: FloatArray, share: float) -> FloatArray:
    """Weights that pick the share of customers with the highest scores; of equal scores at its end a part of each.

    >>> first(np.array([3.0, 1.0, 2.0, 2.0]), 0.5)
    array([1. , 0. , 0.5, 0.5])
    """
    _, place, count = np.unique(-score, return_inverse=True, return_counts=True)
    before = np.concatenate([[0.0], np.cumsum(count)[:-1]])
    taken = np.clip((share * score.size - before) / count, 0.0, 1.0)
    part: FloatArray = taken[place]
    return part


def effect_among(chosen: FloatArray, outcome: FloatArray, treated: BoolArray) -> float:
    """The difference of means among customers chosen with these weights; NaN where an arm has none."""
    own, other = chosen * treated, chosen * ~treated
    if not own.sum() or not other.sum():
        return float("nan")
    return float((own @ outcome) / own.sum() - (other @ outcome) / other.sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class Resampled:
    """Figures of several scores on the same resamples of customers, shape (scores, draws)."""

    area: FloatArray
    among: FloatArray
    """Effect among the first; NaN where a resample has nobody of an arm there."""


def resampled(
    scores: FloatArray, outcome: FloatArray, treated: BoolArray, share: float, draws: int, rng: np.random.Generator
) -> Resampled:
    """How the figures would vary with other customers, the scores being as they are (Poisson bootstrap).

    Args:
        scores: Shape (scores, n), of models that have not seen the customers they score.
        outcome: Shape (n,).
        treated: Shape (n,).
        share: For the effect among the first.
        draws: How many resamples.
        rng: For them.
    """
    from scipy.sparse import csr_array

    rows = np.arange(outcome.size)
    places = [_bins(score) for score in scores]
    bins = [int(place.max()) + 1 for place in places]
    # One row per bin and arm, one column per customer: times the weights of a draw, the counts of that draw.
    counting = [
        csr_array((np.ones(rows.size), (place + size * treated, rows)), shape=(2 * size, rows.size))
        for place, size in zip(places, bins, strict=True)
    ]
    summing = [csr_array((outcome[one.indices], one.indices, one.indptr), shape=one.shape) for one in counting]
    chosen = np.array([first(score, share) for score in scores] + [np.ones(outcome.size)])
    arms = [chosen * treated, chosen * treated * outcome, chosen * ~treated, chosen * ~treated * outcome]
    area, among = np.empty((len(scores), draws)), np.empty((len(scores) + 1, draws))
    for start in range(0, draws, _AT_ONCE):
        some = slice(start, min(start + _AT_ONCE, draws))
        weight = rng.poisson(1.0, (outcome.size, some.stop - start)).astype(np.float64)
        n_own, y_own, n_other, y_other = (arm @ weight for arm in arms)
        with np.errstate(divide="ignore", invalid="ignore"):
            among[:, some] = y_own / n_own - y_other / n_other
        for which, size in enumerate(bins):
            count, total = counting[which] @ weight, summing[which] @ weight
            for draw in range(weight.shape[1]):
                people, sums = (part[:, draw].reshape(2, size) for part in (count, total))
                area[which, start + draw] = _curves(people[1], people[0], sums[1], sums[0]).qini_area
    return Resampled(area=area, among=among[:-1])


def _bins(score: FloatArray) -> NDArray[np.int64]:
    """Places in the order in bins of about equal size, equal scores together."""
    _, place, count = np.unique(-score, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / score.size
    return np.unique((middle * _BINS).astype(np.int64)[place], return_inverse=True)[1]
