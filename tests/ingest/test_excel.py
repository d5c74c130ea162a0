"""Sheets come out as texts under their header, with every row of the sheet counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from acrm.errors import InputError
from acrm.ingest.raw import ROW, RawTable, ReadOptions
from acrm.ingest.read import read
from acrm.ingest.sources import find


def tables(folder: Path, sheets: dict[str, list[list[object]]], names: tuple[str, ...] | None = None) -> list[RawTable]:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return read(find([str(folder / "book.xlsx")], folder)[0], ReadOptions(names=names), folder)


def test_cells_are_the_texts_of_their_values(tmp_path: Path) -> None:
    cells: list[list[object]] = [
        ["id", "sum", "when", "span"],
        ["5805028000000645014", 350000.0, dt.datetime(2026, 1, 31, 9, 30), dt.time(9, 5)],
        ["007", 12.5, dt.date(2026, 1, 31), dt.timedelta(minutes=26, seconds=43)],
        [89271002030, " ", None, None],
    ]
    (found,) = tables(tmp_path, {"Deals": cells})
    assert (found.name, found.header, found.layout.header_row) == ("book.xlsx[Deals]", ("id", "sum", "when", "span"), 1)
    frame = found.frame.collect()
    assert frame.schema == dict.fromkeys(found.header, pl.String) | {ROW: pl.Int64}
    assert frame.rows() == [
        ("5805028000000645014", "350000", "2026-01-31 09:30:00", "09:05:00", 2),
        ("007", "12.5", "2026-01-31 00:00:00", "00:26:43", 3),
        ("89271002030", "", None, None, 4),
    ]


def test_large_amounts_keep_their_digits(tmp_path: Path) -> None:
    amounts = [8434284.2, -9292003.96, 918921058.49, 123456789012.345, 0.1, 19.990000000000002, 8388607.01, 1e15]
    cells: list[list[object]] = [
        ["id", "sum"],
        *([place, amount] for place, amount in zip("abcdefgh", amounts, strict=True)),
    ]
    (found,) = tables(tmp_path, {"x": cells})
    assert found.frame.collect()["sum"].to_list() == [
        "8434284.2",
        "-9292003.96",
        "918921058.49",
        "123456789012.345",
        "0.1",
        "19.99",
        "8388607.01",
        "1000000000000000",
    ]


def test_a_title_blank_rows_and_nameless_columns(tmp_path: Path) -> None:
    cells: list[list[object]] = [[], ["Report"], [], [None, "id", "sum", None, None], [None, "A", 1, None, "note"]]
    cells += [[None, "B", 2], [], [None, "C", 3], [None, " "]]
    (found,) = tables(tmp_path, {"x": cells})
    assert (found.layout.header_row, found.layout.preamble) == (4, ("Report",))
    assert found.header == ("id", "sum", "column_5")
    assert found.frame.collect().rows() == [
        ("A", "1", "note", 5),
        ("B", "2", None, 6),
        (None, None, None, 7),
        ("C", "3", None, 8),
        ("", None, None, 9),
    ]


def test_every_sheet_that_is_not_empty_is_a_table(tmp_path: Path) -> None:
    table: list[list[object]] = [["id", "sum"], [1, 2], [3, 4]]
    found = tables(tmp_path, {"one": table, "empty": [], "blank": [[""], [None]], "two": table, "scratch": [[1, 2]]})
    assert [item.sheet for item in found] == ["one", "two", "scratch"]
    assert found[2].header == ("column_1", "column_2")
    assert found[2].frame.collect().rows() == [("1", "2", 1)]
    with pytest.raises(InputError, match="looks like data"):
        tables(tmp_path, {"scratch": [[1, 2]]})
    with pytest.raises(InputError, match="empty"):
        tables(tmp_path, {"empty": []})


def test_names_stand_in_for_a_header(tmp_path: Path) -> None:
    (found,) = tables(tmp_path, {"x": [[1, 2], [3, 4]]}, names=("id", "sum"))
    assert found.frame.collect().rows() == [("1", "2", 1), ("3", "4", 2)]
    assert found.layout.header_row is None


def read_book(folder: Path, book: openpyxl.Workbook) -> list[RawTable]:
    book.save(folder / "book.xlsx")
    return read(find([str(folder / "book.xlsx")], folder)[0], ReadOptions(), folder)


def test_merged_cells_count_for_all_of_their_rows_and_amounts_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    # An empty first column: the reader of cells leaves it out, merged ranges do not.
    for row in (
        ["Клиент", "Заказ", "Товар", "Цена", "Сумма заказа"],
        ["Анна", "0012", "Кофе", 5, 15],
        [None, None, "Чай", None, None],
        ["Борис", "0013", "Кофе", 5, 5],
    ):
        sheet.append([None, *row])
    sheet.insert_rows(1)
    for column in "BCEF":
        sheet.merge_cells(f"{column}3:{column}4")
    (found,) = read_book(tmp_path, book)
    assert found.frame.collect().rows() == [
        ("Анна", "0012", "Кофе", "5", "15", 3),
        ("Анна", "0012", "Чай", "5", "0", 4),
        ("Борис", "0013", "Кофе", "5", "5", 5),
    ]


def test_hidden_sheets_are_left_out_and_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, state in (("lists", "hidden"), ("cache", "veryHidden"), ("Orders", "visible")):
        sheet = book.create_sheet(name)
        sheet.append(["id", "sum"])
        sheet.append([1, 2])
        sheet.sheet_state = state
    (found,) = read_book(tmp_path, book)
    assert found.sheet == "Orders"
    assert [str(note) for note in found.notes] == ["book.xlsx: hidden sheets left out: lists, cache"]
    book["Orders"].delete_rows(1, 2)
    only_hidden = read_book(tmp_path, book)
    assert [table.sheet for table in only_hidden] == ["lists", "cache"]
    assert not only_hidden[0].notes


def test_the_currency_of_a_number_format(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    rows: list[list[object]] = [["id", "rub", "euro", "mixed", "plain"], [1, 2.5, 3, 4, 5], [2, 3.5, 4, 5, 6]]
    for cells in [*rows, [3, None, 4, 5, 6]]:
        sheet.append(cells)
    formats = {"B": ['#,##0.00 "₽"'] * 3, "C": ["[$€-2] #,##0.00"] * 3, "D": ["$0", "€0", "0"]}
    for column, forms in formats.items():
        for row, form in enumerate(forms, 2):
            sheet[f"{column}{row}"].number_format = form
    (found,) = read_book(tmp_path, book)
    assert found.money_marks == {"rub": "₽", "euro": "€"}


def test_a_damaged_workbook_is_an_error(tmp_path: Path) -> None:
    tables(tmp_path, {"x": [["id"], [1]]})
    content = (tmp_path / "book.xlsx").read_bytes()
    (tmp_path / "book.xlsx").write_bytes(content.replace(b"xl/worksheets", b"xl/workshoots"))
    with pytest.raises(InputError, match="damaged"):
        read(find([str(tmp_path / "book.xlsx")], tmp_path)[0], ReadOptions(), tmp_path)


def test_the_workbooks_of_a_real_school(data: Path, tmp_path: Path) -> None:
    found = [
        table
        for file in find([str(data / "exports/zoho_school_crm")], tmp_path)
        for table in read(file, ReadOptions(), tmp_path)
    ]
    frames = [table.frame.collect() for table in found]
    assert [frame.shape for frame in frames] == [(18_548, 6), (22_129, 24), (20_781, 9)]
    deals = frames[1]
    assert deals["Id"].drop_nulls().str.len_chars().unique().to_list() == [19]
    assert deals["Id"].null_count() == 536
    assert deals[ROW].to_list() == list(range(2, 22_131))
    assert "€ 2.900,00" in deals["Offer Total Amount"].to_list()
    assert deals["SLA"][3] == "01:00:04"
