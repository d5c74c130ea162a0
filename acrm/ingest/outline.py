"""Reports that stack their groupings in one column: which row is a group of the rows below it, proven by sums."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

Values = tuple[int | None, ...]
"""What adds up in a row (amount, quantity), in ten-thousandths; None where the cell is empty."""

Lacks = list[Values]
"""Of each open group, outermost first, what its rows have not made yet."""

DEEPEST = 5
CENT = 50
"""Sums that differ by less than this, half a cent, are the same."""
_DOCUMENT = re.compile(
    r"^(?P<type>\D.*?)\s+(?:№|N|#)?\s*(?P<number>[\w/-]*\d[\w/.-]*)\s+(?:от|dated|of|from|vom)\s+"
    r"(?P<date>\d{1,2}[./]\d{1,2}[./]\d{2,4}(?:,?\s+\d{1,2}:\d\d(?::\d\d)?)?"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)"
    r"(?:\s*г\.?)?$",
    re.IGNORECASE,
)
_UNDATED = re.compile(
    r"^(?P<type>(?:реализация|чек|заказ|сч[её]т|накладная|акт|возврат|отч[её]т о розничных|корректировка|invoice|order)"
    r"\b.*?)\s*(?:№|N|#)\s*(?P<number>[\w/-]*\d[\w/.-]*)$",
    re.IGNORECASE,
)
_DAY = re.compile(r"\d{1,2}[./]\d{1,2}[./]\d{4}(?: 0?0:00(?::00)?)?|\d{4}-\d\d-\d\d(?: 00:00:00)?")
_PERIOD = re.compile(
    r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)[а-я]*\.?\s+\d{4}(?:\s*г\.?)?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{4}"
    r"|(?:[1-4]|i{1,3}|iv)[- ]?(?:й|ый|ой)?\s*(?:квартал|кв\.?|quarter)\s+\d{4}(?:\s*г\.?)?"
    r"|q[1-4]\s+\d{4}|\d{4}\s*(?:г\.?|год)",
    re.IGNORECASE,
)


def kind(label: str) -> str:
    """What a label names: a document, a day, a period, or anything else.

    >>> kind("Реализация (акт, накладная) ПР-00001 от 03.02.2026 0:00:00"), kind("Чек ККМ № 12"), kind("ООО Ромашка")
    ('document', 'document', 'other')
    >>> kind("03.02.2026"), kind("Февраль 2026 г."), kind("Кофе 2026 г")
    ('day', 'period', 'other')
    """
    if _DAY.fullmatch(label):
        return "day"
    if _PERIOD.fullmatch(label):
        return "period"
    return "document" if document(label) else "other"


def document(label: str) -> tuple[str, str | None] | None:
    """Number and date of the document a label names; the date is None where the label has none.

    >>> document("Реализация товаров и услуг 0000-000012 от 03.02.2026 12:30:15")
    ('0000-000012', '03.02.2026 12:30:15')
    >>> document("Чек ККМ №17"), document("Кофе 250 г")
    (('17', None), None)
    """
    if not any(map(str.isdigit, label)):
        return None
    if found := _DOCUMENT.match(label):
        return found["number"], found["date"]
    undated = _UNDATED.match(label)
    return (undated["number"], None) if undated else None


def by_sums(kinds: Sequence[str], values: Sequence[Values], depth: int) -> list[int] | None:
    """The level of each row when every row above level `depth - 1` is the sum of the rows that follow it, else None.

    The first rows go down to the details one level at a time, so they tell what kind of label each level has. A group
    ends where its details have made its sum; where that leaves a choice (amounts of nothing, goods given back), the
    row opens the highest group that lets all the others come out to the cent. Two readings that differ in a row with
    an amount prove nothing.

    Examples:
        A client's 90 are the 60 and the 30 below; the next client's 50 are the one line below.

        >>> by_sums(["other"] * 5, [(9000,), (6000,), (3000,), (5000,), (5000,)], 2)
        [0, 1, 1, 0, 1]
        >>> by_sums(["other"] * 3, [(9000,), (6000,), (1000,)], 2) is None
        True
    """
    if len(values) < depth or any(all(value is None for value in row) for row in values):
        return None
    return _Search(kinds, values, depth).levels()


class _Search:
    """A search through the readings of a report, one row at a time, back to the last choice when sums fail."""

    def __init__(self, kinds: Sequence[str], values: Sequence[Values], depth: int) -> None:
        self.kinds, self.values, self.depth = kinds, values, depth
        self.steps = 10 * len(values) + 10_000
        # What all rows from here on can take from a sum, and add to it, at most.
        self.rest = [tuple((0, 0) for _ in values[0])]
        for row in reversed(values):
            parts = zip(self.rest[-1], row, strict=True)
            self.rest.append(tuple((low + min(part or 0, 0), high + max(part or 0, 0)) for (low, high), part in parts))
        self.rest.reverse()

    def levels(self) -> list[int] | None:
        """The one reading in which all sums come out, None when there is none or another one."""
        found: list[int] | None = None
        levels = [0] * len(self.values)
        choices: list[tuple[int, int, Lacks]] = [(0, 0, [])]
        seen: set[tuple[int, int, tuple[Values, ...]]] = set()
        good: set[tuple[int, int, tuple[Values, ...]]] = set()
        trail: list[tuple[int, int, tuple[Values, ...]]] = []
        while choices and self.steps > 0:
            row, level, lacks = choices.pop()
            while trail and trail[-1][0] >= row:
                trail.pop()
            while True:
                self.steps -= 1
                state = (row, level, tuple(lacks[:level]))
                levels[row] = level
                if state in seen:
                    if found and state in good and self._differ(levels, found, row, level):
                        return None
                    break
                seen.add(state)
                trail.append(state)
                lacks = _with(lacks, self.values[row], level, self.depth)
                row += 1
                if not self._possible(lacks, row):
                    break
                if row == len(self.values):
                    if found and self._differ(levels, found, row, 0):
                        return None
                    found = found or list(levels)
                    good.update(trail)
                    break
                able = _next(level, lacks, self.depth)
                able = [choice for choice in able if self.kinds[choice] == self.kinds[row]]
                if not able:
                    break
                choices += [(row, choice, lacks) for choice in reversed(able[1:])]
                level = able[0]
        return found

    def _possible(self, lacks: Lacks, row: int) -> bool:
        """Whether the rows from `row` on can still make what the groups lack."""
        if row == len(self.values) and len(lacks) < self.depth - 1:
            return False
        return all(
            part is None or low - CENT < part < high + CENT
            for lack in lacks
            for part, (low, high) in zip(lack, self.rest[row], strict=True)
        )

    def _differ(self, levels: list[int], found: list[int], end: int, level: int) -> bool:
        """Whether some row with an amount stands under other groups in the one reading than in the other.

        Rows up to `end` are told apart, and those below by the groups above `level` that are open there.
        """
        self.steps -= end
        one, other = _under(levels[:end]), _under(found[:end])
        return any(one[row] != other[row] and any(self.values[row]) for row in range(end)) or (
            one[end][:level] != other[end][:level]
        )


def _under(levels: Sequence[int]) -> list[tuple[int, ...]]:
    """The groups that each row stands under, by their rows; and at last those that are open at the end."""
    path: tuple[int, ...] = ()
    paths = []
    for row, level in enumerate(levels):
        path = path[:level]
        paths.append(path)
        path = (*path, row)
    return [*paths, path]


def _with(lacks: Lacks, value: Values, level: int, depth: int) -> Lacks:
    """What the open groups lack after a row: a group opens with all of its sum to come, a detail makes part of it."""
    if level < depth - 1:
        return [*lacks[:level], value]
    return [
        tuple(None if lack is None else lack - (part or 0) for lack, part in zip(group, value, strict=True))
        for group in lacks
    ]


def _made(lack: Sequence[int | None]) -> bool:
    return all(part is None or abs(part) < CENT for part in lack)


def _next(level: int, lacks: Lacks, depth: int) -> list[int]:
    """The levels the next row may have, highest first: one further down below a group, else any whose sum is made."""
    if level < depth - 1:
        return [level + 1]
    highest = depth - 1
    while highest and _made(lacks[highest - 1]):
        highest -= 1
    return list(range(highest, depth))


def by_levels(levels: Sequence[int], values: Sequence[Values]) -> list[int] | None:
    """The levels that the sheet itself tells, from 0 and all as deep as each other; None when sums speak against them.

    >>> by_levels([1, 2, 2, 1, 2], [(None,), (60,), (30,), (5,), (5,)])
    [0, 1, 1, 0, 1]
    >>> by_levels([1, 2, 2], [(9000,), (6000,), (1000,)]) is None
    True
    """
    ranks = {level: rank for rank, level in enumerate(sorted(set(levels)))}
    ranked = [ranks[level] for level in levels]
    deepest = len(ranks) - 1
    if not deepest or ranked[0] or ranked[-1] != deepest:
        return None
    below = pairwise(ranked)
    if any(after > before + 1 or (before < deepest and after <= before) for before, after in below):
        return None
    return ranked if adds_up(ranked, values) else None


def by_blanks(kinds: Sequence[str], values: Sequence[Values]) -> list[int] | None:
    """The levels when groups have no sums at all: the first rows without any go down to the details.

    >>> by_blanks(["other", "document", "other", "document", "other"], [(None,), (None,), (6,), (None,), (3,)])
    [0, 1, 2, 1, 2]
    """
    blank = [all(value is None for value in row) for row in values]
    if not values or blank[-1] or not blank[0]:
        return None
    deepest = blank.index(False)
    levels = [deepest] * len(values)
    for row in range(len(values) - 1, -1, -1):
        if blank[row]:
            levels[row] = levels[row + 1] - 1
            if levels[row] < 0 or kinds[row] != kinds[levels[row]]:
                return None
    details = {kind for kind, level in zip(kinds, levels, strict=True) if level == deepest}
    return levels if len(details) == 1 else None


def adds_up(levels: Sequence[int], values: Sequence[Values]) -> bool:
    """Whether every group that has a sum is the sum of its details, to the cent."""
    deepest = max(levels)
    lacks: Lacks = []
    for level, value in zip(levels, values, strict=True):
        if not all(map(_made, lacks[level:])):
            return False
        lacks = _with(lacks[: max(level, 0)] if level < deepest else lacks, value, level, deepest + 1)
    return all(map(_made, lacks))
