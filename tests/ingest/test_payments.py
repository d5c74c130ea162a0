"""Bank statements, receipts of an accounting system and balances of a payment service: all are payments."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from tests.ingest.conftest import load_texts

STATEMENTS = {
    "onec": "Дата;Номер;Контрагент;Сумма;Назначение платежа;Валюта\n"
    "12.02.2026;1;ООО Луч;1 500,00;Оплата по счету № 7;руб.\n",
    "bank": "Дата проводки;Счет Дебет;Счет Кредит;Сумма по дебету;Сумма по кредиту;№ документа;Назначение платежа\n"
    "12.02.2026;1;2;;1500,00;12;Оплата по счету № 7\n12.02.2026;2;3;15,00;;13;Комиссия\n",
    "bank operations": "Дата операции;Тип операции;Сумма платежа;Наименование плательщика;Назначение платежа\n"
    "12.02.2026;Credit;1500,00;ООО Луч;Оплата по счету № 7\n",
    "stripe": "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description\n"
    "txn_1,charge,ch_1,1500.00,3,1497.00,rub,2026-02-12 10:00:00,2026-02-14 00:00:00,Оплата по счету № 7\n",
    "unknown": "payment date,amount,description\n2026-02-12,1500.00,Оплата по счету № 7\n",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_payments_with_their_purpose(tmp_path: Path, name: str) -> None:
    load_texts(tmp_path, {"file.csv": STATEMENTS[name]})
    (tmp_path / "work").mkdir(exist_ok=True)
    made = load([str(tmp_path / "exports")], IngestOptions(), tmp_path / "work")
    assert made.inputs[0].plan.system == name.removesuffix(" operations")
    found = made.tables["payments"].select("paid_on", "amount", "purpose").collect().rows()
    assert [(str(day), amount, why) for day, amount, why in found] == [
        ("2026-02-12", Decimal(1500), "Оплата по счету № 7")
    ]
    assert made.rejects["rule"].to_list() == (["missing_amount"] if name == "bank" else [])


def test_the_day_of_a_payment_is_that_of_the_business(tmp_path: Path) -> None:
    load_texts(tmp_path, {"file.csv": "payment date,amount\n2026-02-12,5\n2026-02-13,6\n"})
    (tmp_path / "work").mkdir(exist_ok=True)
    options = IngestOptions(time_zone="Europe/Moscow")
    made = load([str(tmp_path / "exports")], options, tmp_path / "work").tables["payments"].collect()
    assert [str(day) for day in made["paid_on"]] == ["2026-02-12", "2026-02-13"]
    assert str(made["paid_at"][0]) == "2026-02-11 21:00:00+00:00"


ORDERS = "order_id,date,email,amount,currency\n7,2026-02-12,a@x.com,5,EUR\n"


@pytest.mark.parametrize(
    ("name", "content", "table"),
    [
        (
            "payments.csv",
            "payment id,paid at,amount,currency,email,order_id\np1,2026-02-12,5,EUR,a@x.com,7\n",
            "payments",
        ),
        ("file.csv", "payment id,paid at,amount,currency,email,order_id\np1,2026-02-12,5,EUR,a@x.com,7\n", "payments"),
        ("оплаты.csv", "Дата;Клиент;Сумма;Валюта;Комментарий\n12.02.2026;Анна Котова;5,00;EUR;заказ 7\n", "payments"),
        ("payments.csv", "date,amount,currency,customer,reference\n2026-02-12,5,EUR,Ann Lee,invoice 7\n", "payments"),
        (
            "file.csv",
            "Booking date;Payer;Amount;Currency;Reference\n12.02.2026;Ann Lee;5,00;EUR;Rechnung 7\n",
            "payments",
        ),
        ("file.csv", ORDERS, "transactions"),
        ("file.csv", "order_id,date,customer,amount,payment id\n7,2026-02-12,Ann Lee,5,p1\n", "transactions"),
        ("file.csv", "date,amount,reference\n2026-02-12,5,paper\n", "other"),
    ],
)
def test_a_list_of_payments_is_no_list_of_orders(tmp_path: Path, name: str, content: str, table: str) -> None:
    load_texts(tmp_path, {name: content})
    (tmp_path / "work").mkdir(exist_ok=True)
    made = load([str(tmp_path / "exports")], IngestOptions(), tmp_path / "work")
    assert made.inputs[0].plan.entity == table
    assert made.rejects.is_empty()
