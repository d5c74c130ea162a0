"""Workbooks (xlsx): every sheet that is not empty, each cell as the text of its value."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acrm.errors import InputError
from acrm.ingest import workbook
from acrm.ingest.grid import table_of
from acrm.ingest.groups import unfolded
from acrm.ingest.header import header_at
from acrm.ingest.raw import RawTable, ReadOptions, SourceFile
from acrm.messages import Message

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
    shows an error are null. Hidden sheets are no data while another sheet is; hidden rows and columns are. A sheet
    without a header is read with made-up names if another sheet has one.

    Raises:
        InputError: No workbook, nothing in it, or no header in its only sheet.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheets = [(name, *_cells(book, name)) for name in book.sheet_names]
    except fastexcel.FastExcelError:
        raise InputError("broken_workbook", path=source.name) from None
    filled = [
        (name, cells, shown) for name, cells, shown in sheets if cells.width and not cells.select(_empty()).item()
    ]
    if not filled:
        raise InputError("empty_file", path=source.name)
    shown = [(name, cells) for name, cells, seen in filled if seen] or [(name, cells) for name, cells, _ in filled]
    hidden = [name for name, _, seen in filled if not seen] if len(shown) < len(filled) else []
    needs_header = all(header_at(cells.head(1000).rows()) is None for _, cells in shown)
    inside = workbook.sheets(path)
    found = []
    for name, cells in shown:
        sheet = inside.get(name) or workbook.Sheet(path)
        table = table_of(
            source,
            cells,
            options,
            sheet=name,
            needs_header=needs_header,
            merged=sheet.merged(),
            marks=sheet.marks(),
        )
        found.append(unfolded(table, sheet.levels))
    if hidden:
        note = Message("reading.hidden_sheets", {"file": source.name, "sheets": ", ".join(hidden)})
        found[0] = replace(found[0], notes=(note, *found[0].notes))
    return found


def _cells(book: fastexcel.ExcelReader, sheet: str) -> tuple[pl.DataFrame, bool]:
    """The cells of a sheet as texts, and whether it is shown."""
    # Without skip_rows the blank rows on top are left out, and with them the row numbers.
    loaded = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
    cells = loaded.to_polars()
    text = pl.all().cast(pl.String).str.replace(_TIME_OF_DAY, "")
    shortest = text.cast(pl.Float64, strict=False).cast(pl.String)
    texts = cells.with_columns(pl.when(text.str.contains(_DRAWN_OUT)).then(shortest).otherwise(text))
    return texts, loaded.visible == "visible"


def _empty() -> pl.Expr:
    return pl.all_horizontal(pl.all().fill_null("") == "").all()
