"""Sums of a falling function between two points, for all points at once and on a scale that cannot overflow.

What a customer may have done between the last order and the end of observation is such a sum, in every model in which
customers drop out unseen: the function is the likelihood of a drop-out at that point.
"""

from __future__ import annotations

import numpy as np

from acrm.models.histories import FloatArray, IndexArray


class Between:
    """The sum of f from one point to another, divided by f at the second: its logarithm, and how that depends.

    Args:
        cells: Sum or integral of f between a point and the next, divided by f at the first; behind it, its derivatives
            with respect to the parameters. Shape (points - 1, 1 + parameters, rows): f differs between rows.
        falls: Logarithm of f at the next point divided by f at this one, shape (points - 1, rows).
        slopes: Derivatives of `falls`, shape (points - 1, parameters, rows).
        row: Of each group, shape (n,).
        first: Point from which to sum, shape (n,).
        end: Point where to stop, `first` or later.

    Examples:
        f = 1, 1/2, 1/4 without parameters; 1 + 1/2 is six times 1/4.

        >>> row, first, end = np.array([[0], [0], [2]])
        >>> halves = Between(np.ones((2, 1, 1)), np.log(np.full((2, 1), 0.5)), np.empty((2, 0, 1)), row, first, end)
        >>> np.exp(halves.log_sum).round(12).tolist()
        [6.0]
    """

    def __init__(
        self,
        cells: FloatArray,
        falls: FloatArray,
        slopes: FloatArray,
        row: IndexArray,
        first: IndexArray,
        end: IndexArray,
    ) -> None:
        self._tails = _tails(cells, np.exp(falls), slopes)
        self._slopes = slopes
        rows = falls.shape[1]
        self._first, self._end = first * rows + row, end * rows + row
        tail = self._tails[:, 0].ravel()
        depth = np.vstack([np.zeros(rows), np.cumsum(falls, axis=0)]).ravel()
        fall = depth[self._end] - depth[self._first]
        self._beyond = np.exp(fall) * tail[self._end]
        # Rounding may leave less than nothing.
        self._sum = np.maximum(tail[self._first] - self._beyond, 0)
        self._ratio = np.exp(fall)
        with np.errstate(divide="ignore"):
            self.log_sum: FloatArray = np.log(self._sum) - fall

    def gradient(self, weights: FloatArray) -> FloatArray:
        """Derivatives of the weighted sum of `log_sum`; weights are 0 where it is minus infinity."""
        points, _, rows = self._tails.shape

        def spread(at_first: FloatArray, at_end: FloatArray) -> FloatArray:
            size = points * rows
            found = np.zeros((points, rows))
            found += np.bincount(self._first, at_first, size).reshape(points, rows)
            found -= np.bincount(self._end, at_end, size).reshape(points, rows)
            return found

        scaled = weights / np.where(self._sum > 0, self._sum, 1)
        falling = weights + scaled * self._beyond
        # Each fall counts for all groups that start before it and end behind it.
        across = np.cumsum(spread(falling, falling), axis=0)[:-1]
        own = spread(scaled, scaled * self._ratio)
        found: FloatArray = np.einsum("tpx,tx->p", self._tails[:, 1:], own)
        found -= np.einsum("tpx,tx->p", self._slopes, across)
        return found


def _tails(cells: FloatArray, ratios: FloatArray, slopes: FloatArray) -> FloatArray:
    """Sum from each point to the last, divided by f there, and its derivatives; 0 at the last point."""
    steps, width, rows = cells.shape
    found = np.zeros((steps + 1, width, rows))
    for point in range(steps - 1, -1, -1):
        after = found[point + 1]
        found[point, 0] = after[0]
        np.multiply(slopes[point], after[0], out=found[point, 1:])
        found[point, 1:] += after[1:]
        found[point] *= ratios[point]
        found[point] += cells[point]
    return found
