"""How well scores tell who does something from who does not: ranking, lift, and how true probabilities are.

A curve goes down the list of customers, the highest score first. Customers of one score are taken as one step, so that
no figure depends on the order of rows. Weights let a bootstrap count a customer several times or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

TOP = 0.1
"""Share of customers, from the top of the list, that lift is about."""
BINS = 10
MANY = 100_000
"""Customers from whom samples for intervals are drawn, at most."""
_AT_ONCE = 500_000
"""Numbers of a table of samples."""
RANKING = ("roc_auc", "pr_auc", "lift_10")
PROBABILITY = ("brier", "log_loss", "ece")


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores in the order in which they are gone through; sorted once for all samples."""

    outcome: Floats
    lists: tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]
    """Of every fold the customers, the highest score first, and the last place of every run of equal scores."""
    probability: Floats | None
    bins: NDArray[np.intp] | None
    """Of the reliability, for each customer."""

    @classmethod
    def of(cls, outcome: Flags, score: Floats, *, probable: bool, fold: NDArray[np.intp] | None = None) -> Scores:
        """Prepare scores, which are probabilities if `probable`; with folds each is a list of its own."""
        parts = np.zeros(len(score), np.intp) if fold is None else fold
        lists = []
        for number in np.unique(parts):
            rows = np.flatnonzero(parts == number)
            order = rows[np.argsort(-score[rows], kind="stable")]
            ranked = score[order]
            lists.append((order, np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)))
        bins = reliability_bins(score) if probable else None
        return cls(outcome.astype(np.float64), tuple(lists), score if probable else None, bins)

    def among(self, rows: NDArray[np.intp]) -> Scores:
        """The same of some of the customers, given in ascending order."""
        place = np.full(len(self.outcome), -1)
        place[rows] = np.arange(len(rows))
        lists = []
        for order, ends in self.lists:
            there = place[order] >= 0
            run = np.searchsorted(ends, np.flatnonzero(there))
            if len(run):
                lists.append((place[order[there]], np.append(np.flatnonzero(run[1:] != run[:-1]), len(run) - 1)))
        if self.probability is None or self.bins is None:
            return Scores(self.outcome[rows], tuple(lists), None, None)
        return Scores(self.outcome[rows], tuple(lists), self.probability[rows], self.bins[rows])

    def measured(self) -> dict[str, float]:
        """All measures, those of probabilities only where they are.

        Those of ranking are means over the lists, as each was ranked by a model of its own; a list without customers
        of either side does not count, and without any such list they are NaN.

        Examples:
            >>> scores = Scores.of(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.4, 0.1]), probable=False)
            >>> {name: round(value, 4) for name, value in scores.measured().items()}
            {'roc_auc': 0.75, 'pr_auc': 0.8333, 'lift_10': 2.0}
        """
        return {name: float(found[0]) for name, found in self.weighted(np.ones((1, len(self.outcome)))).items()}

    def weighted(self, weights: Floats) -> dict[str, Floats]:
        """The measures of several samples: how often each has each customer, samples by customers."""
        found = []
        for order, ends in self.lists:
            there = weights[:, order]
            found.append(
                _ranking(np.cumsum(there, axis=1)[:, ends], np.cumsum(there * self.outcome[order], 1)[:, ends])
            )
        known = np.isfinite(found).any(axis=2, keepdims=True)
        sums = np.where(known, found, 0.0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            measures = dict(zip(RANKING, sums.T / known.sum(axis=0).T, strict=True))
        if self.probability is not None and self.bins is not None:
            measures |= _probability(self.outcome, self.probability, self.bins, weights)
        return measures


def _ranking(total: Floats, found: Floats) -> Floats:
    """ROC-AUC, PR-AUC and lift of curves: customers gone through so far, and those of them who did it; by sample.

    NaN where customers of one side are missing.
    """
    everyone, positive = total[:, -1:], found[:, -1:]
    there = ((positive > 0) & (positive < everyone))[:, 0]
    measures = np.full((len(total), len(RANKING)), np.nan)
    if not there.any():
        return measures
    total, found, everyone, positive = total[there], found[there], everyone[there], positive[there]
    before = np.zeros((len(total), 1))
    total, hits = np.hstack([before, total]), np.hstack([before, found])
    steps = np.diff(hits)
    area = ((hits[:, 1:] + hits[:, :-1]) / 2 * (np.diff(total) - steps)).sum(axis=1, keepdims=True)
    precision = hits[:, 1:] / np.maximum(total[:, 1:], np.finfo(float).tiny)
    top = [np.interp(TOP * of[-1], of, own) for of, own in zip(total, hits, strict=True)]
    measures[there] = np.hstack(
        [
            area / (positive * (everyone - positive)),
            (steps * precision).sum(axis=1, keepdims=True) / positive,
            np.array(top)[:, None] / (TOP * positive),
        ]
    )
    return measures


def _probability(outcome: Floats, p: Floats, bins: NDArray[np.intp], weights: Floats) -> dict[str, Floats]:
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    loss = -(outcome * np.log(inside) + (1 - outcome) * np.log1p(-inside))
    everyone = weights.sum(axis=1)
    off = np.array([np.abs(np.bincount(bins, weight * (outcome - p))).sum() for weight in weights])
    return {
        "brier": weights @ (p - outcome) ** 2 / everyone,
        "log_loss": weights @ loss / everyone,
        "ece": off / everyone,
    }


def reliability_bins(p: Floats) -> NDArray[np.intp]:
    """Ten bins of as many customers each, as far as equal probabilities, which stay together, allow."""
    cuts = np.unique(np.quantile(p, np.arange(1, BINS) / BINS))
    return np.searchsorted(cuts, p, side="right").astype(np.intp)


def intervals(
    scores: Mapping[str, Sequence[Scores]], *, repeats: int, seed: int, level: float = 0.95
) -> tuple[dict[str, dict[str, tuple[float, float]]], dict[str, tuple[float, float]]]:
    """Percentile intervals over samples of customers, and of each score's ROC-AUC against the first one's.

    Every sample is the same for all scores, so that the differences are of pairs. Samples without customers of one
    side are left out. Of more than `MANY` customers the samples are of as many, drawn once, and the deviations from
    the measure of these are made as much smaller as the root of the numbers is larger (Bickel, Götze and van Zwet
    1997).

    Args:
        scores: Of the same customers, a score for every repeat of the folds; what others are held against comes first.
        repeats: Samples.
        seed: Of the samples.
        level: Share of samples within an interval.

    Returns:
        By score and measure low and high; by score low and high of the first ROC-AUC less its own.
    """
    rng = np.random.default_rng(seed)
    names = list(scores)
    customers = len(scores[names[0]][0].outcome)
    size = min(customers, MANY)
    among = scores
    if size < customers:
        rows = np.sort(rng.choice(customers, size, replace=False))
        among = {name: [one.among(rows) for one in each] for name, each in scores.items()}
    drawn: dict[str, list[dict[str, Floats]]] = {name: [] for name in names}
    together = max(_AT_ONCE // size, 1)
    for first in range(0, repeats, together):
        draws = range(first, min(first + together, repeats))
        weights = np.array([np.bincount(rng.integers(0, size, size), minlength=size) for _ in draws], np.float64)
        for name in names:
            each = [one.weighted(weights) for one in among[name]]
            drawn[name].append({key: np.mean([one[key] for one in each], axis=0) for key in each[0]})
    columns = {
        name: {key: np.concatenate([one[key] for one in samples]) for key in samples[0]}
        for name, samples in drawn.items()
    }
    if size < customers:
        whole, part = ({name: mean_measures(each) for name, each in of.items()} for of in (scores, among))
        narrower = (size / customers) ** 0.5
        columns = {
            name: {key: whole[name][key] + narrower * (values - part[name][key]) for key, values in keyed.items()}
            for name, keyed in columns.items()
        }
    tails = [(1 - level) / 2, (1 + level) / 2]

    def ends(values: Floats) -> tuple[float, float]:
        known = values[np.isfinite(values)]
        low, high = np.quantile(known, tails) if len(known) else (float("nan"), float("nan"))
        return float(low), float(high)

    found = {name: {key: ends(values) for key, values in keyed.items()} for name, keyed in columns.items()}
    first_auc = columns[names[0]]["roc_auc"]
    return found, {name: ends(first_auc - columns[name]["roc_auc"]) for name in names[1:]}


def mean_measures(scores: Sequence[Scores]) -> dict[str, float]:
    """The means of the measures over repeats."""
    each = [one.measured() for one in scores]
    return {key: float(np.mean([one[key] for one in each])) for key in each[0]}


def roc_auc(outcome: Flags, score: Floats) -> float:
    """The chance that one who did it scores higher than one who did not, ties counting half.

    Examples:
        >>> roc_auc(np.array([True, True, False, False]), np.array([3.0, 1.0, 1.0, 0.0]))
        0.875
    """
    return Scores.of(outcome, score, probable=False).measured()["roc_auc"]
