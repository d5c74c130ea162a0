"""Group effects: what the levels of one or several groupings add to numbers, found without a column for each level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr

from acrm.models.histories import FloatArray, IndexArray

Groupings = Sequence[IndexArray]
"""One array per grouping: the level of every row, from 0 without gaps."""


def group_effects(columns: FloatArray, groupings: Groupings) -> list[FloatArray]:
    """What each level adds to the mean of all rows, by least squares: for one grouping its mean less that of all.

    Of several groupings the effects are those of all together (two-way, three-way); where levels cannot be told apart,
    the solution that spreads them most evenly is taken, and the sum of a row's effects is the same in all solutions.

    >>> group_effects(np.array([[1.0], [3.0], [8.0]]), [np.array([0, 0, 1])])[0].tolist()
    [[-2.0], [4.0]]

    Args:
        columns: Shape (rows, k).
        groupings: See `Groupings`.

    Returns:
        For each grouping shape (levels, k).
    """
    centred = columns - columns.mean(axis=0)
    tables = [_indicators(levels) for levels in groupings]
    counts = [np.bincount(levels).astype(float) for levels in groupings]
    if len(tables) == 1:
        return [np.asarray(tables[0].T @ centred) / counts[0][:, None]]
    scale = np.sqrt(np.concatenate(counts)) if counts else np.empty(0)
    joined = sparse.hstack(tables, format="csr") @ sparse.diags_array(1 / scale)
    found = np.column_stack(
        [lsmr(joined, column, atol=1e-13, btol=1e-13, conlim=0, maxiter=10_000)[0] for column in centred.T]
    )
    return np.split(found / scale[:, None], np.cumsum([len(count) for count in counts])[:-1])


def absorbed(columns: FloatArray, groupings: Groupings) -> FloatArray:
    """The columns less the mean of all rows and less the effects of the groupings: the within-transformation.

    >>> absorbed(np.array([[1.0], [3.0], [8.0]]), [np.array([0, 0, 1])]).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """
    left: FloatArray = columns - columns.mean(axis=0)
    if groupings:
        for levels, effects in zip(groupings, group_effects(columns, groupings), strict=True):
            left = left - effects[levels]
    return left


def absorbed_parameters(groupings: Groupings) -> int:
    """How many coefficients the groupings take, the intercept among them.

    Exact for one and two groupings (levels less the parts that do not hang together); from the third on each takes its
    levels less one, which is too many where they overlap, so that errors come out rather too wide.

    >>> absorbed_parameters([]), absorbed_parameters([np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])])
    (1, 4)
    """
    levels = [int(grouping.max()) + 1 for grouping in groupings]
    if len(levels) < 2:
        return levels[0] if levels else 1
    first, second = groupings[:2]
    edges = sparse.coo_array((np.ones(len(first)), (first, levels[0] + second)), shape=(sum(levels[:2]),) * 2)
    parts = connected_components(edges, directed=False, return_labels=False)
    return int(levels[0] + levels[1] - parts + sum(levels[2:]) - len(levels[2:]))


def nested(grouping: IndexArray, clusters: IndexArray) -> bool:
    """Whether every level lies in one cluster.

    >>> nested(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1])), nested(np.array([0, 0]), np.array([0, 1]))
    (True, False)
    """
    return len(np.unique(np.column_stack([grouping, clusters]), axis=0)) == int(grouping.max()) + 1


def _indicators(levels: IndexArray) -> sparse.csr_array:
    shape = (len(levels), int(levels.max()) + 1)
    return sparse.csr_array((np.ones(len(levels)), (np.arange(len(levels)), levels)), shape=shape)
