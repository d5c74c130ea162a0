"""Least squares with an intercept, group effects held, and standard errors that do not trust the spread to be even."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.stats import t as student

from acrm.models.effects import Groupings, absorbed, absorbed_parameters, group_effects, nested
from acrm.models.histories import FloatArray, IndexArray

TOLERANCE = 1e-7
"""A column of which less than this part is its own is a combination of others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearFit:
    """A linear model of an outcome, fitted.

    Attributes:
        coefficients: Shape (k,), nan for a column that says nothing of its own.
        standard_errors, p: Shape (k,); p is two-sided, that the coefficient is 0.
        low, high: Ends of the interval of each coefficient, shape (k,).
        errors: `HC1`, `HC3` or `cluster`.
        degrees: Degrees of freedom of the t distribution behind p and the intervals.
        parameters: Coefficients and effects in the model, the intercept among them.
        r2: Share of the outcome's variance about its mean; the effects held explain a part of it. nan: no variance.
        adjusted_r2: Corrected for `parameters`.
        within_r2: Share of the variance within the levels held; without any, `r2`.
        collinear: Columns without a coefficient, each with the earlier columns that it is a combination of; with none,
            it is the same within every level held.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    p: FloatArray
    low: FloatArray
    high: FloatArray
    errors: str
    degrees: int
    parameters: int
    r2: float
    adjusted_r2: float
    within_r2: float
    collinear: dict[int, tuple[int, ...]]


def fit_linear(
    outcome: FloatArray,
    factors: FloatArray,
    *,
    held: Groupings = (),
    clusters: IndexArray | None = None,
    level: float = 0.95,
) -> LinearFit:
    """Fit by least squares; formulas and sources in docs/methods/segment-drivers.md.

    Errors are clustered where `clusters` are given, else HC3, or HC1 where several groupings are held (their leverages
    are not known). Columns that repeat earlier ones get no coefficient and are named.

    >>> line = fit_linear(np.array([1.0, 3.0, 5.0, 8.0]), np.array([[0.0], [1.0], [2.0], [3.0]]))
    >>> line.coefficients.round(6).tolist(), round(line.r2, 6), line.degrees
    ([2.3], 0.988785, 2)

    Args:
        outcome: Shape (n,).
        factors: Shape (n, k), finite.
        held: Groupings whose effects are absorbed.
        clusters: Cluster of every row, from 0 without gaps.
        level: Of the intervals.

    Raises:
        ValueError: Not more rows than parameters, or fewer than two clusters.
    """
    rows = len(outcome)
    within = absorbed(np.column_stack([outcome, factors]), held)
    kept, collinear, triangle = _reduced(within, factors)
    parameters = absorbed_parameters(held) + len(kept)
    if rows <= parameters or (clusters is not None and clusters.max() < 1):
        raise ValueError("not more rows than parameters")
    inverse = solve_triangular(triangle[: len(kept), :-1], np.eye(len(kept)))
    coefficients = inverse @ triangle[: len(kept), -1]
    basis = within[:, 1 + kept] @ inverse
    residuals = within[:, 0] - within[:, 1 + kept] @ coefficients
    if clusters is not None:
        errors, degrees = "cluster", int(clusters.max())
        scores = np.zeros((degrees + 1, len(kept)))
        np.add.at(scores, clusters, basis * residuals[:, None])
        # An effect within a cluster takes nothing from the differences between clusters.
        counted = absorbed_parameters([groups for groups in held if not nested(groups, clusters)]) + len(kept)
        middle = scores.T @ scores * ((degrees + 1) / degrees * (rows - 1) / (rows - counted))
    else:
        errors, degrees = ("HC1" if len(held) > 1 else "HC3"), rows - parameters
        weight = residuals**2
        if errors == "HC1":
            weight = weight * rows / degrees
        else:
            own = 1 / np.bincount(held[0])[held[0]] if held else 1 / rows
            free = 1 - own - (basis**2).sum(axis=1)
            # A row that is fitted whatever its outcome has no residual, and tells nothing.
            weight = np.divide(weight, free**2, out=np.zeros(rows), where=free > 1e-10)
        middle = (basis * weight[:, None]).T @ basis
    spread = np.sqrt(np.einsum("ij,jk,ik->i", inverse, middle, inverse))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * student.sf(np.abs(coefficients / spread), degrees)
    reach = student.ppf((1 + level) / 2, degrees) * spread
    left = float(residuals @ residuals)
    r2 = _explained(left, float(np.sum((outcome - outcome.mean()) ** 2)))

    def whole(values: FloatArray) -> FloatArray:
        found = np.full(factors.shape[1], np.nan)
        found[kept] = values
        return found

    return LinearFit(
        coefficients=whole(coefficients),
        standard_errors=whole(spread),
        p=whole(p),
        low=whole(coefficients - reach),
        high=whole(coefficients + reach),
        errors=errors,
        degrees=degrees,
        parameters=parameters,
        r2=r2,
        adjusted_r2=1 - (1 - r2) * (rows - 1) / (rows - parameters),
        within_r2=float(np.maximum(0, _explained(left, float(within[:, 0] @ within[:, 0])))),
        collinear=collinear,
    )


def held_out_r2(
    outcome: FloatArray, factors: FloatArray, folds: IndexArray, *, held: Groupings = ()
) -> tuple[float, FloatArray]:
    """How much better than the mean the model foretells rows that it has not seen.

    Each fold is foretold from the others, and so is the mean that it is held against: 1 less the squared errors of the
    model by those of the mean. 0 is as good as the mean, below 0 is worse. A level not seen adds nothing.

    Args:
        outcome, factors, held: As of `fit_linear`.
        folds: Fold of every row, from 0 without gaps, two or more.

    Returns:
        The figure over all folds together, and fold by fold.
    """
    missed, spread = [], []
    for fold in range(int(folds.max()) + 1):
        seen, new = folds != fold, folds == fold
        mean = float(outcome[seen].mean())
        levels = [np.unique(groups[seen], return_inverse=True) for groups in held]
        coded = [codes for _, codes in levels]
        within = absorbed(np.column_stack([outcome[seen], factors[seen]]), coded)
        kept, _, triangle = _reduced(within, factors[seen])
        slopes = solve_triangular(triangle[: len(kept), :-1], triangle[: len(kept), -1])
        foretold = mean + (factors[new][:, kept] - factors[seen][:, kept].mean(axis=0)) @ slopes
        if held:
            rest = outcome[seen] - factors[seen][:, kept] @ slopes
            for groups, (known, _), effects in zip(held, levels, group_effects(rest[:, None], coded), strict=True):
                place = np.searchsorted(known, groups[new]).clip(max=len(known) - 1)
                foretold = foretold + np.where(known[place] == groups[new], effects[place, 0], 0.0)
        missed.append(float(np.sum((outcome[new] - foretold) ** 2)))
        spread.append(float(np.sum((outcome[new] - mean) ** 2)))
    by_fold = np.array([_explained(one, other) for one, other in zip(missed, spread, strict=True)])
    return _explained(sum(missed), sum(spread)), by_fold


def _explained(left: float, total: float) -> float:
    return 1 - left / total if total > 0 else float("nan")


def _reduced(within: FloatArray, factors: FloatArray) -> tuple[IndexArray, dict[int, tuple[int, ...]], FloatArray]:
    """Factors that are no combination of earlier ones; of what the others are; and the triangle of a QR decomposition.

    A column that is nearly explained is moved behind the rest, as in LINPACK's dqrdc2; what is left of it is compared
    with what it was before the effects were taken off.

    Args:
        within: Outcome and factors without effects, side by side.
        factors: Before that.

    Returns:
        The columns kept, the rest by what they follow from, and R of the columns kept and, last, the outcome.
    """
    norms = factors.std(axis=0) * len(factors) ** 0.5
    scaled = np.divide(within[:, 1:], norms, out=np.zeros_like(factors), where=norms > 0)
    # What the columns say of each other and of the outcome is all in the triangle, which is small.
    triangle = np.asarray(np.linalg.qr(np.column_stack([scaled, within[:, 0]]), mode="r"))
    order = list(range(factors.shape[1]))
    moved: list[int] = []
    while (place := _first_explained(triangle[:, order])) is not None:
        moved.append(order.pop(place))
    kept = np.array(order, dtype=np.intp)
    named = {}
    for column in sorted(moved):
        before = kept[kept < column]
        parts = np.linalg.lstsq(triangle[:, before], triangle[:, column], rcond=None)[0].tolist()
        named[column] = tuple(
            other for other, part in zip(before.tolist(), parts, strict=True) if abs(part) > TOLERANCE**0.5
        )
    last = triangle[:, -1:]
    return kept, named, np.asarray(np.linalg.qr(np.hstack([triangle[:, kept] * norms[kept], last]), mode="r"))


def _first_explained(triangle: FloatArray) -> int | None:
    """The first column of which too little is its own, or None."""
    own = np.zeros(triangle.shape[1])
    if not len(own):
        return None
    diagonal = np.abs(np.diag(np.linalg.qr(triangle, mode="r")))
    own[: len(diagonal)] = diagonal
    explained = np.flatnonzero(own <= TOLERANCE)
    return int(explained[0]) if len(explained) else None
