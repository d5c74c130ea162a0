"""Small decision trees on codes of columns as plain values, and their sum.

A tree of eight leaves has seven splits at most: which way a row goes at each of them is a bit, and a table of as many
values as there are patterns of bits tells what the tree adds. Rows are so compared a column at a time, as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.uint8]

UNKNOWN = 255
"""The code of what is not known."""
MOST_SPLITS = 8
"""Of a tree: one bit each in a byte."""
_BLOCK = 32_768
"""Rows whose columns stay near the processor."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Rows whose code is at most `limit` go to `low`, others to `high`; unknown ones where `unknown_low` says."""

    column: int
    limit: int
    unknown_low: bool
    low: Split | float
    high: Split | float

    def splits(self) -> Iterator[Split]:
        """This one, and those below it."""
        yield self
        for below in (self.low, self.high):
            if isinstance(below, Split):
                yield from below.splits()


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """`base` plus what every tree adds; one that is a number adds it to all rows."""

    base: float
    trees: tuple[Split | float, ...]

    def splits(self) -> Iterator[Split]:
        """Of all trees."""
        for tree in self.trees:
            if isinstance(tree, Split):
                yield from tree.splits()

    def logits(self, codes: Codes) -> Floats:
        """The sum for each row, in the trees' order, of codes rows by columns.

        Examples:
            >>> tree = Split(column=0, limit=3, unknown_low=True, low=-1.0, high=2.0)
            >>> Trees(base=0.5, trees=(tree, 1.0)).logits(np.array([[3], [4], [255]], np.uint8)).tolist()
            [0.5, 3.5, 0.5]
        """
        total = np.full(len(codes), self.base)
        for at in range(0, len(codes), _BLOCK):
            columns = np.ascontiguousarray(codes[at : at + _BLOCK].T)
            # One more, unknown is 0: at most a limit.
            shifted = columns + np.uint8(1)
            part = total[at : at + _BLOCK]
            for splits, values in self._tables:
                pattern = np.zeros(columns.shape[1], np.uint8)
                for split in splits:
                    pattern <<= 1
                    if split.unknown_low:
                        pattern |= shifted[split.column] <= np.uint8(split.limit + 1)
                    else:
                        pattern |= columns[split.column] <= np.uint8(split.limit)
                part += values[pattern]
        return total

    @cached_property
    def _tables(self) -> list[tuple[list[Split], Floats]]:
        """Of each tree its splits, and what it adds by the pattern of its splits, the first being the highest bit."""
        tables = []
        for tree in self.trees:
            splits = list(tree.splits()) if isinstance(tree, Split) else []
            bit = {id(split): len(splits) - 1 - place for place, split in enumerate(splits)}
            tables.append((splits, _values(tree, bit, np.arange(1 << len(splits)))))
        return tables


def _values(tree: Split | float, bit: dict[int, int], patterns: NDArray[np.intp]) -> Floats:
    if not isinstance(tree, Split):
        return np.full(len(patterns), tree)
    low = (patterns >> bit[id(tree)] & 1).astype(bool)
    return np.where(low, _values(tree.low, bit, patterns), _values(tree.high, bit, patterns))
