"""HTML tables, which some systems save with the suffix .xls."""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl

from acrm.errors import InputError
from acrm.ingest import encoding as encodings
from acrm.ingest.grid import table_of
from acrm.ingest.header import header_at
from acrm.ingest.raw import RawTable, ReadOptions, SourceFile

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")

Cells = list[list[str]]


def table(source: SourceFile, path: Path, options: ReadOptions) -> RawTable:
    """The first table of the page that has at least two columns and a header, else the largest one.

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
    grids = [grid for grid in tables_in(text) if grid and len(grid[0]) > 1]
    if not grids:
        raise InputError("no_html_table", path=source.name)
    best = next((grid for grid in grids if header_at(grid) is not None), max(grids, key=len))
    cells = pl.DataFrame(best, schema=[str(place) for place in range(len(best[0]))], orient="row")
    return table_of(source, cells, options, encoding=encoding)


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


def tables_in(text: str) -> list[Cells]:
    r"""The tables of a page in the order they begin, each as rows of equal length.

    Entities are resolved, `<br>` is a line end, other markup is dropped and white space folded. A cell that spans
    columns or rows stands in the first of its places; the others are empty.

    >>> tables_in("<table><tr><th colspan=2>A&amp;B<tr><td>1<br>2<td> <b>3</b>  4 </table>")
    [[['A&B', ''], ['1\n2', '3 4']]]
    """
    parser = _Tables()
    parser.feed(text)
    parser.close()
    return [table.rows() for table in parser.tables]


class _Table:
    """One table while it is read."""

    def __init__(self) -> None:
        self._rows: Cells = []
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
