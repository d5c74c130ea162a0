"""A classifier and how well it foretells rows it has not seen: fitted, chosen, calibrated and measured over folds.

Every row is foretold by a model that was fitted without its fold, and calibrated and chosen by what was foretold of
the other folds, so that no figure is of a row that helped to make it. Rows are never weighed or drawn anew by their
outcome: that adds nothing to the ranking and takes the truth from the probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.models.additive import Additive, fit_additive
from acrm.models.boosting import Coding, boosted, boosted_logits
from acrm.models.calibration import Calibration, calibrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Labels = NDArray[np.intp]
    Table = NDArray[np.float32]

CLEARLY = 2.0
"""Standard errors of the mean difference in log loss from which on interactions are clearly better."""
LEVEL = 0.9
_PRIOR = 4.0
"""Rows' own variances over folds are drawn towards the mean one as if that had been seen over so many more folds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Interacting:
    """Boosting whose trees look at several columns: better at times, but no sum over columns."""

    coding: Coding
    model: Any

    def logits(self, table: Table) -> Floats:
        """The log-odds of each row."""
        return boosted_logits(self.model, self.coding.codes(table))


@dataclass(frozen=True, kw_only=True, eq=False)
class Classifier:
    """A model for rows to come: `whole` learned from all rows, each of `without` from all but one fold."""

    whole: Additive | Interacting
    without: tuple[Additive | Interacting, ...]
    calibration: Calibration
    usual: float = 0.0
    """The mean of `variance` over the rows learned from."""

    def logits(self, table: Table) -> Floats:
        """Calibrated log-odds of each row."""
        return self.calibration(self.whole.logits(table))

    def interval(self, table: Table) -> tuple[Floats, Floats]:
        """Between which probabilities each row's true one lies, nine times in ten.

        The jackknife over folds (Shao and Wu 1989): the variance of the log-odds is (k - 1)/k times the sum of squares
        of the k models' log-odds about their mean. k figures make a rough variance, so that it is drawn towards the
        mean of the rows learned from, as Smyth (2004) does for genes; what the calibration does not know
        is added, and the interval is from t with as many degrees of freedom.
        """
        from scipy.stats import t

        own = len(self.without) - 1
        drawn = (own * self.variance(table) + _PRIOR * self.usual) / (own + _PRIOR)
        drawn += self.calibration.variance(self.whole.logits(table))
        half = t.ppf((1 + LEVEL) / 2, own + _PRIOR) * np.sqrt(drawn)
        centre = self.logits(table)
        return probability(centre - half), probability(centre + half)

    def variance(self, table: Table) -> Floats:
        """How uncertain each row's log-odds are, by the jackknife over folds."""
        folds = len(self.without)
        each = np.array([self.calibration(model.logits(table)) for model in self.without])
        found: Floats = (folds - 1) / folds * ((each - each.mean(axis=0)) ** 2).sum(axis=0)
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossFit:
    """What came of fitting over folds.

    Attributes:
        classifier: For rows to come.
        fold: Of each row learned from.
        probability: Of each row, foretold without its fold.
        interactions: Whether the model of all rows has them; `chosen` says so of the model that foretold each fold.
        gain: Log loss of the additive model less that of the one with interactions, mean over rows, and its error.
    """

    classifier: Classifier
    fold: Labels
    probability: Floats
    interactions: bool
    chosen: tuple[bool, ...]
    gain: tuple[float, float]


def probability(logits: Floats) -> Floats:
    """The probabilities of log-odds.

    >>> probability(np.array([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    from scipy.special import expit

    found: Floats = expit(logits)
    return found


def cross_fit(table: Table, outcome: Flags, fold: Labels, *, seed: int) -> CrossFit:
    """Fit the additive model and the one with interactions without each fold; choose, calibrate, and fit to all rows.

    The additive model is taken unless interactions are clearly better: the log loss is less by two standard errors of
    the difference, row by row, and in all folds but at most one.

    Args:
        table: Rows by columns, NaN for unknown.
        outcome: Of each row; every fold's remainder has both sides.
        fold: Of each row, from 0.
        seed: Of the models.
    """
    folds = int(fold.max()) + 1
    fitted: tuple[list[Additive | Interacting], ...] = ([], [])
    logits = np.empty((2, len(outcome)))
    for number in range(folds):
        others, own = fold != number, fold == number
        for kind, fit in enumerate((fit_additive, _fit_interacting)):
            model = fit(table[others], outcome[others], seed=seed)
            fitted[kind].append(model)
            logits[kind, own] = model.logits(table[own])
    loss = np.logaddexp(0, logits) - outcome * logits
    gain = loss[0] - loss[1]
    foretold = np.empty(len(outcome))
    chosen = []
    for number in range(folds):
        others, own = fold != number, fold == number
        chosen.append(_clearly(gain[others], fold[others]))
        kind = int(chosen[-1])
        foretold[own] = calibrate(logits[kind, others], outcome[others])(logits[kind, own])
    interactions = _clearly(gain, fold)
    kind = int(interactions)
    whole = (fit_additive, _fit_interacting)[kind](table, outcome, seed=seed)
    classifier = Classifier(
        whole=whole, without=tuple(fitted[kind]), calibration=calibrate(logits[kind], outcome)
    )
    return CrossFit(
        classifier=replace(classifier, usual=float(classifier.variance(table).mean())),
        fold=fold,
        probability=probability(foretold),
        interactions=interactions,
        chosen=tuple(chosen),
        gain=(float(gain.mean()), float(gain.std(ddof=1) / len(gain) ** 0.5)),
    )


def _fit_interacting(table: Table, outcome: Flags, *, seed: int) -> Interacting:
    coding = Coding.of(table)
    return Interacting(coding=coding, model=boosted(coding.codes(table), outcome, additive=False, seed=seed))


def _clearly(gain: Floats, fold: Labels) -> bool:
    """Whether the gain is above its error, and there in nearly every fold."""
    error = gain.std(ddof=1) / len(gain) ** 0.5
    by_fold = [float(gain[fold == number].mean()) for number in np.unique(fold)]
    return bool(gain.mean() > CLEARLY * error and sum(one > 0 for one in by_fold) >= len(by_fold) - 1)
