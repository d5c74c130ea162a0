"""Pseudonymised stores: nothing raw in any byte, the same in every run, and the same figures as the plain store."""

from __future__ import annotations

import csv
import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm.ingest.people import privacy
from acrm.ingest.people.names import latin
from acrm.ingest.people.privacy_key import Key
from tests.conftest import Acrm
from tests.ingest.conftest import everything

FAMILIES = [
    "Воронцов",
    "Белозеров",
    "Чернышевск",
    "Крутоголов",
    "Твердохлеб",
    "Шереметьев",
    "Долгоруков",
    "Преображенск",
]
GIVEN = ["Аристарх", "Велимира", "Доброслав", "Евстафий", "Всеволод", "Пантелеймон"]
CLIENTS = ["Код клиента", "ФИО", "Почта", "Телефон", "Дата рождения", "ИНН", "Номер карты", "Город", "Комментарий"]
ORDERS = ["Номер заказа", "Дата заказа", "Товар", "Количество", "Сумма", "Покупатель", "E-mail", "Телефон"]
ORDERS += ["Менеджер"]
CALLS = ["Дата звонка", "Телефон", "Тема", "Оператор", "Результат", "Длительность"]
START = datetime(2026, 3, 1, 10)  # as the shop writes it: without a zone
MANAGER, OPERATOR = "Ольга Заморская", "Лукерья Подгорная"


def name(person: int) -> str:
    return f"{FAMILIES[person % 8]} {GIVEN[person // 8 % 6]}"


def mail(person: int) -> str:
    return f"box{person}.private@mail.ru"


def clients(count: int = 48) -> list[list[str]]:
    return [
        [
            f"CL-70{person:03d}",
            name(person),
            mail(person) if person % 5 else "",
            f"+7 927 555-{person:02d}-{person % 7}8" if person % 2 else "",
            f"{person % 28 + 1:02d}.07.19{60 + person % 39}",
            f"77070{person:02d}3897",
            f"4000123412{person:06d}",
            "Казань",
            f"звонить после ужина {name(person + 1)}",
        ]
        for person in range(count)
    ]


def orders(seed: int) -> list[tuple[int, list[str]]]:
    """Order lines with the day of each; customers are known by name, e-mail or phone, as it happens."""
    chance = random.Random(seed)
    lines = []
    for order in range(160):
        person, day = chance.randrange(60), order * 28 // 160
        when = (START + timedelta(days=day, minutes=order % 60)).strftime("%d.%m.%Y %H:%M")
        who = [
            f"{GIVEN[person // 8 % 6]} {FAMILIES[person % 8]}" if chance.random() < 0.7 else "",
            mail(person).upper() if chance.random() < 0.8 else "",
            f"8 927 555 {person:02d} {person % 7}8" if chance.random() < 0.4 else "",
        ]
        for line in range(1 + order % 2):
            amount = f"{order % 50 * 10 + 5 + line},50"
            lines.append((day, [f"ZAK-{order:05d}", when, f"Товар {order % 9 + line}", "1", amount, *who, MANAGER]))
    return lines


def calls() -> list[list[str]]:
    return [
        [f"0{day}.03.2026 12:00", f"8 927 555 0{day} {day % 7}8", f"жалоба: {name(day)}", OPERATOR, "дозвонились", "60"]
        for day in range(1, 9)
    ]


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A shop's orders, clients and calls, and a table that acrm does not know, beside two keys."""
    rejected = ["ZAK-00999", "01.03.2026 10:00", "Товар 1", "1", "много", name(3), mail(3), "", MANAGER]
    write(tmp_path / "in/orders.csv", ORDERS, [*(row for _, row in orders(1)), rejected])
    write(tmp_path / "in/clients.csv", CLIENTS, clients())
    write(tmp_path / "in/calls.csv", CALLS, calls())
    notes = [[name(person), f"прислала {mail(person)}"] for person in range(5)]
    write(tmp_path / "in/strange.csv", ["Кто", "Что сказано"], notes)
    for key in (1, 2):
        (tmp_path / f"{key}.key").write_text(random.Random(key).randbytes(32).hex() + "\n", encoding="utf-8")
    return tmp_path


def cells(store: Path) -> str:
    """Everything that a store says, in lower case: all cells of all tables, their metadata, all texts."""
    return everything(store).lower()


def tables(store: Path) -> dict[str, pl.DataFrame]:
    found = {path.stem: pl.read_parquet(path) for path in sorted(store.glob("*.parquet"))}
    return {
        table: frame.drop(column for column in frame.columns if column[0] == "_")
        for table, frame in found.items()
        if table not in ("rejects", "scorecard", "identities", "links")
    }


def secrets() -> set[str]:
    """What may not be read anywhere in a pseudonymised store."""
    found = {*FAMILIES, *GIVEN, *MANAGER.split(), *OPERATOR.split()}
    found |= {latin(word) for word in found}
    for client in clients(60):
        digits = client[3].replace(" ", "").replace("-", "")
        found |= {client[0], client[2], client[5], client[6], *([digits, digits[2:]] if digits else [])}
        day, month, year = client[4].split(".")
        found |= {client[4], f"{year}-{month}-{day}"} if (day, month) != ("01", "01") else set()
    found |= {row[0] for _, row in orders(1)} | {
        "ZAK-00999",
        "555-",
        "555 ",
        "жалоба",
        "после ужина",
        "прислала",
        "private",
    }
    return {word.lower() for word in found if word}


def test_no_raw_value_stands_in_any_byte(acrm: Acrm, exports: Path) -> None:
    assert acrm("clean", "in", "-o", "plain").code == 0
    assert acrm("clean", "in", "-o", "coded", "--pseudonymise", "1.key").code == 0
    plain, said = cells(exports / "plain"), cells(exports / "coded")
    assert set(tables(exports / "coded")) == set(tables(exports / "plain"))
    # The test can fail: most of it stands in the plain store.
    assert sum(word in plain for word in secrets()) > len(secrets()) * 0.7
    assert [word for word in sorted(secrets()) if word in said] == []
    key = (exports / "1.key").read_text(encoding="utf-8").strip()
    assert [part for part in (key, "1.key", bytes.fromhex(key).hex()[:16]) if part in said] == []


def test_customers_and_figures_are_those_of_the_plain_store(acrm: Acrm, exports: Path) -> None:
    acrm("clean", "in", "-o", "plain")
    acrm("clean", "in", "-o", "coded", "--pseudonymise", "1.key")
    summaries = [json.loads(acrm("rfm", store, "--json", "-o", f"{store}-out").out) for store in ("plain", "coded")]
    told = [{name: value for name, value in one["summary"].items() if "rows" not in name} for one in summaries]
    assert told[0] == told[1]
    assert told[0]["customers"] > 25
    results = [pl.read_parquet(exports / f"{store}-out/rfm.parquet") for store in ("plain", "coded")]
    figures = [frame.drop("customer_id").sort(pl.all()) for frame in results]
    assert_frame_equal(*figures)
    assert not {"full_name", "email", "phone", "company"} & set(results[0].columns)


def test_payments_find_the_documents_they_name_in_codes_as_well(acrm: Acrm, exports: Path) -> None:
    header = ["ID", "Название сделки", "Бюджет", "Этап сделки", "Дата создания", "Дата закрытия", "Основной контакт"]
    deals = [["701", "Кухня", "5000", "Успешно реализовано", "01.03.2026", "05.03.2026", name(1)]]
    deals += [["702", "Шкаф", "4000", "Успешно реализовано", "01.03.2026", "06.03.2026", name(2)]]
    write(exports / "books/amo.csv", [*header, "Воронка", "Ответственный"], [[*row, "", MANAGER] for row in deals])
    statement = ["Дата операции", "Сумма операции", "Плательщик", "Назначение платежа"]
    paid = [["07.03.2026", "9000,00", name(3), f"за {name(1)}, сделки 701 и 702"]]
    paid += [["08.03.2026", "-4000,00", name(2), f"Возврат по сделке № 702 {name(2)}"]]
    write(exports / "books/bank.csv", statement, paid)
    acrm("clean", "books", "-o", "plain")
    acrm("clean", "books", "-o", "coded", "--pseudonymise", "1.key")
    told = [json.loads(acrm("reconcile", store, "--json").out)["summary"] for store in ("plain", "coded")]
    assert told[0] == told[1]
    assert (told[0]["matched_payments"], told[0]["paid"], told[0]["unmatched"]) == (2, 5000, 0)
    said = cells(exports / "coded")
    assert [
        word for word in (*secrets(), "701", "возврат") if f" {word} " in said or (word.isalpha() and word in said)
    ] == []


def test_monday_and_tuesday_are_one_full_export(acrm: Acrm, exports: Path) -> None:
    lines, key = orders(2), ("--pseudonymise", "1.key")
    write(exports / "full/orders.csv", ORDERS, [row for _, row in lines])
    write(exports / "full/clients.csv", CLIENTS, clients())
    write(exports / "mon/orders1.csv", ORDERS, [row for day, row in lines if day < 16])
    write(exports / "mon/clients1.csv", CLIENTS, clients()[:30])
    write(exports / "tue/orders2.csv", ORDERS, [row for day, row in lines if day >= 14])
    write(exports / "tue/clients2.csv", CLIENTS, clients()[20:])
    assert acrm("clean", "full", "-o", "whole", *key).code == 0
    assert acrm("clean", "mon", "-o", "grown", *key).code == 0
    assert acrm("clean", "tue", "-o", "grown", *key).code == 0
    whole, grown = tables(exports / "whole"), tables(exports / "grown")
    assert grown.keys() - whole.keys() <= {"former_identities"}
    for table, frame in whole.items():
        assert_frame_equal(grown[table], frame)
    assert "nothing has changed in grown" in acrm("clean", "tue", "-o", "grown", *key).out


def test_a_plain_store_becomes_what_its_exports_become(acrm: Acrm, exports: Path) -> None:
    acrm("clean", "in", "-o", "plain")
    assert acrm("clean", "plain", "-o", "made", "--pseudonymise", "1.key").code == 0
    acrm("clean", "in", "-o", "direct", "--pseudonymise", "1.key")
    made, direct = tables(exports / "made"), tables(exports / "direct")
    assert made.keys() == direct.keys()
    for table, frame in direct.items():
        assert_frame_equal(made[table], frame)
    assert [word for word in sorted(secrets()) if word in cells(exports / "made")] == []


def test_joins_by_names_nearly_alike_are_made_before_names_go(acrm: Acrm, exports: Path) -> None:
    people = [["K1", "Анна Петрова", "a@mail.ru"], ["K2", "Аннa Питрова", "a@mail.ru"], ["K3", "Лев Ким", "a@mail.ru"]]
    write(exports / "crm/crm.csv", ["Код клиента", "ФИО", "Почта"], people)
    assert acrm("clean", "crm", "-o", "plain").code == 0
    customers = {}
    for store, source in (("direct", "crm"), ("made", "plain")):
        acrm("clean", source, "-o", store, "--pseudonymise", "1.key")
        customers[store] = tables(exports / store)["customers"].height
    assert (tables(exports / "plain")["customers"].height, customers) == (2, {"direct": 3, "made": 2})
    # What was joined stays joined when more is added.
    write(exports / "more/crm2.csv", ["Код клиента", "ФИО", "Почта"], [["K4", "Ольга Лис", "o@mail.ru"]])
    acrm("clean", "more", "-o", "made", "--pseudonymise", "1.key")
    assert tables(exports / "made")["customers"].height == 3


def test_another_key_gives_other_codes_and_the_lineage_tells_them_apart(acrm: Acrm, exports: Path) -> None:
    ids, prints = [], []
    for key in (1, 2):
        acrm("clean", "in", "-o", f"coded{key}", "--pseudonymise", exports / f"{key}.key")
        ids.append(set(tables(exports / f"coded{key}")["customers"]["customer_id"]))
        made = json.loads((exports / f"coded{key}/clean.json").read_text(encoding="utf-8"))
        prints.append(made["options"]["pseudonymise"]["value"])
    assert not ids[0] & ids[1]
    assert [len(shown) for shown in prints] == [8, 8]
    assert prints[0] != prints[1]
    assert prints[0] in (exports / "coded1/dictionary.md").read_text(encoding="utf-8")


REFUSED = [
    (["clean", "in", "-o", "coded"], 3, "coded is pseudonymised"),
    (["clean", "coded", "-o", "new"], 3, "what is made of it is, too"),
    (["clean", "in", "-o", "coded", "--pseudonymise", "2.key"], 3, "not with"),
    (["clean", "in", "-o", "plain", "--pseudonymise", "1.key"], 3, "plain is a plain store"),
    (["clean", "plain", "coded", "-o", "new", "--pseudonymise", "1.key"], 3, "do not go together"),
    (["rfm", "coded", "in/orders.csv"], 3, "cannot be compared"),
    (["rfm", "coded", "plain"], 3, "do not go together"),
    (["clean", "in", "-o", "new", "--pseudonymise", "1.key", "--mask"], 2, "do not go together"),
    (["clean", "in", "-o", "new", "--pseudonymise", "1.key", "--link"], 2, "--link compares names"),
    (["clean", "in", "-o", "new", "--pseudonymise", "none.key"], 3, "secrets.token_hex(32)"),
    (["clean", "in", "-o", "plain", "--mask"], 3, "plain is a store"),
    (["clean", "in", "-o", "masked"], 3, "masked copy"),
    (["clean", "masked", "-o", "new"], 3, "masked copy"),
    (["rfm", "masked", "in/orders.csv"], 3, "masked copy"),
]


def test_what_does_not_go_together_is_refused(acrm: Acrm, exports: Path) -> None:
    acrm("clean", "in/orders.csv", "-o", "plain")
    acrm("clean", "plain", "-o", "coded", "--pseudonymise", "1.key")
    acrm("clean", "plain", "-o", "masked", "--mask")
    before = {path: path.read_bytes() for path in exports.rglob("*.parquet")}
    for words, code, said in REFUSED:
        ran = acrm(*words)
        assert (words, ran.code, said in ran.err) == (words, code, True), ran.err
    assert {path: path.read_bytes() for path in exports.rglob("*.parquet")} == before


def test_values_are_coded_once_for_each_kind_of_column() -> None:
    key = Key(b"k" * 32)
    rows = pl.LazyFrame(
        {
            "transactions.order_id": ["1", "1", None],
            "transactions.status": ["paid", "call 8 927 123 45 33", None],
            "transactions.product_name": ["iPhone 13", "4601234567890 milk", None],
            "customers.postal_code": ["420111", "SW1A 1AA", None],
            "customers.email": ["A@b.ru", "none", None],
            "customers.email_key": ["a@b.ru", None, None],
            "x_note": ["hi", "hi", None],
            "ref": ["email:a@b.ru", "id:shop:7", None],
        }
    )
    made = privacy.coded(rows, "transactions", key).collect()
    assert made["transactions.order_id"].to_list() == [key.code("order", "1")] * 2 + [None]
    assert made["transactions.status"].to_list() == ["paid", None, None]
    assert made["transactions.product_name"].to_list() == ["iPhone 13", "4601234567890 milk", None]
    assert made["customers.postal_code"].to_list() == ["420000", "SW1A 0AA", None]
    assert made["customers.email"].to_list() == [key.email("a@b.ru"), key.email("none"), None]
    assert made["x_note"].n_unique() == 2
    assert made["ref"].to_list() == [f"email:{key.email('a@b.ru')}", f"id:shop:{key.code('customer', '7')}", None]


def test_deals_without_numbers_are_called_by_the_codes_of_their_titles(acrm: Acrm, exports: Path) -> None:
    header = ["Название сделки", "Стадия", "Сумма", "Дата создания", "Имя клиента", "Ответственный"]
    rows = [
        ["Кухня для Воронцова", "Закрыто успешно", "5000", "01.02.2026", "Воронцов Аристарх", MANAGER],
        ["Кухня для Воронцова", "Новая", "7000", "03.02.2026", "Белозеров Евстафий", MANAGER],
        ["Шкаф", "Новая", "900", "04.02.2026", "Белозеров Евстафий", MANAGER],
    ]
    write(exports / "crm/deals.csv", header, rows)
    assert acrm("clean", "crm", "-o", "plain").code == 0
    assert acrm("clean", "crm", "-o", "coded", "--pseudonymise", "1.key").code == 0
    deals = [tables(exports / store)["deals"] for store in ("plain", "coded")]
    assert [frame["deal_id"].n_unique() for frame in deals] == [3, 3]
    assert_frame_equal(*(frame.select("amount", "status").sort("amount") for frame in deals))
    said = cells(exports / "coded")
    assert [word for word in ("кухня", "шкаф", "воронцов", "белозеров", "евстафий") if word in said] == []
