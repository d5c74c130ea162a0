"""Reports with group rows become plain tables: names filled down, sums counted once, ordinary tables untouched."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from acrm.ingest.raw import RawTable, ReadOptions
from acrm.ingest.read import read
from acrm.ingest.sources import find
from tests.ingest.conftest import Load, rejected, rows


def one(folder: Path, text: str, name: str = "report.csv") -> RawTable:
    (folder / name).write_text(dedent(text), encoding="utf-8")
    (found,) = read(find([str(folder / name)], folder)[0], ReadOptions(), folder)
    return found


def book(folder: Path, lines: list[list[object]], levels: list[int] | None = None) -> RawTable:
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    for line in lines:
        sheet.append(line)
    for row, level in enumerate(levels or [], 1):
        sheet.row_dimensions[row].outlineLevel = level
    made.save(folder / "report.xlsx")
    (found,) = read(find([str(folder / "report.xlsx")], folder)[0], ReadOptions(), folder)
    return found


def apart(table: RawTable) -> list[tuple[int, str]]:
    return [] if table.broken is None else table.broken.select("line", "rule").rows()


FLAT = """\
    Отчёт о продажах

    Контрагент;Документ;Дата;Товар;Количество;Сумма
    ООО Ромашка;;;;6;1 800,00
    ;Реализация 12;03.02.2026;Кофе;2;1 000,50
    ;Реализация 12;03.02.2026;Чай;3;600,00
    ;Реализация 15;07.02.2026;Сахар;1;199,50
    ИП Петров;;;;2;1 000,00
    ;Реализация 13;04.02.2026;Кофе;2;1 000,00
    Итого;;;;8;2 800,00
    """


def test_a_client_above_its_rows_is_filled_down(load: Load) -> None:
    dataset = load(FLAT)
    assert rows(dataset, "transactions", "order_id", "line_amount") == [
        ("Реализация 12", Decimal(600)),
        ("Реализация 12", Decimal("1000.5")),
        ("Реализация 13", Decimal(1000)),
        ("Реализация 15", Decimal("199.5")),
    ]
    assert rejected(dataset) == [("group_row", 4), ("group_row", 8), ("totals_row", 10)]
    assert dataset.rows_in == 7
    per_client = dataset.tables["transactions"].group_by("customer_id").agg(pl.col("line_amount").sum()).collect()
    assert sorted(per_client["line_amount"]) == [Decimal(1000), Decimal(1800)]


def test_groups_in_stairs_of_three_levels(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        """\
        Контрагент;ИНН;Номер документа;Дата документа;Номенклатура;Ед.;Количество;Сумма
        ООО Ромашка;7701;;;;;;300,00
        ;;ПР-1;03.02.2026;;;;200,00
        ;;;;Кофе;шт;1;150,00
        ;;;;Чай;шт;1;50,00
        ;;ПР-2;04.02.2026;;;;100,00
        ;;;;Кофе;шт;1;100,00
        ИП Петров;;;;;;;150,00
        ;;ПР-3;05.02.2026;;;;150,00
        ;;;;Кофе;шт;1;150,00
        Итого;;;;;;;450,00
        Ответственный: Иванов;;;;;;;
        """,
    )
    frame = found.frame.collect()
    assert frame.select("Контрагент", "ИНН", "Номер документа", "Номенклатура", "Сумма").rows() == [
        ("ООО Ромашка", "7701", "ПР-1", "Кофе", "150,00"),
        ("ООО Ромашка", "7701", "ПР-1", "Чай", "50,00"),
        ("ООО Ромашка", "7701", "ПР-2", "Кофе", "100,00"),
        ("ИП Петров", "", "ПР-3", "Кофе", "150,00"),
    ]
    groups = [(row, "group_row") for row in (2, 3, 6, 8, 9)]
    assert apart(found) == [*groups, (11, "totals_row"), (12, "footer_row")]
    assert found.broken is not None
    assert found.broken["raw"][0] == "ООО Ромашка;7701;;;;;;300,00"


STACKED: list[list[object]] = [
    ["Продажи"],
    ["Параметры:", "Период: 01.02.2026 - 28.02.2026"],
    [],
    ["Контрагент", "Количество", "Сумма"],
    ["Документ движения (регистратор)"],
    ["Номенклатура"],
    ["ООО Ромашка", 6, 1800],
    ["Реализация товаров и услуг 0000-000012 от 03.02.2026 12:30:15", 5, 1600.5],
    ["Кофе в зёрнах", 2, 1000.5],
    ["Чай", 3, 600],
    ["Реализация (акт, накладная) 0000-000015 от 07.02.2026 10:00:00", 1, 199.5],
    ["Сахар", 1, 199.5],
    ["Розничный покупатель", 1, 500],
    ["Чек ККМ №0000-000012 от 08.02.2026 9:05:00", 1, 500],
    ["Кофе в зёрнах", 1, 500],
    ["ИП Петров", 1, 100],
    ["Реализация товаров и услуг 0000-000016 от 09.02.2026 10:00:00", 2, 1100.5],
    ["Кофе в зёрнах", 2, 1100.5],
    ["Возврат товаров от покупателя 0000-000001 от 10.02.2026 10:00:00", -1, -1000.5],
    ["Кофе в зёрнах", -1, -1000.5],
    ["Итого", 8, 2400],
]


def test_client_document_and_product_in_one_column(tmp_path: Path) -> None:
    found = book(tmp_path, STACKED)
    assert found.header == (
        *("Контрагент", "Документ движения (регистратор)", "Номенклатура", "Номер документа", "Дата документа"),
        *("Количество", "Сумма"),
    )
    frame = found.frame.collect()
    assert frame.select("Контрагент", "Номер документа", "Дата документа", "Номенклатура", "Сумма").rows() == [
        # The till's receipt has the number of a delivery note: both are called by their whole titles.
        ("ООО Ромашка", STACKED[7][0], "03.02.2026 12:30:15", "Кофе в зёрнах", "1000.5"),
        ("ООО Ромашка", STACKED[7][0], "03.02.2026 12:30:15", "Чай", "600"),
        ("ООО Ромашка", "0000-000015", "07.02.2026 10:00:00", "Сахар", "199.5"),
        ("Розничный покупатель", STACKED[13][0], "08.02.2026 9:05:00", "Кофе в зёрнах", "500"),
        ("ИП Петров", "0000-000016", "09.02.2026 10:00:00", "Кофе в зёрнах", "1100.5"),
        ("ИП Петров", "0000-000001", "10.02.2026 10:00:00", "Кофе в зёрнах", "-1000.5"),
    ]
    assert frame["Сумма"].cast(pl.Float64).sum() == 2400
    assert [rule for _, rule in apart(found)] == ["group_row"] * 8 + ["totals_row"]


def test_the_report_makes_transactions(load: Load) -> None:
    lines = "\n".join(";".join(map(str, line)) for line in STACKED[3:])
    dataset = load(lines)
    assert rows(dataset, "transactions", "product_name", "line_amount", "ordered_on")[-1][0] == "Чай"
    assert dataset.rows_in == 15
    assert dataset.tables["transactions"].select(pl.col("line_amount").sum()).collect().item() == Decimal(2400)
    assert dataset.tables["transactions"].select(pl.col("customer_id").n_unique()).collect().item() == 3


@pytest.mark.parametrize("day", ["03.02.2026", "Февраль 2026"])
def test_days_and_months_above_clients(tmp_path: Path, day: str) -> None:
    found = one(
        tmp_path,
        f"""\
        Период / Контрагент / Номенклатура;Количество;Сумма
        {day};3;300,00
        ООО Ромашка;2;200,00
        Кофе;1;150,00
        Чай;1;50,00
        ИП Петров;1;100,00
        Кофе;1;100,00
        Итого;3;300,00
        """,
    )
    assert found.frame.select("Период", "Контрагент", "Номенклатура", "Сумма").collect().rows() == [
        (day, "ООО Ромашка", "Кофе", "150,00"),
        (day, "ООО Ромашка", "Чай", "50,00"),
        (day, "ИП Петров", "Кофе", "100,00"),
    ]


def test_documents_that_are_the_details(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        """\
        Контрагент;Сумма
        ООО Ромашка;300,00
        Реализация 1 от 03.02.2026;200,00
        Реализация 2 от 04.02.2026;100,00
        ИП Петров;50,00
        Реализация 3 от 04.02.2026;50,00
        """,
    )
    assert found.header == ("Контрагент", "Документ", "Номер документа", "Дата документа", "Сумма")
    assert found.frame.select("Контрагент", "Номер документа", "Сумма").collect().rows() == [
        ("ООО Ромашка", "1", "200,00"),
        ("ООО Ромашка", "2", "100,00"),
        ("ИП Петров", "3", "50,00"),
    ]


def test_the_outline_of_a_sheet_tells_groups_without_sums(tmp_path: Path) -> None:
    lines: list[list[object]] = [
        ["Контрагент, Номенклатура", "Дата", "Сумма"],
        ["ООО Ромашка"],
        ["Кофе", "03.02.2026", 150],
        ["Чай", "04.02.2026", 60],
        ["ИП Петров"],
        ["Кофе", "05.02.2026", 155],
    ]
    found = book(tmp_path, lines, [0, 0, 1, 1, 0, 1])
    assert found.frame.drop("_source_row").collect().rows() == [
        ("ООО Ромашка", "Кофе", "03.02.2026", "150"),
        ("ООО Ромашка", "Чай", "04.02.2026", "60"),
        ("ИП Петров", "Кофе", "05.02.2026", "155"),
    ]


def test_a_sale_to_nobody_stays_and_a_total_without_a_name_goes(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        """\
        Контрагент / Номенклатура;Сумма
        ООО Ромашка;150,00
        Кофе;100,00
        Чай;50,00
        ;70,00
        Чай;70,00
        """,
    )
    assert found.frame.drop("_source_row").collect().rows()[-1] == ("", "Чай", "70,00")
    text = "Контрагент / Номенклатура;Сумма\nООО Ромашка;150,00\nКофе;100,00\nЧай;50,00\n;150,00\n"
    assert apart(one(tmp_path, text))[-1] == (5, "totals_row")


def test_sums_that_do_not_come_out_are_said_and_nothing_is_touched(tmp_path: Path) -> None:
    text = "Контрагент / Номенклатура;Сумма\nООО Ромашка;300,00\nКофе;150,00\nЧай;50,00\nИП;9,00\nКофе;9,00\n"
    found = one(tmp_path, text)
    assert found.frame.collect().height == 5
    assert [note.id for note in found.notes] == ["reading.groups_unproven"]


def test_a_grand_total_that_differs_is_said(tmp_path: Path) -> None:
    found = one(tmp_path, FLAT.replace("2 800,00", "2 900,00"))
    assert str(found.notes[-1]) == "report.csv: the report's total of Сумма is 2,900.00, its rows make 2,800.00"


@pytest.mark.parametrize(
    "text",
    [
        # Sales to nobody.
        "client;order;date;sum\nAnna;1;2026-02-03;5\n;2;2026-02-03;7\nBob;3;2026-02-04;5\n;4;2026-02-05;7\n",
        # Sums that come out by chance.
        "Клиент;Сумма\nА;100\nБ;100\nВ;50\nГ;50\n",
        "client;sum\nA;100\nB;60\nC;40\n",
        # A plain register of documents, some without a number.
        "Документ;Контрагент;Дата;Сумма\nРеализация 1 от 03.02.2026;А;03.02.2026;5\nВвод остатков;Б;04.02.2026;5\n",
        # Groups whose sums are not those of their rows.
        "Клиент;Заказ;Сумма\nА;;10\n;1;5\n;2;6\nБ;;5\n;3;5\n",
        "order;email;phone;total\n1;a@x.ru;;5\n2;;+79161234567;6\n",
    ],
)
def test_ordinary_tables_are_not_touched(tmp_path: Path, text: str) -> None:
    found = one(tmp_path, text)
    assert found.frame.collect().height == text.count("\n") - 1
    assert not found.notes
    assert not apart(found)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.lists(st.integers(1, 99_999), min_size=1, max_size=3), min_size=1, max_size=3),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_a_report_gives_back_the_details_it_was_made_of(clients: list[list[list[int]]], total: bool) -> None:
    def money(cents: int) -> str:
        return f"{cents // 100:,}".replace(",", " ") + f",{cents % 100:02d}"

    lines, details = ["Контрагент / Документ / Номенклатура;Сумма"], []
    for client, documents in enumerate(clients):
        lines.append(f"Клиент {client};{money(sum(map(sum, documents)))}")
        for number, products in enumerate(documents):
            lines.append(f"Реализация {client}-{number} от 03.02.2026 0:00:00;{money(sum(products))}")
            lines += [f"Товар {place};{money(cents)}" for place, cents in enumerate(products)]
            details += [
                (f"Клиент {client}", f"{client}-{number}", f"Товар {place}", money(cents))
                for place, cents in enumerate(products)
            ]
    if total:
        lines.append(f"Итого;{money(sum(sum(map(sum, documents)) for documents in clients))}")
    with tempfile.TemporaryDirectory() as folder:
        found = one(Path(folder), "\n".join(lines) + "\n")
        frame = found.frame.select("Контрагент", "Номер документа", "Номенклатура", "Сумма").collect()
    assert frame.rows() == details
    assert frame.height + len(apart(found)) == len(lines) - 1


def test_a_header_whose_second_row_names_a_column_more(load: Load) -> None:
    dataset = load("""\
    Отчет о продажах;;;
    ;;;
    Контрагент;;Количество;Сумма
    Документ;;;
    Номенклатура;Ед.;;
    ООО "Ромашка";;3;1200,00
    Реализация товаров и услуг 0001 от 13.01.2025;;3;1200,00
    Болт;шт;1;240,00
    Гайка;шт;2;960,00
    ООО "Лютик";;1;600,00
    Реализация товаров и услуг 0002 от 14.01.2025;;1;600,00
    Болт;шт;1;600,00
    Итого;;4;1800,00
    """)
    assert rows(dataset, "transactions", "order_id", "product_name", "line_amount", "x_ед") == [
        ("0001", "Болт", 240, "шт"),
        ("0001", "Гайка", 960, "шт"),
        ("0002", "Болт", 600, "шт"),
    ]
    assert not dataset.notes


def test_a_list_with_zeros_among_its_amounts_is_no_report(load: Load) -> None:
    amounts = (990, 990, 0, 990, 0, 990, 990, 990, 0, 990, 990, 0)
    dataset = load("Client,Amount\n" + "".join(f"Name{n} Fam{n},{x}\n" for n, x in enumerate(amounts)))
    assert (dataset.rows_in, dataset.rejects.height) == (12, 0)
