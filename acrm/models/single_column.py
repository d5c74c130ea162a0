"""What one column alone tells of an outcome: the area under the curve of its ranks, or of the shares of its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acrm.models.classification_metrics import roc_auc
from acrm.models.folds import stratified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Labels = NDArray[np.intp]

_FOLDS = 5
_DRAWN = 5.0
"""Customers of the usual share added to every level, so that a level of few says little."""
_BINS = 50
_SHARES, _COVERED, _DIGITS = 3, 0.2, 6e-4
"""Of values that are shares of the outcome: how many different ones there must be between 0 and 1, the share of all
rows that have them, and how near they must be."""
_LINE, _LEAST, _ONCE = 5, 10, 1e-6
"""Values on a line with the shares, at least; near one; and how rarely chance would bring them so near."""


def rank_auc(values: Floats, outcome: Flags) -> float:
    """Of numbers, whichever way they point: from .5, nothing, to 1. Unknown ones are left out; .5 without both sides.

    >>> rank_auc(np.array([3.0, 2.0, np.nan, 1.0]), np.array([False, False, True, True]))
    1.0
    """
    known = np.isfinite(values)
    there = outcome[known]
    if there.all() or not there.any():
        return 0.5
    found = roc_auc(there, values[known])
    return max(found, 1 - found)


def level_auc(levels: Labels, outcome: Flags) -> float:
    """Of categories, each standing for the share of the outcome among the customers of the other folds who have it.

    A level that nobody else has says nothing, so that ids come out near .5, or somewhat below.
    """
    fold = stratified(outcome, np.arange(len(outcome)), folds=_FOLDS, seed=0)
    size = int(levels.max()) + 1
    cells = fold * size + levels
    counts = np.bincount(cells, minlength=_FOLDS * size).reshape(_FOLDS, size)
    hits = np.bincount(cells, weights=outcome, minlength=_FOLDS * size).reshape(_FOLDS, size)
    others, of_others = counts.sum(axis=0) - counts, hits.sum(axis=0) - hits
    base = of_others.sum(axis=1, keepdims=True) / others.sum(axis=1, keepdims=True)
    shares = (of_others + _DRAWN * base) / (others + _DRAWN)
    return roc_auc(outcome, (shares - base)[fold, levels])


def binned(values: Floats) -> Labels:
    """Numbers as levels: their values if there are at most fifty, else as many quantile bins; unknown is the last.

    >>> binned(np.array([7.0, np.nan, 5.0, 7.0])).tolist()
    [1, 2, 0, 1]
    """
    known = np.isfinite(values)
    distinct = np.unique(values[known])
    if len(distinct) > _BINS:
        distinct = np.unique(np.quantile(values[known], np.linspace(0, 1, _BINS + 1)))[:-1]
    found = np.searchsorted(distinct, values, side="right") - 1
    return np.where(known, np.maximum(found, 0), len(distinct)).astype(np.intp)


def surely(hits: NDArray[np.floating], counts: NDArray[np.integer], *, chance: float = 0.05) -> Floats:
    """The share that the true one is above but for a `chance`, of `hits` among `counts` (Clopper and Pearson 1934).

    >>> surely(np.array([20.0, 0.0]), np.array([20, 20])).round(3).tolist()
    [0.861, 0.0]
    """
    from scipy.special import betaincinv

    found: Floats = np.where(hits > 0, betaincinv(np.maximum(hits, 1), counts - hits + 1, chance), 0.0)
    return found


def holds_shares(values: Floats, outcome: Flags) -> bool:
    """Whether numbers are the shares of the outcome in groups of the same rows, as they are or drawn to the mean.

    Of the rows with one value some have the outcome. That varies by chance, even if the value foretells its share: if
    the shares stand nearer to the values than chance would let them, the values were made from this outcome. Looked
    at are values that five rows or more have; of three or more, for a fifth of the rows, some and not all have the
    outcome. They are shares to three digits, or five lie on a line with them, or ten lie nearer to a line than chance
    would have it once in a million times.
    """
    from scipy.special import erf, gammaincc

    known = np.isfinite(values)
    distinct, at, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    hits = np.bincount(at, weights=outcome[known])
    some = counts >= _DRAWN
    value, n, share = distinct[some], counts[some], hits[some] / counts[some]
    inside = (share > 0) & (share < 1)
    if inside.sum() < _SHARES or n[inside].sum() < _COVERED * len(values):
        return False
    scale = 100.0 if value.max() > 1 else 1.0
    if (np.abs(value / scale - share) <= _DIGITS).all():
        return True
    if len(value) < _LINE:
        return False
    slope, offset = np.polyfit(value, share, 1, w=np.sqrt(n))
    if slope <= 0:
        return False
    if (np.abs(slope * value + offset - share) <= _DIGITS).all():
        return True
    if len(value) < _LEAST:
        return False
    foretold = np.clip(slope * value + offset, 1 / (2 * n), 1 - 1 / (2 * n))
    spread = np.sqrt(foretold * (1 - foretold) * n)
    # Nearer than half a row cannot be told from half a row.
    off = np.maximum(np.abs(share - foretold) * n, 0.5) / spread
    surprise = -np.log(np.maximum(erf(off / np.sqrt(2)), 1e-12)).sum()
    return bool(gammaincc(len(value), surprise) < _ONCE)
