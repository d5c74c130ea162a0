"""One source as tables of texts: a lazy scan where its records are well formed, cut one by one where they are not."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import polars as pl

from acrm.errors import InputError, UsageError
from acrm.ingest import excel, html, lakehouse, partitions, remote
from acrm.ingest.detect import TextLayout, text_layout
from acrm.ingest.groups import unfolded
from acrm.ingest.header import column_names, unique_names, whole_header
from acrm.ingest.raw import ROW, Layout, RawTable, ReadOptions, SourceFile
from acrm.ingest.records import LONGEST_LINE, SINGLE_COLUMN, Record, records
from acrm.ingest.transcode import as_utf8, holds_opening, scratch_file, unpacked

STRICT_CHECK = 64 << 20
"""Bytes; a smaller text is parsed once while it is read, to know at once whether it is well formed."""
_SAMPLE = 1 << 18
_BATCH_CELLS = 50_000
_HEADER_ROWS = 50
_SPELLED = {"tab": "\t", "\\t": "\t", "space": " "}


def read(source: SourceFile, options: ReadOptions, scratch: Path, *, lenient: bool = False) -> list[RawTable]:
    """All tables of a source: one of a text, one of each sheet of a workbook that is not empty.

    Texts stay on disk: the frame is a scan with all columns as String. A text that is not well formed (quotes, fields
    too many, bytes that are not UTF-8) is cut record by record into a scratch file; `Layout.lenient` says so, and what
    could not be cut stands in `broken`. Below 64 MB that is found out here; above, collecting the frame may raise
    Polars' ComputeError, and the caller reads again with `lenient`.

    Args:
        source: The file, as `sources.find` gives it.
        options: What the user fixed.
        scratch: An existing folder for files that must live as long as the frames.
        lenient: Cut a text record by record from the start.

    Raises:
        InputError: Unreadable bytes, no header and no names, or names that do not fit.
        UsageError: A delimiter of more than one character.
    """
    path = source.path if source.kind == "text" else unpacked(source, scratch)
    if source.kind in ("parquet", "delta", "iceberg"):
        return [_parquet(source, path)]
    if source.kind == "xlsx":
        return excel.tables(source, path, options)
    if source.kind == "html":
        return html.tables(source, path, options)
    return [unfolded(_text(source, options, scratch, lenient))]


def _parquet(source: SourceFile, path: Path) -> RawTable:
    metadata: dict[str, str] = {}
    options = remote.POLARS if source.is_remote else None
    try:
        if source.kind != "parquet":
            scan = lakehouse.scan(source)
        elif source.parts:
            scan = partitions.scan(source.parts, len(source.path.parts), options)
        else:
            metadata = pl.read_parquet_metadata(source.location or path, storage_options=options)
            scan = remote.scan(replace(source, path=path))
        columns = scan.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        if source.is_remote:
            raise remote.unreachable(source.location or source.parts[0], error) from error
        raise InputError("broken_parquet", path=source.damaged()) from None
    header, renamed = unique_names(columns, reserved=(ROW,))
    frame = scan.rename(dict(zip(columns, header, strict=True))).with_row_index(ROW, offset=1)
    cells = [partitions.cells(pl.col(name), kind) for name, kind in frame.select(header).collect_schema().items()]
    return RawTable(
        source=source,
        sheet=None,
        header=header,
        frame=frame.select(*cells, pl.col(ROW).cast(pl.Int64)),
        layout=Layout(renamed=renamed),
        metadata={key: value for key, value in metadata.items() if key != "ARROW:schema"},
    )


def _text(source: SourceFile, options: ReadOptions, scratch: Path, lenient: bool) -> RawTable:
    text = as_utf8(source, options.encoding, scratch)
    sample = _sample(text.path)
    if not sample.strip():
        raise InputError("empty_file", path=source.name)
    found = text_layout(sample, _delimiter(options.delimiter), len(options.names or ()) or None, options.header_row)
    if found.header is not None and not options.header_row:
        found = _whole(sample, found)
    names, renamed = column_names(source.name, found.header, found.first_row, found.width, options.names)
    quoted = text.quotes and found.quote is not None and holds_opening(text.path, found.delimiter, found.quote)
    body = _Body(text.path, found, names, found.quote if quoted else None)
    # A run of blanks is no delimiter that Polars knows, but nothing is wrong with such a file.
    blanks = found.delimiter == " "
    by_records = lenient or text.damaged or blanks or not found.orderly
    frame, broken = (None if by_records else body.scan()), None
    lenient = frame is None and not blanks
    if frame is None:
        frame, broken = body.cut(scratch, text.damaged)
    return RawTable(
        source=source,
        sheet=None,
        header=tuple(frame.collect_schema().names()[:-1]),
        frame=frame,
        broken=broken,
        layout=Layout(
            encoding=text.encoding,
            delimiter=None if found.delimiter == SINGLE_COLUMN else found.delimiter,
            quote=body.quote,
            header_row=found.header_line,
            preamble=found.preamble,
            lenient=lenient,
            renamed=renamed,
        ),
    )


def _whole(sample: str, found: TextLayout) -> TextLayout:
    """The layout with a header of several rows made one."""
    lines = io.StringIO(sample, newline="\n")
    cut = list(islice(records(lines, found.delimiter, found.quote), 2 * _HEADER_ROWS + len(found.preamble)))
    place = next((place for place, record in enumerate(cut) if record.line == found.header_line), None)
    if place is None:
        return found
    first, last, names = whole_header([record.fields for record in cut], place)
    if first == last:
        return found
    return replace(
        found,
        header=tuple(name or "" for name in names),
        header_line=cut[first].line,
        first_line=cut[last].line + cut[last].raw.count("\n") + 1,
        preamble=found.preamble[: len(found.preamble) - (place - first)],
    )


@dataclass(frozen=True)
class _Body:
    """The records of a UTF-8 text whose layout is known."""

    path: Path
    found: TextLayout
    names: tuple[str, ...]
    quote: str | None

    def scan(self) -> pl.LazyFrame | None:
        """The records as Polars parses them, with their lines; None when it finds them not well formed."""
        scan = self._csv(self.names, self.found.delimiter, self.quote)
        lines = self._csv(("line",), SINGLE_COLUMN, None)
        try:
            scan.head(1).collect()
            # Fewer records than lines: some cell holds a line end.
            spans = bool(self.quote) and _height(scan) != _height(lines)
            if not spans and self.path.stat().st_size < STRICT_CHECK:
                scan.select(pl.col(self.names).str.len_bytes().max()).collect(engine="streaming")
            spread, empty = _looked_at(scan, self.names if spans else (), self._nameless())
        except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
            return None
        line = pl.col(ROW).cast(pl.Int64)
        if spread:
            inside = pl.sum_horizontal(pl.col(name).str.count_matches("\n", literal=True) for name in spread)
            line += inside.cum_sum().shift(1, fill_value=0).cast(pl.Int64)
        return scan.select(*(name for name in self.names if name not in empty), line)

    def cut(self, scratch: Path, damaged: bool) -> tuple[pl.LazyFrame, pl.DataFrame]:
        """The records cut one by one into a scratch file, and those that could not be cut."""
        schema = {**dict.fromkeys(self.names, pl.String), ROW: pl.Int64}
        parts: list[Path] = []
        broken = [pl.DataFrame(schema={"line": pl.Int64, "rule": pl.String, "raw": pl.String})]
        above = self.found.first_line - 1
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
            lines = islice(file, above, None)
            stream = records(lines, self.found.delimiter, self.quote, len(self.names))
            while batch := list(islice(stream, 1 + _BATCH_CELLS // len(self.names))):
                if damaged:
                    batch = [_checked(record) for record in batch]
                good = [record for record in batch if not record.rule]
                columns = [*zip(*(record.fields for record in good), strict=True)] or [()] * len(self.names)
                numbers = [record.line + above for record in good]
                parts.append(scratch_file(scratch))
                pl.DataFrame([*columns, numbers], schema=schema).write_parquet(parts[-1], compression="lz4")
                bad = [(record.line + above, record.rule, record.raw) for record in batch if record.rule]
                broken.append(pl.DataFrame(bad, schema=broken[0].schema, orient="row"))
        frame = pl.scan_parquet(parts) if parts else pl.LazyFrame(schema=schema)
        _, empty = _looked_at(frame, (), self._nameless())
        return frame.drop(empty), pl.concat(broken)

    def _csv(self, names: Sequence[str], delimiter: str, quote: str | None) -> pl.LazyFrame:
        return pl.scan_csv(
            self.path,
            has_header=False,
            skip_lines=self.found.first_line - 1,
            schema=dict.fromkeys(names, pl.String),
            infer_schema=False,
            empty_string_is_null=False,
            missing_columns="insert",
            raise_if_empty=False,
            separator=delimiter,
            quote_char=quote,
            row_index_name=ROW,
            row_index_offset=self.found.first_line,
            glob=False,
        )

    def _nameless(self) -> list[str]:
        """Columns without a header: left out when no record fills them, such as the one a `;` at line ends makes."""
        if self.found.header is None:
            return []
        cells = (*self.found.header, *[""] * self.found.width)
        return [name for name, cell in zip(self.names, cells, strict=False) if not cell.strip()]


def _looked_at(frame: pl.LazyFrame, whole: Sequence[str], nameless: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which columns of `whole` hold line ends, and which of `nameless` hold nothing; both in one pass."""
    tests = [pl.col(name).str.contains("\n", literal=True).any().alias(f"spread {name}") for name in whole]
    tests += [(pl.col(name) == "").all().alias(f"empty {name}") for name in nameless]
    if not tests:
        return [], []
    seen = frame.select(tests).collect(engine="streaming").row(0)
    spread = [name for name, holds in zip(whole, seen, strict=False) if holds]
    return spread, [name for name, holds in zip(nameless, seen[len(whole) :], strict=True) if holds]


def _height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def _checked(record: Record) -> Record:
    """The record, or the same as unreadable with its bad bytes written out when it holds bytes that are not UTF-8."""
    try:
        record.raw.encode()
    except UnicodeEncodeError:
        raw = record.raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return record._replace(rule="unreadable", raw=raw)
    return record


def _sample(path: Path) -> str:
    """The first whole lines of a UTF-8 text, about 256 KB of them."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        if len(head) == _SAMPLE:
            head += file.readline(LONGEST_LINE)
    return head.decode("utf-8-sig", errors="replace")


def _delimiter(given: str | None) -> str | None:
    delimiter = _SPELLED.get(given or "", given)
    if delimiter is not None and len(delimiter) != 1:
        raise UsageError("bad_delimiter", delimiter=delimiter)
    return delimiter
