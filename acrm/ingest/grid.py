"""Cells of a worksheet or of an HTML table -> a table of texts under its header row."""

from __future__ import annotations

import polars as pl

from acrm.ingest.header import Row, column_names, header_at, joined
from acrm.ingest.raw import ROW, Layout, RawTable, ReadOptions, SourceFile


def table_of(
    source: SourceFile,
    cells: pl.DataFrame,
    options: ReadOptions,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    needs_header: bool = True,
) -> RawTable:
    """The table in a grid of texts whose first row is row 1.

    Rows above the header are the preamble, all rows below it stay, blank ones too. A column without a name that no row
    fills is left out. Without a header the columns are called `column_1` and so on, unless `needs_header`.

    Raises:
        InputError: No header and no names, or names that do not fit.
    """
    rows = cells.head(1000).rows()
    told = options.header_row - 1 if options.header_row and options.header_row <= len(rows) else None
    place = None if options.names else header_at(rows) if told is None else told
    top = place or 0
    header: Row | None = None if needs_header else ("",) * cells.width
    if place is not None:
        header = rows[place]
    names, renamed = column_names(source.name, header, rows[top], cells.width, options.names)
    body = cells[top + (place is not None) :]
    labelled = options.names or header or ()
    kept = [
        name
        for name, label, column in zip(names, labelled, body.iter_columns(), strict=True)
        if (label or "").strip() or (column.fill_null("") != "").any()
    ]
    body.columns = list(names)
    first = cells.height - body.height + 1
    numbers = pl.int_range(first, first + body.height, dtype=pl.Int64, eager=True).alias(ROW)
    return RawTable(
        source=source,
        sheet=sheet,
        header=tuple(kept),
        frame=body.select(*kept, numbers).lazy(),
        layout=Layout(
            encoding=encoding,
            header_row=None if place is None else place + 1,
            preamble=tuple(filter(None, map(joined, rows[:top]))),
            renamed=renamed,
        ),
    )
