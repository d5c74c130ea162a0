"""A classifier and how well it foretells rows it has not seen: fitted, chosen, calibrated and measured over folds.

Every row is foretold by a model that was fitted without its fold, and calibrated and chosen by what was foretold of
the other folds, so that no figure is of a row that helped to make it. Rows are never weighed or drawn anew by their
outcome: that adds nothing to the ranking and takes the truth from the probabilities.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from acrm.models.additive import Additive, additive_logits, fit_additive
from acrm.models.boosting import Boosting
from acrm.models.calibration import Calibration, calibrate, mean_of
from acrm.models.clusters import quietly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Labels = NDArray[np.intp]
    Table = NDArray[np.float32]

CLEARLY = 2.0
"""Standard errors of the mean difference in log loss from which on interactions are clearly better."""
WORTH = 0.01
"""Share of the additive model's log loss from which on the difference is worth losing exact reasons for."""
LEVEL = 0.9
_PRIOR = 4.0
"""Rows' own variances over folds are drawn towards the mean one as if that had been seen over so many more folds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Classifier:
    """A model for rows to come: `whole` learned from all rows, each of `without` from all but one fold."""

    whole: Additive | Boosting
    without: tuple[tuple[Additive | Boosting, ...], ...]
    """By repeat."""
    calibration: Calibration
    usual: float = 0.0
    """The mean of `variance` over the rows learned from."""

    def logits(self, table: Table) -> Floats:
        """Calibrated log-odds of each row."""
        return self.calibration(self.whole.logits(table))

    def variance(self, table: Table) -> Floats:
        """How uncertain each row's log-odds are, by the jackknife over folds (Shao and Wu 1989).

        (k - 1)/k times the sum of squares of the k models' log-odds about their mean; the mean over repeats.
        """
        return self._variance(_logits([model for models in self.without for model in models], table))

    def _variance(self, each: Floats) -> Floats:
        """Of what each of the models without a fold says."""
        found, at = [], 0
        for models in self.without:
            found.append((len(models) - 1) * each[at : at + len(models)].var(axis=0))
            at += len(models)
        mean: Floats = self.calibration.slope**2 * np.mean(found, axis=0)
        return mean

    def interval(self, table: Table) -> tuple[Floats, Floats, Floats]:
        """The probability of each row, and between which ones its true one lies, nine times in ten.

        A few models make a rough variance, so that it is drawn towards the mean of the rows learned from, as Smyth
        (2004) does for genes; what the calibration does not know is added, and the interval is from t with as many
        degrees of freedom.
        """
        from scipy.stats import t

        own = sum(len(models) - 1 for models in self.without)
        whole, *each = _logits([self.whole, *(model for models in self.without for model in models)], table)
        drawn = (own * self._variance(np.array(each)) + _PRIOR * self.usual) / (own + _PRIOR)
        drawn += self.calibration.variance(whole)
        half = t.ppf((1 + LEVEL) / 2, own + _PRIOR) * np.sqrt(drawn)
        centre = self.calibration(whole)
        return probability(centre), probability(centre - half), probability(centre + half)


@dataclass(frozen=True, eq=False)
class Foretelling:
    """A model that tells probabilities, and nothing of how sure they are."""

    model: Additive | Boosting
    calibration: Calibration

    def __call__(self, table: Table) -> Floats:
        """The probability of each row."""
        return probability(self.calibration(self.model.logits(table)))


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossFit:
    """What came of fitting over folds.

    Attributes:
        classifier: For rows to come.
        fold: Of each row learned from; repeats by rows.
        foretold: The probability of each row, told without its fold; repeats by rows.
        interactions: Whether the model of all rows has them.
        chosen: Whether the models that foretold the folds have them; repeats by folds.
        gain: Log loss of the additive model less that of the one with interactions, mean over rows, and its error.
    """

    classifier: Classifier
    fold: Labels
    foretold: Floats
    interactions: bool
    chosen: Flags
    gain: tuple[float, float]

    @property
    def probability(self) -> Floats:
        """One probability per row, told without it: the mean over repeats."""
        mean: Floats = self.foretold.mean(axis=0)
        return mean


def probability(logits: Floats) -> Floats:
    """The probabilities of log-odds.

    >>> probability(np.array([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    from scipy.special import expit

    found: Floats = expit(logits)
    return found


def fit_once(table: Table, outcome: Flags, apart: Flags, *, interactions: bool, seed: int) -> Foretelling:
    """Fit a model of one kind to all rows, calibrated by what a second one, fitted without some rows, says of these.

    Two fits in place of all those of `cross_fit`: for a model that is only to show how one of its kind foretells.

    Args:
        table: Rows by columns, NaN for unknown.
        outcome: Of each row; both sides occur among the rows apart and among the others.
        apart: The rows to calibrate by.
        interactions: The kind.
        seed: Of the models.
    """
    without = _fit(table[~apart], outcome[~apart], interactions=interactions, seed=seed)
    calibration = calibrate(without.logits(table[apart]), outcome[apart])
    return Foretelling(_fit(table, outcome, interactions=interactions, seed=seed), calibration)


def cross_fit(table: Table, outcome: Flags, fold: Labels, *, seed: int) -> CrossFit:
    """Fit the additive model and the one with interactions without each fold; choose, calibrate, and fit to all rows.

    The additive model is taken unless interactions are clearly better: the log loss is less by two standard errors of
    the difference, row by row, by 1%, and in all folds but at most one. Where the first repeat finds that of none of
    its folds, nor of all of them, interactions are not tried in the others.

    Args:
        table: Rows by columns, NaN for unknown.
        outcome: Of each row; every fold's remainder has both sides.
        fold: Of each row, from 0; a line for every repeat.
        seed: Of the models.
    """
    repeats, folds = len(fold), int(fold.max()) + 1
    fitted: dict[bool, list[tuple[Additive | Boosting, ...]]] = {False: [], True: []}
    logits = np.empty((2, *fold.shape))
    # Of what is not tried it stays 0.
    loss = np.zeros(logits.shape)
    foretold = np.empty(fold.shape)
    chosen = np.zeros((repeats, folds), dtype=bool)
    tried = 0
    for repeat in range(repeats):
        worth_it = repeat == 0 or chosen[0].any() or _clearly(loss[0, 0] - loss[1, 0], loss[0, 0], fold[0])
        for kind in (False, True) if worth_it else (False,):
            fitted[kind].append(_without_each(table, outcome, fold[repeat], interactions=kind, seed=seed))
            for number, model in enumerate(fitted[kind][-1]):
                own = fold[repeat] == number
                logits[int(kind), repeat, own] = model.logits(table[own])
            loss[int(kind), repeat] = np.logaddexp(0, logits[int(kind), repeat]) - outcome * logits[int(kind), repeat]
        tried += worth_it
        gain = loss[0, repeat] - loss[1, repeat]
        for number in range(folds):
            others, own = fold[repeat] != number, fold[repeat] == number
            chosen[repeat, number] = worth_it and _clearly(gain[others], loss[0, repeat, others], fold[repeat, others])
            taken = logits[int(chosen[repeat, number]), repeat]
            foretold[repeat, own] = probability(calibrate(taken[others], outcome[others])(taken[own]))
    gain = (loss[0, :tried] - loss[1, :tried]).mean(axis=0)
    interactions = tried == repeats and _clearly(gain, loss[0].mean(axis=0), fold[0])
    classifier = Classifier(
        whole=_fit(table, outcome, interactions=interactions, seed=seed),
        without=tuple(fitted[interactions]),
        calibration=mean_of([calibrate(one, outcome) for one in logits[int(interactions)]]),
    )
    return CrossFit(
        classifier=replace(classifier, usual=float(classifier.variance(table).mean())),
        fold=fold,
        foretold=foretold,
        interactions=interactions,
        chosen=chosen,
        gain=(float(gain.mean()), float(gain.std(ddof=1) / len(gain) ** 0.5)),
    )


def _without_each(
    table: Table, outcome: Flags, fold: Labels, *, interactions: bool, seed: int
) -> tuple[Additive | Boosting, ...]:
    """A model without each of the folds; every fit runs on one thread, so that several may run at once."""

    def without(number: int) -> Additive | Boosting:
        others = fold != number
        return _fit(table[others], outcome[others], interactions=interactions, seed=seed)

    # What keeps libraries quiet is the same for all threads: it must hold until the last one is done.
    with quietly(), ThreadPoolExecutor() as pool:
        return tuple(pool.map(without, range(int(fold.max()) + 1)))


def _logits(models: Sequence[Additive | Boosting], table: Table) -> Floats:
    """The log-odds that each model gives to each row; models by rows."""
    sums = [model for model in models if isinstance(model, Additive)]
    if len(sums) == len(models):
        return additive_logits(sums, table)
    return np.array([model.logits(table) for model in models])


def _fit(table: Table, outcome: Flags, *, interactions: bool, seed: int) -> Additive | Boosting:
    return Boosting.fit(table, outcome, seed=seed) if interactions else fit_additive(table, outcome, seed=seed)


def _clearly(gain: Floats, loss: Floats, fold: Labels) -> bool:
    """Whether the gain is above its error, worth it, and there in nearly every fold."""
    error = gain.std(ddof=1) / len(gain) ** 0.5
    by_fold = [float(gain[fold == number].mean()) for number in np.unique(fold)]
    enough = max(CLEARLY * error, WORTH * float(loss.mean()))
    return bool(gain.mean() > enough and sum(one > 0 for one in by_fold) >= len(by_fold) - 1)
