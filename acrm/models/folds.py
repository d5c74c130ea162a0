"""Parts of the customers, each foretold from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stratified(outcome: NDArray[np.bool_], groups: NDArray[np.intp], *, folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each customer, drawn so that every fold has the same share of the outcome and no group is split.

    Groups are customers who are alike in everything known: in two folds, one would foretell the other.

    Args:
        outcome: Of each customer.
        groups: Number of each customer's group, from 0.
        folds: How many.
        seed: Of the draw.

    Examples:
        >>> found = stratified(np.array([True, False] * 4), np.arange(8), folds=2, seed=0)
        >>> np.bincount(found).tolist(), np.bincount(found[::2]).tolist()
        ([4, 4], [2, 2])
    """
    size = np.bincount(groups)
    positive = np.bincount(groups, weights=outcome) / np.maximum(size, 1) >= 0.5
    drawn = np.random.default_rng(seed).permutation(len(size))
    fold = np.empty(len(size), np.intp)
    for side in (True, False):
        # Large groups first and each into the fold with the fewest customers, then single ones in turn.
        rows = drawn[positive[drawn] == side]
        large = rows[size[rows] > 1]
        load = np.zeros(folds)
        for group in large[np.argsort(-size[large], kind="stable")]:
            fold[group] = np.argmin(load)
            load[fold[group]] += size[group]
        single = rows[size[rows] == 1]
        wanted = (load.sum() + len(single)) / folds
        room = np.maximum(np.round(wanted - load), 0).astype(np.intp)
        places = np.repeat(np.arange(folds), room)
        short = len(single) - len(places)
        places = np.concatenate([places, np.arange(max(short, 0)) % folds])[: len(single)]
        fold[single] = places
    return fold[groups]


def together(*labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number the groups of rows that share a label of any kind, directly or through other rows.

    Args:
        labels: Of each kind a number for every row, from 0.

    Examples:
        >>> together(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
        [0, 0, 0, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = np.arange(len(labels[0]))
    offsets = len(rows) + np.cumsum([0, *(int(kind.max()) + 1 for kind in labels[:-1])])
    ends = np.concatenate([kind + offset for kind, offset in zip(labels, offsets, strict=True)])
    size = int(ends.max()) + 1
    links = coo_array((np.ones(len(ends), np.int8), (np.tile(rows, len(labels)), ends)), shape=(size, size))
    found = connected_components(links, directed=False)[1][: len(rows)]
    return np.unique(found, return_inverse=True)[1].ravel().astype(np.intp)
