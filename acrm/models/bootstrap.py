"""How uncertain fitted parameters are if the model is not quite the truth: a weighted bootstrap without refitting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from acrm.models.histories import FloatArray
from acrm.models.optimise import Fit, Objective

REPEATS = 100


def covariance(
    fit: Fit, objective: Callable[[FloatArray], Objective], count: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Covariance of the logarithms of the parameters, in their order, over samples of other customers.

    Each repeat draws how many customers a group has (Poisson), and goes the single step of Newton's method to which
    the slope there comes; it ends where a refit would, but for terms of the step squared. Directions in which the fit
    is flat stay 0.

    Args:
        fit: To the customers as they are.
        objective: What the search maximised, for given customers per group.
        count: Customers per group.
        rng: For the draws.
    """
    point = np.log(list(fit.parameters.values()))
    slopes = [objective(rng.poisson(count).astype(float))(point)[1] for _ in range(REPEATS)]
    found: FloatArray = fit.covariance @ np.cov(np.array(slopes).T) @ fit.covariance
    return found


def ends(fit: Fit, spread: FloatArray) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Parameters one standard deviation away on either side, along every axis of their covariance.

    Half the difference that the two make to a smooth function, squared and added up, is that function's variance.

    Examples:
        >>> fit = Fit(
        ...     parameters={"a": 1.0, "b": 2.0},
        ...     log_likelihood=0.0,
        ...     gradient_norm=0.0,
        ...     starts=1,
        ...     agreeing=1,
        ...     converged=True,
        ...     flat=(),
        ...     covariance=np.diag([np.log(2) ** 2, 0.0]),
        ... )
        >>> [(round(one["a"], 9), round(other["a"], 9)) for one, other in ends(fit, fit.covariance)]
        [(2.0, 0.5)]
    """
    centre = np.log(list(fit.parameters.values()))
    roots, axes = np.linalg.eigh(spread)
    far = (axes * np.sqrt(np.maximum(roots, 0))).T[roots > 1e-12 * max(float(roots[-1]), 1e-12)]
    both = [(np.exp(centre + step), np.exp(centre - step)) for step in far]
    return [
        (
            dict(zip(fit.parameters, map(float, one), strict=True)),
            dict(zip(fit.parameters, map(float, two), strict=True)),
        )
        for one, two in both
    ]
