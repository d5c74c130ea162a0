"""How a table stands in a text: delimiter, quotes, header row, where the records begin."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from acrm.ingest.header import Row, first_full, header_at, is_blank, joined, looks_like_data
from acrm.ingest.records import SINGLE_COLUMN, Record, records

DELIMITERS = (",", ";", "\t", "|", " ")
"""What is tried; a blank stands for any run of blanks and is taken only when nothing else fits."""
_SAMPLE = 1000


@dataclass(frozen=True, kw_only=True)
class TextLayout:
    """Where the table stands in a text; lines count from 1."""

    delimiter: str
    quote: str | None
    header: tuple[str, ...] | None
    """Cells of the header as they stand, None when the first row looks like data."""
    header_line: int | None
    first_line: int
    """Line where the first record below the header starts."""
    first_row: tuple[str, ...]
    """Cells of the header or else of the first record."""
    width: int
    preamble: tuple[str, ...]
    orderly: bool
    """No record of the sample has quotes that are not those of CSV."""


def text_layout(
    sample: str, delimiter: str | None = None, names: int | None = None, header_line: int | None = None
) -> TextLayout:
    r"""Find the table in the beginning of a text (whole lines).

    Every delimiter cuts the sample into records; the best one gives most records the same width and has a header above
    them. A comma below a line without one must show numbers or dates under its header, else the file has one column.
    `names` is the number of columns the user named: the file is then taken to have no header. `header_line` says where
    the header is; a line that starts no record of the sample is ignored.

    >>> found = text_layout("Sales\nPeriod: 2026\n\nDate;Sum\n01.02.2026;1,50\n02.02.2026;2,50\n")
    >>> found.delimiter, found.header, found.header_line, found.first_line, found.preamble
    (';', ('Date', 'Sum'), 4, 5, ('Sales', 'Period: 2026'))
    >>> text_layout(" id  day sum\n 1 19970101   2.50\n 2 19970102   3.00\n").delimiter
    ' '
    >>> text_layout("name\nPeter, Paul\nMary, Anne\n").header, text_layout("1,2\n3,4\n").header
    (('name',), None)
    """
    if delimiter:
        return _Cut(sample, delimiter, names, header_line).layout()
    cuts = [cut for mark in DELIMITERS if (cut := _Cut(sample, mark, names, header_line)).fits()]
    return max(cuts, key=_Cut.score, default=_Cut(sample, SINGLE_COLUMN, names, header_line)).layout()


def quote_of(sample: str, delimiter: str) -> str | None:
    r"""The quote character: `"`, or None when most fields that begin with one do not end with one.

    >>> quote_of('a,"b, c"\n', ","), quote_of('tv\t19" wide\n', "\t"), quote_of('"Set" 4\tx\n', "\t")
    ('"', '"', None)
    """
    mark = re.escape(delimiter)
    sample = sample[: 1 << 16]
    whole = rf'(?:^|{mark})"(?:(?:\\"|""|[^"])*|[^\n{mark}]*)"(?=\r?$|{mark})'
    # Delimiters inside a quoted field are no beginnings of fields.
    rest, closed = re.subn(whole, lambda _: delimiter, sample, flags=re.MULTILINE)
    unclosed = len(re.findall(rf'(?:^|{mark})"', rest, re.MULTILINE))
    return '"' if closed >= unclosed else None


class _Cut:
    """A text cut into records with one delimiter."""

    def __init__(self, sample: str, delimiter: str, names: int | None, header_line: int | None) -> None:
        self.delimiter = delimiter
        self.names = names
        self.quote = None if delimiter == " " else quote_of(sample, delimiter)
        lines = io.StringIO(sample, newline="\n")
        self.records = list(islice(records(lines, delimiter, self.quote), _SAMPLE))
        self.rows: list[Row] = [record.fields for record in self.records]
        self.header = None if names else _single_header(self.records) if self.single else header_at(self.rows)
        if header_line:
            told = (place for place, record in enumerate(self.records) if record.line == header_line)
            self.header = next(told, self.header)
        widths = Counter(len(row) for row in self.rows if not is_blank(row))
        self.width = max((width for width in widths if width > 1), key=lambda width: (widths[width], width), default=1)
        self.share = widths[self.width] / max(widths.total(), 1)
        self.columns = self.width
        if self.header is not None:
            wide = len(self.rows[self.header])
            # Records that are too long stay too long, unless they are the rule.
            self.columns = wide if widths[wide] >= widths[self.width] else max(wide, self.width)

    @property
    def single(self) -> bool:
        return self.delimiter == SINGLE_COLUMN

    def fits(self) -> bool:
        """Whether the text can be meant to be cut so."""
        if self.width < 2:
            return False
        body = self.rows if self.header is None else self.rows[self.header + 1 :]
        if self.delimiter == " ":
            return self.share >= 0.95 and not self.header and _valued(body, self.width) * 2 >= self.width
        if self.header is None:
            return self.share >= 0.9
        above = self.rows[self.header - 1] if self.header else ()
        if self.delimiter == "," and len(above) == 1 and not (above[0] or "").startswith("#"):
            return _valued(body, self.width) > 0
        return self.share >= 0.3 or (not above and self.width > 2)

    def score(self) -> tuple[bool, float, int]:
        """What the best delimiter has most of: the width the user named, records of one width, columns."""
        blanks = 0.5 if self.delimiter == " " else 1
        headless = 0.5 if self.header is None and not self.names else 1
        return self.width == self.names, self.share * blanks * headless * (1 - self._mixed() / 2), self.width

    def layout(self) -> TextLayout:
        first = first_full(self.rows) if self.header is None else self.header
        top = self.records[first]
        found = self.header is not None
        return TextLayout(
            delimiter=self.delimiter,
            quote=self.quote,
            header=tuple(top.fields) if found else None,
            header_line=top.line if found else None,
            first_line=top.line + found * (top.raw.count("\n") + 1),
            first_row=tuple(top.fields),
            width=self.columns,
            preamble=tuple(filter(None, map(joined, self.rows[:first]))),
            orderly=not any(record.repaired for record in self.records[:-1]),
        )

    def _mixed(self) -> float:
        """Share of cells that hold a delimiter which seldom stands in a text."""
        others = [mark for mark in ";\t|" if mark != self.delimiter]
        cells = [cell for row in self.rows for cell in row if cell]
        return sum(any(mark in cell for mark in others) for cell in cells) / max(len(cells), 1)


def _single_header(found: Sequence[Record]) -> int | None:
    """The first line with a text that is no comment: nothing else stands above a single column."""
    for place, record in enumerate(found):
        text = record.raw.strip()
        if text and not (text.startswith("#") and place + 1 < len(found)):
            return None if looks_like_data(text) else place
    return None


def _valued(rows: Sequence[Row], width: int) -> int:
    """How many columns hold mostly numbers, dates and the like."""
    columns = ([cell for row in rows if len(row) > place and (cell := row[place])] for place in range(width))
    return sum(sum(map(looks_like_data, column)) * 2 > len(column) for column in columns)
