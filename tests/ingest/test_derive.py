"""Status, amount and kind of a row, from its other cells."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from tests.ingest.conftest import Load, rows


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Paid", "paid"),
        ("Доставлен", "paid"),
        ("PENDING", "pending"),
        ("отменён", "cancelled"),
        ("Void", "cancelled"),
        ("chargeback", "refunded"),
        ("at the tailor's", "at the tailor's"),
    ],
)
def test_the_status_of_an_order(word: str, status: str, load: Load) -> None:
    dataset = load(f"order_id,date,amount,status\n1,2024-01-13,5,{word}\n")
    assert {status} == {found for (found,) in rows(dataset, "transactions", "status")}


def test_a_cancellation_date_cancels(load: Load) -> None:
    dataset = load("order_id,date,amount,status,cancelled at\n1,2024-01-13,5,paid,2024-01-14\n2,2024-01-13,6,paid,\n")
    assert rows(dataset, "transactions", "order_id", "status") == [("1", "cancelled"), ("2", "paid")]


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("Closed Won", "won"),
        ("УСПЕШНО РЕАЛИЗОВАНО", "won"),
        ("Закрыто и не реализовано", "lost"),
        ("closed-lost", "lost"),
        ("Negotiation", "open"),
        ("", "open"),
    ],
)
def test_the_status_of_a_deal(stage: str, status: str, load: Load) -> None:
    dataset = load(f"deal id,deal name,stage,amount,created at\n1,A,{stage},5,2024-01-13\n2,B,Won,5,2024-01-13\n")
    assert rows(dataset, "deals", "deal_id", "status")[0] == ("1", status)


def test_flags_of_a_deal_beat_its_words(load: Load) -> None:
    text = (
        "deal id,deal name,stage,is won,is closed,amount\n"
        "1,A,Done,true,true,5\n2,B,Done,false,true,5\n3,C,Won,false,false,5\n"
    )
    assert rows(load(text), "deals", "deal_id", "status") == [("1", "won"), ("2", "lost"), ("3", "won")]


@pytest.mark.parametrize(
    ("cells", "amount"),
    [
        # As given; else quantity x price less discount, whatever the discount's sign; else nothing.
        ("2,10,3,16", "16"),
        ("2,10,3,", "17"),
        ("2,10,-3,", "17"),
        ("-2,10,3,", "-17"),
        ("-2,10,-3,", "-17"),
        ("2,10,,", "20"),
        ("1.5,3.33,,", "4.995"),
    ],
)
def test_the_amount_of_a_line(cells: str, amount: str, load: Load) -> None:
    text = (
        f"order_id,date,product,quantity,unit price,discount,amount\n"
        f"1,2024-01-13,Mug,{cells}\n2,2024-01-13,Cup,1,2,1,1\n"
    )
    assert rows(load(text), "transactions", "order_id", "line_amount")[0] == ("1", Decimal(amount))


def test_a_cancelled_order_may_lack_an_amount(load: Load) -> None:
    dataset = load("order_id,date,amount,status\n1,2024-01-13,,cancelled\n2,2024-01-13,,paid\n3,2024-01-13,5,paid\n")
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 0), ("3", 5)]
    assert dataset.rejects["rule"].to_list() == ["missing_amount"]


def test_the_kind_of_a_contact(load: Load) -> None:
    text = "date,client id,interaction type,subject\n2024-01-13,7,Звонок,a\n2024-01-13,8,Fax,b\n2024-01-13,9,,c\n"
    dataset = load(text)
    assert rows(dataset, "interactions", "customer_id", "kind") == [("7", "call"), ("8", "fax"), ("9", "other")]
    calls = load("call date,client id,duration\n2024-01-13 10:00,7,60\n")
    assert rows(calls, "interactions", "kind") == [("call",)]


def test_standard_stages_with_words_around_them(load: Load) -> None:
    text = "deal id,deal name,stage,amount\n1,A,7. Closed Won,5\n2,B,Closed Lost (EMEA),5\n3,C,Almost closed,5\n"
    assert rows(load(text), "deals", "deal_id", "status") == [("1", "won"), ("2", "lost"), ("3", "open")]


def test_what_several_columns_say_of_an_order(load: Load) -> None:
    head = "order_id,date,client id,product,amount,Статус заказа,Оплата,Пометка удаления,Проведён,Тестовый\n"
    marks = {
        "1": "Доставлен,Оплачено,Нет,Да,Нет",
        "2": "Новый,Оплачено,Нет,Да,Нет",
        "3": "Доставлен,Не оплачено,Нет,Да,Нет",
        "4": "Отменён,Оплачено,Нет,Да,Нет",
        "5": "Доставлен,Возврат,Нет,Да,Нет",
        "6": "Доставлен,Оплачено,Да,Да,Нет",
        "7": "Доставлен,Оплачено,Нет,Нет,Нет",
        "8": "Доставлен,Оплачено,Нет,Да,Да",
        "9": "Возврат,Отменено,Нет,Да,Нет",
    }
    dataset = load(head + "".join(f"{order},2025-01-13,a,tea,5,{said}\n" for order, said in marks.items()))
    lines = dataset.tables["transactions"].filter(pl.col("line_amount") > 0).collect().sort("order_id")
    assert lines["status"].to_list() == [
        *("paid", "paid", "pending", "cancelled", "refunded", "cancelled", "cancelled", "paid", "cancelled")
    ]
    assert lines.filter("is_test")["order_id"].to_list() == ["8"]
    assert [note.id for note in dataset.notes] == ["ingest.pending", "ingest.marked_deleted", "ingest.marked_deleted"]


def test_paid_yes_or_no(load: Load) -> None:
    text = "order_id,date,client id,product,amount,Оплачен\n1,2025-01-13,a,tea,5,Да\n2,2025-01-13,a,tea,5,Нет\n"
    assert rows(load(text), "transactions", "order_id", "status") == [("1", "paid"), ("2", "pending")]


def test_how_an_order_is_paid_is_no_status(load: Load) -> None:
    text = (
        "order_id,date,client id,product,amount,Оплата\n1,2025-01-13,a,tea,5,Картой\n2,2025-01-13,a,tea,5,Наличными\n"
    )
    assert rows(load(text), "transactions", "x_оплата") == [("Картой",), ("Наличными",)]


def test_a_refund_document_with_a_status_of_its_own(load: Load) -> None:
    head = "order_id,date,client id,product,amount,Вид операции,Статус\n"
    dataset = load(head + "1,2025-01-13,a,tea,5,Реализация,Отменен\n2,2025-01-14,a,tea,5,Возврат,Выполнен\n")
    assert rows(dataset, "transactions", "order_id", "line_amount", "status") == [
        ("1", 5, "cancelled"),
        ("2", -5, "refunded"),
    ]


@pytest.mark.parametrize("word", ["Возврат расхода", "Чек возврата расхода № 5", "Возврат расхода наличными"])
def test_what_comes_back_into_a_till_is_no_return_of_goods(load: Load, word: str) -> None:
    head = "order_id,date,client id,product,amount,Вид операции\n"
    dataset = load(
        head + f"1,2025-01-13,a,tea,5,Приход\n2,2025-01-14,a,tea,5,Возврат прихода\n3,2025-01-14,,tea,5,{word}\n"
    )
    assert rows(dataset, "transactions", "order_id", "line_amount", "status") == [
        ("1", 5, "paid"),
        ("2", -5, "refunded"),
        ("3", 5, "cancelled"),
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("wc-cancelled", "cancelled"),
        ("Payment failed", "cancelled"),
        ("Не доставлен", "cancelled"),
        ("Отказ", "cancelled"),
        ("Отказ от возврата", "paid"),
        ("Невыкуп", "cancelled"),
        ("Nicht bezahlt", "pending"),
        ("Retourniert", "refunded"),
        ("Teilerstattung", "paid"),
        ("Частичный возврат", "paid"),
    ],
)
def test_more_words_for_the_status_of_an_order(word: str, status: str, load: Load) -> None:
    dataset = load(f"order_id,date,amount,status\n1,2024-01-13,5,{word}\n")
    assert {status} == {found for (found,) in rows(dataset, "transactions", "status")}
