"""Means of groups, drawn towards each other as far as the data does not tell them apart (partial pooling).

A group of 7 customers with a mean twice the others' is mostly chance, a group of 7,000 is not. With y_i the mean of
group i, v_i its sampling variance and t the spread of the true means around m,

    y_i ~ Normal(true_i, v_i),    true_i ~ Normal(m, t^2)

the true mean lies between y_i and m, with weight t^2 / (t^2 + v_i) on y_i. Estimates that put one number in the place
of t (DerSimonian & Laird, Paule & Mandel) are often 0 for few groups, and then all groups are the same for certain. So
t is integrated out: m has a flat prior, t a half-Cauchy one, which stays proper for two groups and hardly matters for
six; its scale is the spread of the means, weighted by size, and their sampling error together. Sources: Gelman (2006),
Prior distributions for variance parameters in hierarchical models; Gelman et al., Bayesian Data Analysis, section 5.4,
for the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray

# A group's own variance is as uncertain as the group is small: the pooled one counts as so many customers beside it.
_POOLED_AS = 5.0
# Nodes of the sum over t, and the log density below the best that is still summed.
_NODES = 200
_TAIL = 25.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Shrunk:
    """One element per group, in the order of the input."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray
    """On the group's own mean, 0 to 1; the rest is on `overall`."""
    overall: float
    """Mean of the true means, not of the customers: a huge group weighs little more than a large one."""


def shrink(size: FloatArray, mean: FloatArray, variance: FloatArray, interval: float = 0.8) -> Shrunk:
    """Estimate the true mean of each group from its own customers and from the other groups.

    The sampling variance of a mean is variance / size, where the variance is the group's own and the pooled one of all
    groups, weighted as size - 1 to 5 customers: seven customers do not know their variance either. Limits are those of
    Student's t with the mixture's mean and variance. One group alone keeps its mean, and all do if nothing varies
    within any of them.

    >>> some = shrink(np.array([7.0, 5000, 4000]), np.array([90.0, 52, 48]), np.array([2500.0, 2500, 2500]))
    >>> some.mean.round(), some.weight.round(2)
    (array([61., 52., 48.]), array([0.23, 0.97, 0.96]))

    Args:
        size: Customers per group, 1 or more.
        mean: Their mean.
        variance: Their sample variance (divisor size - 1), 0 or more; ignored for groups of one.
        interval: Probability that the limits shall enclose, between 0 and 1.
    """
    free = np.maximum(size - 1.0, 0.0)
    own = np.where(free > 0, variance, 0.0)
    if free.sum() > 0:
        pooled = float(np.sum(free * own) / free.sum())
    else:
        # Groups of one: how far they lie apart is all that is known of how far customers do.
        pooled = float(np.var(mean, ddof=1)) if mean.size > 1 else 0.0
    sampling = (free * own + _POOLED_AS * pooled) / (free + _POOLED_AS) / size
    if pooled == 0:
        return Shrunk(mean=mean, low=mean, high=mean, weight=np.ones(mean.size), overall=float(mean.mean()))

    # First over any spread that the means may show, then over what is plausible of it.
    unit = float(np.mean(sampling))
    scale = unit + float(np.average((mean - np.average(mean, weights=size)) ** 2, weights=size))
    nodes = np.linspace(-2 * _TAIL, np.log1p(float(np.ptp(mean)) ** 2 / unit) + _TAIL, _NODES)
    for _ in range(2):
        between = unit * np.exp(nodes)[:, None]
        precision = 1.0 / (sampling + between)
        total = precision.sum(axis=1)
        centre = (precision * mean).sum(axis=1) / total
        misfit = (precision * (mean - centre[:, None]) ** 2).sum(axis=1)
        # Density of log t^2, hence the t of dt = t dlog(t).
        prior = nodes / 2 - np.log1p(between[:, 0] / scale)
        log = prior + (np.log(precision).sum(axis=1) - np.log(total) - misfit) / 2
        plausible = np.exp(log - log.max())
        plausible /= plausible.sum()
        likely = nodes[log > log.max() - _TAIL]
        nodes = np.linspace(likely[0], likely[-1], _NODES)

    # Mean and variance of the mixture: those of each node, and of the nodes' means.
    weight = between * precision
    each = weight * mean + (1.0 - weight) * centre[:, None]
    spread = weight * sampling + (1.0 - weight) ** 2 / total[:, None]
    shrunken: FloatArray = plausible @ each
    deviation = np.sqrt(plausible @ (spread + (each - shrunken) ** 2))
    # Degrees of freedom of the blended variance, after Satterthwaite.
    degrees = (free + _POOLED_AS) ** 2 / (free + _POOLED_AS**2 / max(float(free.sum()), 1.0))
    half = stdtrit(degrees, (1 + interval) / 2) * deviation
    return Shrunk(
        mean=shrunken,
        low=shrunken - half,
        high=shrunken + half,
        weight=plausible @ weight,
        overall=float(plausible @ centre),
    )
