"""Which associations are more than chance: Fisher's exact test, and how many of those found are false."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from acrm.models.rule_measures import Association, FloatArray


def fisher(rules: Association) -> FloatArray:
    """Return p values of Fisher's exact test, one-sided: as many baskets with both or more, were A and B independent.

    P(X >= x) with X ~ Hypergeometric(n, b, a): of n baskets b hold B, and a are drawn. The first term by logarithms of
    factorials, each further one by its ratio to the last, on the side of x that is away from the mean. Digits are lost
    to the logarithms as n grows: 10 are right with ten thousand baskets, 7 with five million.

    >>> rule = Association(both=np.array([3]), lhs=np.array([4]), rhs=np.array([4]), baskets=8)
    >>> fisher(rule).round(6), round((4 * 4 * 1 + 1) / 70, 6)
    (array([0.242857]), 0.242857)
    """
    n = float(rules.baskets)
    tables, which = np.unique(np.column_stack([rules.both, rules.lhs, rules.rhs]), axis=0, return_inverse=True)
    x, a, b = tables.T.astype(np.float64)
    upper = x * n > a * b
    at = np.where(upper, x, x - 1)
    possible = (at >= 0) & (at >= a + b - n)
    logs = _choose(b, at) + _choose(n - b, a - at) - _choose(np.full(len(a), n), a)
    total = np.where(possible, np.exp(np.where(possible, logs, 0.0)), 0.0)
    rows = np.flatnonzero(total)
    term, k = total[rows], at[rows]
    while len(rows):
        left, right, up = a[rows], b[rows], upper[rows]
        above, below = (left - k) * (right - k), (k + 1) * (n - left - right + k + 1)
        back = k * (n - left - right + k), (left - k + 1) * (right - k + 1)
        term = term * np.where(up, above, back[0]) / np.where(up, below, back[1])
        total[rows] += term
        k += np.where(up, 1, -1)
        more = term > total[rows] * 1e-17
        rows, term, k = rows[more], term[more], k[more]
    return np.clip(np.where(upper, total, 1 - total), 0, 1)[which]


def _choose(n: FloatArray, k: FloatArray) -> FloatArray:
    """Logarithm of the number of ways to choose k of n; of no meaning where there is none."""
    outside = (k < 0) | (k > n)
    k = np.where(outside, 0, k)
    logs: FloatArray = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return logs


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Return q values: among all rules with q at most 5%, 5% are expected to be chance.

    The family is every rule in `p`. It has to hold all that were tested, not only those that are shown; rules chosen
    by their confidence or lift beforehand are a family of strong ones, for which the promise is weaker.

    Benjamini and Hochberg (1995).

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.04, 0.04])
    """
    order = np.argsort(p)
    least = p[order] * (len(p) / np.arange(1, len(p) + 1))
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(least[::-1])[::-1], 1)
    return q
