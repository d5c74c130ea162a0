"""HTML tables, which some systems save with the suffix .xls."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import polars as pl

from acrm.errors import InputError
from acrm.ingest import encoding as encodings
from acrm.ingest.grid import Merged, table_of
from acrm.ingest.groups import unfolded
from acrm.ingest.header import header_at
from acrm.ingest.raw import RawTable, ReadOptions, SourceFile
from acrm.messages import Message

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")

Cells = list[list[str]]


class Grid(NamedTuple):
    """A table of a page: rows of equal length, and the cells that take several places."""

    cells: Cells
    merged: list[Merged]


def tables(source: SourceFile, path: Path, options: ReadOptions) -> list[RawTable]:
    """Every table of the page that has at least two columns, a header and a row below it, else the largest one.

    Tables of one column lay the page out and are no data; other tables without a header are left out, and a note says
    how many rows they have.

    Raises:
        InputError: No table of two columns, or bytes that are not in a forced encoding.
    """
    raw = path.read_bytes()
    encoding = options.encoding or encoding_of(raw)
    try:
        text = raw.decode(encoding, "strict" if options.encoding else "keep_number")
    except LookupError:
        raise InputError("unknown_encoding", encoding=encoding) from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError("undecodable", path=source.name, encoding=encoding, offset=error.start, line=line) from None
    grids = {place: grid for place, grid in enumerate(tables_in(text), 1) if _is_table(grid.cells)}
    if not grids:
        raise InputError("no_html_table", path=source.name)
    titled = [place for place, grid in grids.items() if _has_records(grid.cells)]
    if options.names or options.header_row or not titled:
        titled = titled[:1] or [max(grids, key=lambda place: len(grids[place].cells))]
    found = [
        unfolded(
            table_of(
                source,
                pl.DataFrame(cells, schema=[str(column) for column in range(len(cells[0]))], orient="row"),
                options,
                sheet=str(place) if len(titled) > 1 else None,
                encoding=encoding,
                merged=merged,
            )
        )
        for place, (cells, merged) in grids.items()
        if place in titled
    ]
    rest = {place: len(grid.cells) for place, grid in grids.items() if place not in titled and len(grid.cells) > 1}
    if rest:
        values = {"file": source.name, "rows": sum(rest.values()), "tables": ", ".join(map(str, rest))}
        found[0] = replace(found[0], notes=(Message("reading.tables_left_out", values), *found[0].notes))
    return found


def _is_table(cells: Cells) -> bool:
    """Whether two columns or more have texts: cells that only hold other tables have none."""
    return sum(any(column) for column in zip(*cells, strict=True)) > 1


def _has_records(cells: Cells) -> bool:
    place = header_at(cells)
    return place is not None and any(any(row) for row in cells[place + 1 :])


def encoding_of(raw: bytes) -> str:
    r"""The encoding of a page: by its mark, by what it declares, else as of any text.

    >>> encoding_of(b'<meta charset="windows-1251"><table>'), encoding_of("<table><td>Größe".encode("cp1252"))
    ('cp1251', 'cp1252')
    """
    if found := encodings.of_head(raw[:65536]):
        return found
    if declared := _CHARSET.search(raw[:4096]):
        name = declared[1].decode()
        try:
            raw.decode(name)
        except (LookupError, UnicodeDecodeError):
            pass
        else:
            return codecs.lookup(name).name
    try:
        raw.decode()
    except UnicodeDecodeError:
        return encodings.of_words(encodings.words([raw], each=1 << 15))
    return "utf-8"


def tables_in(text: str) -> list[Grid]:
    r"""The tables of a page in the order they begin, each as rows of equal length.

    Entities are resolved, `<br>` is a line end, other markup is dropped and white space folded. A cell that spans
    columns or rows stands in the first of its places; the others are empty.

    >>> tables_in("<table><tr><th colspan=2>A&amp;B<tr><td>1<br>2<td> <b>3</b>  4 </table>")
    [Grid(cells=[['A&B', ''], ['1\n2', '3 4']], merged=[Merged(top=0, left=0, bottom=0, right=1)])]
    """
    parser = _Tables()
    parser.feed(text)
    parser.close()
    return [Grid(table.rows(), table.merged) for table in parser.tables]


class _Table:
    """One table while it is read."""

    def __init__(self) -> None:
        self._rows: Cells = []
        self.merged: list[Merged] = []
        self._spanned: list[int] = []
        """For each column, how many rows below still belong to a cell above."""
        self._text: list[str] | None = None

    def begin_row(self) -> None:
        self.end_cell()
        self._rows.append([])

    def begin_cell(self, columns: int, rows: int) -> None:
        if not self._rows:
            self._rows.append([])
        self.end_cell()
        row = self._rows[-1]
        while len(row) < len(self._spanned) and self._spanned[len(row)] >= len(self._rows):
            row.append("")
        self._text = []
        self._span = columns, rows

    def add(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end_cell(self) -> None:
        if self._text is None:
            return
        columns, rows = self._span
        row = self._rows[-1]
        start = len(row)
        text = "".join(self._text).split("\0")
        row += ["\n".join(_BLANKS.sub(" ", line).strip(" ") for line in text), *[""] * (columns - 1)]
        if columns * rows > 1:
            top = len(self._rows) - 1
            self.merged.append(Merged(top=top, left=start, bottom=top + rows - 1, right=start + columns - 1))
        self._spanned += [0] * (len(row) - len(self._spanned))
        self._spanned[start : len(row)] = [len(self._rows) + rows - 1] * columns
        self._text = None

    def rows(self) -> Cells:
        self.end_cell()
        width = max(map(len, self._rows), default=0)
        return [row + [""] * (width - len(row)) for row in self._rows]


class _Tables(HTMLParser):
    """Collects the cells of all tables; a table inside a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._ignored = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(_Table())
            self._open.append(self.tables[-1])
        elif tag in ("style", "script"):
            self._ignored += 1
        elif not self._open:
            return
        elif tag == "tr":
            self._open[-1].begin_row()
        elif tag in ("td", "th"):
            given = dict(attrs)
            self._open[-1].begin_cell(_count(given.get("colspan")), _count(given.get("rowspan")))
        elif tag == "br":
            self._open[-1].add("\0")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._ignored = max(self._ignored - 1, 0)
        elif self._open and tag in ("td", "th", "tr", "table"):
            self._open[-1].end_cell()
            if tag == "table":
                self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and not self._ignored:
            self._open[-1].add(data)


def _count(attribute: str | None) -> int:
    """A span as HTML writes it; nonsense and huge numbers mean 1."""
    return int(attribute) if attribute and attribute.isdecimal() and 0 < int(attribute) <= 1000 else 1
