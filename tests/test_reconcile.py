"""`acrm reconcile` on exports made by hand, every figure worked out on paper."""

# ruff: noqa: E501  # the rows of exports are as long as they are

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.conftest import Acrm

# amoCRM: four deals won, one lost, one open.
DEALS = """ID,Название сделки,Ответственный,Бюджет,Этап сделки,Воронка,Дата создания,Дата закрытия,Полное имя контакта,Рабочий email,Компания
101,Бумага,Петрова,150000,Успешно реализовано,Продажи,03.02.2026 10:00:00,10.02.2026 12:00:00,Иван Иванов,ivan@romashka.ru,ООО Ромашка
102,Краски,Петрова,80000,Успешно реализовано,Продажи,05.02.2026 10:00:00,15.02.2026 12:00:00,Пётр Сидоров,petr@luch.ru,ООО Луч
103,Ремонт,Сидоров,200000,Успешно реализовано,Опт,05.02.2026 10:00:00,20.02.2026 12:00:00,Анна Котова,anna@kot.ru,ИП Котова
104,Закупка,Сидоров,50000,Закрыто и не реализовано,Опт,06.02.2026 10:00:00,21.02.2026 12:00:00,Олег Попов,oleg@pop.ru,ООО Поп
105,Новая,Сидоров,70000,Переговоры,Опт,07.02.2026 10:00:00,,Олег Попов,oleg@pop.ru,ООО Поп
106,Аренда,Петрова,30000,Успешно реализовано,Продажи,08.02.2026 10:00:00,22.02.2026 12:00:00,Иван Иванов,ivan@romashka.ru,ООО Ромашка
"""
# 1C: one payment by invoice number, one in part, one by customer and amount, one for a lost deal, one of a stranger.
RECEIPTS = """Дата;Номер;Контрагент;Сумма;Назначение платежа;Вид операции;Валюта
12.02.2026;0000-000001;ООО "Ромашка";150 000,00;Оплата по счету № 101 от 03.02.2026, в т.ч. НДС 20% 25000.00;Оплата от покупателя;руб.
16.02.2026;0000-000002;ООО "Луч";40 000,00;Предоплата по сделке 102;Оплата от покупателя;руб.
25.02.2026;0000-000003;ИП Котова;200 000,00;Оплата за ремонт;Оплата от покупателя;руб.
26.02.2026;0000-000004;ООО Неизвестный;12 500,00;Оплата по договору 77;Оплата от покупателя;руб.
27.02.2026;0000-000005;ООО "Поп";5 000,00;Аванс, сделка 104;Оплата от покупателя;руб.
"""
# A bank: a part of what is left, which names nothing.
BANK = """Дата операции;Тип операции;Номер документа;Сумма операции в валюте счета;Валюта счета;Наименование плательщика;Назначение платежа
27.02.2026;Credit;8;10000,00;RUB;ООО "РОМАШКА";Оплата аренды
"""
SHOP = """order_id,order_date,email,amount,currency,status
1001,2026-02-01,ann@x.com,100.00,USD,paid
1002,2026-02-02,bob@x.com,60.00,USD,cancelled
1003,2026-02-03,cy@x.com,40.00,USD,paid
1003,2026-02-05,cy@x.com,-15.00,USD,paid
1004,2026-02-04,test@test.com,9.00,USD,paid
"""
STRIPE = """id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description,Customer Email,order_id (metadata)
txn_1,charge,ch_1,100.00,3.20,96.80,usd,2026-02-01 10:00:00,2026-02-03 00:00:00,Charge,ann@x.com,1001
txn_2,charge,ch_2,40.00,1.20,38.80,usd,2026-02-03 10:00:00,2026-02-05 00:00:00,Payment for order 1003,cy@x.com,
txn_3,refund,re_2,-15.00,0.00,-15.00,usd,2026-02-05 10:00:00,2026-02-07 00:00:00,Refund,cy@x.com,
txn_4,charge,ch_4,60.00,1.20,58.80,usd,2026-02-06 10:00:00,2026-02-08 00:00:00,Charge,bob@x.com,1002
"""


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    for folder, files in {
        "firm": {"deals.csv": DEALS, "поступления.csv": RECEIPTS, "bank.csv": BANK},
        "shop": {"orders.csv": SHOP, "balance.csv": STRIPE},
    }.items():
        (tmp_path / folder).mkdir()
        for name, content in files.items():
            (tmp_path / folder / name).write_text(content, encoding="utf-8")
    return tmp_path


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.stem.removeprefix("reconcile_"): pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def figures(acrm: Acrm, *words: object) -> dict[str, Any]:
    ran = acrm("reconcile", *words, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found | {"notes": [note["id"] for note in found["notes"]]}


def test_deals_against_a_ledger_and_a_bank(acrm: Acrm, exports: Path) -> None:
    found = figures(acrm, "firm", "-o", "made")
    made = tables(Path("made"))
    documents = made["reconcile"].select("document_id", "state", "paid", "allocated", "balance", "days_overdue")
    assert documents.rows() == [
        ("101", "paid", Decimal(150000), Decimal(0), Decimal(0), None),
        ("102", "partly", Decimal(40000), Decimal(0), Decimal(40000), 13),
        ("103", "paid", Decimal(200000), Decimal(0), Decimal(0), None),
        ("104", "cancelled", Decimal(5000), Decimal(0), Decimal(-5000), None),
        ("105", "open", Decimal(0), Decimal(0), Decimal(0), None),
        ("106", "partly", Decimal(10000), Decimal(10000), Decimal(20000), 6),
    ]
    said = made["payments"].select("amount", "state", "rule", "document_id", "reason").rows()
    assert said == [
        (Decimal(150000), "matched", "number", "101", None),
        (Decimal(40000), "matched", "number", "102", None),
        (Decimal(200000), "matched", "amount", "103", None),
        (Decimal(12500), "unmatched", None, None, "no_documents"),
        (Decimal(10000), "allocated", "oldest", "106", None),
        (Decimal(5000), "matched", "number", "104", None),
    ]
    summary = found["summary"]
    money = {name: Decimal(str(summary[name])) for name in ("due", "paid", "unpaid", "received", "paid_apart")}
    assert money == {"due": 460000, "paid": 400000, "unpaid": 60000, "received": 417500, "paid_apart": 5000}
    parts = [Decimal(str(summary[name])) for name in ("matched", "allocated", "unmatched")]
    assert parts == [395000, 10000, 12500]
    assert sum(parts) == money["received"]
    assert (summary["as_of"], summary["currency"], summary["unpaid_share"]) == ("2026-02-28", "RUB", 0.130435)
    assert {"reconcile.is_allocation", "reconcile.paid_cancelled", "reconcile.no_currency"} <= set(found["notes"])


def test_orders_against_a_payment_service(acrm: Acrm, exports: Path) -> None:
    found = figures(acrm, "shop", "-o", "made")["summary"]
    made = tables(Path("made"))
    documents = made["reconcile"].select("document_id", "state", "amount", "paid", "balance").rows()
    assert documents == [
        ("1001", "paid", Decimal(100), Decimal(100), Decimal(0)),
        ("1002", "cancelled", Decimal(60), Decimal(60), Decimal(-60)),
        ("1003", "paid", Decimal(25), Decimal(25), Decimal(0)),
        ("1004", "test", Decimal(9), Decimal(0), Decimal(0)),
    ]
    assert made["payments"]["rule"].to_list() == ["order_id", "number", "refund", "order_id"]
    assert (found["documents"], found["unpaid_documents"], found["unmatched_payments"]) == (2, 0, 0)
    assert [Decimal(str(found[name])) for name in ("due", "received", "paid_apart")] == [125, 185, 60]


@pytest.mark.parametrize("folder", ["firm", "shop"])
def test_a_store_says_the_same(acrm: Acrm, exports: Path, folder: str) -> None:
    assert acrm("clean", folder, "-o", "store").code == 0
    raw, stored = figures(acrm, folder, "-o", "one"), figures(acrm, "store", "-o", "two")
    one, two = tables(Path("one")), tables(Path("two"))
    assert set(one) == {"reconcile", "payments", "parts", "totals", "differences", "sources"}
    for name, table in one.items():
        assert table.equals(two[name]), name
    told = ("rows_in", "rejected", "rejected_share")
    assert {k: v for k, v in raw["summary"].items() if k not in told} == {
        k: v for k, v in stored["summary"].items() if k not in told
    }


def test_why_three_departments_count_differently(acrm: Acrm, exports: Path) -> None:
    marketing = "email;full name;created at\nann@x.com;Ann Lee;2026-01-30\nbob@x.com;Bob Ray;2026-01-30\n"
    marketing += "dan@x.com;Dan Fox;2026-01-30\nann.lee@y.com;Ann Lee;2026-01-31\n"
    (exports / "shop" / "leads.csv").write_text(marketing, encoding="utf-8")
    with (exports / "shop" / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("1005,,dan@x.com,20.00,USD,paid\n")
    figures(acrm, "shop", "-o", "made")
    made = tables(Path("made"))
    sources = made["sources"].select("source", "kind", "rows", "rejected", "records", "counted", "customers").rows()
    assert sources == [
        ("leads.csv", "customer", 4, 0, 4, 0, 4),
        ("orders.csv", "order", 6, 1, 4, 2, 3),
        ("balance.csv", "payment", 4, 0, 4, 4, 3),
    ]
    people = made["differences"].filter(level="customer").select("missing_from", "entity", "reason", "detail").rows()
    assert set(people) == {
        ("orders.csv", "dan@x.com", "rejected_row", "missing_date"),
        ("orders.csv", "ann.lee@y.com", "duplicate", "ann@x.com"),
        ("balance.csv", "dan@x.com", "absent", None),
        ("balance.csv", "ann.lee@y.com", "duplicate", "ann@x.com"),
        ("leads.csv", "cy@x.com", "absent", None),
    }


def test_a_deal_and_the_order_it_became_are_one_sale(acrm: Acrm, exports: Path) -> None:
    orders = "order_id,order_date,email,amount,currency\nA1,2026-02-12,ivan@romashka.ru,150000,RUB\n"
    (exports / "firm" / "orders.csv").write_text(orders, encoding="utf-8")
    found = figures(acrm, "firm", "-o", "made")
    made = tables(Path("made"))["reconcile"]
    assert made.filter(document_id="A1").select("deal_id", "state", "owner").rows() == [("101", "paid", "Петрова")]
    assert made.filter(document_id="101")["state"].to_list() == ["sold_as_order"]
    assert Decimal(str(found["summary"]["due"])) == 460000
    assert {"reconcile.same_sale", "reconcile.deals_beside_orders"} <= set(found["notes"])
    assert Decimal(str(figures(acrm, "firm", "--where", "kind <> 'deal'")["summary"]["due"])) == 150000


def test_orders_that_a_later_file_tells_again_are_counted_where_they_were_told(acrm: Acrm, exports: Path) -> None:
    header, *lines = SHOP.splitlines(keepends=True)
    for folder, name, told in (("one", "a.csv", lines[:2]), ("two", "b.csv", lines)):
        (exports / folder).mkdir()
        (exports / folder / name).write_text("".join((header, *told)), encoding="utf-8")
    figures(acrm, "one", "two", "-o", "raw")
    assert acrm("clean", "one", "-o", "store").code == 0
    assert acrm("clean", "two", "-o", "store").code == 0
    figures(acrm, "store", "-o", "stored")
    for made in ("raw", "stored"):
        found = tables(Path(made))["sources"].select("source", "records", "again", "counted", "amount").rows()
        assert found == [("a.csv", 2, 2, 0, None), ("b.csv", 4, 0, 2, Decimal(125))], made


def test_one_payment_in_a_statement_and_in_a_ledger(acrm: Acrm, exports: Path) -> None:
    before = figures(acrm, "firm")["summary"]
    statement = "Дата операции;Сумма операции;Валюта;Наименование плательщика;ИНН плательщика;Назначение платежа\n"
    said = "Оплата по счету № 101 от 03.02.2026, в т.ч. НДС 20% 25000.00"
    statement += f"12.02.2026;150 000,00;RUB;ОБЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ РОМАШКА;7701000001;{said}\n"
    (exports / "firm" / "statement.csv").write_text(statement, encoding="utf-8")
    found = figures(acrm, "firm", "-o", "made")
    for name in ("received", "paid", "unpaid", "payments", "matched", "unmatched"):
        assert found["summary"][name] == before[name], name
    assert found["summary"]["repeated_payments"] == 1
    assert Decimal(str(found["summary"]["repeated"])) == 150000
    assert "reconcile.told_again" in found["notes"]
    assert tables(Path("made"))["payments"].filter(state="repeated")["told_as"].is_not_null().all()


def test_currencies_are_never_mixed(acrm: Acrm, exports: Path) -> None:
    ran = acrm("reconcile", "firm", "shop")
    assert ran.code == 3
    assert "RUB" in ran.err
    assert "--currency" in ran.err
    assert figures(acrm, "firm", "shop", "--currency", "USD")["summary"]["documents"] == 2


def test_limits_days_and_what_there_is_not(acrm: Acrm, exports: Path) -> None:
    assert acrm("reconcile", "firm", "--fail-on", "unpaid_share>10%").code == 1
    assert acrm("reconcile", "firm", "--fail-on", "unmatched_payments>1").code == 0
    early = figures(acrm, "firm", "--as-of", "2026-02-17")["summary"]
    assert (early["documents"], early["payments"], early["entries_later"]) == (2, 2, 7)
    assert acrm("reconcile", "firm", "--window", "2w").code == 2
    payments_alone = acrm("reconcile", "firm/bank.csv")
    assert payments_alone.code == 3
    assert "hint: " in payments_alone.err
    nothing_paid = figures(acrm, "firm/deals.csv")
    assert nothing_paid["summary"]["unpaid_share"] is None
    assert "reconcile.no_payments" in nothing_paid["notes"]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page(acrm: Acrm, exports: Path, lang: str) -> None:
    ran = acrm("reconcile", "firm", "--lang", lang)
    assert ran.code == 0
    headline = " ".join(ran.out.replace("\u00a0", " ").split())
    if lang == "en":
        assert headline.startswith("400,000.00 of 460,000.00 RUB paid; 0 documents unpaid, 2 partly, 1 payment")
    else:
        assert headline.startswith("Оплачено 400 000,00 из 460 000,00 RUB; документов не оплачено: 0")
    assert "104" not in ran.out
    assert "deal 102" in ran.out or "сделка 102" in ran.out
