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

    def measured(self, weight: Floats | None = None) -> dict[str, float]:
        """All measures, those of probabilities only where they are.

        Those of ranking are means over the lists, as each was ranked by a model of its own; a list without customers
        of either side does not count, and without any such list they are NaN.

        Examples:
            >>> scores = Scores.of(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.4, 0.1]), probable=False)
            >>> {name: round(value, 4) for name, value in scores.measured().items()}
            {'roc_auc': 0.75, 'pr_auc': 0.8333, 'lift_10': 2.0}
        """
        weights = np.ones(len(self.outcome)) if weight is None else weight
        found = []
        for order, ends in self.lists:
            there = weights[order]
            one = _ranking(np.cumsum(there)[ends], np.cumsum(there * self.outcome[order])[ends])
            if one is not None:
                found.append(one)
        means = np.mean(found, axis=0) if found else np.full(len(RANKING), np.nan)
        measures = dict(zip(RANKING, means.tolist(), strict=True))
        if self.probability is not None and self.bins is not None:
            measures |= _probability(self.outcome, self.probability, self.bins, weights)
        return measures


def _ranking(total: Floats, found: Floats) -> tuple[float, float, float] | None:
    """ROC-AUC, PR-AUC and lift of a curve: customers gone through so far, and those of them who did it."""
    everyone, positive = float(total[-1]), float(found[-1])
    if not 0 < positive < everyone:
        return None
    total, hits = np.concatenate([[0.0], total]), np.concatenate([[0.0], found])
    area = ((hits[1:] + hits[:-1]) / 2 * np.diff(total - hits)).sum() / (positive * (everyone - positive))
    precision = hits[1:] / np.maximum(total[1:], np.finfo(float).tiny)
    top = np.interp(TOP * everyone, total, hits)
    return float(area), float((np.diff(hits) * precision).sum() / positive), float(top / (TOP * positive))


def _probability(outcome: Floats, p: Floats, bins: NDArray[np.intp], weight: Floats) -> dict[str, float]:
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    loss = -(outcome * np.log(inside) + (1 - outcome) * np.log1p(-inside))
    everyone = weight.sum()
    off = np.abs(np.bincount(bins, weight * (outcome - p)))
    return {
        "brier": float(weight @ (p - outcome) ** 2 / everyone),
        "log_loss": float(weight @ loss / everyone),
        "ece": float(off.sum() / everyone),
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
    side are left out.

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
    drawn: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(repeats):
        weight = np.bincount(rng.integers(0, customers, customers), minlength=customers).astype(np.float64)
        for name in names:
            drawn[name].append(mean_measures(scores[name], weight))
    tails = [(1 - level) / 2, (1 + level) / 2]

    def ends(values: Floats) -> tuple[float, float]:
        known = values[np.isfinite(values)]
        low, high = np.quantile(known, tails) if len(known) else (float("nan"), float("nan"))
        return float(low), float(high)

    columns = {
        name: {key: np.array([one[key] for one in samples]) for key in samples[0]} for name, samples in drawn.items()
    }
    found = {name: {key: ends(values) for key, values in keyed.items()} for name, keyed in columns.items()}
    first = columns[names[0]]["roc_auc"]
    return found, {name: ends(first - columns[name]["roc_auc"]) for name in names[1:]}


def mean_measures(scores: Sequence[Scores], weight: Floats | None = None) -> dict[str, float]:
    """The means of the measures over repeats."""
    each = [one.measured(weight) for one in scores]
    return {key: float(np.mean([one[key] for one in each])) for key in each[0]}


def roc_auc(outcome: Flags, score: Floats) -> float:
    """The chance that one who did it scores higher than one who did not, ties counting half.

    Examples:
        >>> roc_auc(np.array([True, True, False, False]), np.array([3.0, 1.0, 1.0, 0.0]))
        0.875
    """
    return Scores.of(outcome, score, probable=False).measured()["roc_auc"]
