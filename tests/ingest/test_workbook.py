"""What stands in a workbook's XML beside the values."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from acrm.ingest import workbook
from acrm.ingest.grid import Merged


def saved(folder: Path, change: str) -> workbook.Sheet:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "A & B"
    sheet["B2"], sheet["B3"], sheet["B4"] = "group", "row", "row"
    if change == "outline":
        sheet.row_dimensions[3].outlineLevel = sheet.row_dimensions[4].outlineLevel = 1
    if change == "indent":
        sheet["B3"].alignment = Alignment(indent=2)
    if change == "merged":
        sheet.merge_cells("B3:C4")
    book.save(folder / "x.xlsx")
    return workbook.sheets(folder / "x.xlsx")["A & B"]


def test_levels_are_those_of_the_outline_else_of_indents(tmp_path: Path) -> None:
    assert saved(tmp_path, "outline").levels() == {2: 0, 3: 1, 4: 1}
    assert saved(tmp_path, "indent").levels() == {2: 0, 3: 2, 4: 0}
    assert saved(tmp_path, "").levels() == {}


def test_merged_ranges_count_from_the_first_column_with_a_value(tmp_path: Path) -> None:
    assert saved(tmp_path, "merged").merged() == [Merged(top=2, left=0, bottom=3, right=1)]


def test_an_archive_laid_out_otherwise_tells_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("content.xml", "<a/>")
    assert workbook.sheets(tmp_path / "x.xlsx") == {}
    nothing = workbook.Sheet(tmp_path / "x.xlsx")
    assert (nothing.merged(), nothing.levels(), nothing.marks(), nothing.left) == ([], {}, {}, 0)
