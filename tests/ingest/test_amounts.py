"""Discounts in money, percent and shares; amounts before or after them; amounts with tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from acrm.ingest import account
from acrm.ingest.dataset import Dataset
from tests.ingest.conftest import Load, rows

HEAD = "order_id,date,client id,product,quantity,price,"


def orders(columns: str, *lines: str) -> str:
    """Orders of one line each: `quantity,price,...` under `columns`."""
    return HEAD + columns + "\n" + "".join(f"{i},2025-01-1{i},c{i},p{i},{line}\n" for i, line in enumerate(lines))


def money(dataset: Dataset) -> list[tuple[Any, Any]]:
    """Discount and amount of each line, in the order of the order ids."""
    lines = rows(dataset, "transactions", "order_id", "discount", "line_amount")
    return [(discount, amount) for _, discount, amount in lines]


def decided(dataset: Dataset) -> set[str]:
    return set(account.decisions(dataset)["decision"]) - {"yyyy-mm-dd"}


@pytest.mark.parametrize(
    ("columns", "lines", "expected", "said"),
    [
        # Percent cells are a share of the line, plain ones money.
        ("discount,amount", ["2,100,50,150", "1,300,10%,270"], [(50, 150), (30, 270)], {"mixed"}),
        ("discount,amount", ["2,100,10,180", "1,300,15,255"], [(20, 180), (45, 255)], {"percent"}),
        ("discount,amount", ["2,100,0.1,180", "1,300,0.15,255"], [(20, 180), (45, 255)], {"share"}),
        ("discount,amount", ["2,100,10,180", "3,300,20,840"], [(20, 180), (60, 840)], {"unit"}),
        ("discount,amount", ["2,100,10,190", "3,300,20,880"], [(10, 190), (20, 880)], set()),
        # The amount is still without the discount, and the header or the values say what that is.
        ('"Discount, %",amount', ["2,100,10,200", "1,300,15,300"], [(20, 180), (45, 255)], {"percent", "before"}),
        ("Скидка (%),amount", ["2,100,0.1,200", "1,300,0.2,300"], [(20, 180), (60, 240)], {"share", "before"}),
        ("discount,amount", ["2,100,0.1,200", "1,300,0.15,300"], [(20, 180), (45, 255)], {"share", "before"}),
        ("discount,amount", ["2,100,150,200", "1,300,120,300"], [(150, 50), (120, 180)], {"before"}),
        ("discount amount,amount", ["2,100,10,200", "1,300,20,300"], [(10, 190), (20, 280)], {"before"}),
        # Without an amount, the order's total proves the reading; percent cells need no proof.
        ("discount,order total", ["2,100,10,180", "1,300,15,255"], [(20, 180), (45, 255)], {"percent"}),
        ("discount", ["2,100,10%", "1,300,20"], [(20, 180), (20, 280)], {"mixed"}),
        ('"Скидка, %"', ["2,100,10", "1,300,20"], [(20, 180), (60, 240)], {"percent"}),
    ],
)
def test_the_reading_that_explains_the_amounts(
    load: Load, columns: str, lines: list[str], expected: list[tuple[int, int]], said: set[str]
) -> None:
    dataset = load(orders(columns, *lines))
    words = {"mixed": "discount: money, or percent where a % stands", "percent": "discount: percent"}
    words |= {"share": "discount: a share (0.1 is 10%)", "unit": "discount: of each piece"}
    words |= {"before": "amount: before the discount, which is taken off"}
    assert money(dataset) == expected
    assert decided(dataset) == {words[word] for word in said}
    assert dataset.notes == []


def test_what_nothing_proves_stays_as_given_and_is_said(load: Load) -> None:
    text = orders("discount,amount", "2,100,10,200", "1,300,15,300")
    dataset = load(text)
    assert money(dataset) == [(10, 200), (15, 300)]
    assert [note.id for note in dataset.notes] == ["ingest.discount_kept"]
    assert money(load(text, fields=(("discount_percent", "discount"),))) == [(20, 180), (45, 255)]
    assert money(load(text, fields=(("line_gross", "amount"),))) == [(10, 190), (15, 285)]
    kept = load(text, fields=(("line_amount", "amount"),))
    assert (money(kept), kept.notes) == ([(10, 200), (15, 300)], [])


def test_an_amount_that_fits_no_reading_is_taken_as_paid(load: Load) -> None:
    dataset = load(orders("discount,amount", "2,100,10,777", "1,300,15,888"))
    assert money(dataset) == [(10, 777), (15, 888)]
    assert [note.id for note in dataset.notes] == ["ingest.discount_after"]


def test_a_discount_of_nothing_decides_nothing(load: Load) -> None:
    dataset = load(orders("discount,amount", "2,100,0,200", "1,300,,300"))
    assert (money(dataset), decided(dataset), dataset.notes) == ([(0, 200), (None, 300)], set(), [])


def test_a_returned_line_gets_its_discount_back(load: Load) -> None:
    dataset = load(orders("discount", "2,100,10%", "-1,100,10%"))
    assert money(dataset) == [(20, 180), (10, -90)]


@pytest.mark.parametrize(
    ("columns", "line", "amount", "said"),
    [
        ("Сумма без НДС,НДС,Сумма с НДС", "100,20,120", 120, "amount: with tax"),
        ("Сумма,НДС,Всего", "100,20,120", 120, "amount: with tax"),
        ("Сумма без НДС,Сумма НДС", "100,20", 120, "amount: without tax, and the tax"),
        ("Netto,MwSt,Brutto", "100,19,119", 119, "amount: with tax"),
    ],
)
def test_the_amount_is_the_one_with_tax(load: Load, columns: str, line: str, amount: int, said: str) -> None:
    dataset = load(f"order_id,date,client id,product,{columns}\n1,2025-01-13,a,tea,{line}\n2,2025-01-14,b,tea,{line}\n")
    assert rows(dataset, "transactions", "line_amount") == [(amount,), (amount,)]
    assert decided(dataset) == {said}


def test_a_tax_that_does_not_add_up_changes_nothing(load: Load) -> None:
    dataset = load("order_id,date,client id,product,Сумма,НДС,Всего\n1,2025-01-13,a,tea,120,20,500\n")
    assert rows(dataset, "transactions", "line_amount") == [(120,)]


def test_a_second_discount_column_is_kept_and_not_read(load: Load) -> None:
    dataset = load(orders('"Discount, %",discount amount,amount', "2,100,10,20,180", "1,300,10,30,270"))
    assert money(dataset) == [(20, 180), (30, 270)]
    assert "x_discount" in dataset.tables["transactions"].collect_schema().names()


def test_totals_with_tax_and_shipping_prove_that_the_discount_is_still_in_the_amount(load: Load) -> None:
    head = "Order Number,Order Date,Customer Email,Subtotal,Tax,Shipping,Discount,Order Total\n"
    dataset = load(head + "1,2025-01-13,a@ex.com,100,8,5,10,103\n2,2025-01-13,b@ex.com,200,16,5,20,201\n")
    assert rows(dataset, "transactions", "line_amount", "discount") == [(90, 10), (180, 20)]
    assert not dataset.notes
    dataset = load(head + "1,2025-01-13,a@ex.com,90,8,5,10,103\n2,2025-01-13,b@ex.com,180,16,5,20,201\n")
    assert rows(dataset, "transactions", "line_amount", "discount") == [(90, 10), (180, 20)]
    assert not dataset.notes


def test_an_amount_before_discount_beside_the_amount_proves_what_the_discount_is(load: Load) -> None:
    dataset = load(
        "Order ID,Date,Customer ID,Item,Gross Sales,Discounts,Net Sales\n1,2025-01-13,A,Tea,8.50,-1.50,7.00\n"
    )
    assert rows(dataset, "transactions", "line_amount", "discount") == [(7, Decimal("1.5"))]
    assert not dataset.notes
