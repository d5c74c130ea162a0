"""Maximum likelihood with a certificate: several starts agree, no slope is left, and it is a peak on every side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from acrm.models.histories import FloatArray

Objective = Callable[[FloatArray], tuple[float, FloatArray]]
"""Logarithms of the parameters -> log likelihood, and its gradient with respect to these logarithms."""

_REACH = 12.0
"""How far, in logarithms, parameters may go from where they start; further out nothing but overflow is found."""
_SLOPE = 1e-3
"""Distance to the optimum, in standard errors, within which it counts as reached."""
_FLAT = 0.04
"""Curvatures smaller than this leave a standard error of more than 5 logarithms: a factor of 150 either way."""
_NOISE = 1e-7
"""Curvatures smaller than this share of the largest cannot be told from none."""
_RIDGE = 0.05
"""What may be left to gain on a ridge that rises for ever."""
_STEP = 1e-4
"""Of the logarithms, for second derivatives."""
_OFFSETS = np.array([[0, 0, 0, 0], [1, -1, 1, -1], [-1, -1, 1, 1], [1, 1, 1, 1], [-1, 1, -1, 1]], dtype=float)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Where a search for the most likely parameters ended, and how far that can be trusted.

    Args:
        parameters: In natural units, by name, all above 0.
        log_likelihood: At these parameters.
        gradient_norm: Length of the gradient in standard errors: about how many of them the true optimum is away.
        starts: Starting points tried.
        agreeing: How many of them reached this log likelihood, within a thousandth (0.05 where `flat`).
        converged: All starts agree, the gradient is nil and the Hessian of the log parameters is negative definite.
        flat: Parameters without a best value, where all is well but for them: the likelihood goes on rising a trifle as
            they grow or shrink. Two that grow together say that customers do not differ in what these describe.
        covariance: Of the LOGARITHMS of the parameters, in their order; 0 in flat directions.
    """

    parameters: dict[str, float]
    log_likelihood: float
    gradient_norm: float
    starts: int
    agreeing: int
    converged: bool
    flat: tuple[str, ...]
    covariance: FloatArray

    def draw(self, number: int, rng: np.random.Generator) -> list[dict[str, float]]:
        """Parameters as they might be as well: Laplace's approximation, normal in the logarithms."""
        roots, axes = np.linalg.eigh(self.covariance)
        # Not rng.multivariate_normal: of all roots the symmetric one is unique, whatever library computes it.
        root = (axes * np.sqrt(np.maximum(roots, 0))) @ axes.T
        drawn = np.log(list(self.parameters.values())) + rng.standard_normal((number, len(root))) @ root
        return [dict(zip(self.parameters, map(float, row), strict=True)) for row in np.exp(drawn)]


def maximise(
    objective: Objective, start: Mapping[str, float], *, starts: int = 3, sample: Objective | None = None
) -> Fit:
    """Find the most likely parameters, from several starting points that are the same in every run.

    Linear algebra runs on one thread meanwhile: on vectors of this size more threads only wait for each other.

    Args:
        objective: See `Objective`. Finite within a factor of exp(12) around `start`.
        start: Parameters in natural units, by name, of the right order of magnitude; they are above 0.
        starts: Points to start from, 1 to 5: `start` itself and others around it, each parameter 4.5 times larger or
            smaller. One is enough for refits from a known optimum, but certifies less.
        sample: The same of a sample of the data, for speed. If all starts agree on where it is largest, the search
            goes on from there alone; and `agreeing` tells of the sample.

    Examples:
        The rate of an exponential distribution, from 10 events in 40 days: 1/4 per day, and the standard error of its
        logarithm is 1 / sqrt(10).

        >>> def events(log_rate):
        ...     rate = np.exp(log_rate)
        ...     return float((10 * log_rate - 40 * rate)[0]), 10 - 40 * rate
        >>> fit = maximise(events, {"rate": 1.0})
        >>> fit.converged, round(fit.parameters["rate"], 6), round(float(np.sqrt(fit.covariance[0, 0])), 4)
        (True, 0.25, 0.3162)
    """
    centre = np.log(list(start.values()))
    bounds = np.column_stack([centre - _REACH, centre + _REACH])
    offsets = np.resize(_OFFSETS[:starts].T, (len(centre), starts)).T
    with threadpool_limits(limits=1, user_api="blas"):
        points, agreed = centre + 1.5 * offsets, None
        if sample:
            (found, _, _), agreed = _search(sample, points, bounds)
            points = found.point[None] if all(agreed) else points
        (best, roots, axes), reached = _search(objective, points, bounds)
        reached = agreed if agreed and all(agreed) else reached
    steep = _steep(roots)
    along = axes.T @ best.gradient
    slope = float(np.sqrt((along[steep] ** 2 / roots[steep]).sum()))
    level = bool(roots[0] > -_FLAT and (np.abs(along[~steep]) < _RIDGE).all())
    there = slope < _SLOPE and level and all(reached)
    undecided = np.flatnonzero((np.abs(axes[:, ~steep]) > 0.3).any(axis=1) & there)
    return Fit(
        parameters=dict(zip(start, map(float, np.exp(best.point)), strict=True)),
        log_likelihood=best.value,
        gradient_norm=slope,
        starts=starts,
        agreeing=sum(reached),
        converged=there and bool(steep.all()),
        flat=tuple(list(start)[at] for at in undecided),
        covariance=(axes[:, steep] / roots[steep]) @ axes[:, steep].T,
    )


@dataclass(frozen=True)
class _End:
    point: FloatArray
    value: float
    gradient: FloatArray


def _climb(objective: Objective, point: FloatArray, bounds: FloatArray) -> _End:
    """Quasi-Newton, on the scale of the first value so that its tolerances mean the same for all sizes of data."""
    scale = max(1.0, abs(objective(point)[0]))

    def downhill(at: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = objective(at)
        return -value / scale, -gradient / scale

    options = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500}
    found: Any = minimize(downhill, point, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return _End(found.x, *objective(found.x))


def _search(
    objective: Objective, points: FloatArray, bounds: FloatArray
) -> tuple[tuple[_End, FloatArray, FloatArray], list[bool]]:
    """The highest end of all climbs, as `_polish` has it, and which of them reached it."""
    ends = [_climb(objective, point, bounds) for point in points]
    best, roots, axes = _polish(objective, max(ends, key=lambda end: end.value), bounds)
    near = best.value - (1e-3 if _steep(roots).all() else _RIDGE) - 1e-10 * abs(best.value)
    # A start that stopped early on a flat ridge deserves the same last steps before it counts as a dissenter.
    reached = [end.value >= near or _polish(objective, end, bounds)[0].value >= near for end in ends]
    return (best, roots, axes), reached


def _polish(objective: Objective, end: _End, bounds: FloatArray) -> tuple[_End, FloatArray, FloatArray]:
    """A few steps of Newton's method; and the axes of the curvature there, or within a hundredth of an error."""
    roots, axes = np.linalg.eigh(_curvature(objective, end.point))
    for _ in range(4):
        steep = _steep(roots)
        along = axes[:, steep].T @ end.gradient
        far = float(np.sqrt((along**2 / roots[steep]).sum()))
        if far < _SLOPE / 100:
            break
        step = axes[:, steep] @ (along / roots[steep])
        point = np.clip(end.point + step / max(1.0, np.abs(step).max()), bounds[:, 0], bounds[:, 1])
        trial = _End(point, *objective(point))
        if not trial.value > end.value:
            break
        end = trial
        if far > 0.01:
            roots, axes = np.linalg.eigh(_curvature(objective, end.point))
    return end, roots, axes


def _steep(roots: FloatArray) -> NDArray[np.bool_]:
    return roots > max(_FLAT, _NOISE * float(np.abs(roots).max()))


def _curvature(objective: Objective, point: FloatArray) -> FloatArray:
    """Negative Hessian, by central differences of the analytic gradient."""
    rows = [
        (objective(point - _STEP * axis)[1] - objective(point + _STEP * axis)[1]) / (2 * _STEP)
        for axis in np.eye(len(point))
    ]
    return (np.array(rows) + np.array(rows).T) / 2
