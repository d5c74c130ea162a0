"""Totals of orders beside or instead of amounts of lines."""

from __future__ import annotations

import pytest

from tests.ingest.conftest import Load, rows

HEAD = "order_id,date,product,amount\n"
EQUAL = "".join(f"{i},2025-01-13,tea,5\n{i},2025-01-13,cup,5\n" for i in range(3, 9))


def test_products_of_equal_price_keep_it(load: Load) -> None:
    dataset = load(HEAD + "1,2025-01-12,tea,5\n2,2025-01-12,cup,5\n" + EQUAL)
    assert set(rows(dataset, "transactions", "line_amount")) == {(5,)}
    assert [note.id for note in dataset.notes] == ["ingest.equal_lines"]


def test_a_product_that_costs_something_else_alone_shows_totals(load: Load) -> None:
    dataset = load(HEAD + "1,2025-01-12,tea,2\n2,2025-01-12,cup,3\n" + EQUAL)
    assert sum(amount for (amount,) in rows(dataset, "transactions", "line_amount")) == 2 + 3 + 6 * 5
    assert [note.id for note in dataset.notes] == ["ingest.repeated_totals"]


@pytest.mark.parametrize(("field", "total"), [("order_total", 6 * 5), ("line_amount", 12 * 5)])
def test_map_overrules_what_the_data_say(load: Load, field: str, total: int) -> None:
    dataset = load(HEAD + EQUAL, fields=((field, "amount"),))
    assert sum(amount for (amount,) in rows(dataset, "transactions", "line_amount")) == total
    assert dataset.notes == []


def test_lines_that_add_up_to_the_orders_total_are_lines(load: Load) -> None:
    text = "order_id,date,product,amount,order total\n"
    text += "".join(f"{i},2025-01-13,tea{i},{i},{2 * i}\n{i},2025-01-13,cup{i},{i},{2 * i}\n" for i in range(3, 9))
    dataset = load(text)
    assert sum(amount for (amount,) in rows(dataset, "transactions", "line_amount")) == 2 * sum(range(3, 9))
    assert dataset.notes == []


def test_an_order_of_different_amounts_keeps_them(load: Load) -> None:
    totals = "".join(f"{i},2025-01-13,tea,{i}0\n{i},2025-01-13,cup,{i}0\n" for i in range(3, 30))
    dataset = load(HEAD + totals + "99,2025-01-13,tea,1\n99,2025-01-13,cup,2\n")
    assert rows(dataset, "transactions", "order_id", "line_amount")[-2:] == [("99", 1), ("99", 2)]
    assert sum(amount for (amount,) in rows(dataset, "transactions", "line_amount")) == 10 * sum(range(3, 30)) + 3


def test_totals_that_differ_are_kept_and_counted(load: Load) -> None:
    text = "order_id,date,product,quantity,price,order total\n1,2025-01-13,tea,2,5,25\n1,2025-01-13,cup,3,5,25\n"
    dataset = load(text + "2,2025-01-13,tea,1,5,8\n")
    assert rows(dataset, "transactions", "line_amount", "x_order_total") == [(5, "8"), (10, "25"), (15, "25")]
    (note,) = map(str, dataset.notes)
    assert note.startswith("table.csv: 1 of 2 orders do not add up to 'order total'; together it is 3.00 more")


def test_lines_that_are_without_the_orders_discount_already(load: Load) -> None:
    head = "order_id,date,product,amount,order discount,order total\n"
    text = head + "1,2025-01-13,tea,45,10,90\n1,2025-01-13,cup,45,10,90\n"
    assert rows(load(text), "transactions", "line_amount") == [(45,), (45,)]
