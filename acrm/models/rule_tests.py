"""Which associations are more than chance: Fisher's exact test, and how many of those found are false."""

from __future__ import annotations

import numpy as np

from acrm.models.rule_measures import Association, FloatArray


def fisher(rules: Association) -> FloatArray:
    """Return p values of Fisher's exact test, one-sided: as many baskets with both or more, were A and B independent.

    P(X >= x) with X ~ Hypergeometric(n, b, a): of n baskets b hold B, and a are drawn. Each takes some ten
    microseconds, so that rules are filtered first.

    >>> rule = Association(both=np.array([3]), lhs=np.array([4]), rhs=np.array([4]), baskets=8)
    >>> fisher(rule).round(6), round((4 * 4 * 1 + 1) / 70, 6)
    (array([0.242857]), 0.242857)
    """
    from scipy.stats import hypergeom

    tables, which = np.unique(np.column_stack([rules.both, rules.lhs, rules.rhs]), axis=0, return_inverse=True)
    both, lhs, rhs = tables.T
    p: FloatArray = hypergeom.sf(both - 1, rules.baskets, rhs, lhs)
    return p[which]


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Return q values: among all rules with q at most 5%, 5% are expected to be chance.

    The family is every rule in `p`. It has to hold all that were tested, not only those that are shown; rules chosen
    by their confidence or lift beforehand are a family of strong ones, for which the promise is weaker.

    Benjamini and Hochberg (1995).

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.04, 0.04])
    """
    from scipy.stats import false_discovery_control

    q: FloatArray = false_discovery_control(p) if len(p) else p
    return q
