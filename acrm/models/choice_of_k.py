"""How many groups there are, if any: several criteria for each k, and one decision from all of them.

1. Is there structure at all? The silhouettes of k-means, against those it reaches on tables without groups: the same
   columns, shuffled independently of each other. If at no k they are clearly higher, the columns know nothing of each
   other, and groups of customers say no more than cutting the columns one by one. A table of one column has none.
2. Which k do the criteria propose? The highest silhouette; the gap statistic (against shuffled columns), by its rule:
   the smallest k whose gap is not below that of k + 1 by more than its error; of a mixture, the lowest BIC. A gap that
   still rises at the last k tried, or a BIC that still falls, proposes no k but speaks against none.
3. Are the groups apart, or cuts through one cloud? The silhouettes once more, against tables that have the correlations
   of the data too (see `surrogates`). Who buys often also spends much: that alone makes groups that are found again and
   useful, but there is no gap between them.
4. If the silhouette is 0.1 or more above that of correlated columns, the k where it is farthest above is their number.
   The gap statistic goes on rising where groups are halved along a column that has nothing to do with them, and such
   halves are found again; the silhouette alone prefers the coarsest cut.
5. Otherwise stability decides: up to the largest proposal, the largest k that is found again in resampled customers
   (mean adjusted Rand index 0.8 or more) and leaves no group below the least size; if there is none, the smallest such
   k above. These hold for 4 too. If no k is stable with groups large enough, there is no structure of use.

Sources: Rousseeuw (1987), Silhouettes; Tibshirani, Walther & Hastie (2001), the gap statistic; Hennig (2007), Cluster-
wise assessment of cluster stability; Hubert & Arabie (1985) for the index; Dolnicar & Leisch (2010), Evaluation of
structure and reproducibility of cluster solutions using the bootstrap, for telling groups from reproducible cuts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from acrm.models.clusters import Method, Partition, kmeans, mixture, place, quietly, silhouettes
from acrm.models.surrogates import Surrogates

if TYPE_CHECKING:
    from acrm.models.clusters import Floats, Labels, Matrix

Verdict = Literal["structure", "no-structure"]
STABLE = 0.8
"""Least mean adjusted Rand index of a solution that is found again."""
CLEAR = 4.0
"""So many standard deviations a silhouette has to be above the mean of tables without groups."""
AT_LEAST = 0.01
"""And by so much: less is of no use, however sure."""
WIDE = 0.1
"""So far above correlated columns a silhouette tells the number of groups."""
_REFERENCES = 10
_RESAMPLES: dict[Method, int] = {"kmeans": 20, "gmm": 10}
"""A mixture takes ten times as long."""
_COMPARED = 2000
"""Rows whose silhouettes are taken of a table without groups."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Criteria:
    """What is known of each k, one element each, k ascending from 2."""

    ks: tuple[int, ...]
    partitions: tuple[Partition, ...]
    silhouette: Floats
    """Mean, of the method's groups."""
    shuffled: Floats
    """Mean silhouette of k-means on shuffled columns."""
    correlated: Floats
    """Mean silhouette of k-means on correlated columns without groups."""
    excess: Floats
    """Of the silhouette of k-means over the latter."""
    gap: Floats
    """Mean logarithm of the inertia on shuffled columns less that on the data; 0 at k = 1."""
    gap_error: Floats
    """Its standard deviation times sqrt(1 + 1 / number of tables)."""
    stability: Floats
    """Mean adjusted Rand index between the groups of the data and of resampled rows."""
    bic: Floats | None
    """Of a mixture only; less is better."""
    smallest: Floats
    """Share of the smallest group in all rows."""
    structure: bool
    """Whether groups are clearer than on shuffled columns, at any k."""
    apart: bool
    """Whether they are clearer than correlations alone make them, at any k."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The decision, and who spoke for what."""

    k: int
    """1 where the verdict is no-structure."""
    verdict: Verdict
    apart: bool
    """Whether there are gaps between the groups; else they are cuts through one cloud."""
    marked: bool
    """Whether k is where the silhouette is farthest above that of correlated columns, and far."""
    proposals: Mapping[str, int | None]
    """k by criterion: silhouette (None if all k are small), gap, bic (None if the last k tried is no end for it)."""
    unstable: tuple[int, ...]
    small: tuple[int, ...]
    """k with a group below the least size."""


def criteria(matrix: Matrix, blocks: Sequence[int], ks: Sequence[int], *, method: Method, seed: int) -> Criteria:
    """Try every k; takes time with the rows, so give it a sample of them.

    Args:
        matrix: Rows by columns, without gaps.
        blocks: Which columns belong together, see `Surrogates`.
        ks: From 2 upwards without gaps, none above the number of distinct rows.
        method: What makes the groups.
        seed: Of all that is drawn.
    """
    plain = [kmeans(matrix, k, seed=seed) for k in ks]
    labels = [place(matrix, one).label for one in plain]
    found, bic = plain, None
    if method == "gmm":
        mixtures = [mixture(matrix, k, seed=seed, around=start) for k, start in zip(ks, plain, strict=True)]
        found, bic = [one for one, _ in mixtures], np.array([value for _, value in mixtures])
    chosen = [place(matrix, one).label for one in found] if method == "gmm" else labels
    reached = silhouettes(matrix, labels)
    without = _without_groups(matrix, blocks, labels, seed)
    smallest = [np.bincount(one, minlength=k).min() / len(matrix) for k, one in zip(ks, chosen, strict=True)]
    return Criteria(
        ks=tuple(ks),
        partitions=tuple(found),
        silhouette=silhouettes(matrix, chosen) if method == "gmm" else reached,
        shuffled=without.shuffled.mean(axis=0),
        correlated=without.correlated.mean(axis=0),
        excess=reached - without.correlated.mean(axis=0),
        gap=without.inertia.mean(axis=0) - [_log_inertia(matrix, one) for one in labels],
        gap_error=without.inertia.std(axis=0) * np.sqrt(1 + 1 / _REFERENCES),
        stability=_stability(matrix, found, chosen, method, seed),
        bic=bic,
        smallest=np.array(smallest),
        structure=_clearly_above(reached, without.shuffled),
        apart=_clearly_above(reached, without.correlated),
    )


def decide(known: Criteria, least: float) -> Choice:
    """Join the criteria as the head of this page says.

    Args:
        known: Of each k.
        least: Smallest share of all rows that a group may be.
    """
    ks = known.ks
    small = tuple(k for k, share in zip(ks, known.smallest, strict=True) if share < least)
    unstable = tuple(k for k, index in zip(ks, known.stability, strict=True) if index < STABLE)
    fitting = [k for k in ks if k not in small]
    proposals: dict[str, int | None] = {
        "silhouette": max(fitting, key=lambda k: known.silhouette[k - ks[0]], default=None),
        "gap": gap_rule(known.gap, known.gap_error),
    }
    if known.bic is not None:
        lowest = int(known.bic.argmin())
        # Still falling at the last k: it has found no end.
        proposals["bic"] = ks[lowest] if lowest < len(ks) - 1 else None
    highest = max(ks[-1] if k is None else k for k in proposals.values())
    good = [k for k in fitting if k not in unstable]
    found = known.structure and bool(good)
    peak = max(good, key=lambda k: known.excess[k - ks[0]], default=None)
    marked = found and known.apart and peak is not None and bool(known.excess[peak - ks[0]] >= WIDE)
    up_to = [k for k in good if k <= highest]
    return Choice(
        k=peak if marked and peak else 1 if not found else max(up_to) if up_to else min(good),
        verdict="structure" if found else "no-structure",
        apart=found and known.apart,
        marked=marked,
        proposals=proposals,
        unstable=unstable,
        small=small,
    )


def gap_rule(gap: Floats, error: Floats) -> int | None:
    """The smallest k with gap(k) >= gap(k + 1) - error(k + 1), None if there is none below the last.

    >>> gap_rule(np.array([0.30, 0.50, 0.49]), np.array([0.02, 0.02, 0.02]))
    3
    >>> gap_rule(np.array([0.01, 0.02]), np.array([0.02, 0.02]))
    1

    Args:
        gap: From k = 2; that of k = 1 is 0.
        error: Of each.
    """
    gaps, errors = [0.0, *gap], [0.0, *error]
    return next((k for k in range(1, len(gaps)) if gaps[k - 1] >= gaps[k] - errors[k]), None)


@dataclass(frozen=True, kw_only=True, eq=False)
class _WithoutGroups:
    """One row per table drawn, one column per k."""

    shuffled: Floats
    correlated: Floats
    inertia: Floats
    """Its logarithm, on the shuffled tables."""


def _without_groups(matrix: Matrix, blocks: Sequence[int], labels: Sequence[Labels], seed: int) -> _WithoutGroups:
    """What k-means finds where there is nothing to be found."""
    rng = np.random.default_rng([seed, 1])
    surrogates = Surrogates(matrix, blocks, rng)
    ks = [int(one.max()) + 1 for one in labels]
    rows = np.sort(rng.choice(len(matrix), min(len(matrix), _COMPARED), replace=False))
    shuffled, correlated, inertia = (np.empty((_REFERENCES, len(ks))) for _ in range(3))
    for draw in range(_REFERENCES):
        for made, into in ((surrogates.shuffled(rng), shuffled), (surrogates.correlated(rng), correlated)):
            found = [place(made, kmeans(made, k, seed=draw, starts=1)).label for k in ks]
            into[draw] = silhouettes(made[rows], [one[rows] for one in found])
            if into is shuffled:
                inertia[draw] = [_log_inertia(made, one) for one in found]
    return _WithoutGroups(shuffled=shuffled, correlated=correlated, inertia=inertia)


def _log_inertia(matrix: Matrix, labels: Labels) -> float:
    """Logarithm of the sum of squared distances to the means of the groups."""
    total = 0.0
    for group in np.unique(labels):
        rows = matrix[labels == group].astype(np.float64)
        total += float(((rows - rows.mean(axis=0)) ** 2).sum())
    # Nothing left to explain: far below anything, but a number.
    return float(np.log(max(total, 1e-12)))


def _clearly_above(reached: Floats, chance: Floats) -> bool:
    """Whether a silhouette is above what chance makes of it, at any k; how far chance varies is told by all k."""
    excess = reached - chance.mean(axis=0)
    deviation = np.sqrt(chance.var(axis=0, ddof=1).mean() * (1 + 1 / len(chance)))
    return bool(np.any((excess > CLEAR * deviation) & (excess > AT_LEAST)))


def _stability(
    matrix: Matrix, found: Sequence[Partition], labels: Sequence[Labels], method: Method, seed: int
) -> Floats:
    """Mean adjusted Rand index, over resampled rows, of their groups and ours on all rows."""
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng([seed, 2])
    agreement = np.empty((_RESAMPLES[method], len(found)))
    for draw in range(len(agreement)):
        sample = matrix[rng.integers(0, len(matrix), len(matrix))]
        for which, (one, mine) in enumerate(zip(found, labels, strict=True)):
            again = kmeans(sample, one.groups, seed=draw, starts=3)
            if method == "gmm":
                again, _ = mixture(sample, one.groups, seed=draw, around=again)
            with quietly():
                agreement[draw, which] = adjusted_rand_score(mine, place(matrix, again).label)
    mean: Floats = agreement.mean(axis=0)
    return mean
