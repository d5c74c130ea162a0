"""Orders still to come from a customer who buys at a gamma rate, every k-th event, and drops out with beta probability.

The one calculation behind expected orders, discounted orders and residual lifetime of the beta-geometric models: the
mean over drop-out probabilities is taken first, for a grid of rates, and then the mean over rates, for all ages.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, gammainc

from acrm.models.histories import FloatArray
from acrm.models.quadrature import beta_grid, gamma_grid

_BLOCK = 256
"""Terms of a series added at a time."""


def future_orders(
    shape: float, scales: FloatArray, a: float, b: float, horizon: float, discount: float, k: int = 1, phase: int = 0
) -> FloatArray:
    """Expected discounted orders of a customer who is alive now.

    Args:
        shape: Of the gamma distribution of the rate of events, now.
        scales: Of that distribution, shape (n,).
        a: Of the beta distribution of the probability to drop out after an order, now.
        b: Of that distribution.
        horizon: From now; may be infinite.
        discount: Continuous rate; an order at time t counts exp(-discount * t).
        k: Events per order.
        phase: Events since the last order, below k.

    Returns:
        Shape (n,). Infinite without horizon and discount if a is 1 or less.

    Examples:
        Without heterogeneity worth the name: rate 1/2, drop-out 1/4 after each order, so 4 orders in the end, and
        4 * (1 - exp(-1/4 * 1/2 * 2)) = 0.8848 within 2.

        >>> large = 1e5
        >>> future_orders(large, np.array([2 * large]), large, 3 * large, 2.0, 0.0).round(4).tolist()
        [0.8848]
        >>> future_orders(large, np.array([2 * large]), large, 3 * large, np.inf, 0.0).round(4).tolist()
        [4.0]
    """
    if np.isinf(horizon) and discount == 0:
        return np.full(len(scales), (a + b - 1) / (a - 1) if a > 1 else np.inf)
    rates, weights = gamma_grid(shape, scales, max(1 / horizon, discount))
    if k == 1 or np.isinf(horizon):
        return weights @ _by_quadrature(rates, a, b, horizon, discount, k, phase)
    return weights @ _by_series(rates, a, b, horizon, discount, k, phase)


def _by_quadrature(
    rates: FloatArray, a: float, b: float, horizon: float, discount: float, k: int, phase: int
) -> FloatArray:
    """Expected discounted orders for given rates: the mean over drop-out probabilities p of a decreasing function.

    That function is f(p) = f(0) g(p) with g(p) >= (1-p)**m, whose mean is a ratio of beta functions; the rest
    g(p) - (1-p)**m is nil at 0, as the grid wants it, and nowhere negative, so that nothing cancels.
    """
    rate = rates[:, None]
    if np.isinf(horizon):
        # The sum over n of (1-p)**(n-1) s**(nk-j), s = rate / (rate + discount): the next order discounted, and so on.
        log_next = -np.log1p(discount / rates)
        loss = -np.expm1(k * log_next)
        first = np.exp((k - phase) * log_next) / loss
        power = np.exp(k * log_next) / loss
    else:
        first = -rates * (np.expm1(-discount * horizon) / discount if discount else -horizon)
        power = rates * min(horizon / 2, 1 / discount if discount else np.inf)
    p, log_q, weights = beta_grid(a, b, 1 / power.max())
    if np.isinf(horizon):
        shape = 1 / (1 + p * power[:, None])
    else:
        fade = (discount + p * rate) * horizon
        shape = np.expm1(-fade) / fade * (-rate * horizon / first[:, None])
    rest = shape - np.exp(power[:, None] * log_q)
    floor = np.exp(betaln(a, b + power) - betaln(a, b))
    orders: FloatArray = first * (floor + rest @ weights)
    return orders


def _by_series(
    rates: FloatArray, a: float, b: float, horizon: float, discount: float, k: int, phase: int
) -> FloatArray:
    """The same for regular buying: the n-th order comes with probability B(a, b+n-1) / B(a, b), if in time."""
    mean = (rates + discount) * horizon
    log_next = -np.log1p(discount / rates)
    total = np.zeros_like(rates)
    for block in range(1, 1 << 40, _BLOCK):
        n = np.arange(block, block + _BLOCK)[:, None]
        events = n * k - phase
        terms = np.exp(betaln(a, b + n - 1) - betaln(a, b) + events * log_next) * gammainc(events, mean)
        total += terms.sum(axis=0)
        if not (terms[-1] > 1e-17 * total).any():
            break
    return total
