"""Validity, staleness, consent and the scorecard, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.conftest import Acrm

HEADER = "Код клиента;ФИО;Почта;Телефон;Дата рождения;Согласие;Дата создания\n"
CLIENTS = (
    "1;Анна;anna@mail.ru;;29.02.2023;да;13.01.2025\n"
    "2;Пётр;;12;05.05.1893;нет;13.01.2020\n"
    "3;Яна;yana@mail.ru;;29.02.1984;;13.01.2020\n"
)
ORDERS = "order_id,date,amount,customer id\n1,2025-01-15,60,1\n2,2019-03-14,40,2\n"


def save(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def people(folder: Path) -> dict[str, tuple[Any, ...]]:
    frame = pl.read_parquet(folder / "customers.parquet").select("customer_id", "birth_date", "_flags")
    return {row[0]: (row[1] and str(row[1]), row[2]) for row in frame.iter_rows()}


@pytest.fixture
def shop(acrm: Acrm, tmp_path: Path) -> Path:
    save(tmp_path, clients=HEADER + CLIENTS, orders=ORDERS)
    assert acrm("clean", "clients.csv", "orders.csv", "-o", "store", "--max-age", "24m").code == 0
    return tmp_path / "store"


def test_marks_of_customers(shop: Path) -> None:
    assert people(shop) == {
        "1": (None, "bad_value:birth_date"),
        "2": (None, "impossible:birth_date=1893-05-05 unreachable stale"),
        "3": ("1984-02-29", "stale"),
    }


def test_rules_are_counted(acrm: Acrm, shop: Path) -> None:
    rules = json.loads((shop / "clean.json").read_text(encoding="utf-8"))["rules"]
    counted = {rule["rule"]: rule["rows"] for rule in rules}
    assert counted == {"bad_value": 1, "impossible": 1, "unreachable": 1, "stale": 2}
    assert acrm("clean", "orders.csv", "--max-age", "soon").code == 2


def test_marks_outlive_a_run_that_tells_nothing_of_customers(acrm: Acrm, shop: Path, tmp_path: Path) -> None:
    before = people(shop)
    save(tmp_path, products="sku,product name,price\nM,Mug,5\n")
    assert acrm("clean", "products.csv", "-o", "store", "--max-age", "24m").code == 0
    assert people(shop) == before
    assert acrm("clean", "products.csv", "-o", "store").code == 0
    assert people(shop)["2"] == (None, "impossible:birth_date=1893-05-05 unreachable")
    assert people(shop)["3"] == ("1984-02-29", None)


def test_a_second_run_changes_nothing(acrm: Acrm, shop: Path) -> None:
    files = {path.name: path.read_bytes() for path in shop.iterdir()}
    again = acrm("clean", "clients.csv", "orders.csv", "-o", "store", "--max-age", "24m")
    assert "nothing has changed" in again.out
    assert {path.name: path.read_bytes() for path in shop.iterdir()} == files


def test_a_run_is_compared_with_the_one_before(acrm: Acrm, shop: Path, tmp_path: Path) -> None:
    assert json.loads((shop / "clean.json").read_text(encoding="utf-8"))["changes"] == []
    save(tmp_path, later=HEADER + "2;Пётр;petr@mail.ru;;;нет;13.01.2020\n")
    found = json.loads(acrm("clean", "later.csv", "-o", "store", "--json").out)
    moved = {(row["field"], row["measure"]): (row["before"], row["now"]) for row in found["changes"]}
    assert moved["email", "filled"] == (round(2 / 3, 6), 1.0)
    assert moved["contact", "revenue"] == (0.6, 1.0)
    card = {(row["table"], row["field"]): row for row in found["scorecard"]}
    assert card["customers", "email"]["valid"] == 1.0
    page = " ".join(acrm("doctor", "store").out.split())
    assert "filled ▲33.3" in page
    assert "100.0% of sales are theirs ▲40.0" in page
    told = json.loads(acrm("doctor", "store", "--json").out)
    assert (told["scorecard"], told["changes"]) == (found["scorecard"], found["changes"])


def test_the_doctor_finds_the_same_in_exports_and_in_their_store(acrm: Acrm, shop: Path) -> None:
    raw = json.loads(acrm("doctor", "clients.csv", "orders.csv", "--json").out)
    stored = json.loads(acrm("doctor", "store", "--json").out)
    assert raw == stored
    assert pl.read_parquet(shop / "scorecard.parquet").to_dicts() == stored["scorecard"]


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("email.valid<0.9", 0),
        ("contact.valid<0.9", 1),
        ("birth_date.valid<50%", 1),
        ("contact.revenue<0.5", 0),
        ("transactions.customer_id.filled<1", 0),
        ("customers<3", 0),
        ("phone.unique<0.5", 1),
        ("emial.valid<0.9", 2),
    ],
)
@pytest.mark.usefixtures("shop")
def test_every_measure_is_a_figure(acrm: Acrm, limit: str, code: int) -> None:
    ran = acrm("doctor", "store", "--fail-on", limit)
    assert ran.code == code
    assert ("email.valid" in ran.err) is (code == 2)


def test_a_run_that_breaks_a_limit_has_written_its_store(acrm: Acrm, shop: Path) -> None:
    ran = acrm("clean", "clients.csv", "-o", "other", "--fail-on", "contact.valid<0.9", "--fail-on", "rejected>0")
    assert (ran.code, "contact.valid = 0.666667" in ran.err) == (1, True)
    assert pl.read_parquet(shop.parent / "other" / "customers.parquet").height == 3


def test_who_refuses_is_counted(acrm: Acrm, shop: Path) -> None:
    for sources in (["clients.csv", "orders.csv"], [shop.name]):
        notes = json.loads(acrm("rfm", *sources, "--json").out)["notes"]
        refused = [note["text"] for note in notes if note["id"] == "score.refuse"]
        assert refused == ["1 customer without consent (refused): in no list of whom to contact"]


def test_the_dictionary_says_what_a_value_has_to_be_and_where_it_is_from(
    acrm: Acrm, shop: Path, tmp_path: Path
) -> None:
    save(tmp_path, more="id,email\n9,zoe@x.com\n")
    acrm("clean", "more.csv", "-o", "store", "--map", "customer_id=id")
    lines = (shop / "dictionary.md").read_text(encoding="utf-8").splitlines()
    email = next(line for line in lines if line.startswith("| email |"))
    assert "| an address with a domain | Почта (clients.csv); email (more.csv) |" in email
    # As on the scorecard, cells that could not be read are filled.
    born = next(line for line in lines if line.startswith("| birth_date | date | 75.0% | 33.3% |"))
    assert "an age of 0 to 110 years" in born
