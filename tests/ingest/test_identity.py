"""Who is who: the same id, e-mail or phone is the same customer, and every join says by what."""

from __future__ import annotations

from itertools import permutations

import pytest

from acrm.ingest.identity import SHARED_BY
from tests.ingest.conftest import Load, rejected, rows

ORDERS = "order_id,date,amount,customer id,email,phone\n"
DEALS = "ID;Стадия сделки;Название сделки;Сумма;Контакт: ID;Контакт: Рабочий e-mail;Дата создания\n"


def links(load: Load, text: str) -> list[tuple[str, str, str, str]]:
    return load(text).links.rows()


def test_the_same_email_or_phone_is_the_same_customer(load: Load) -> None:
    text = (
        ORDERS
        + "1,2024-01-13,5,7,Ann@X.com,\n2,2024-01-14,6,9,ann@x.com,+7 927 111-22-33\n3,2024-01-15,7,11,,89271112233\n"
    )
    dataset = load(text)
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("1", "7"), ("2", "7"), ("3", "7")]
    assert rows(dataset, "customers", "customer_id", "external_id", "email_key", "phone_e164") == [
        ("7", "11; 7; 9", "ann@x.com", "+79271112233")
    ]
    assert dataset.links.rows() == [
        ("7", "11", "phone", "+79271112233"),
        ("7", "9", "email", "ann@x.com"),
        ("7", "9", "phone", "+79271112233"),
    ]


def test_an_order_with_an_email_alone_belongs_to_the_customer_who_has_it(load: Load) -> None:
    files = {
        "people.csv": "customer id,full name,email\n7,Ann,ann@x.com\n8,Bob,bob@x.com\n",
        "orders.csv": "order_id,date,amount,email\n1,2024-01-13,5,ANN@x.com\n2,2024-01-14,6,eve@x.com\n",
    }
    dataset = load(files)
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("1", "7"), ("2", "eve@x.com")]
    assert rows(dataset, "customers", "customer_id", "full_name", "external_id") == [
        ("7", "Ann", None),
        ("8", "Bob", None),
        ("eve@x.com", None, None),
    ]


def test_a_plus_makes_another_address_and_so_another_customer(load: Load) -> None:
    text = "order_id,date,amount,email\n1,2024-01-13,5,a+b@x.com\n2,2024-01-14,6,A+B@x.com\n3,2024-01-15,7,a@x.com\n"
    assert rows(load(text), "transactions", "customer_id") == [("a+b@x.com",), ("a+b@x.com",), ("a@x.com",)]


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_what_many_share_joins_nobody(kind: str, load: Load) -> None:
    value = {"email": "office@x.com,", "phone": ",+79271112233"}[kind]

    def orders(count: int) -> str:
        return ORDERS + "".join(f"{place},2024-01-13,5,c{place},{value}\n" for place in range(count))

    crowd = load(orders(SHARED_BY + 1))
    assert len(rows(crowd, "customers", "customer_id")) == SHARED_BY + 1
    assert crowd.shared.rows() == [(kind, value.strip(","), SHARED_BY + 1)]
    family = load(orders(SHARED_BY))
    assert rows(family, "customers", "customer_id") == [("c0",)]
    assert family.shared.is_empty()


def test_a_phone_that_many_addresses_share_joins_nobody_either(load: Load) -> None:
    lines = "".join(f"{place},2024-01-13,5,p{place}@x.com,+79271112233\n" for place in range(SHARED_BY + 1))
    dataset = load("order_id,date,amount,email,phone\n" + lines)
    assert len(rows(dataset, "customers", "customer_id")) == SHARED_BY + 1


def test_the_same_id_in_two_systems_is_two_customers(load: Load) -> None:
    hubspot = (
        "Record ID,Email,First Name,Last Name,Lifecycle Stage,Lead Status,Contact owner\n"
        "5,john@x.com,John,Doe,lead,new,me\n"
    )
    files = {"DEAL_1.csv": DEALS + "1;В работе;П1;100;5;ann@x.com;13.02.2024\n", "contacts.csv": hubspot}
    dataset = load(files)
    assert rows(dataset, "customers", "customer_id", "email_key") == [("5", "ann@x.com"), ("hubspot:5", "john@x.com")]
    assert rows(dataset, "deals", "customer_id") == [("5",)]
    # A shared address makes them one all the same.
    files["DEAL_1.csv"] = DEALS + "1;В работе;П1;100;6;john@x.com;13.02.2024\n"
    assert rows(load(files), "customers", "customer_id", "external_id") == [("5", "5; 6")]


def test_the_same_id_in_files_of_unknown_systems_is_one_customer(load: Load) -> None:
    files = {"a.csv": ORDERS + "1,2024-01-13,5,7,ann@x.com,\n", "b.csv": ORDERS + "2,2024-01-13,5,7,,\n"}
    assert rows(load(files), "transactions", "order_id", "customer_id") == [("1", "7"), ("2", "7")]


SPELLINGS = [
    "Анна Ёлкина",
    "АННА ЕЛКИНА",
    "анна  елкина",
    "Aннa Елкина",
    "Анна Елкина ",
    "Анна Елкина.",
    "«Анна Елкина»",
    "анна-елкина",
    "Анна\u00a0Елкина",
    "\u200bАнна Елкина",
]


def test_ten_spellings_of_a_name_are_one_customer(load: Load) -> None:
    lines = "".join(f"{place},2024-01-13,5,{name}\n" for place, name in enumerate(SPELLINGS))
    dataset = load("order_id,date,amount,customer\n" + lines)
    assert len(rows(dataset, "customers", "customer_id")) == 1
    # Without an id the customer is called as some source spells the name, the same one in any order of rows.
    (name,) = {found for (found,) in rows(dataset, "transactions", "customer_id")}
    backwards = "".join(f"{place},2024-01-13,5,{name}\n" for place, name in enumerate(reversed(SPELLINGS)))
    assert rows(load("order_id,date,amount,customer\n" + backwards), "customers", "customer_id") == [(name,)]


def test_names_join_nobody_who_is_known_by_more(load: Load) -> None:
    files = {
        "people.csv": "customer id,full name\n7,Ann\n",
        "orders.csv": "order_id,date,amount,customer\n1,2024-01-13,5,Ann\n",
    }
    assert rows(load(files), "customers", "customer_id") == [("7",), ("Ann",)]


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


def test_a_firm_is_a_company(load: Load) -> None:
    text = "customer id,company,full name,email\n1,ООО Ромашка,,o@x.com\n2,ООО Ромашка,Анна,a@x.com\n"
    assert rows(load(text), "customers", "customer_id", "customer_type") == [("1", "company"), ("2", None)]


def test_russian_phones_are_known_by_their_headers_or_their_looks(load: Load) -> None:
    assert rows(load("код клиента,телефон\n1,8 (927) 111-22-33\n"), "customers", "phone_e164") == [("+79271112233",)]
    english = "customer id,phone\n1,8 (927) 111-22-33\n2,79271112244\n3,123\n"
    assert rows(load(english), "customers", "phone_e164") == [("+79271112233",), ("+79271112244",), (None,)]


def test_a_row_of_a_customer_list_that_names_nobody_is_rejected(load: Load) -> None:
    dataset = load("full name,email,phone,city\nAnn,,,Bath\n,not an address,12,Bath\n,,,Bath\n")
    assert rows(dataset, "customers", "customer_id") == [("Ann",)]
    assert rejected(dataset) == [("missing_key", 3), ("missing_key", 4)]
    assert dataset.inputs[0].rejected == 2


def test_an_order_that_names_nobody_stays(load: Load) -> None:
    dataset = load(
        "order_id,date,amount,email\n1,2024-01-13,5,not an address\n2,2024-01-13,6,\n3,2024-01-13,7,a@x.com\n"
    )
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("1", None), ("2", None), ("3", "a@x.com")]


def test_ids_alone_need_no_joining(load: Load) -> None:
    dataset = load(
        {"a.csv": "order_id,date,amount,customer id\n1,2024-01-13,5,id:7\n", "b.csv": "customer id,city\n8,Bath\n"}
    )
    assert rows(dataset, "customers", "customer_id", "city") == [("8", "Bath"), ("id:7", None)]
    assert dataset.links.is_empty()


def test_the_order_of_rows_and_files_decides_nobodys_name(load: Load) -> None:
    lines = [
        "1,2024-01-13,5,30,a@x.com,\n",
        "2,2024-01-14,6,4,a@x.com,+79271112233\n",
        "3,2024-01-15,7,200,,+79271112233\n",
    ]
    found = [
        rows(load(ORDERS + "".join(order)), "transactions", "order_id", "customer_id") for order in permutations(lines)
    ]
    assert found == [[("1", "4"), ("2", "4"), ("3", "4")]] * 6
    assert links(load, ORDERS + "".join(lines)) == links(load, ORDERS + "".join(reversed(lines)))
