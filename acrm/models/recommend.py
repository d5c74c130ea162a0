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
    unit = sparse.csr_matrix(bought @ sparse.diags(1 / np.maximum(size, 1e-12)))
    items = sparse.csr_matrix(unit.T)
    blocks = [_nearest(items[start : start + _BLOCK] @ unit, start, keep) for start in range(0, unit.shape[1], _BLOCK)]
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
    """The `keep` largest of each row above 0, but for the item itself; of equals the lower columns stay."""
    likeness = np.round(near.data, DIGITS)
    columns, values, ends = [], [], [0]
    for row, (first, end) in enumerate(pairwise(near.indptr)):
        others, line = near.indices[first:end], likeness[first:end]
        line[others == start + row] = 0
        least = np.partition(line, -keep)[-keep] if len(line) > keep else 0.0
        chosen = np.flatnonzero(line > least)
        if least > 0:
            equal = np.flatnonzero(line == least)
            chosen = np.concatenate([chosen, equal[np.argsort(others[equal])][: keep - len(chosen)]])
        columns.append(others[chosen])
        values.append(line[chosen])
        ends.append(ends[-1] + len(chosen))
    return sparse.csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=near.shape)


def best_new(weights: Any, having: Any, offered: NDArray[np.bool_], top: int) -> Iterator[tuple[int, Ints, Floats]]:
    """For some customers at a time the items that what they have speaks for most, of those that they do not have.

    Args:
        weights: As of `ease`.
        having: Sparse, customers by items: how much each item that they have counts, above 0.
        offered: By item, whether it may be proposed.
        top: How many at most.

    Yields:
        The first customer's row; items (-1: none is left) and their scores, both customers by `top`, best first; of
        equals the lower item comes first.
    """
    weights = weights @ sparse.diags(offered.astype(np.float64))
    for start in range(0, having.shape[0], _BLOCK):
        some = having[start : start + _BLOCK]
        scores = some @ weights
        yield start, *best(sparse.csr_matrix(scores - scores.multiply(some > 0)), top)


def reasons(speaking: Any, having: Any, items: Ints) -> Ints:
    """For each item proposed by `best_new` the one that speaks for it most, of those that the customer has.

    Args:
        speaking: The weights of `ease` turned over: by item, sparse, what speaks for it.
        having: The rows of the same customers.
        items: Customers by places, -1 where there is none.

    Returns:
        In the form of `items`; of equals the lower item.
    """
    found = np.full(items.size, -1, np.int64)
    asked = np.flatnonzero(items.ravel() >= 0)
    support = sparse.csr_matrix(speaking[items.ravel()[asked]].multiply(having[asked // max(items.shape[1], 1)]))
    support.sort_indices()
    entries = np.diff(support.indptr)
    most = np.repeat(np.maximum.reduceat(support.data, support.indptr[:-1]), entries) if len(asked) else support.data
    row = np.repeat(asked, entries)
    best_of = np.flatnonzero(support.data == most)[::-1]
    # The last that is written stays: of equals the first.
    found[row[best_of]] = support.indices[best_of]
    return found.reshape(items.shape)


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
