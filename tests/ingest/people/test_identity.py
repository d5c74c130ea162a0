"""Who is who: the same id, e-mail or phone is the same customer, and every join says by what."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from acrm.ingest.people.identity import one_spelling
from acrm.ingest.people.joins import CHAIN, SHARED_BY
from tests.ingest.conftest import Load, rejected, rows

ORDERS = "order_id,date,amount,customer id,email,phone\n"
DEALS = "ID;Стадия сделки;Название сделки;Сумма;Контакт: ID;Контакт: Рабочий e-mail;Дата создания\n"


def links(load: Load, text: str) -> list[tuple[object, ...]]:
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
    assert dataset.links.select("customer_id", "one", "other", "rule", "evidence").rows() == [
        ("7", "id:unknown:11", "id:unknown:9", "phone", "+79271112233"),
        ("7", "id:unknown:7", "id:unknown:9", "email", "ann@x.com"),
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
    value = {"email": "desk@x.com,", "phone": ",+79271112233"}[kind]

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


PEOPLE = "customer id,full name,email,phone,company\n"


def test_the_order_of_rows_decides_nothing_of_what_a_store_keeps(load: Load) -> None:
    lines = ["1,2024-01-13,5,7,b@x.com,\n", "2,2024-01-13,5,7,a@x.com,\n"]
    texts = (ORDERS + "".join(order) for order in (lines, reversed(lines)))
    one, other = (load(text).identities for text in texts)
    assert one is not None
    assert other is not None
    assert one.drop("_source_row").equals(other.drop("_source_row"))


def test_one_phone_under_two_names_is_two_people_of_one_household(load: Load) -> None:
    text = PEOPLE + "1,Анна Иванова,,+79271112233,\n2,Пётр Иванов,,+79271112233,\n3,Иванова А.,,+79271112233,\n"
    found = rows(load(text), "customers", "customer_id", "external_id", "household_id")
    assert found == [("1", "1; 3", "1"), ("2", None, "1")]


def test_a_firm_and_its_contact_are_two_customers_of_one_company(load: Load) -> None:
    text = PEOPLE + "1,,,+79271112233,ООО «Ромашка»\n2,Анна Иванова,,+79271112233,Ромашка\n3,Olga,o@x.com,,Lutik\n"
    assert rows(load(text), "customers", "customer_id", "customer_type", "company_id", "household_id") == [
        ("1", "company", "1", None),
        ("2", None, "1", None),
        ("3", None, "Lutik", None),
    ]


def test_an_office_mailbox_joins_only_one_name(load: Load) -> None:
    text = PEOPLE + "1,Анна Иванова,info@x.com,,\n2,,info@x.com,,\n3,Иванова Анна,info@x.com,,\n"
    assert rows(load(text), "customers", "customer_id", "external_id") == [("1", "1; 3"), ("2", None)]
    alone = {"people.csv": PEOPLE + "1,Анна,info@x.com,,\n", "o.csv": ORDERS + "1,2024-01-13,5,,info@x.com,\n"}
    assert rows(load(alone), "transactions", "customer_id") == [("1",)]


def test_many_records_of_one_name_are_no_crowd(load: Load) -> None:
    text = PEOPLE + "".join(f"{place},Анна Иванова,,+79271112233,\n" for place in range(SHARED_BY + 3))
    assert rows(load(text), "customers", "customer_id") == [("0",)]


def test_nobody_is_joined_into_a_giant(load: Load) -> None:
    chain = "".join(f"{place},,a{place}@x.com,,\n{place},,a{place + 1}@x.com,,\n" for place in range(CHAIN + 5))
    dataset = load(PEOPLE + chain)
    assert 1 < max(len((ids or "").split("; ")) for (ids,) in rows(dataset, "customers", "external_id")) <= CHAIN
    assert any(note.id == "clean.chains" for note in dataset.notes)


def test_a_name_alone_finds_the_one_customer_who_bears_it(load: Load) -> None:
    sales = (
        "order_id,date,amount,customer\n1,2024-01-13,5,Иванова Анна\n2,2024-01-13,5,Ромашка\n3,2024-01-13,5,Пётр Лис\n"
    )
    people = PEOPLE + "7,Анна Иванова,,,\n8,,,,ООО «Ромашка»\n9,Пётр Лис,p@x.com,,\n10,Пётр Лис,q@x.com,,\n"
    dataset = load({"people.csv": people, "sales.csv": sales})
    # Two customers are called Пётр Лис: which of them bought is not known.
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("1", "7"), ("2", "8"), ("3", "Пётр Лис")]
    assert dataset.links["rule"].unique().to_list() == ["name"]


def test_the_same_first_name_in_two_firms_is_two_people(load: Load) -> None:
    text = "order_id,date,amount,customer,company\n1,2024-01-13,5,Анна,Ромашка\n2,2024-01-13,5,Анна,Лютик\n"
    assert rows(load(text), "transactions", "order_id", "customer_id") == [("1", "Анна"), ("2", "also:Анна")]


def test_a_walk_in_customer_is_nobody(load: Load) -> None:
    files = {
        "people.csv": PEOPLE + "1,Розничный покупатель,,,\n2,Анна Иванова,a@x.com,,\n3,Гость,g@x.com,,\n",
        "orders.csv": "order_id,date,amount,customer id\n1,2024-01-13,5,1\n2,2024-01-13,5,2\n3,2024-01-13,5,3\n",
    }
    dataset = load(files)
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("1", None), ("2", "2"), ("3", "3")]
    assert rows(dataset, "customers", "customer_id") == [("2",), ("3",)]
    assert [note.values["rows"] for note in dataset.notes if note.id == "clean.nobody"] == [1]


def test_a_tax_number_or_a_card_is_a_customer_too(load: Load) -> None:
    files = {
        "firms.csv": "код клиента;название компании;инн\n1;ООО Ромашка;7707083893\n2;Ромашка;7707083893\n3;Лютик;5\n",
        "чеки.csv": "номер заказа;дата;сумма;номер карты\n1;13.01.2024;5;К-17\n2;14.01.2024;6;К-17\n3;14.01.2024;6;\n",
    }
    dataset = load(files)
    assert rows(dataset, "customers", "customer_id", "external_id") == [("1", "1; 2"), ("3", None), ("К-17", None)]
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("1", "К-17"), ("2", "К-17"), ("3", None)]


def test_a_file_of_an_unknown_system_means_the_ids_beside_it(load: Load) -> None:
    deals = DEALS + "".join(f"{n};В работе;П{n};100;{n};c{n}@x.com;13.02.2024\n" for n in range(1, 5))
    orders = "order_id,date,amount,customer id\n1,2024-01-13,5,1\n2,2024-01-13,5,2\n"
    assert rows(load({"DEAL_1.csv": deals, "orders.csv": orders}), "transactions", "customer_id") == [("1",), ("2",)]
    # The same ids of other people are ids of another system.
    other = "order_id,date,amount,customer id,email\n1,2024-01-13,5,1,z@x.com\n2,2024-01-13,5,2,y@x.com\n"
    found = rows(load({"DEAL_1.csv": deals, "orders.csv": other}), "transactions", "customer_id")
    assert found == [("unknown:1",), ("unknown:2",)]


def test_namesakes_of_three_firms_are_three(load: Load) -> None:
    lines = "".join(f"{n},2024-01-1{n},{n}0,Иван Иванов,ООО {firm}\n" for n, firm in enumerate(("А", "Б", "В"), 1))
    dataset = load("order_id,date,amount,customer name,company\n" + lines)
    assert len({who for (who,) in rows(dataset, "transactions", "customer_id")}) == 3
    assert rows(dataset, "customers", "company") == [("ООО А",), ("ООО Б",), ("ООО В",)]


def test_a_till_that_makes_a_customer_of_every_sale(load: Load) -> None:
    lines = "".join(f"{n},{n},Клиент Магазина,+79161234567,2024-01-13,10\n" for n in range(CHAIN + 10))
    dataset = load("order_id,customer id,full name,phone,date,amount\n" + lines)
    assert len(rows(dataset, "customers", "customer_id")) == CHAIN + 10
    assert dataset.shared.rows() == [("phone", "+79161234567", CHAIN + 10)]


@pytest.mark.parametrize(
    ("one", "other", "customers"),
    [
        # A couple, a mother and her daughter, a father and his son; slips in the date; no date at all.
        ("Иванов Виктор,", "Иванова Виктория,", 2),
        ("Смирнов Саша,", "Смирнова Маша,", 2),
        ("Иванова Анна,1960-05-06", "Иванова Анна,1987-03-14", 2),
        ("Иванова Анна,1960-05-06", "Иванова Анна,1960-06-05", 1),
        ("Иванова Анна,1960-05-06", "Ivanova Anna,1966-05-06", 1),
        ("Иванова Анна,1960-05-06", "Иванова Анна,1900-01-01", 1),
        ("Иванова Анна,1960-05-06", "Иванова А.,", 1),
    ],
)
def test_a_couple_and_two_generations_are_two_people_of_one_household(
    load: Load, one: str, other: str, customers: int
) -> None:
    head = "customer id,phone,full name,birth date\n"
    dataset = load(head + f"1,+79271112233,{one}\n2,+79271112233,{other}\n")
    houses = [house for (house,) in rows(dataset, "customers", "household_id")]
    assert houses == (["1"] * 2 if customers == 2 else [None])


def test_colleagues_are_no_household(load: Load) -> None:
    head = "customer id,full name,phone,email,company\n"
    office = "1,Олег Лис,,info@lis.ru,\n2,Мария Бор,,info@lis.ru,\n"
    colleagues = "3,Олег Лис,+79271112233,,ООО Лис\n4,Мария Бор,+79271112233,,Лис ООО\n"
    couple = "5,Олег Лис,+79271112244,,\n6,Мария Бор,+79271112244,,ООО Бор\n"
    found = rows(load(head + office + colleagues + couple), "customers", "customer_id", "household_id")
    assert found == [("1", None), ("2", None), ("3", None), ("4", None), ("5", "5"), ("6", "5")]


def test_people_decided_to_be_two_still_share_their_phone(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_text("decision,one,other\ndifferent,id:unknown:1,id:unknown:2\n", encoding="utf-8")
    text = "customer id,full name,phone\n1,Анна Ли,+79271112233\n2,Анна Ли,+79271112233\n"
    found = rows(load(text, decisions=path), "customers", "customer_id", "household_id")
    assert found == [("1", "1"), ("2", "1")]


def test_one_name_in_two_alphabets_is_no_contradiction(load: Load) -> None:
    files = {
        "a.csv": PEOPLE + "1,Анна Ёлкина,a@x.com,,ООО Ромашка\n2,Bob,b@x.com,,\n",
        "b.csv": PEOPLE + "1,Anna Yolkina,a@x.com,,Ромашка ООО\n2,Rob,b@x.com,,\n",
    }
    told = load(files).identities
    assert told is not None
    found = one_spelling(told.lazy()).select("customer_id", "full_name", "company").collect()
    assert found.unique().sort(pl.all()).rows() == [
        ("1", "Anna Yolkina", "ООО Ромашка"),
        ("2", "Bob", None),
        ("2", "Rob", None),
    ]


def test_a_name_in_parts_in_two_alphabets_is_no_contradiction_either(load: Load) -> None:
    heads = "customer id,first name,last name,email\n"
    told = load({"a.csv": f"{heads}1,Анна,Петрова,a@x.com\n", "b.csv": f"{heads}1,Anna,Petrova,a@x.com\n"}).identities
    assert told is not None
    found = one_spelling(told.lazy()).select("first_name", "last_name").collect()
    assert found.unique().rows() == [("Anna", "Petrova")]
