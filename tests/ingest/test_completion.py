"""Columns that firms add to a known system's export feed the fields that are still empty."""

from __future__ import annotations

from datetime import date

import pytest

from tests.ingest.conftest import Load, rejected, rows

BITRIX = (
    "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Контакт: ID;{}\n1;Сделка успешна;Окно;5;13.01.2025;7;{}\n"
)


def test_traits_of_the_customer(load: Load) -> None:
    dataset = load(BITRIX.format("Дата рождения;Город;Телефон", "01.02.1980;Самара;+79271112233"))
    assert rows(dataset, "customers", "customer_id", "birth_date", "city", "phone_e164") == [
        ("7", date(1980, 2, 1), "Самара", "+79271112233")
    ]
    # What the row says stays beside what the customer has of it.
    assert rows(dataset, "deals", "x_город") == [("Самара",)]


def test_values_must_fit_and_money_is_never_taken(load: Load) -> None:
    dataset = load(BITRIX.format("Дата рождения;Бюджет;Стоимость", "весной;9;9"))
    assert rows(dataset, "deals", "amount", "x_дата_рождения", "x_бюджет") == [(5, "весной", "9")]


OPPORTUNITIES = (
    "ID,Opportunity Name,Sales Stage,Opportunity Amount,Currency,Date Created\n"
    "1,A,Closed Won,5,{},2025-01-13\n2,B,Closed Won,5,{},2025-01-13\n"
)


@pytest.mark.parametrize(
    ("written", "currencies"),
    [
        (("US Dollars", "Rubles"), {"USD", "RUB"}),
        (("-99", "3"), {"-99", "3"}),
        (("-99", "-99"), {None}),
        (("", ""), {None}),
    ],
)
def test_a_currency_that_a_signature_does_not_name(
    written: tuple[str, str], currencies: set[str | None], load: Load
) -> None:
    assert {code for (code,) in rows(load(OPPORTUNITIES.format(*written)), "deals", "currency")} == currencies


GRID = "Номер;Дата;Клиент;Товар;Количество;Цена;Сумма;{}\n"


def test_refunds_and_cancellations_of_a_russian_grid(load: Load) -> None:
    dataset = load(
        GRID.format("Сумма возврата;Дата отмены")
        + "1;13.01.2025;Анна К.;А;2;100;200;0;\n2;14.01.2025;Борис М.;А;1;100;100;100;\n"
        + "3;15.01.2025;Борис М.;Б;1;70;70;0;16.01.2025\n"
    )
    assert rows(dataset, "transactions", "order_id", "line_amount", "status") == [
        ("1", 200, None),
        ("2", -100, "refunded"),
        ("2", 100, None),
        ("3", 70, "cancelled"),
    ]


def test_a_second_column_of_one_meaning_is_named(load: Load) -> None:
    dataset = load(GRID.format("Сумма возврата;Возвращено") + "1;13.01.2025;Анна К.;А;2;100;200;10;20\n")
    assert [str(note.values["columns"]) for note in dataset.notes if note.id == "ingest.unused"] == ["Возвращено"]


def test_a_type_of_sales_and_returns_is_known_by_its_values(load: Load) -> None:
    head = "Order Number,Order Date,Customer,Type,Product,Quantity,Price,Amount\n"
    dataset = load(head + "1,2025-01-13,Ann,Invoice,Mug,2,10,20\n2,2025-01-14,Bob,Credit Note,Mug,1,10,10\n")
    assert rows(dataset, "transactions", "order_id", "quantity", "line_amount", "is_refund") == [
        ("1", 2, 20, False),
        ("2", -1, -10, True),
    ]
    dataset = load(head + "1,2025-01-13,Ann,New,Mug,2,10,20\n2,2025-01-14,Bob,Repeat,Mug,1,10,10\n")
    assert rows(dataset, "transactions", "line_amount", "status") == [(10, None), (20, None)]


def test_documents_say_what_they_are(load: Load) -> None:
    lines = [
        "Реализация товаров и услуг 01 от 13.01.2025;200",
        "Возврат товаров от покупателя 02 от 14.01.2025;100",
        "Чек ККМ на возврат 03 от 14.01.2025;50",
        "Поступление товаров и услуг 04 от 15.01.2025;500",
        "Возврат товаров поставщику 05 от 15.01.2025;70",
    ]
    dataset = load(
        "Дата;Контрагент;Номенклатура;Количество;Документ;Сумма\n"
        + "".join(f"13.01.2025;К{at};А;1;{line}\n" for at, line in enumerate(lines))
    )
    assert rows(dataset, "transactions", "customer_id", "line_amount", "status", "is_refund") == [
        ("К0", 200, "paid", False),
        ("К1", -100, "refunded", True),
        ("К2", -50, "refunded", True),
    ]
    assert rejected(dataset) == [("not_a_sale", 5), ("not_a_sale", 6)]
    assert rows(dataset, "customers", "customer_id") == [("К0",), ("К1",), ("К2",)]


PAYMENTS = "Дата;Номер;Сумма;Контрагент;Вид операции{}\n"


@pytest.mark.parametrize("more", [("", ""), (";Назначение платежа", ";по счету 1")])
def test_documents_of_payment_are_no_sales(more: tuple[str, str], load: Load) -> None:
    text = PAYMENTS.format(more[0])
    kinds = ("Оплата от покупателя", "Оплата поставщику", "Возврат покупателю")
    text += "".join(f"13.01.2025;{at};{at}00;К{at};{kind}{more[1]}\n" for at, kind in enumerate(kinds, 1))
    dataset = load(text)
    assert "transactions" not in dataset.tables
    assert rows(dataset, "payments", "customer_id", "amount") == [("К1", 100), ("К3", -300)]
    assert rejected(dataset) == [("not_a_payment", 3)]


def test_payments_of_what_was_sold_are_sales(load: Load) -> None:
    dataset = load(
        "Чек;Дата;Касса;Товар;Сумма;Операция\n1;13.01.2025;1;Чай;100;Оплата\n2;14.01.2025;1;Чай;100;Возврат\n"
    )
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 100), ("2", -100)]
