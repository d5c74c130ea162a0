"""Conditions and pairs of conditions that go with another outcome: all tested at once, by products of 0/1 matrices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom, norm, rankdata
from scipy.stats import t as student

from acrm.models.histories import FloatArray, IndexArray
from acrm.models.rule_tests import benjamini_hochberg
from acrm.models.wilson import wilson_limits

_ROWS, _WIDE = 20_000, 256
"""Rows, and conditions, that are multiplied at a time."""
_FAINT = 1.95
"""A t value below this has a p above 5% and cannot come to be found."""
_NEAR = 0.25
"""Approximate q up to which a yes-or-no outcome is tested exactly."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Conditions, alone and in pairs, that tell the outcome; the surest first.

    Attributes:
        first, second: Numbers of the conditions, `second` -1 for one alone.
        p, q: Of the weakest of the comparisons that a finding rests on; q over all that was tested.
        score: Its t value, without sign.
        singles, pairs: How many were tested.
    """

    first: IndexArray
    second: IndexArray
    p: FloatArray
    q: FloatArray
    score: FloatArray
    singles: int
    pairs: int


def find_conditions(
    masks: NDArray[np.bool_], sources: IndexArray, outcome: FloatArray, *, least: int, false: float = 0.05
) -> Findings:
    """Test every condition, and every pair from two sources, against all other rows.

    A t test on the ranks of the outcome (which one extreme value cannot decide); where the outcome is 0 or 1, Fisher's
    exact test, two-sided by doubling. A pair has to differ from all other rows, and within each of its conditions from
    the rows that lack the other, all in one direction: its p is the greatest of the three (an intersection-union
    test), so that it is never found for the sake of one of its parts. q by Benjamini and Hochberg over all conditions
    and pairs with `least` rows on both sides of every comparison.

    >>> x, y = np.repeat([True, False], 20), np.tile([True, False], 20)
    >>> found = find_conditions(np.column_stack([x, y]), np.array([0, 1]), (x & y) * 1.0, least=5)
    >>> list(zip(found.first.tolist(), found.second.tolist())), found.singles, found.pairs
    ([(0, 1), (0, -1), (1, -1)], 2, 1)

    Args:
        masks: Shape (rows, conditions): where each holds.
        sources: Column that each condition is about; conditions of one column make no pairs.
        outcome: Shape (rows,), finite.
        least: Rows, 2 or more.
        false: The q up to which something is found.
    """
    ranks = rankdata(outcome)
    ranks -= ranks.mean()
    yes = outcome == outcome.max() if len(np.unique(outcome)) == 2 else None
    once = _distinct(masks)
    inside = masks.sum(axis=0).astype(float)
    sums, squares = ranks @ masks, ranks**2 @ masks
    rows, square = float(len(outcome)), float(ranks @ ranks)
    fair = once & (inside >= least) & (rows - inside >= least)
    alone = np.flatnonzero(fair)
    t_alone = _t(inside[alone], sums[alone], rows, 0.0, square)
    first, second, score, pairs = [alone], [np.full(len(alone), -1)], [t_alone], 0
    p = [2 * student.sf(np.abs(t_alone), rows - 2)]
    for start in range(0, masks.shape[1], _WIDE):
        many, total = _products(masks, ranks, start)
        here = np.arange(start, start + len(many))
        fair_pairs = (sources[here][:, None] != sources) & (here[:, None] < np.arange(masks.shape[1]))
        fair_pairs &= (many >= least) & (inside[here][:, None] - many >= least) & (inside - many >= least)
        one, two = np.nonzero(fair_pairs)
        pairs += len(one)
        count, found, one = many[one, two], total[one, two], one + start
        values = np.array(
            [
                _t(count, found, rows, 0.0, square),
                _t(count, found, inside[one], sums[one], squares[one]),
                _t(count, found, inside[two], sums[two], squares[two]),
            ]
        )
        weakest = np.abs(values).min(axis=0)
        loud = np.flatnonzero((np.abs(values.sum(axis=0)) == np.abs(values).sum(axis=0)) & (weakest >= _FAINT))
        free = np.array([np.full(len(loud), rows), inside[one[loud]], inside[two[loud]]]) - 2
        first.append(one[loud])
        second.append(two[loud])
        score.append(np.sign(values[0, loud]) * weakest[loud])
        p.append(2 * student.sf(np.abs(values[:, loud]), free).max(axis=0))
    tried = Findings(
        first=np.concatenate(first),
        second=np.concatenate(second),
        p=np.concatenate(p),
        q=np.empty(0),
        score=np.concatenate(score),
        singles=len(alone),
        pairs=pairs,
    )
    return _surest(tried, masks, yes, false)


def difference(outcome: FloatArray, inside: NDArray[np.bool_], level: float) -> tuple[float, float, float]:
    """How much higher the mean is inside than outside, with the ends of an interval.

    Welch's interval; for an outcome of 0 and 1 Newcombe's of two Wilson intervals, which stays within -1 and 1.

    >>> [round(end, 3) for end in difference(np.array([1.0, 1, 0, 0, 0, 0]), np.arange(6) < 2, 0.95)]
    [1.0, 0.18, 1.0]
    """
    one, other = outcome[inside], outcome[~inside]
    gap = float(one.mean() - other.mean())
    if np.isin(outcome, (0.0, 1.0)).all():
        (low, high), (other_low, other_high) = (_wilson(part, level) for part in (one, other))
        below = np.hypot(one.mean() - low, other_high - other.mean())
        above = np.hypot(high - one.mean(), other.mean() - other_low)
        return gap, gap - float(below), gap + float(above)
    spreads = [float(part.var(ddof=1)) / len(part) for part in (one, other)]
    if not sum(spreads):
        return gap, gap, gap
    free = sum(spreads) ** 2 / (spreads[0] ** 2 / (len(one) - 1) + spreads[1] ** 2 / (len(other) - 1))
    reach = float(student.ppf((1 + level) / 2, free)) * sum(spreads) ** 0.5
    return gap, gap - reach, gap + reach


def _distinct(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which conditions are neither an earlier one nor the opposite of one: alone, these would be tested twice."""
    turned = masks ^ masks[:1]
    packed = np.packbits(turned, axis=0)
    known: set[bytes] = set()
    fresh = np.zeros(masks.shape[1], dtype=bool)
    for place in range(masks.shape[1]):
        key = packed[:, place].tobytes()
        fresh[place] = key not in known
        known.add(key)
    return fresh


def _products(masks: NDArray[np.bool_], ranks: FloatArray, start: int) -> tuple[FloatArray, FloatArray]:
    """Rows that each of some conditions shares with every other, and the sum of the ranks there."""
    stop = min(start + _WIDE, masks.shape[1])
    many, total = np.zeros((2, stop - start, masks.shape[1]))
    unit = float(np.abs(ranks).max()) or 1.0
    for row in range(0, len(masks), _ROWS):
        part = masks[row : row + _ROWS].astype(np.float32)
        block = part[:, start:stop].T
        many += block @ part
        total += (block * (ranks[row : row + _ROWS] / unit).astype(np.float32)) @ part
    return many, total * unit


def _t(
    count: FloatArray,
    found: FloatArray,
    rows: FloatArray | float,
    total: FloatArray | float,
    square: FloatArray | float,
) -> FloatArray:
    """The t value of `count` of `rows` against the rest, from the sum inside, the sum of all and the sum of squares."""
    gap = found - count * total / rows
    spread = (square - total**2 / rows) * count * (rows - count) / rows
    explained = np.divide(gap**2, spread, out=np.zeros_like(gap), where=spread > 1e-9 * rows).clip(max=1 - 1e-12)
    value: FloatArray = np.sign(gap) * np.sqrt(explained * (rows - 2) / (1 - explained))
    return value


def _surest(tried: Findings, masks: NDArray[np.bool_], yes: NDArray[np.bool_] | None, false: float) -> Findings:
    """Those that chance does not explain, in order; the score of `tried` still has its sign, its q is not known."""
    tested = tried.singles + tried.pairs
    p = tried.p.copy()
    q = _among(p, tested)
    if yes is not None:
        near = np.flatnonzero(q <= _NEAR)
        places = zip(tried.first[near].tolist(), tried.second[near].tolist(), tried.score[near].tolist(), strict=True)
        p[near] = [_exact(masks, yes, *place) for place in places]
        q = _among(p, tested)
    order = np.lexsort((tried.second, tried.first, -np.abs(tried.score), q))
    order = order[q[order] <= false]
    return replace(
        tried,
        first=tried.first[order],
        second=tried.second[order],
        p=p[order],
        q=q[order],
        score=np.abs(tried.score[order]),
    )


def _among(p: FloatArray, tested: int) -> FloatArray:
    """Return q values of the smallest of `tested` p values; the rest are as good as 1."""
    return benjamini_hochberg(np.concatenate([p, np.ones(tested - len(p))]))[: len(p)]


def _exact(masks: NDArray[np.bool_], yes: NDArray[np.bool_], first: int, second: int, score: float) -> float:
    """Fisher's p for a condition or, for a pair, the greatest of the three comparisons."""
    event = yes if score > 0 else ~yes
    everyone = np.ones(len(yes), dtype=bool)
    if second < 0:
        comparisons = [(masks[:, first], everyone)]
    else:
        both = masks[:, first] & masks[:, second]
        comparisons = [(both, among) for among in (everyone, masks[:, first], masks[:, second])]
    return max(
        min(1.0, 2 * float(hypergeom.sf((inside & event).sum() - 1, among.sum(), (among & event).sum(), inside.sum())))
        for inside, among in comparisons
    )


def _wilson(values: FloatArray, level: float) -> tuple[float, float]:
    """Wilson's interval of a share."""
    return wilson_limits(float(values.mean()), len(values), float(norm.ppf((1 + level) / 2)))
