"""Customers in groups: k-means and Gaussian mixtures, and to which group a row belongs and how near it lies.

k-means cuts space at equal distances from the centres; a mixture knows besides how wide and how large each group is.
Its groups have no correlations within (a diagonal covariance): the matrix holds indicators of categories beside
numbers, for which a full one has nothing to say. All arithmetic runs on one thread, because sums over several differ
in their last digits from run to run.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Matrix = NDArray[np.float32] | NDArray[np.float64]
    Labels = NDArray[np.intp]

Method = Literal["kmeans", "gmm"]
MANY = 1_000_000
"""Past so many rows k-means learns from batches."""
_BATCH = 16_384
_BLOCK = 2048
"""Rows that are placed at once: they stay in the cache of the processor."""
_FLOOR = 0.01
"""Added to the variances of a mixture, in columns whose variance is 1 or less: no group is a point."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Partition:
    """Groups as points in space: all that is needed to place a row."""

    centres: Floats
    """One row per group."""
    variances: Floats | None = None
    """Of each group along each column; of a mixture only."""
    weights: Floats | None = None
    """Share of each group, summing to 1; of a mixture only."""

    @property
    def groups(self) -> int:
        """How many there are."""
        return len(self.centres)

    def reordered(self, order: Labels) -> Partition:
        """The same groups, `order[i]` of the old numbering becoming number i."""
        rows = {name: value[order] for name, value in vars(self).items() if value is not None}
        return replace(self, **rows)


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """One element per row."""

    label: Labels
    """Group, from 0."""
    distance: Floats
    """Euclidean, to the centre of the row's own group."""
    second: Labels
    """The next best group, -1 where there is only one."""
    second_distance: Floats
    """To its centre; NaN where there is none."""


@contextmanager
def quietly() -> Iterator[None]:
    """On one thread, without warnings of solutions that could be a trifle better or of samples with few points."""
    from sklearn.exceptions import ConvergenceWarning

    with _threads().limit(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@cache
def _threads() -> ThreadpoolController:
    """Looked for once, after what uses threads has been loaded: it takes as long as a small k-means."""
    import sklearn.cluster  # noqa: F401

    return ThreadpoolController()


def kmeans(matrix: Matrix, k: int, *, seed: int, starts: int = 10, around: Floats | None = None) -> Partition:
    """The k centres with the least sum of squared distances, from the best of several starts (k-means++).

    Past a million rows from batches (Sculley, Web-scale k-means clustering, 2010), three passes at most.

    >>> kmeans(np.array([[0.0], [2.0], [9.0], [11.0]]), 2, seed=0).centres.tolist()
    [[10.0], [1.0]]

    Args:
        matrix: Rows by columns, without gaps.
        k: Not above the number of distinct rows.
        seed: Of the starts.
        starts: How many.
        around: Centres to start from once, instead.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    options: dict[str, Any] = {"n_clusters": k, "random_state": seed}
    options |= {"n_init": starts} if around is None else {"n_init": 1, "init": around.astype(matrix.dtype)}
    with quietly():
        if len(matrix) > MANY:
            found = MiniBatchKMeans(**options, batch_size=_BATCH, max_iter=3).fit(matrix)
        else:
            found = KMeans(**options).fit(matrix)
    return Partition(centres=found.cluster_centers_.astype(np.float64))


def mixture(matrix: Matrix, k: int, *, seed: int, around: Partition | None = None) -> tuple[Partition, float]:
    """A mixture of k Gaussians of the greatest likelihood, started from k-means; and its BIC, of which less is better.

    Args:
        matrix: Rows by columns, without gaps.
        k: Not above the number of distinct rows.
        seed: Of the start.
        around: A partition to start from, instead.
    """
    from sklearn.mixture import GaussianMixture

    start = around or kmeans(matrix, k, seed=seed, starts=1)
    shares = start.weights
    if shares is None:
        shares = np.maximum(np.bincount(place(matrix, start).label, minlength=k), 1).astype(np.float64)
        shares /= shares.sum()
    variances = start.variances if start.variances is not None else np.ones_like(start.centres)
    model = GaussianMixture(
        k,
        covariance_type="diag",
        reg_covar=_FLOOR,
        weights_init=shares,
        means_init=start.centres,
        precisions_init=1 / variances,
        max_iter=200,
        random_state=seed,
        init_params="random",
    )
    with quietly():
        model.fit(matrix.astype(np.float64))
        bic = float(model.bic(matrix.astype(np.float64)))
    return Partition(centres=model.means_, variances=model.covariances_, weights=model.weights_), bic


def place(matrix: Matrix, partition: Partition) -> Placed:
    """Find the group of each row: the nearest centre, or of a mixture the likeliest group; the first of equals.

    What is found of a row does not depend on the rows beside it, to the last digit.

    >>> two = Partition(centres=np.array([[0.0], [10.0]]))
    >>> found = place(np.array([[1.0], [7.0]]), two)
    >>> found.label.tolist(), found.distance.tolist(), found.second.tolist(), found.second_distance.tolist()
    ([0, 1], [1.0, 3.0], [1, 0], [9.0, 7.0])
    """
    rows = len(matrix)
    label, second = np.zeros(rows, np.intp), np.full(rows, -1, np.intp)
    near, far = np.zeros(rows), np.full(rows, np.nan)
    for first in range(0, rows, _BLOCK):
        part = slice(first, first + _BLOCK)
        block = matrix[part].astype(np.float64)
        squares = np.empty((len(block), partition.groups))
        costs = squares if partition.variances is None else np.empty_like(squares)
        for group, centre in enumerate(partition.centres):
            # Row by row: a product of matrices would round differently with the number of rows.
            apart = block - centre
            apart *= apart
            squares[:, group] = apart.sum(axis=1)
            if partition.variances is not None and partition.weights is not None:
                variance = partition.variances[group]
                constant = np.log(variance).sum() - 2 * np.log(max(partition.weights[group], 1e-300))
                costs[:, group] = (apart / variance).sum(axis=1) + constant
        every = np.arange(len(block))
        label[part] = costs.argmin(axis=1)
        near[part] = np.sqrt(squares[every, label[part]])
        if partition.groups > 1:
            rest = costs.copy()
            rest[every, label[part]] = np.inf
            second[part] = rest.argmin(axis=1)
            far[part] = np.sqrt(squares[every, second[part]])
    return Placed(label=label, distance=near, second=second, second_distance=far)


def silhouettes(matrix: Matrix, labellings: list[Labels]) -> Floats:
    """Mean silhouette of each way to label the rows (Rousseeuw 1987), from distances that are computed once.

    Of a row it is (b - a) / max(a, b), with a the mean distance to the rest of its group and b to the nearest other
    group; 0 in a group of one. Time and not memory grows with the square of the rows.

    >>> points = np.array([[0.0], [1.0], [10.0], [11.0]])
    >>> silhouettes(points, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]).round(3).tolist()
    [0.9, -0.45]
    """
    rows = len(matrix)
    points = (matrix - matrix.mean(axis=0)).astype(np.float32)
    squares = (points**2).sum(axis=1)
    groups = [int(labels.max()) + 1 for labels in labellings]
    starts = np.cumsum([0, *groups])
    members = np.zeros((rows, starts[-1]), np.float32)
    for start, labels in zip(starts, labellings, strict=False):
        members[np.arange(rows), start + labels] = 1
    sizes = members.sum(axis=0)
    total = np.zeros(len(labellings))
    with quietly():
        for first in range(0, rows, 1024):
            part = np.arange(first, min(first + 1024, rows))
            far = squares[part, None] + squares - 2 * (points[part] @ points.T)
            np.sqrt(np.maximum(far, 0, out=far), out=far)
            far[np.arange(len(part)), part] = 0
            sums = (far @ members).astype(np.float64)
            for which, labels in enumerate(labellings):
                mine = slice(starts[which], starts[which + 1])
                total[which] += _widths(sums[:, mine], sizes[mine], labels[part]).sum()
    return total / rows


def _widths(sums: Floats, sizes: Matrix, labels: Labels) -> Floats:
    """Silhouette of each row from the sums of its distances to the members of each group."""
    rows = np.arange(len(labels))
    own = sizes[labels]
    within = sums[rows, labels] / np.maximum(own - 1, 1)
    mean = sums / np.maximum(sizes, 1)
    mean[:, sizes == 0] = np.inf
    mean[rows, labels] = np.inf
    beside = mean.min(axis=1)
    most = np.maximum(within, beside)
    known = (own > 1) & (most > 0) & np.isfinite(beside)
    return np.where(known, (beside - within) / np.where(known, most, 1), 0.0)
