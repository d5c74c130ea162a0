"""Reports whose groups have columns of their own: a group row fills the first ones alone, its rows leave them blank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from acrm.ingest.raw import ROW
from acrm.ingest.vocabulary import fold, words


@dataclass(frozen=True)
class Stairs:
    """The level of every row of a report whose groups stand in columns of their own."""

    starts: list[int]
    """Of each level, the first of its columns, as a place among the keys."""
    levels: list[int | None]
    """None for a row that is no part of the report: blank, a total, a footer, the header once more."""
    rules: dict[int, str]

    @classmethod
    def of(cls, frame: pl.DataFrame, keys: Sequence[str], *, cut: bool = False) -> Stairs | None:
        """The stairs of a frame; None where some row fits none. A frame that is cut off may end with a group."""
        table = list(zip(*(texts(frame, key) for key in keys), strict=True))
        rest = [name for name in frame.columns if name not in (*keys, ROW)]
        figures = [any(row) for row in zip(*(texts(frame, name) for name in rest), strict=True)] or [False] * len(table)
        rules: dict[int, str] = {}
        spans: list[tuple[int, int] | None] = []
        seen = {fold(cell): row for row, cells in enumerate(table) for cell in cells}
        for row, cells in enumerate(table):
            filled = [place for place, cell in enumerate(cells) if cell]
            spans.append((filled[0], filled[-1]) if filled else None)
            if not filled:
                rules[row] = "totals_row" if figures[row] else "blank_row"
            elif len(filled) == 1 and is_total(cells[filled[0]], seen):
                rules[row] = "totals_row"
            elif list(cells) == [" ".join(key.split()) for key in keys]:
                rules[row] = "repeated_header"
        used = [span for row, span in enumerate(spans) if span and row not in rules]
        starts = sorted({start for start, _ in used})
        if len(starts) < 2 or starts[0]:
            return None
        rank = {start: level for level, start in enumerate(starts)}
        deepest = len(starts) - 1
        levels: list[int | None] = [
            None if row in rules or not span else rank[span[0]] for row, span in enumerate(spans)
        ]
        told = [row for row, level in enumerate(levels) if level is not None]
        while told and levels[told[-1]] == 0 and not figures[told[-1]] and any(levels[row] == deepest for row in told):
            # A closing line of the report, or (in a sample) a group whose rows are cut off.
            rules[told[-1]] = "footer_row"
            levels[told.pop()] = None
        before = -1
        for row in told:
            level = levels[row] or 0
            last = spans[row][1]  # type: ignore[index]
            if level > before + 1 or (level < deepest and last >= starts[level + 1]) or (level <= before < deepest):
                return None
            before = level
        if before != deepest and not cut:
            return None
        return cls(starts, levels, rules)


def is_total(label: str, seen: Mapping[str, int]) -> bool:
    """Whether a label heads a total: by its words, or as `ООО Ромашка Итог` below `ООО Ромашка`."""
    plain = fold(label)
    named, _, last = plain.rpartition(" ")
    return (
        is_grand(label)
        or plain.startswith(("итого по ", "итого за ", "grand totals"))
        or (last in ("итог", "итого", "total") and named in seen)
    )


def is_grand(label: str) -> bool:
    """Whether a label is a word for the total of all."""
    return fold(label) in _total_words()


@cache
def _total_words() -> frozenset[str]:
    return frozenset(fold(word) for word in words("totals_row"))


def texts(frame: pl.DataFrame, name: str) -> list[str]:
    """The cells of a column, trimmed; an empty one is an empty text."""
    return frame[name].fill_null("").str.replace_all("\u00a0", " ").str.strip_chars().to_list()
