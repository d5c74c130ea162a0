"""How well scores tell who does something from who does not: ranking, lift, and how true probabilities are.

A curve goes down the list of customers, the highest score first. Customers of one score are taken as one step, so that
no figure depends on the order of rows. Weights let a bootstrap count a customer several times or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    """The last place of every run of equal scores, the highest first."""
    probability: Floats | None
    bins: NDArray[np.intp] | None
    """Of the reliability, for each customer."""

    @classmethod
    def of(cls, outcome: Flags, score: Floats, *, probable: bool) -> Scores:
        """Prepare scores, which are probabilities if `probable`."""
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        bins = reliability_bins(score) if probable else None
        return cls(outcome.astype(np.float64), order, ends, score if probable else None, bins)

    def measured(self, weight: Floats | None = None) -> dict[str, float]:
        """All measures; NaN where the sample has nobody of one side, those of probabilities only where they are.

        Examples:
            >>> scores = Scores.of(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.4, 0.1]), probable=False)
            >>> {name: round(value, 4) for name, value in scores.measured().items()}
            {'roc_auc': 0.75, 'pr_auc': 0.8333, 'lift_10': 2.0}
        """
        weights = np.ones(len(self.outcome)) if weight is None else weight
        there = weights[self.order]
        total = np.cumsum(there)[self.ends]
        found = np.cumsum(there * self.outcome[self.order])[self.ends]
        measures = _ranking(total, found)
        if self.probability is not None and self.bins is not None:
            measures |= _probability(self.outcome, self.probability, self.bins, weights)
        return measures


def _ranking(total: Floats, found: Floats) -> dict[str, float]:
    """Measures of the curve: customers gone through so far, and those of them who did it."""
    everyone, positive = total[-1], found[-1]
    if not 0 < positive < everyone:
        return dict.fromkeys(RANKING, float("nan"))
    start = np.zeros(1)
    hits, misses = np.concatenate([start, found]), np.concatenate([start, total - found])
    area = float(((hits[1:] + hits[:-1]) / 2 * np.diff(misses)).sum() / (positive * misses[-1]))
    with np.errstate(invalid="ignore"):
        precision = np.where(total > 0, found / np.maximum(total, 1e-300), 0.0)
    top = float(np.interp(TOP * everyone, np.concatenate([start, total]), hits))
    return {
        "roc_auc": area,
        "pr_auc": float((np.diff(hits) * precision).sum() / positive),
        "lift_10": float(top / (TOP * positive)),
    }


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
    scores: Mapping[str, Scores], *, repeats: int, seed: int, level: float = 0.95
) -> tuple[dict[str, dict[str, tuple[float, float]]], dict[str, tuple[float, float]]]:
    """Percentile intervals over samples of customers, and of each score's ROC-AUC against the first one's.

    Every sample is the same for all scores, so that the differences are of pairs. Samples without customers of one
    side are left out.

    Args:
        scores: Of the same customers; what the others are held against comes first.
        repeats: Samples.
        seed: Of the samples.
        level: Share of samples within an interval.

    Returns:
        By score and measure low and high; by score low and high of the first ROC-AUC less its own.
    """
    rng = np.random.default_rng(seed)
    names = list(scores)
    customers = len(scores[names[0]].outcome)
    drawn: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(repeats):
        weight = np.bincount(rng.integers(0, customers, customers), minlength=customers).astype(np.float64)
        for name in names:
            drawn[name].append(scores[name].measured(weight))
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


def roc_auc(outcome: Flags, score: Floats) -> float:
    """The chance that one who did it scores higher than one who did not, ties counting half.

    Examples:
        >>> roc_auc(np.array([True, True, False, False]), np.array([3.0, 1.0, 1.0, 0.0]))
        0.875
    """
    return Scores.of(outcome, score, probable=False).measured()["roc_auc"]
