"""Masked copies: nobody's contact can be read, ids stay, and contacts that are ids stay apart."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.conftest import Acrm
from tests.ingest.conftest import everything

CLIENTS = """\
Код клиента;ФИО;Почта;Телефон;Дата рождения;Номер карты;Комментарий
10001;Воронцова Аглая;aglaya.v@mail.ru;8 927 123-45-33;12.05.1985;4000123412345678;звонить Олегу 8 917 765 43 21
10002;Белозеров Пётр;;;;;
"""
ORDERS = """\
Дата заказа;Товар;Сумма;Покупатель;E-mail;Телефон;Менеджер
01.03.2026;Чашка;500,00;Воронцова Аглая;aglaya.v@mail.ru;;Заморская Ольга
02.03.2026;Чашка;700,00;;anton@mail.ru;;Заморская Ольга
03.03.2026;Чашка;710,00;;arkady@mail.ru;;Заморская Ольга
04.03.2026;Чашка;720,00;;;8 927 555 00 11;Заморская Ольга
05.03.2026;Чашка;много;Незнакомов Лев;;;Заморская Ольга
06.03.2026;Чашка;730,00;Незнакомов Лев;;;Заморская Ольга
"""


def masked(acrm: Acrm, folder: Path) -> Path:
    (folder / "in").mkdir()
    (folder / "in/clients.csv").write_text(CLIENTS, encoding="utf-8")
    (folder / "in/orders.csv").write_text(ORDERS, encoding="utf-8")
    assert acrm("clean", "in", "-o", "plain").code == 0
    ran = acrm("clean", "plain", "-o", "copy", "--mask")
    assert (ran.code, ran.err) == (0, "")
    return folder / "copy"


def test_names_and_contacts_are_shown_in_part(acrm: Acrm, tmp_path: Path) -> None:
    customers = pl.read_parquet(masked(acrm, tmp_path) / "customers.parquet").sort("customer_id")
    first = customers.filter(customer_id="10001").row(0, named=True)
    shown = ("full_name", "email", "email_key", "phone", "phone_e164", "card_number")
    assert [first[name] for name in shown] == [
        "В*** А***",
        "a***@mail.ru",
        "a***@mail.ru",
        "+7 927 ***-**-33",
        "+7 927 ***-**-33",
        "***5678",
    ]
    assert str(first["birth_date"]) == "1985-01-01"
    assert first["x_комментарий"] == "з*** О*** * *** *** ** **"


def test_ids_stay_and_contacts_that_are_ids_are_numbered(acrm: Acrm, tmp_path: Path) -> None:
    copy = masked(acrm, tmp_path)
    ids = set(pl.read_parquet(copy / "customers.parquet")["customer_id"])
    assert ids == {"10001", "10002", "a***@mail.ru #1", "a***@mail.ru #2", "+7 927 ***-**-11 #1", "Н*** Л*** #1"}
    lines = pl.read_parquet(copy / "transactions.parquet")
    assert set(lines["customer_id"]) == ids - {"10002"}
    # No source has order ids: they are made of the customer.
    assert all(order.startswith(who) for order, who in lines.select("order_id", "customer_id").iter_rows())


def test_nothing_else_tells_who_it_was(acrm: Acrm, tmp_path: Path) -> None:
    copy = masked(acrm, tmp_path)
    assert not {"identities.parquet", "links.parquet", "review.csv"} & {path.name for path in copy.iterdir()}
    whole = everything(copy)
    secret = (
        "Воронцов",
        "Аглая",
        "aglaya",
        "Белозеров",
        "Незнакомов",
        "anton",
        "arkady",
        "Заморская",
        "Ольга",
        "Олегу",
    )
    digits = ("123-45", "1234533", "5550011", "555 00", "765 43", "40001234", "12.05.1985", "1985-05-12")
    assert [word for word in (*secret, *digits) if word in whole] == []


def test_a_masked_copy_is_replaced_by_a_new_one_only(acrm: Acrm, tmp_path: Path) -> None:
    masked(acrm, tmp_path)
    assert acrm("clean", "plain", "-o", "copy", "--mask").code == 3
    assert acrm("clean", "plain", "-o", "copy", "--mask", "--replace").code == 0
    assert acrm("clean", "plain", "-o", "plain", "--mask", "--replace").code == 3
