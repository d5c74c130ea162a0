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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Table = NDArray[np.float32]
    """Rows by columns; NaN is unknown. A column has numbers, or is 0 and 1."""

KNOTS, DEGREE = 6, 3
PENALTY = 0.3
"""C of the regression: the less, the flatter are the curves."""
GRID = 51
"""Quantiles between which ranks are interpolated."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spline:
    """A curve over the ranks of a column's values, as a few dear customers would leave no knots to the many others.

    Cubic between six knots at quantiles; of a column of two values a line between them; constant beyond the outer
    values.
    """

    values: Floats
    """At quantiles, ascending."""
    ranks: Floats
    """Of these values, between which it is interpolated: the share of rows below, those equal counting half."""
    knots: Floats
    """Among the ranks, the outer ones repeated; none where there is no spline."""
    coefficients: Floats

    @classmethod
    def over(cls, column: Table) -> Spline:
        """The basis for a column, its coefficients still 0."""
        known = np.sort(column[np.isfinite(column)].astype(np.float64))
        if not len(known) or known[0] == known[-1]:
            return cls(values=np.empty(0), ranks=np.empty(0), knots=np.empty(0), coefficients=np.empty(0))
        values = np.unique(np.quantile(known, np.linspace(0, 1, GRID), method="nearest"))
        ranks = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / (2 * len(known))
        low, high = ranks[0], ranks[-1]
        if len(values) == 2:
            return cls(values=values, ranks=ranks, knots=np.array([low, low, high, high]), coefficients=np.zeros(2))
        inner = np.unique(np.interp(np.quantile(known, np.linspace(0, 1, KNOTS)[1:-1]), values, ranks))
        inner = inner[(inner > low) & (inner < high)]
        knots = np.concatenate([np.repeat(low, DEGREE + 1), inner, np.repeat(high, DEGREE + 1)])
        return cls(values=values, ranks=ranks, knots=knots, coefficients=np.zeros(len(knots) - DEGREE - 1))

    @property
    def degree(self) -> int:
        """Of the pieces."""
        return len(self.knots) - len(self.coefficients) - 1

    def basis(self, numbers: Floats) -> Any:
        """Sparse, a row per number."""
        from scipy.interpolate import BSpline

        return BSpline.design_matrix(np.interp(numbers, self.values, self.ranks), self.knots, self.degree)

    def __call__(self, numbers: Floats) -> Floats:
        """The basis times the coefficients."""
        from scipy.interpolate import BSpline

        curve = BSpline.construct_fast(self.knots, self.coefficients, self.degree)
        return np.asarray(curve(np.interp(numbers, self.values, self.ranks)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """What a column adds to the log-odds."""

    spline: Spline
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
        if len(self.spline.knots):
            added = added + self.spline(numbers)
        return np.where(known, added, self.unknown) - self.centre


@dataclass(frozen=True, kw_only=True, eq=False)
class Additive:
    """`intercept` plus what every column adds; `intercept` is the mean log-odds over the rows learned from."""

    intercept: float
    curves: tuple[Curve, ...]

    def logits(self, table: Table) -> Floats:
        """The log-odds of each row."""
        found: Floats = additive_logits([self], table)[0]
        return found

    def parts(self, table: Table) -> Floats:
        """What each column adds, rows by columns: with `intercept` they sum to the log-odds."""
        found = np.empty((len(table), len(self.curves)))
        for place, curve in enumerate(self.curves):
            values, where = np.unique(table[:, place], return_inverse=True)
            found[:, place] = curve(values)[where]
        return found


def additive_logits(models: Sequence[Additive], table: Table) -> Floats:
    """The log-odds that each of some models of the same columns gives to each row; models by rows.

    What a value adds is found once, however many rows have it: most columns are counts.
    """
    total = np.empty((len(models), len(table)))
    total.T[:] = [model.intercept for model in models]
    for place in range(table.shape[1]):
        values, where = np.unique(table[:, place], return_inverse=True)
        for number, model in enumerate(models):
            total[number] += model.curves[place](values)[where]
    return total


def fit_additive(table: Table, outcome: Flags, *, seed: int) -> Additive:
    """Learn both parts from the rows, and take their mean.

    Args:
        table: Rows by columns.
        outcome: Of each row; both sides occur.
        seed: Asked for by scikit-learn; neither fit has chance in it.
    """
    coding = Coding.of(table)
    base, stairs = boosted_steps(coding, boosted(coding.codes(table), outcome, additive=True, seed=seed))
    intercept, splines = _fit_splines(table, outcome)
    curves = []
    for place, (stair, (spline, unknown)) in enumerate(zip(stairs, splines, strict=True)):
        steps = stair[:-1] / 2
        rises = np.flatnonzero(steps[1:] != steps[:-1])
        curve = Curve(
            spline=replace(spline, coefficients=spline.coefficients / 2),
            edges=coding.edges[place][rises],
            steps=steps[np.append(0, rises + 1)],
            unknown=float(unknown + stair[-1]) / 2,
        )
        curves.append(replace(curve, centre=float(curve(table[:, place]).mean())))
    return Additive(intercept=(base + intercept) / 2 + sum(curve.centre for curve in curves), curves=tuple(curves))


def _fit_splines(table: Table, outcome: Flags) -> tuple[float, list[tuple[Spline, float]]]:
    """A logistic regression with a small penalty on the basis of every column, and on its being unknown."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    splines = [Spline.over(column) for column in table.T]
    blocks, gaps = [], []
    for spline, column in zip(splines, table.T, strict=True):
        known = np.isfinite(column)
        if len(spline.knots):
            basis = spline.basis(np.where(known, column, 0.0).astype(np.float64))
            blocks.append(sparse.diags_array(known.astype(np.float64)) @ basis)
        gaps.append(not known.all())
        if gaps[-1]:
            blocks.append(sparse.csr_array((~known).astype(np.float64)[:, None]))
    if not blocks:
        share = outcome.mean()
        return float(np.log(share / (1 - share))), [(spline, 0.0) for spline in splines]
    with quietly():
        model: Any = LogisticRegression(C=PENALTY, max_iter=1000)
        model.fit(sparse.hstack(blocks, format="csr"), outcome)
    found, at = [], 0
    for spline, gap in zip(splines, gaps, strict=True):
        width = len(spline.coefficients)
        slopes = model.coef_[0, at : at + width]
        found.append((replace(spline, coefficients=slopes), float(model.coef_[0, at + width]) if gap else 0.0))
        at += width + gap
    return float(model.intercept_[0]), found
