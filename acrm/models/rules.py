"""Association rules from frequent itemsets, and which say nothing that a shorter one does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acrm.models.itemsets import Itemsets, RowArray
from acrm.models.rule_measures import Association, FloatArray

Columns = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """Rules "with lhs also rhs", one per row, in the order of their itemsets; sides are numbers of itemsets."""

    itemsets: Itemsets
    whole: RowArray
    """Items of both sides together."""
    lhs: RowArray
    rhs: RowArray
    improvement: FloatArray
    """Confidence above that of the best rule with the same rhs and fewer items on the left: none at all (the share of
    the rhs) counts, and so does one that the filters left out. Bayardo, Agrawal and Gunopulos (2000)."""
    redundant: NDArray[np.bool_]
    """Whether among these very rules one with the same rhs and fewer items on the left has the same confidence or more,
    as `is.redundant` of the R package arules has it."""

    def __len__(self) -> int:
        return len(self.whole)

    @cached_property
    def association(self) -> Association:
        """What all measures are reckoned from."""
        return _association(self.itemsets, self.whole, self.lhs, self.rhs)

    def where(self, kept: NDArray[np.bool_]) -> Rules:
        """Some of them, each as redundant as it was among all."""
        return Rules(
            itemsets=self.itemsets,
            whole=self.whole[kept],
            lhs=self.lhs[kept],
            rhs=self.rhs[kept],
            improvement=self.improvement[kept],
            redundant=self.redundant[kept],
        )


def find_rules(itemsets: Itemsets, *, min_confidence: float = 0.0, min_lift: float = 0.0, rhs_size: int = 1) -> Rules:
    """All rules between disjoint parts of a frequent itemset, neither empty, that meet the limits.

    Args:
        itemsets: With `max_length`, only rules of so many items together.
        min_confidence: From 0 to 1.
        min_lift: 0 or more.
        rhs_size: Items on the right at most, 1 or more.

    Examples:
        Bread (0) in two baskets and milk (1) in four of five, together twice: whoever buys bread buys milk.

        >>> from acrm.models.baskets import Baskets
        >>> from acrm.models.itemset_mining import frequent_itemsets
        >>> baskets = Baskets.of(np.array([0, 0, 1, 1, 2, 3]), np.array([0, 1, 0, 1, 1, 1]), n_baskets=5)
        >>> rules = find_rules(frequent_itemsets(baskets, 2)[0], min_confidence=0.6)
        >>> rules.lhs, rules.rhs, rules.association.confidence, rules.improvement.round(2)
        (array([0]), array([1]), array([1.]), array([0.2]))
    """
    found = []
    shorter: dict[Columns, _Best] = {}
    for size, subsets in enumerate(itemsets.subsets[1:], start=2):
        best: dict[Columns, _Best] = {}
        for right in _sides(size, rhs_size):
            left = tuple(column for column in range(size) if column not in right)
            whole = itemsets.starts[size - 1] + np.arange(len(subsets))
            lhs, rhs = _kept(itemsets, size, left), _kept(itemsets, size, right)
            rules = _association(itemsets, whole, lhs, rhs)
            confidence = rules.confidence
            meets = (confidence >= min_confidence) & (rules.lift >= min_lift)
            if len(left) == 1:
                than = _Best(rules.rhs / rules.baskets, np.full(len(whole), -1.0))
            else:
                fewer = [(subsets[:, gone], shorter[tuple(at - (at > gone) for at in right)]) for gone in left]
                than = _Best(
                    np.maximum.reduce([known.of_all[rows] for rows, known in fewer]),
                    np.maximum.reduce([known.of_found[rows] for rows, known in fewer]),
                )
            redundant = than.of_found >= confidence
            found.append([part[meets] for part in (whole, lhs, rhs, confidence - than.of_all, redundant)])
            best[right] = _Best(
                np.maximum(than.of_all, confidence), np.maximum(than.of_found, np.where(meets, confidence, -1.0))
            )
        shorter = best
    none = [np.empty(0, np.int64)] * 3 + [np.empty(0), np.empty(0, np.bool_)]
    whole, lhs, rhs, improvement, redundant = map(np.concatenate, zip(none, *found, strict=True))
    order = np.argsort(whole, kind="stable")
    return Rules(
        itemsets=itemsets,
        whole=whole[order],
        lhs=lhs[order],
        rhs=rhs[order],
        improvement=improvement[order],
        redundant=redundant[order],
    )


@dataclass(frozen=True)
class _Best:
    """The highest confidence of a rule with this rhs and these items or fewer on the left."""

    of_all: FloatArray
    """With none on the left, too."""
    of_found: FloatArray
    """Of those that meet the limits; -1 if none does."""


def _sides(size: int, rhs_size: int) -> Iterator[Columns]:
    """Columns of a set that may stand on the right."""
    for number in range(1, min(rhs_size, size - 1) + 1):
        yield from combinations(range(size), number)


def _kept(itemsets: Itemsets, size: int, columns: Columns) -> RowArray:
    """Numbers of what these columns of all sets of a size are themselves."""
    rows: RowArray = np.arange(len(itemsets.sets[size - 1]))
    for column in reversed(range(size)):
        if column not in columns:
            rows = itemsets.subsets[size - 1][rows, column]
            size -= 1
    numbers: RowArray = itemsets.starts[size - 1] + rows
    return numbers


def _association(itemsets: Itemsets, whole: RowArray, lhs: RowArray, rhs: RowArray) -> Association:
    counts = itemsets.counts
    return Association(both=counts[whole], lhs=counts[lhs], rhs=counts[rhs], baskets=itemsets.n_baskets)
