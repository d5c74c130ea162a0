"""How much of each conversion every channel on the way to it is given the credit for, by six rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from acrm.models.histories import FloatArray, IndexArray

POSITIONAL = ("first", "last", "linear", "u", "decay")
RULES = (*POSITIONAL, "markov")
ENDS = 0.4
"""What the first and the last touch of three or more get each by the rule `u`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Paths:
    """Sequences of touches, one after the other in one array, and what came of them.

    Attributes:
        channel: Channel of every touch, 0 to `channels` - 1.
        start: Where each path begins in `channel`, and, last, its length; no path is empty.
        conversions: Of each path, 0 or more.
        nulls: How often each path ended without a conversion, 0 or more.
        channels: How many channels there are.
        age: Of every touch, half-lives before its path's conversion. None: steps before the last touch.
    """

    channel: IndexArray
    start: IndexArray
    conversions: FloatArray
    nulls: FloatArray
    channels: int
    age: FloatArray | None = None

    @property
    def length(self) -> IndexArray:
        """Touches of each path."""
        return np.diff(self.start)

    @property
    def of(self) -> IndexArray:
        """The path of every touch."""
        return np.repeat(np.arange(len(self.start) - 1), self.length)


def shares(paths: Paths, rule: str) -> FloatArray:
    """What part of its path's conversions each touch gets; those of a path add up to 1.

    | rule | touch |
    |---|---|
    | `first`, `last` | all of it |
    | `linear` | the same as any other |
    | `u` | 40% the first, 40% the last, 20% those between alike; of two touches half each |
    | `decay` | half as much for every half-life before |

    Examples:
        >>> four = Paths(
        ...     channel=np.array([0, 1, 1, 0]),
        ...     start=np.array([0, 4]),
        ...     conversions=np.ones(1),
        ...     nulls=np.zeros(1),
        ...     channels=2,
        ... )
        >>> shares(four, "u").round(4), shares(four, "decay").round(4)
        (array([0.4, 0.1, 0.1, 0.4]), array([0.0667, 0.1333, 0.2667, 0.5333]))
    """
    of, length = paths.of, paths.length
    place = np.arange(len(paths.channel)) - paths.start[:-1][of]
    behind = length[of] - 1 - place
    if rule == "first":
        weight = (place == 0).astype(float)
    elif rule == "last":
        weight = (behind == 0).astype(float)
    elif rule == "linear":
        weight = np.ones(len(of))
    elif rule == "u":
        between = (1 - 2 * ENDS) / np.maximum(length[of] - 2, 1)
        weight = np.where((place == 0) | (behind == 0), ENDS, between)
    else:
        age = behind if paths.age is None else paths.age
        # The youngest touch weighs 1: a path that is long ago altogether does not vanish.
        youngest = np.minimum.reduceat(age, paths.start[:-1])[of]
        weight = np.exp2(youngest - age)
    found: FloatArray = weight / np.bincount(of, weight)[of]
    return found


def credit(paths: Paths, rule: str, worth: FloatArray | None = None) -> FloatArray:
    """The conversions that each channel is given the credit for; they add up to those of all paths.

    Args:
        paths: See `Paths`.
        rule: One of `RULES`.
        worth: What the conversions of each path brought, to be divided in their place.
    """
    total = paths.conversions if worth is None else worth
    if rule == "markov":
        effect = removal_effects(paths)
        whole = effect.sum()
        return effect / whole * total.sum() if whole > 0 else np.zeros(paths.channels)
    given = shares(paths, rule) * total[paths.of]
    return np.bincount(paths.channel, given, minlength=paths.channels).astype(float)


def removal_effects(paths: Paths) -> FloatArray:
    """The share of conversions that is lost when every step to a channel leads nowhere, for each channel.

    The paths are taken for walks of a Markov chain of order 1: a start, the channels, two ends. With Q the moves
    between the start and the channels, and r those to a conversion, x = (I - Q)⁻¹ r says how likely each converts.
    Without channel k it is x at the start less that of ever coming to k times x at k, and the probability of ever
    coming to k is N[start, k] / N[k, k] of the fundamental matrix N = (I - Q)⁻¹. So one factorisation serves all
    channels, nothing is simulated, and steps from a channel to itself change nothing: they are left out.

    Source: E. Anderl and others, International Journal of Research in Marketing 33(3), 2016; J. G. Kemeny,
    J. L. Snell, Finite Markov Chains (1960), theorem 3.5.6.

    Examples:
        One path 0 > 1 converts, one of 1 alone does not: without 0 or 1 nothing converts.

        >>> two = Paths(
        ...     channel=np.array([0, 1, 1]),
        ...     start=np.array([0, 2, 3]),
        ...     conversions=np.array([1.0, 0.0]),
        ...     nulls=np.array([0.0, 1.0]),
        ...     channels=2,
        ... )
        >>> removal_effects(two).round(6)  # of all conversions, half come by way of 0
        array([0.5, 1. ])
    """
    moves, converted = _chain(paths)
    states = paths.channels + 1
    factors = splu(sparse.eye_array(states, format="csc") - moves)
    x = factors.solve(converted)
    unit = np.zeros(states)
    unit[0] = 1.0
    visits = factors.solve(unit, trans="T")
    if not x[0] > 0:
        return np.zeros(paths.channels)
    own = np.ones(states)
    for state in np.flatnonzero(visits[1:] > 0) + 1:
        unit = np.zeros(states)
        unit[state] = 1.0
        own[state] = factors.solve(unit)[state]
    found: FloatArray = (visits * x / own / x[0])[1:]
    return found


def _chain(paths: Paths) -> tuple[sparse.csc_array, FloatArray]:
    """Probabilities of the moves between start (0) and channels (from 1), and of those to a conversion."""
    of = paths.of
    times = (paths.conversions + paths.nulls)[of]
    to = paths.channel + 1
    first = np.zeros(len(to), dtype=bool)
    first[paths.start[:-1]] = True
    came = np.where(first, 0, np.concatenate([[0], to[:-1]]))
    moved = came != to
    states = paths.channels + 1
    counts = sparse.coo_array((times[moved], (came[moved], to[moved])), shape=(states, states)).tocsc()
    last = to[paths.start[1:] - 1]
    converted = np.bincount(last, paths.conversions, minlength=states)
    lost = np.bincount(last, paths.nulls, minlength=states)
    left = np.asarray(counts.sum(axis=1)).ravel() + converted + lost
    scale = np.divide(1.0, left, out=np.zeros(states), where=left > 0)
    return sparse.csc_array(sparse.diags_array(scale) @ counts), converted * scale
