"""Log-odds as a sum of one curve per column: a logistic regression on splines and boosted steps, half each.

A smooth curve and a staircase err in different ways, and their mean in log-odds foretells better than either. As both
are sums over columns, so is the mean, and what each column adds to a row's log-odds is known exactly.

Sources: Eilers and Marx (1996), Flexible smoothing with B-splines and penalties; Hastie and Tibshirani (1990),
Generalized additive models; Lou, Caruana and Gehrke (2012), Intelligible models, for boosted trees of one column each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.models.boosting import Coding, boosted, boosted_steps
from acrm.models.clusters import quietly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Table = NDArray[np.float32]
    """Rows by columns; NaN is unknown. A column has numbers, or is 0 and 1."""

KNOTS, DEGREE = 6, 3
PENALTY = 0.3
"""C of the regression: the less, the flatter are the curves."""
SMOOTHED = 100_000
"""Rows that the regression learns from: it has some hundred coefficients, and more rows move them by nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """What a column adds to the log-odds."""

    knots: Floats
    """Of a cubic spline, or a line between two values; outer ones repeated, none where there is no spline. It is
    constant beyond them."""
    coefficients: Floats
    edges: Floats
    """Between steps: a value equal to an edge belongs to the lower step."""
    steps: Floats
    """One more than edges."""
    unknown: float
    centre: float = 0.0
    """Taken off: the mean over the rows learned from."""

    def __call__(self, values: Table) -> Floats:
        """One number per value."""
        known = np.isfinite(values)
        numbers = np.where(known, values, 0.0).astype(np.float64)
        added = self.steps[np.searchsorted(self.edges, numbers, side="left")]
        if len(self.knots):
            added = added + _spline(numbers, self.knots) @ self.coefficients
        return np.where(known, added, self.unknown) - self.centre


@dataclass(frozen=True, kw_only=True, eq=False)
class Additive:
    """`intercept` plus what every column adds; `intercept` is the mean log-odds over the rows learned from."""

    intercept: float
    curves: tuple[Curve, ...]

    def logits(self, table: Table) -> Floats:
        """The log-odds of each row."""
        total = np.full(len(table), self.intercept)
        for place, curve in enumerate(self.curves):
            total += curve(table[:, place])
        return total

    def parts(self, table: Table) -> Floats:
        """What each column adds, rows by columns: with `intercept` they sum to the log-odds."""
        return np.column_stack([curve(table[:, place]) for place, curve in enumerate(self.curves)])


def fit_additive(table: Table, outcome: Flags, *, seed: int) -> Additive:
    """Learn both parts from all rows, the splines from a sample where there are very many, and take their mean.

    Args:
        table: Rows by columns.
        outcome: Of each row; both sides occur.
        seed: Of the sample, and of nothing else: neither fit has chance in it.
    """
    coding = Coding.of(table)
    base, stairs = boosted_steps(coding, boosted(coding.codes(table), outcome, additive=True, seed=seed))
    intercept, splines = _fit_splines(table, outcome, seed)
    curves = []
    for place, (stair, spline) in enumerate(zip(stairs, splines, strict=True)):
        curve = Curve(
            knots=spline.knots,
            coefficients=spline.coefficients / 2,
            edges=coding.edges[place],
            steps=stair[:-1] / 2,
            unknown=float(spline.unknown + stair[-1]) / 2,
        )
        curves.append(replace(curve, centre=float(curve(table[:, place]).mean())))
    return Additive(intercept=(base + intercept) / 2 + sum(curve.centre for curve in curves), curves=tuple(curves))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Spline:
    """One column of the regression: no knots where it is the same everywhere, degree 1 where it has two values."""

    knots: Floats
    coefficients: Floats
    unknown: float = 0.0


def _fit_splines(table: Table, outcome: Flags, seed: int) -> tuple[float, list[_Spline]]:
    """A logistic regression with a small penalty on the basis of every column, and on its being unknown."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    rows = np.arange(len(table))
    if len(rows) > SMOOTHED:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), SMOOTHED, replace=False))
    knots = [_knots(table[:, place]) for place in range(table.shape[1])]
    blocks, widths, gaps = [], [], []
    for place, known in enumerate(np.isfinite(table[rows]).T):
        width = 0
        if len(knots[place]):
            basis = _spline(np.where(known, table[rows, place], 0.0).astype(np.float64), knots[place])
            blocks.append(sparse.diags_array(known.astype(np.float64)) @ basis)
            width = basis.shape[1]
        gaps.append(not known.all())
        if gaps[-1]:
            blocks.append(sparse.csr_array((~known).astype(np.float64)[:, None]))
        widths.append(width)
    if not blocks:
        share = outcome[rows].mean()
        return float(np.log(share / (1 - share))), [_Spline(knots=knot, coefficients=knot) for knot in knots]
    with quietly():
        model: Any = LogisticRegression(C=PENALTY, max_iter=1000)
        model.fit(sparse.hstack(blocks, format="csr"), outcome[rows])
    found, at = [], 0
    for knot, width, gap in zip(knots, widths, gaps, strict=True):
        slope = model.coef_[0, at : at + width]
        unknown = float(model.coef_[0, at + width]) if gap else 0.0
        found.append(_Spline(knots=knot, coefficients=slope, unknown=unknown))
        at += width + gap
    return float(model.intercept_[0]), found


def _knots(values: Table) -> Floats:
    """Knots at quantiles, the least and the greatest value included; the outer ones as often as the degree wants."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known) or known.min() == known.max():
        return np.empty(0)
    low, high = known.min(), known.max()
    if ((known == low) | (known == high)).all():
        return np.array([low, low, high, high])
    inner = np.unique(np.quantile(known, np.linspace(0, 1, KNOTS)))
    inner = inner[(inner > low) & (inner < high)]
    return np.concatenate([np.repeat(low, DEGREE + 1), inner, np.repeat(high, DEGREE + 1)])


def _spline(values: Floats, knots: Floats) -> Any:
    """The basis of a spline, sparse; constant beyond the outer knots."""
    from scipy.interpolate import BSpline

    degree = 1 if len(knots) == 4 else DEGREE
    return BSpline.design_matrix(np.clip(values, knots[0], knots[-1]), knots, degree)
