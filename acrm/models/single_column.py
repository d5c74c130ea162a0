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
