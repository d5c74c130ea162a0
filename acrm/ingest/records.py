"""Records of a delimited text that may not be well formed: nothing is swallowed, what cannot be cut is named."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

SINGLE_COLUMN = "\x1f"
"""Stands for the delimiter of a file that has none."""
LONGEST_LINE = 1 << 24
"""Characters; a longer line is no record of a table."""
_MOST_LINES = 1000
_MOST_CHARACTERS = 1 << 20


class Record(NamedTuple):
    """One record: the number of its first line, its fields, and its text as it stands."""

    line: int
    fields: list[str]
    raw: str
    repaired: bool = False
    """Its quotes are not those of CSV."""
    rule: str | None = None
    """Why it cannot be used; None if it can."""


def records(lines: Iterable[str], delimiter: str, quote: str | None, width: int | None = None) -> Iterator[Record]:
    r"""Cut lines into records, forgiving what exports get wrong.

    A quote that never closes (or not within 1,000 lines or 1 MB), or that closes in front of something else than a
    delimiter, is a letter like any other. With `width` (the number of columns), records come out that wide: short ones
    are padded with empty texts, empty fields too many are cut, delimiters behind a backslash are joined again; what is
    still too long has the rule `too_many_fields`, and what is too short after a quote was taken literally `unreadable`.
    A blank line is a record of empty fields. The delimiter " " stands for any run of blanks.

    >>> text = ['1,"a\n', 'b",x\n', '2,5" pipe,y\n', '3,"open,z\n', '4,C\\, D,w\n', '5,p,q,r\n', '6\n']
    >>> for record in records(text, ",", '"', 3):
    ...     print(record.line, record.fields, record.rule)
    1 ['1', 'a\nb', 'x'] None
    3 ['2', '5" pipe', 'y'] None
    4 ['3', '"open', 'z'] None
    5 ['4', 'C, D', 'w'] None
    6 ['5', 'p', 'q', 'r'] too_many_fields
    7 ['6', '', ''] None
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, quotechar=quote, strict=True) if quote else None
    limit = csv.field_size_limit(LONGEST_LINE)
    try:
        while True:
            start = source.begin()
            literal = False
            try:
                fields = next(reader) if reader else _plain(next(source), delimiter)
            except StopIteration:
                return
            except (csv.Error, _Runaway):
                literal = True
                fields = _repaired(source, delimiter, quote or '"', width)
            if width and len(fields) != width and len(source.taken) > 1:
                alone = tolerant(source.taken[0], delimiter, quote or '"')
                if len(alone) == width:
                    fields = alone
                    source.keep(1)
            rule = None
            if width and len(fields) > width:
                fields = _narrowed(fields, delimiter, width)
                rule = "too_many_fields" if len(fields) > width else None
            elif width and len(fields) < width:
                rule = "unreadable" if literal else None
                fields = fields + [""] * (width - len(fields))
            yield Record(start, fields, source.text(), literal, rule)
    finally:
        csv.field_size_limit(limit)


def tolerant(text: str, delimiter: str, quote: str, *, nested: bool = False) -> list[str]:
    """Fields of one record where a quote only counts at the start of a field and, closing, in front of a delimiter.

    `nested` takes two quotes in front of a delimiter for one that belongs to the text and one that closes. A line end
    belongs into quotes; a text that has one elsewhere gives no fields.

    >>> tolerant('"Set" 4,"a "b" c, d",e', ",", '"')
    ['"Set" 4', 'a "b" c, d', 'e']
    >>> tolerant('"the "Lion"",e', ",", '"', nested=True)
    ['the "Lion"', 'e']
    """
    field = _field(delimiter, quote, nested)
    text = text.rstrip("\r\n")
    fields = []
    place = 0
    while match := field.match(text, place):
        fields.append(match[2] if match[1] is None else match[1].replace(quote * 2, quote))
        place = match.end()
        if not match[3]:
            return fields
    return []


@cache
def _field(delimiter: str, quote: str, nested: bool) -> re.Pattern[str]:
    separator, mark = re.escape(delimiter), re.escape(quote)
    end = rf"(?:{separator}|\Z)"
    pair = rf"{mark}{mark}(?!{end})" if nested else mark * 2
    content = rf"(?:[^{mark}]+|{pair}|(?<!{separator}){mark}(?!{end}))*+"
    return re.compile(rf"(?:{mark}({content}){mark}(?={end})|([^{separator}\n]*))({end})")


class _Runaway(Exception):
    """A quoted field goes on for longer than any real one."""


class _Lines:
    """Lines with their numbers, from which a record takes some and may give some back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: list[str] = []
        self._number = 0
        self._size = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _MOST_LINES or self._size > _MOST_CHARACTERS:
            raise _Runaway
        line = self._returned.pop() if self._returned else next(self._lines)
        self._number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """Start a record; the number of its first line."""
        self.taken.clear()
        self._size = 0
        return self._number + 1

    def keep(self, count: int) -> None:
        """Give back all lines of the record but the first `count`."""
        self._number -= len(self.taken) - count
        self._returned += reversed(self.taken[count:])
        del self.taken[count:]

    def text(self) -> str:
        """The lines of the record as they stand, without the last line end."""
        text = self.taken[0] if len(self.taken) == 1 else "".join(self.taken)
        return text.rstrip("\r\n")


def _plain(line: str, delimiter: str) -> list[str]:
    text = line.rstrip("\r\n")
    if delimiter == " ":
        return text.split()
    return text.split(delimiter) if text else []


def _repaired(source: _Lines, delimiter: str, quote: str, width: int | None) -> list[str]:
    """Fields of a record whose quotes are wrong: of as many of its first lines as give the width, else of one line."""
    source.keep(1)
    for _ in range(20 if width else 0):
        text = "".join(source.taken)
        readings = (
            tolerant(text, delimiter, quote),
            tolerant(text, delimiter, quote, nested=True),
            tolerant(text.replace(f"\\{quote}", quote * 2), delimiter, quote),
        )
        if fitting := [fields for fields in readings if len(fields) == width]:
            return min(fitting, key=lambda fields: sum(field.startswith(quote) for field in fields))
        if next(source, None) is None:
            break
    source.keep(1)
    return tolerant(source.taken[0], delimiter, quote)


def _narrowed(fields: list[str], delimiter: str, width: int) -> list[str]:
    """Fields with surplus empty ones cut off the end, or joined again where a backslash protects the delimiter."""
    if not any(fields[width:]):
        return fields[:width]
    joined = fields[:1]
    for field in fields[1:]:
        if joined[-1].endswith("\\"):
            joined[-1] = joined[-1][:-1] + delimiter + field
        else:
            joined.append(field)
    return joined if len(joined) == width else fields
