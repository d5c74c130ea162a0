"""Means over a gamma or a beta distribution, by sums that are accurate for every parameter.

Both are trapezoidal sums over the logarithm (gamma) or the log odds (beta), where the integrands are smooth and fade on
both sides; such sums converge faster than any power of the step. Closed forms by hypergeometric functions exist for
some of these means, but overflow or cancel for long histories (Fader, Hardie and Lee's note 027 shows one way), so that
they serve as checks only.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, gammaln, wrightomega

from acrm.models.histories import FloatArray

_FADED = 37.0
"""The tails left out are smaller than exp(-37) = 1e-16 of the whole."""
_SMOOTH = 0.2
"""Largest step: functions here are analytic within pi/2 of the real line, so that the error is exp(-pi**2 / 0.2)."""
_PEAKED = 0.7
"""Largest step in standard deviations, for peaks narrower than that."""


def _below(shape: float) -> float:
    """How far below the logarithm of its shape that of a gamma variable of scale 1 may be."""
    return _FADED / shape + float(np.sqrt(2 * _FADED / shape))


def _most(shape: float) -> float:
    """How large such a variable may be."""
    return shape + _FADED + float(np.sqrt(2 * _FADED * shape))


def gamma_grid(shape: float, scales: FloatArray, knee: float) -> tuple[FloatArray, FloatArray]:
    """Rates, and for each scale the weights that turn values at the rates into a mean over Gamma(shape, scale).

    Args:
        shape: Above 0.
        scales: What the rates are divided by, shape (m,), above 0.
        knee: The functions to be averaged are proportional to the rate below it, and nowhere steeper than that.

    Returns:
        Rates, shape (n,), and weights, shape (m, n).

    Examples:
        The mean of Gamma(3, 2) is 3 / 2.

        >>> rates, weights = gamma_grid(3.0, np.array([2.0]), 1.0)
        >>> (weights @ rates).round(12).tolist()
        [1.5]
    """
    peak = np.log(shape / scales.max())
    low = max(peak - _below(shape), min(peak, np.log(knee)) - _below(shape + 1))
    high = np.log(_most(shape + 1) / scales.min())
    logs, step = np.linspace(low, high, _nodes(high - low, 1 / np.sqrt(shape)), retstep=True)
    rates: FloatArray = np.exp(logs)
    heights = shape * (logs + np.log(scales)[:, None]) - scales[:, None] * rates - gammaln(shape)
    return rates, np.exp(heights) * step


def beta_grid(a: float, b: float, knee: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probabilities p, log(1 - p) and the weights of a mean over Beta(a, b), shape (n,) each.

    Args:
        a: Above 0.
        b: Above 0.
        knee: The functions to be averaged are proportional to p below it, and nowhere fall faster than 1 / p. Others
            need their value at 0 taken off first, with a function whose mean is known.

    Examples:
        The mean of Beta(1, 3) is 1 / 4.

        >>> p, _, weights = beta_grid(1.0, 3.0, 1.0)
        >>> round(float(weights @ p), 12)
        0.25
    """
    # The odds are the ratio of two gamma variables.
    low = min(np.log(a / _most(b)), np.log(knee)) - _below(a + 1)
    if a > 1:
        low = max(low, np.log((a - 1) / _most(b)) - _below(a - 1))
    high = np.log(_most(a) / b) + _below(b)
    # The right tail may be long (b near 0): from there on the log odds x + exp(x) grow exponentially from node to node.
    start, middle, end = (odds - float(wrightomega(odds)) for odds in (low, np.log(a / max(b, 1)), high))
    nodes = _nodes((end - start) * (1 + np.exp(middle)), np.sqrt(1 / a + 1 / b))
    at, step = np.linspace(start, end, nodes, retstep=True)
    odds = at + np.exp(at)
    log_p, log_q = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
    weights = np.exp(a * log_p + b * log_q - betaln(a, b)) * (1 + np.exp(at)) * step
    return np.exp(log_p), log_q, weights


def _nodes(width: float, deviation: float) -> int:
    return int(np.ceil(width / min(_SMOOTH, _PEAKED * deviation))) + 1
