"""Orders still to come from a customer who buys at a gamma rate, every k-th event, and drops out with beta probability.

The one calculation behind expected orders, discounted orders and residual lifetime of the beta-geometric models: the
mean over drop-out probabilities is taken first, for a grid of rates, and then the mean over rates, for all ages.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, exprel, gammainc

from acrm.models.histories import FloatArray
from acrm.models.quadrature import beta_grid, gamma_grid

_BLOCK = 64
"""Terms of a series added at a time."""
_MANY = 400.0
"""Events within the horizon, from which on all that is left of their pattern is smaller than exp(-200)."""


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
    orders = np.empty_like(rates)
    many = ((rates + discount) * horizon > _MANY) | (k == 1)
    if many.any():
        orders[many] = _by_quadrature(rates[many], a, b, horizon, discount, k, phase)
    if not many.all():
        orders[~many] = _by_series(rates[~many], a, b, horizon, discount, k, phase)
    return weights @ orders


def _by_quadrature(
    rates: FloatArray, a: float, b: float, horizon: float, discount: float, k: int, phase: int
) -> FloatArray:
    """Expected discounted orders for given rates: the mean over drop-out probabilities p of a decreasing function.

    That function is f(p) = f(0) g(p), and g(p) >= (1-p)**m for any m not below the mean number of orders ahead, if
    nobody dropped out. The mean of (1-p)**m is a ratio of beta functions; the rest g(p) - (1-p)**m is nil at 0, as the
    grid wants it, and nowhere negative, so that nothing cancels.
    """
    rate = rates[:, None]
    power = rates / k * min(horizon, 1 / discount if discount else np.inf)
    _, log_q, weights = beta_grid(a, b, 1 / power.max())
    at_zero = _given_rate_and_drop_out(rate, np.zeros(1), horizon, discount, k, phase)
    rest = _given_rate_and_drop_out(rate, log_q, horizon, discount, k, phase)
    rest -= at_zero * np.exp(power[:, None] * log_q)
    orders: FloatArray = at_zero[:, 0] * np.exp(betaln(a, b + power) - betaln(a, b)) + rest @ weights
    return orders


def _given_rate_and_drop_out(
    rate: FloatArray, log_q: FloatArray, horizon: float, discount: float, k: int, phase: int
) -> FloatArray:
    """Expected discounted orders of one who stays with probability q after each; with k > 1, for many events only.

    Orders are every k-th event, which roots of unity w pick from all events: with z = q**(1/k) they come at time t with
    density z**(phase+1-k) rate / k times the sum of w**(phase+1) exp(-rate (1 - z w) t). Over many events all but the
    root 1 die out.
    """
    # Near z = 0 the roots cancel each other; but there nothing is left at the horizon, and the sum has a closed form.
    far = np.isinf(horizon) | ((log_q < k * np.log(0.5)) & (k > 1))
    next_event = -np.log1p(discount / rate)
    orders: FloatArray = np.exp((k - phase) * next_event) / -np.expm1(np.where(far, log_q, -k) + k * next_event)
    if not far.all():
        fade = (discount - rate * np.expm1(log_q / k)) * horizon
        z = np.maximum(np.exp(log_q / k), 0.5)
        near = rate * horizon * exprel(-fade)
        for root in np.exp(2j * np.pi * np.arange(1, k) / k):
            near += (root ** (phase + 1) / (discount / rate + 1 - z * root)).real
        orders = np.where(far, orders, near * z ** (phase + 1 - k) / k)
    return orders


def _by_series(
    rates: FloatArray, a: float, b: float, horizon: float, discount: float, k: int, phase: int
) -> FloatArray:
    """The same for few events: the n-th order comes with probability B(a, b+n-1) / B(a, b), if in time."""
    mean = (rates + discount) * horizon
    next_event = -np.log1p(discount / rates)
    total = np.zeros_like(rates)
    for block in range(1, int(2 * _MANY), _BLOCK):
        n = np.arange(block, block + _BLOCK)[:, None]
        events = n * k - phase
        terms = np.exp(betaln(a, b + n - 1) - betaln(a, b) + events * next_event) * gammainc(events, mean)
        total += terms.sum(axis=0)
        if not (terms[-1] > 1e-17 * total).any():
            break
    return total
