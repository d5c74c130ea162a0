"""Columns that firms add to a known system's export feed the fields that are still empty."""

from __future__ import annotations

from datetime import date

from tests.ingest.conftest import Load, rows

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
