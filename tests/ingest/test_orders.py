"""Order numbers that start again are several orders; deliveries in parts and returns are one."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from acrm.ingest.dataset import load as ingest
from acrm.ingest.options import IngestOptions
from tests.ingest.conftest import Load, rows

HEAD = "order_id,date,client id,product,amount\n"


def test_numbers_that_start_again_each_year(load: Load) -> None:
    dataset = load(HEAD + "1,2024-01-10,a,tea,5\n1,2024-01-12,a,cup,6\n1,2025-01-13,a,tea,7\n2,2024-01-13,b,tea,8\n")
    assert rows(dataset, "transactions", "order_id", "line_amount", "x_order_id_in_source") == [
        ("1/2024-01-10", 5, "1"),
        ("1/2024-01-10", 6, "1"),
        ("1/2025-01-13", 7, "1"),
        ("2", 8, None),
    ]
    (note,) = map(str, dataset.notes)
    assert note.startswith("table.csv: 1 order number used again for another customer, till or time;")


def test_parts_delivered_within_a_month_and_returns_later_are_one_order(load: Load) -> None:
    lines = "1,2025-01-01,a,tea,5\n1,2025-01-30,a,cup,6\n1,2025-02-28,a,mug,6\n1,2025-08-01,a,cup,-6\n"
    assert rows(load(HEAD + lines), "transactions", "order_id") == [("1",)] * 4


def test_a_return_goes_with_the_order_it_follows(load: Load) -> None:
    lines = "1,2024-01-01,a,tea,5\n1,2025-01-01,a,tea,5\n1,2025-06-01,a,tea,-5\n"
    assert rows(load(HEAD + lines), "transactions", "order_id", "line_amount") == [
        ("1/2024-01-01", 5),
        ("1/2025-01-01", -5),
        ("1/2025-01-01", 5),
    ]


def test_one_number_two_customers_on_one_day(load: Load) -> None:
    lines = "7,2025-01-01,a,tea,5\n7,2025-01-01,b,cup,5\n8,2025-01-01,a,mug,5\n8,2025-01-01,,mug,5\n"
    assert rows(load(HEAD + lines), "transactions", "order_id") == [
        ("7/2025-01-01/a",),
        ("7/2025-01-01/b",),
        ("8",),
        ("8",),
    ]


def test_a_customer_known_by_two_ids_is_one(load: Load) -> None:
    lines = "order_id,date,email,client id,product,amount\n7,2025-01-01,a@x.com,1,tea,5\n7,2025-01-01,a@x.com,,cup,6\n"
    assert rows(load(lines), "transactions", "order_id") == [("7",), ("7",)]


@pytest.mark.parametrize(("column", "apart"), [("Касса", True), ("Магазин", True), ("Смена", True), ("Склад", False)])
def test_tills_and_shops_number_by_themselves_warehouses_do_not(load: Load, column: str, apart: bool) -> None:
    text = f"Номер документа,Дата,Код клиента,Товар,Сумма,{column}\n5,2025-01-01,a,чай,5,А\n5,2025-01-01,a,чай,6,Б\n"
    expected = [("5/2025-01-01/А",), ("5/2025-01-01/Б",)] if apart else [("5",), ("5",)]
    assert rows(load(text), "transactions", "order_id") == expected


def test_a_receipt_is_of_one_day(load: Load) -> None:
    text = "Номер чека,Дата,Товар,Сумма\n5,2025-01-01,чай,5\n5,2025-01-02,чай,6\n6,2025-01-02,чай,6\n"
    assert rows(load(text), "transactions", "order_id") == [("5/2025-01-01",), ("5/2025-01-02",), ("6",)]


def test_refunds_and_totals_are_of_the_order_not_of_the_number(load: Load) -> None:
    text = "order_id,date,client id,product,order total,refunded amount\n"
    text += "1,2024-01-10,a,tea,9,0\n1,2024-01-10,a,cup,9,0\n1,2025-01-10,b,tea,4,4\n1,2025-01-10,b,cup,4,4\n"
    assert rows(load(text), "transactions", "order_id", "line_amount") == [
        ("1/2024-01-10", 0),
        ("1/2024-01-10", 9),
        ("1/2025-01-10", -4),
        ("1/2025-01-10", 0),
        ("1/2025-01-10", 4),
    ]


def test_files_of_two_years(load: Load) -> None:
    old, new = "1,2024-01-10,a,tea,5\n", "1,2025-01-13,a,tea,7\n2,2025-01-14,b,tea,7\n"
    dataset = load({"a.csv": HEAD + old, "b.csv": HEAD + new})
    assert rows(dataset, "transactions", "order_id", "line_amount") == [
        ("1/2024-01-10", 5),
        ("1/2025-01-13", 7),
        ("2", 7),
    ]
    whole = load(HEAD + old + new)
    assert rows(whole, "transactions", "order_id", "line_amount") == rows(
        dataset, "transactions", "order_id", "line_amount"
    )


def test_the_same_orders_again_count_once(load: Load) -> None:
    # The first file does not know that its number 1 will be used again; the second tells both orders.
    old, new = "1,2024-01-10,a,tea,5\n", "1,2025-01-13,a,tea,7\n"
    dataset = load({"a.csv": HEAD + old, "b.csv": HEAD + old + new})
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1/2024-01-10", 5), ("1/2025-01-13", 7)]


def test_row_order_and_columns_read_do_not_matter(tmp_path: Path) -> None:
    lines = ["1,2024-01-10,a,tea,5\n", "1,2025-01-13,a,tea,7\n", "1,2025-01-13,b,mug,7\n", "1,2025-01-14,,mug,3\n"]
    found = set()
    for count, some in enumerate(permutations(lines)):
        source, scratch = tmp_path / f"{count}.csv", tmp_path / str(count)
        source.write_text(HEAD + "".join(some))
        scratch.mkdir()
        wanted = None if count % 2 else {"transactions": frozenset({"order_id", "customer_id", "line_amount"})}
        dataset = ingest([str(source)], IngestOptions(), scratch, wanted)
        found.add(tuple(rows(dataset, "transactions", "order_id", "customer_id", "line_amount")))
    assert len(found) == 1
    assert [row[0] for row in found.pop()] == ["1/2024-01-10", "1/2025-01-13/a", "1/2025-01-13/b", "1/2025-01-14"]


def test_known_systems_number_without_gaps(load: Load) -> None:
    text = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price\n"
    text += "#1,a@x.com,paid,2024-01-13 10:00:00 +0000,1,Cup,5\n#1,a@x.com,,2025-01-13 10:00:00 +0000,1,Mug,5\n"
    assert rows(load(text), "transactions", "order_id") == [("#1",), ("#1",)]
