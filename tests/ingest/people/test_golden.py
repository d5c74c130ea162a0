"""One record per customer: whose word counts, and where each field says it is from."""

from __future__ import annotations

from datetime import date

from tests.ingest.conftest import Load, rows

ORDERS = "order_id,date,amount,customer id,email,phone\n"
PEOPLE = "customer id,full name,email,phone,company\n"
DEALS = "ID;Стадия сделки;Название сделки;Сумма;Контакт: ID;Контакт: Рабочий e-mail;Дата создания\n"


def test_the_newest_trait_that_is_filled_wins(load: Load) -> None:
    header = "order_id,date,amount,email,customer name,city\n"
    lines = "1,2024-01-13,5,a@x.com,Ann,Bath\n2,2024-03-13,5,a@x.com,Anne,\n3,2024-02-13,5,a@x.com,Anna,Oxford\n"
    assert rows(load(header + lines), "customers", "full_name", "city") == [("Anne", "Oxford")]


def test_a_customer_list_beats_what_orders_say(load: Load) -> None:
    files = {
        "orders.csv": "order_id,date,amount,email,customer name,city\n1,2024-03-13,5,a@x.com,Anne,Bath\n",
        "people.csv": "customer id,full name,email,created\n7,Ann,a@x.com,2020-01-13\n",
    }
    assert rows(load(files), "customers", "customer_id", "full_name", "city") == [("7", "Ann", "Bath")]


def test_the_first_creation_date_stays(load: Load) -> None:
    text = "customer id,email,created,city\n7,a@x.com,2020-01-13,Bath\n9,a@x.com,2023-01-13,Oxford\n"
    (found,) = rows(load(text), "customers", "created_at", "city")
    assert (found[0].year, found[1]) == (2020, "Oxford")


def test_names_in_parts(load: Load) -> None:
    text = "customer id,last name,first name,middle name,email\n1,Doe,John,,j@x.com\n2,Иванова,Анна,Петровна,a@x.com\n"
    assert rows(load(text), "customers", "customer_id", "full_name") == [
        ("1", "John Doe"),
        ("2", "Иванова Анна Петровна"),
    ]


def test_every_field_says_which_file_it_is_from(load: Load) -> None:
    files = {
        "crm.csv": PEOPLE + "7,Анна Иванова,a@x.com,,\n",
        "shop.csv": "order_id,date,amount,email,phone,city\n1,2024-01-13,5,A@x.com,+79271112233,Тверь\n",
    }
    assert rows(load(files), "customers", "full_name", "city", "_source_file", "_origin") == [
        (
            "Анна Иванова",
            "Тверь",
            "crm.csv; shop.csv",
            "full_name=crm.csv; email=crm.csv; phone=shop.csv; city=shop.csv",
        )
    ]


def test_a_no_stands_until_a_later_yes(load: Load) -> None:
    header = "customer id,email,consent,created\n"
    text = header + "1,a@x.com,no,\n2,a@x.com,yes,\n3,b@x.com,no,2024-01-13\n4,b@x.com,yes,2024-02-14\n"
    text += "5,c@x.com,yes,2024-01-13\n6,c@x.com,no,2024-02-14\n7,d@x.com,,\n8,e@x.com,yes,\n"
    assert rows(load(text), "customers", "customer_id", "consent") == [
        ("1", False),
        ("3", True),
        ("5", False),
        ("7", None),
        ("8", True),
    ]


def test_an_older_value_that_can_be_right_beats_a_newer_one_that_cannot(load: Load) -> None:
    head = "customer id,full name,card number,email,phone,birth date,created\n"
    good = "1,Анна Ли,777,ann@x.com,+79271112233,1980-05-06,2024-01-01\n"
    bad = "2,Анна Ли,777,brokenmail,12,2980-05-06,2024-03-01\n"
    traits = ("email", "email_key", "phone", "phone_e164", "birth_date")
    assert rows(load(head + good + bad), "customers", *traits) == [
        ("ann@x.com", "ann@x.com", "+79271112233", "+79271112233", date(1980, 5, 6))
    ]
    # With nothing better the newest stays, to be marked.
    assert rows(load(head + bad), "customers", "email", "birth_date") == [("brokenmail", date(2980, 5, 6))]


def test_a_later_yes_in_an_order_ends_a_no_and_the_origin_is_that_of_the_word_that_stands(load: Load) -> None:
    files = {
        "crm.csv": "customer id,email,consent,created\n1,a@x.com,no,2024-01-01\n2,b@x.com,yes,2024-01-01\n",
        "shop.csv": "order_id,date,amount,email,consent\n1,2024-02-01,5,a@x.com,yes\n2,2024-02-01,5,b@x.com,no\n",
    }
    found = rows(load(files), "customers", "customer_id", "consent", "_origin")
    assert [(who, consent) for who, consent, _ in found] == [("1", True), ("2", False)]
    assert all(origin.endswith("consent=shop.csv") for _, _, origin in found)


def test_marks_of_orders_are_none_of_their_customer(load: Load) -> None:
    head = "order_id,date,customer id,email,phone,birth date,quantity,amount,Test order\n"
    lines = "1,2024-01-13,7,a@x.com,+79271112233,,many,5,no\n2,2024-01-14,7,a@x.com,+79271112233,,1,5,yes\n"
    lines += "3,2024-01-15,8,,8.9271E+10,1990-02-30,1,5,no\n"
    lines += "4,2024-01-15,9,test@test.ru,,,1,5,no\n"
    lines += "5,2024-01-15,10,c@x.com,,1990-02-03,1,5,no\n"
    dataset = load(head + lines)
    assert dataset.tables["transactions"].collect()["_flags"].null_count() < 5
    assert rows(dataset, "customers", "customer_id", "_flags") == [
        ("10", None),
        ("7", None),
        ("8", "bad_value:birth_date id_exponent:phone"),
        ("9", "test_row"),
    ]
