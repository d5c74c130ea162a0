"""Baskets as arrays: which items each holds, how many baskets a support stands for, and baskets too large to be one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Self

import numpy as np
from numpy.typing import NDArray

CountArray = NDArray[np.int64]
ItemArray = NDArray[np.int32]

GIANT = 2_000
"""Different items in one basket above which it is no purchase: a stock transfer, a year of a wholesaler, a broken key.
The largest invoice of Online Retail has 1,108."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Giants:
    """What `Baskets.without_giants` left out."""

    limit: int
    """Different items a basket may have."""
    baskets: CountArray
    """Numbers of the baskets left out, ascending."""
    lines: int
    """Items they hold together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Baskets:
    """Item codes of all baskets, one after another.

    Args:
        starts: Where each basket begins in `items`, and at last where the last one ends; one more than baskets.
        items: Codes, ascending within a basket and each once.
        n_items: Codes are below it; not every code needs to occur.
    """

    starts: CountArray
    items: ItemArray
    n_items: int

    @classmethod
    def of(
        cls, basket: NDArray[np.integer], item: NDArray[np.integer], *, n_baskets: int = 0, n_items: int = 0
    ) -> Self:
        """From one row per line, in any order; an item twice in a basket counts once.

        Args:
            basket: Number of the basket, from 0.
            item: Code of the item, from 0.
            n_baskets: How many there are at least: one that holds nothing counts in every support.
            n_items: How many codes there are at least.

        Examples:
            >>> three = Baskets.of(np.array([2, 0, 0, 2, 0]), np.array([1, 3, 1, 1, 3]))
            >>> three.starts, three.items, three.item_counts
            (array([0, 2, 2, 3]), array([1, 3, 1], dtype=int32), array([0, 2, 0, 1]))
        """
        if len(basket) != len(item) or (len(item) and min(basket.min(), item.min()) < 0):
            raise ValueError("baskets and items are rows of one length, numbered from 0")
        if len(basket):
            n_baskets = max(int(basket.max()) + 1, n_baskets)
            n_items = max(int(item.max()) + 1, n_items)
        key = basket.astype(np.int64) * n_items + item
        if np.any(key[1:] <= key[:-1]):
            key.sort()
            key = key[np.concatenate(([True], key[1:] != key[:-1]))]
        number = key // max(n_items, 1)
        key -= number * n_items
        starts = np.concatenate(([0], np.cumsum(np.bincount(number, minlength=n_baskets))))
        return cls(starts=starts, items=key.astype(np.int32), n_items=n_items)

    @property
    def n_baskets(self) -> int:
        """Baskets, with the empty ones: what a support is a share of."""
        return len(self.starts) - 1

    @cached_property
    def item_counts(self) -> CountArray:
        """Baskets that hold each item."""
        return np.bincount(self.items, minlength=self.n_items)

    def without_giants(self, limit: int = GIANT) -> tuple[Self, Giants]:
        """The baskets of at most `limit` different items, and what was left out.

        A giant is left out whole, and out of the number of baskets too. Cut to its first items it would make the counts
        of the others too low; so every support is the exact share of the baskets that remain.

        Examples:
            >>> kept, giants = Baskets.of(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 0, 1])).without_giants(2)
            >>> kept.n_baskets, kept.item_counts, giants.baskets, giants.lines
            (1, array([1, 1, 0]), array([0]), 3)
        """
        sizes = np.diff(self.starts)
        large = sizes > limit
        giants = Giants(limit=limit, baskets=np.flatnonzero(large), lines=int(sizes[large].sum()))
        return self.only(~large) if large.any() else self, giants

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """Some of the baskets, with their items by the same codes."""
        sizes = np.diff(self.starts)
        starts = np.concatenate(([0], np.cumsum(sizes[kept])))
        return type(self)(starts=starts, items=self.items[np.repeat(kept, sizes)], n_items=self.n_items)


def min_count(support: float, n_baskets: int) -> int:
    """Baskets that a support asks for: the smallest whole number not below the share, at least 1.

    The share is the decimal number as it is written. As a product of floats, 28% of 25 baskets would be
    7.000000000000001, and a set in exactly 7 of them lost.

    >>> min_count(0.28, 25), min_count(0.001, 9835), min_count(0.01, 20)
    (7, 10, 1)

    Args:
        support: Share of the baskets, from 0 to 1.
        n_baskets: All baskets.

    Raises:
        ValueError: Not a share.
    """
    if not 0 <= support <= 1:
        raise ValueError("support is a share from 0 to 1")
    return max(ceil(Fraction(repr(float(support))) * n_baskets), 1)
