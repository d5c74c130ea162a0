"""Customers without groups, made from those at hand: what a search for groups finds where there are none.

Columns that belong together (a number and whether it is known, the levels of a category) form a block; a block keeps
its own distribution exactly. Either the blocks are shuffled independently of each other, or they are joined by a
Gaussian copula with the correlations of the data: a cloud without lumps, as long and narrow as the data. Sources:
Tibshirani, Walther & Hastie (2001), Estimating the number of clusters via the gap statistic, section 4, for the idea of
a reference; Liu, Hayes, Nobel & Marron (2008), Statistical significance of clustering, for one with the covariance of
the data; Cario & Nelson (1997), Modeling and generating random vectors with arbitrary marginals, for the copula.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

if TYPE_CHECKING:
    from acrm.models.clusters import Floats, Matrix

_ROUNDS = 2


class Surrogates:
    """Draws tables like a given one, without its groups.

    Args:
        matrix: Rows by columns.
        blocks: The columns, part by part: one integer per column, equal within a block, ascending from 0.
        rng: For ties; each draw brings its own.
    """

    def __init__(self, matrix: Matrix, blocks: Sequence[int], rng: np.random.Generator) -> None:
        self._matrix = matrix
        # A constant column is a block like any other; it has no correlation.
        self._columns = [np.flatnonzero(np.asarray(blocks) == block) for block in range(max(blocks) + 1)]
        scores = _scores(matrix, self._columns)
        self._order = np.column_stack([np.lexsort((rng.random(len(score)), score)) for score in scores.T])
        self._sorted = np.take_along_axis(scores, self._order, axis=0)
        # Ties weaken what the drawn blocks have in common, so the latent correlations are raised until they match.
        wanted = _correlation(scores)
        latent = wanted
        for _ in range(_ROUNDS):
            self._root = _root(latent)
            found = _correlation(np.take_along_axis(self._sorted, self._ranks(rng), axis=0))
            ratio = np.where(np.abs(found) > 0.05, wanted / np.where(found == 0, 1, found), 1)
            latent = np.clip(latent * np.clip(ratio, 0.8, 1.5), -0.99, 0.99)
        self._root = _root(latent)

    def shuffled(self, rng: np.random.Generator) -> Matrix:
        """A table whose blocks know nothing of each other."""
        rows = len(self._matrix)
        return self._filled(np.column_stack([rng.permutation(rows) for _ in self._columns]))

    def correlated(self, rng: np.random.Generator) -> Matrix:
        """A table whose blocks are correlated as those of the data are."""
        return self._filled(self._ranks(rng))

    def _ranks(self, rng: np.random.Generator) -> np.ndarray:
        drawn = rng.standard_normal((len(self._matrix), len(self._columns))) @ self._root.T
        return drawn.argsort(axis=0).argsort(axis=0)

    def _filled(self, ranks: np.ndarray) -> Matrix:
        made = np.empty_like(self._matrix)
        for block, columns in enumerate(self._columns):
            rows = self._order[ranks[:, block], block]
            made[:, columns] = self._matrix[np.ix_(rows, columns)]
        return made


def _scores(matrix: Matrix, columns: list[np.ndarray]) -> Floats:
    """Each block as one number: the column itself, or what its columns say of the first principal component."""
    centred = matrix - matrix.mean(axis=0, dtype=np.float64)
    longest = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    main = centred @ longest
    made = [
        centred[:, mine[0]] if len(mine) == 1 else centred[:, mine] @ np.linalg.lstsq(centred[:, mine], main)[0]
        for mine in columns
    ]
    # Equal rows shall be equal in spite of rounding.
    return np.column_stack(made).round(6)


def _correlation(scores: Floats) -> Floats:
    """Of the normal scores; a block without variation has none."""
    rows = len(scores)
    normal = ndtri((rankdata(scores, axis=0) - 0.5) / rows)
    normal -= normal.mean(axis=0)
    length = np.sqrt((normal**2).sum(axis=0))
    normal /= np.where(length > 0, length, 1)
    found: Floats = normal.T @ normal
    np.fill_diagonal(found, 1.0)
    return found


def _root(correlation: Floats) -> Floats:
    """A root of the nearest matrix that is one of correlations."""
    np.fill_diagonal(correlation, 1.0)
    values, axes = np.linalg.eigh(correlation)
    root = axes * np.sqrt(np.maximum(values, 1e-9))
    found: Floats = root / np.sqrt((root**2).sum(axis=1))[:, None]
    return found
