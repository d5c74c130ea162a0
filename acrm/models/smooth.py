"""A smooth function of frequency and age at many pairs of them, from its values at few.

What customers who are alive will do depends on frequency and age as smoothly as their gamma and beta distributions do:
analytically, in the logarithms of both. Polynomials through Chebyshev points then come as near as rounding lets them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from acrm.models.histories import FloatArray

_FEW = 16
"""Below this frequency no polynomial is laid: there the poles of the function are near."""
_DIGITS = 28.0
"""The error of a polynomial is about exp(-28) = 1e-12."""
_AT_ONCE = 20_000
"""Ages that are looked at together; each takes a few kilobytes."""


def over_pairs(
    function: Callable[[float, FloatArray], FloatArray], frequencies: FloatArray, ages: FloatArray, scale: float
) -> FloatArray:
    """The values of a function, above 0, at all pairs.

    Args:
        function: Of a frequency, 0 or more and not always whole, and any number of ages.
        frequencies: Of the pairs, ascending.
        ages: Of the pairs.
        scale: Added to an age it gives what the function is analytic in the logarithm of.

    Examples:
        >>> x, ages = np.repeat(np.arange(100.0), 100), np.tile(np.arange(100.0), 100)
        >>> found = over_pairs(lambda x, ages: (1 + x) ** 0.5 / (3 + ages), x, ages, 3.0)
        >>> bool(np.abs(found / ((1 + x) ** 0.5 / (3 + ages)) - 1).max() < 1e-10)
        True
    """
    distinct, of_x = np.unique(frequencies, return_inverse=True)
    few = int(np.searchsorted(distinct, _FEW))
    logs, to_age = _polynomial(np.log(scale + ages))
    many, to_many = _polynomial(np.log(distinct[few:]))
    points = np.concatenate([distinct[:few], np.exp(many)])
    if len(points) * len(logs) > len(ages) / 2:
        return _each(function, frequencies, ages)
    values = np.array([function(float(x), np.exp(logs) - scale) for x in points])
    if not (np.isfinite(values) & (values > 0)).all():
        return _each(function, frequencies, ages)
    heights = np.log(values)
    rows = np.concatenate([heights[:few], to_many @ heights[few:]])
    found: FloatArray = np.exp(np.einsum("pa,pa->p", to_age, rows[of_x]))
    return found


def _polynomial(at: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points through which to lay a polynomial, and the matrix that turns values there into values `at` others.

    There are so many that functions without poles nearer than pi to the real line, as logarithms have none, come out
    right. The matrix is the barycentric formula: Berrut and Trefethen (2004), "Barycentric Lagrange interpolation".
    """
    if len(at) == 0:
        return at, np.empty((0, 0))
    middle, half = (at.max() + at.min()) / 2, max((at.max() - at.min()) / 2, 1e-9)
    number = int(np.ceil(_DIGITS / np.arcsinh(np.pi / half)))
    angles = (np.arange(number) + 0.5) * np.pi / number
    points = middle + half * np.cos(angles)
    apart = at[:, None] - points
    weights = np.sin(angles) * (-1.0) ** np.arange(number) / np.where(apart == 0, 1e-300, apart)
    return points, weights / weights.sum(axis=1, keepdims=True)


def _each(function: Callable[[float, FloatArray], FloatArray], frequencies: FloatArray, ages: FloatArray) -> FloatArray:
    changes = np.flatnonzero(np.diff(frequencies)) + 1
    edges = np.unique(np.concatenate([changes, np.arange(0, len(ages), _AT_ONCE), [len(ages)]]))
    parts = [function(float(frequencies[first]), ages[first:end]) for first, end in pairwise(edges)]
    return np.concatenate(parts)
