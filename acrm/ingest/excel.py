"""Workbooks (xlsx): every sheet that is not empty, each cell as the text of its value."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acrm.errors import InputError
from acrm.ingest.grid import table_of
from acrm.ingest.header import header_at
from acrm.ingest.raw import RawTable, ReadOptions, SourceFile

if TYPE_CHECKING:
    import fastexcel

# A sheet that is a chart is no fault worth a line on the screen.
logging.getLogger("calamine").setLevel(logging.ERROR)

_TIME_OF_DAY = r"^1899-12-31 "
"""Excel keeps a time, or a span below a day, as a fraction of its day zero."""
_DRAWN_OUT = r"^-?\d{7,}\.\d{5,}$"
"""A large number written with more digits than it has: 8434284.199999999 is 8434284.2."""


def tables(source: SourceFile, path: Path, options: ReadOptions) -> list[RawTable]:
    """The tables of a workbook in the order of its sheets.

    Dates become `2026-01-31 00:00:00`, times `09:30:00`, whole numbers have no decimals, an empty cell and one that
    shows an error are null. A sheet without a header is read with made-up names if another sheet has one.

    Raises:
        InputError: No workbook, nothing in it, or no header in its only sheet.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheets = [(name, _cells(book, name)) for name in book.sheet_names]
    except fastexcel.FastExcelError:
        raise InputError("broken_workbook", path=source.name) from None
    filled = [(name, cells) for name, cells in sheets if cells.width and not cells.select(_empty()).item()]
    if not filled:
        raise InputError("empty_file", path=source.name)
    needs_header = all(header_at(cells.head(1000).rows()) is None for _, cells in filled)
    return [table_of(source, cells, options, sheet=name, needs_header=needs_header) for name, cells in filled]


def _cells(book: fastexcel.ExcelReader, sheet: str) -> pl.DataFrame:
    # Without skip_rows the blank rows on top are left out, and with them the row numbers.
    cells = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
    text = pl.all().cast(pl.String).str.replace(_TIME_OF_DAY, "")
    shortest = text.cast(pl.Float64, strict=False).cast(pl.String)
    return cells.with_columns(pl.when(text.str.contains(_DRAWN_OUT)).then(shortest).otherwise(text))


def _empty() -> pl.Expr:
    return pl.all_horizontal(pl.all().fill_null("") == "").all()
