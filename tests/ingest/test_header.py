"""Header rows are found below what stands above them, and never made of data."""

from __future__ import annotations

import pytest

from acrm.errors import InputError
from acrm.ingest.header import Row, column_names, header_at, is_sum, unique_names, whole_header
from acrm.ingest.raw import ROW

DATA = [["01.02.2026", "Anna", "5"], ["02.02.2026", "Bob", "6"]]
HEADER = ["Date", "Client", "Sum"]


@pytest.mark.parametrize(
    "above",
    [
        [],
        [["Sales report", None, None], [None, None, None]],
        [["Report", "", ""], ["Period:", "01.01.2026 - 31.03.2026", ""], ["", "", ""]],
        [["# exported, on", "2026-03-31", "by me"], ["# all", "rows", "x"]],
        [["", "January", ""]],
        [[f"Filter {place}", "", ""] for place in range(12)],
    ],
)
def test_what_stands_above_the_header_is_passed_over(above: list[list[str | None]]) -> None:
    assert header_at([*above, HEADER, *DATA]) == len(above)


@pytest.mark.parametrize(
    "rows",
    [
        DATA,
        [["1", "Anna", "a@b.ru"], ["2", "Bob", "c@d.ru"]],
        [["Anna", "Moscow", "5"], ["Bob", "Moscow", "6"]],
        [["Anna", "Moscow", "gold"], ["Bob", "Moscow", "gold"]],
        [],
    ],
)
def test_data_is_no_header(rows: list[list[str]]) -> None:
    assert header_at(rows) is None


@pytest.mark.parametrize(
    "rows",
    [
        [["", "first", "last"], ["alpha", "1", "2"]],
        [["Client", "2024", "2025", "2026"], ["A", "1", "2", "3"]],
        [["Id", "Owner", "", ""], ["1", "A", "", "note"], ["2", "B", "", ""], ["3", "C", "", ""]],
        [["id", "", "sum", "", ""], ["1", "x", "2", "", "y"], ["2", "x", "3", "5", "y"]],
        [["Client", "pcs", "sum", "pcs", "sum"], ["A", "1", "2", "3", "4"]],
        [["No", "Q1", "Q2"], ["1", "2", "3"]],
        [HEADER, HEADER, *DATA],
        [HEADER],
        [HEADER, ["1", "", ""], ["Total", "", ""], ["Copyright", "", ""]],
    ],
)
def test_odd_headers_are_headers(rows: list[list[str]]) -> None:
    assert header_at(rows) == 0


def test_names_are_cleaned_and_told_apart() -> None:
    names, renamed = unique_names(["Бюджет ", "a\nb", None, "a b", ROW], reserved=(ROW,))
    assert names == ("Бюджет", "a b", "column_3", "a b__2", f"{ROW}__2")
    assert renamed == ("a b__2", f"{ROW}__2")


def test_without_a_header_the_error_shows_the_row_and_what_to_type() -> None:
    with pytest.raises(InputError) as raised:
        column_names("x.csv", None, ["00004", "19970101", "2"], 3, None)
    assert "00004, 19970101, 2" in str(raised.value)
    assert str(raised.value.hint).endswith("--names a,b,c")
    with pytest.raises(InputError, match="3 columns, but 2 names"):
        column_names("x.csv", None, [], 3, ("a", "b"))


@pytest.mark.parametrize(
    ("rows", "place", "found"),
    [
        (
            [["Клиент", "Сумма", None], [None, "план", "факт"], ["А", "1", "2"]],
            0,
            (0, 1, ["Клиент", "Сумма план", "Сумма факт"]),
        ),
        (
            [["Клиент", "Январь", None, "Март", None], ["Имя", "шт", "руб", "шт", "руб"], ["А", "1", "2", "3", "4"]],
            1,
            (0, 1, ["Имя", "Январь шт", "Январь руб", "Март шт", "Март руб"]),
        ),
        (
            [["Контрагент", None, None], ["Документ", None, None], ["Номенклатура", "Количество", "Сумма"]],
            2,
            (0, 2, ["Контрагент / Документ / Номенклатура", "Количество", "Сумма"]),
        ),
        (
            [["Report", None], ["Контрагент", "Сумма"], ["Документ движения (регистратор)", None], ["ООО", "1"]],
            1,
            (1, 2, ["Контрагент / Документ движения (регистратор)", "Сумма"]),
        ),
    ],
)
def test_a_header_of_several_rows_is_made_one(rows: list[Row], place: int, found: tuple[int, int, Row]) -> None:
    assert whole_header(rows, place) == found


@pytest.mark.parametrize(
    "rows",
    [
        [HEADER, *DATA],
        [HEADER, ["", "Anna", "Bob"], *DATA],
        [["Client", "Sum", ""], ["", "5", "7"], ["Ann", "5", "7"]],
        [["Контрагент", "Сумма"], ["ООО Ромашка", None], ["Чай", "5"]],
        [["Контрагент", "Сумма"], [None, None], ["Чай", "5"]],
    ],
)
def test_other_headers_are_one_row(rows: list[Row]) -> None:
    assert whole_header(rows, 0) == (0, 0, list(rows[0]))


@pytest.mark.parametrize("name", ["Сумма, руб.", "Кол-во", "Стоимость", "НДС", "Продажи", "Amount", "Net Sales", "Qty"])
def test_names_of_what_adds_up(name: str) -> None:
    assert is_sum(name)


@pytest.mark.parametrize(
    "name", ["Цена", "Средняя стоимость", "Tax ID", "Дата продажи", "Sales rep", "Номер", "Скидка, %"]
)
def test_names_of_what_does_not(name: str) -> None:
    assert not is_sum(name)
