"""What goes with what somebody has: EASE and item-kNN, and how good a ranking is against what was bought next.

H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019; M. Deshpande, G. Karypis, Item-Based Top-N
Recommendation Algorithms, ACM TOIS 2004. Rows are customers, columns items; the same input gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PENALTY = 200.0
"""EASE's ridge; of little consequence within a factor of two."""
KEPT = 200
"""Weights that are kept of an item."""
DIGITS = 7
"""Weights and scores are rounded to so many decimals, so that ties do not hang on the order of additions."""
_BLOCK = 1024


def ease(bought: Any, penalty: float = PENALTY, keep: int = KEPT) -> Any:
    """EASE weights: `weights[a, b]` is how much having `a` speaks for `b`; the `keep` largest of each `b` stay.

    With G = X'X + penalty I and P its inverse, the weight is -P[a, b] / P[b, b], 0 for a = b: a ridge regression of
    every item on all others. Dense: 16 bytes and some n of arithmetic per pair of the n items.

    Args:
        bought: Sparse 0/1 matrix, customers by items.

    >>> both = sparse.csr_matrix([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> ease(both, penalty=1.0).toarray().round(3).tolist()
    [[0.0, 0.667, 0.0], [0.667, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    from scipy.linalg import lapack

    gram = (bought.T @ bought).toarray(order="F").astype(np.float64)
    np.fill_diagonal(gram, gram.diagonal() + penalty)
    factor, failed = lapack.dpotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise FloatingPointError("not positive definite")
    diagonal = inverse.diagonal().copy()
    full = np.tril(inverse, -1)
    full += full.T
    full /= -diagonal
    return _largest(full, keep)


def item_knn(bought: Any, keep: int = KEPT) -> Any:
    """Cosine similarity of items as weights, like those of `ease`: the `keep` nearest of each item stay.

    >>> item_knn(sparse.csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])).toarray().round(3).tolist()
    [[0.0, 0.707, 0.707], [0.707, 0.0, 0.0], [0.707, 0.0, 0.0]]
    """
    size = np.sqrt(np.asarray(bought.multiply(bought).sum(axis=0)).ravel())
    unit = sparse.csc_matrix(bought @ sparse.diags(1 / np.maximum(size, 1e-12)))
    blocks = []
    for start in range(0, unit.shape[1], _BLOCK):
        near = sparse.csr_matrix(unit[:, start : start + _BLOCK].T @ unit)
        near.sort_indices()
        blocks.append(_nearest(near, start, keep))
    return sparse.csr_matrix(sparse.vstack(blocks).T)


def _largest(weights: Floats, keep: int) -> Any:
    """The positive weights that are among the `keep` largest of their column, sparse."""
    count = len(weights)
    if count > keep:
        edge = np.partition(weights, count - keep, axis=0)[count - keep]
        weights = np.where(weights >= edge, weights, 0.0)
    found = sparse.csr_matrix(np.round(np.maximum(weights, 0.0), DIGITS))
    found.eliminate_zeros()
    return found


def _nearest(near: Any, start: int, keep: int) -> Any:
    rows, columns, values = [], [], []
    for row in range(near.shape[0]):
        place = slice(near.indptr[row], near.indptr[row + 1])
        others, likeness = near.indices[place], np.round(near.data[place], DIGITS)
        mask = (others != start + row) & (likeness > 0)
        others, likeness = others[mask], likeness[mask]
        best = np.lexsort((others, -likeness))[:keep]
        rows.append(np.full(len(best), row))
        columns.append(others[best])
        values.append(likeness[best])
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(entries, shape=near.shape)


def best_new(
    weights: Any, having: Any, offered: NDArray[np.bool_], top: int
) -> Iterator[tuple[int, Ints, Floats, Ints]]:
    """For some customers at a time the items that what they have speaks for most, of those that they do not have.

    Args:
        weights: As of `ease`.
        having: Sparse, customers by items: how much each item that they have counts, above 0.
        offered: By item, whether it may be proposed.
        top: How many at most.

    Yields:
        The first customer's row; items (-1: none is left), their scores, and for each the item that speaks for it
        most: all three customers by `top`, best first; of equals the lower item comes first.
    """
    backwards = sparse.csr_matrix(weights.T)
    weights = weights @ sparse.diags(offered.astype(np.float64))
    for start in range(0, having.shape[0], _BLOCK):
        some = having[start : start + _BLOCK]
        scores = some @ weights
        items, values = best(sparse.csr_matrix(scores - scores.multiply(some > 0)), top)
        because = np.full_like(items, -1)
        for rank in range(items.shape[1]):
            support = sparse.csr_matrix(backwards[np.maximum(items[:, rank], 0)].multiply(some))
            because[:, rank] = np.asarray(support.argmax(axis=1)).ravel()
        yield start, items, values, np.where(items < 0, -1, because)


def best(scores: Any, top: int) -> tuple[Ints, Floats]:
    """The `top` columns of each sparse row with the highest score above 0, -1 where there are fewer.

    Of equals the lower column comes first.

    >>> best(sparse.csr_matrix([[0.0, 2.0, 3.0, 2.0], [0.0, 2.0, 0.0, 0.0]]), 2)[0].tolist()
    [[2, 1], [1, -1]]
    """
    rows, top = scores.shape[0], min(top, scores.shape[1])
    rounded = np.round(scores.data, DIGITS)
    items, values = np.full((rows, top), -1, np.int64), np.zeros((rows, top))
    for row, (start, end) in enumerate(pairwise(scores.indptr)):
        line, columns = rounded[start:end], scores.indices[start:end]
        least = np.partition(line, len(line) - top)[len(line) - top] if len(line) > top else 0.0
        among = np.flatnonzero((line >= least) & (line > 0))
        chosen = among[np.lexsort((columns[among], -line[among]))][:top]
        items[row, : len(chosen)] = columns[chosen]
        values[row, : len(chosen)] = line[chosen]
    return items, values


def quality(hits: NDArray[np.bool_], relevant: Ints) -> dict[str, Floats]:
    """How good each customer's list is: `recall` of what was bought, `hit` (at least one), `ndcg` (binary gain).

    Args:
        hits: Customers by places of the list: whether it was bought.
        relevant: How many items each bought, 1 or more.

    >>> {name: found.round(4).tolist() for name, found in quality(np.array([[False, True]]), np.array([4])).items()}
    {'recall': [0.25], 'hit': [1.0], 'ndcg': [0.3869]}
    """
    gain = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(gain)])[np.minimum(relevant, hits.shape[1])]
    return {
        "recall": hits.sum(axis=1) / relevant,
        "hit": hits.any(axis=1).astype(np.float64),
        "ndcg": (hits * gain).sum(axis=1) / ideal,
    }


def rising(scores: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """The share of outcomes by score as a line that never falls: isotonic regression, its corners alone.

    Between the corners the line is straight, beyond them level.

    >>> [part.tolist() for part in rising(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0, 1.0]))]
    [[1.0, 2.0, 3.0], [0.0, 0.5, 1.0]]
    """
    from scipy.optimize import isotonic_regression

    values, at, counts = np.unique(scores, return_inverse=True, return_counts=True)
    means = np.bincount(at, weights=outcomes) / counts
    line = isotonic_regression(means, weights=counts).x
    # Of a level stretch the two ends tell all.
    corner = np.ones(len(line), np.bool_)
    corner[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    return values[corner], line[corner]
