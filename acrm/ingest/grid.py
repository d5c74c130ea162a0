"""Cells of a worksheet or of an HTML table -> a table of texts under its header row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from acrm.ingest.header import Row, column_names, header_at, is_sum, joined, whole_header
from acrm.ingest.raw import ROW, Layout, RawTable, ReadOptions, SourceFile


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A cell that takes several places; rows and columns count from 0, the last ones belong to it."""

    top: int
    left: int
    bottom: int
    right: int


def table_of(
    source: SourceFile,
    cells: pl.DataFrame,
    options: ReadOptions,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    needs_header: bool = True,
    merged: Sequence[Merged] = (),
    marks: Mapping[int, str] | None = None,
) -> RawTable:
    """The table in a grid of texts whose first row is row 1.

    Rows above the header are the preamble, all rows below it stay, blank ones too. A column without a name that no row
    fills is left out. Without a header the columns are called `column_1` and so on, unless `needs_header`. What is
    merged over rows below the header counts for all of them; of an amount or a quantity the first row has all, and the
    others 0.

    Args:
        source: The file.
        cells: The grid.
        options: What the user fixed.
        sheet: Name of the sheet or number of the table, if the file has several.
        encoding: Of the file.
        needs_header: Whether a grid without a header is an error.
        merged: Cells that take several places.
        marks: Column -> mark of currency of its number format.

    Raises:
        InputError: No header and no names, or names that do not fit.
    """
    rows = cells.head(1000).rows()
    told = options.header_row - 1 if options.header_row and options.header_row <= len(rows) else None
    place = None if options.names else header_at(rows) if told is None else told
    top = place or 0
    header: Row | None = None if needs_header else ("",) * cells.width
    below = top
    if place is not None:
        top, last, header = whole_header(rows, place) if told is None else (place, place, rows[place])
        below = last + 1
    names, renamed = column_names(source.name, header, rows[top], cells.width, options.names)
    body = _spread(cells, merged, below, [is_sum(name) for name in names])[below:]
    labelled = options.names or header or ()
    kept = [
        name
        for name, label, column in zip(names, labelled, body.iter_columns(), strict=True)
        if (label or "").strip() or (column.fill_null("") != "").any()
    ]
    body.columns = list(names)
    numbers = pl.int_range(below + 1, cells.height + 1, dtype=pl.Int64, eager=True).alias(ROW)
    return RawTable(
        source=source,
        sheet=sheet,
        header=tuple(kept),
        frame=body.select(*kept, numbers).lazy(),
        layout=Layout(
            encoding=encoding,
            header_row=None if place is None else top + 1,
            preamble=tuple(filter(None, map(joined, rows[:top]))),
            renamed=renamed,
        ),
        money_marks={names[column]: mark for column, mark in (marks or {}).items() if names[column] in kept},
    )


def _spread(cells: pl.DataFrame, merged: Sequence[Merged], below: int, sums: Sequence[bool]) -> pl.DataFrame:
    """Give all rows of a merged cell its value; rows above `below` are the header's and stay."""
    columns: dict[int, list[str | None]] = {}
    for cell in merged:
        if cell.top < below or cell.bottom == cell.top or cell.left >= cells.width:
            continue
        values = columns.setdefault(cell.left, cells.to_series(cell.left).to_list())
        value = values[cell.top] if cell.top < len(values) else None
        end = min(cell.bottom + 1, len(values))
        if value and value.strip():
            values[cell.top + 1 : end] = ["0" if sums[cell.left] else value] * (end - cell.top - 1)
    return cells.with_columns(pl.Series(cells.columns[place], values) for place, values in columns.items())
