"""Decisions in a store: recorded once, kept when it is cleaned again, and never about strangers."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from acrm.analysis.actions.actions import ActionParams, ActionsResult, plan
from acrm.analysis.actions.crm_export import export
from acrm.analysis.actions.decisions import decisions
from acrm.analysis.actions.scenarios import load_scenarios
from acrm.errors import InputError, OutputError
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.lineage import Lineage
from acrm.store import record
from tests.conftest import Acrm

LINEAGE = Lineage(command="segment", options={"budget": (100, "flag")})
ORDERS = "order_id,date,amount,customer id\n"
MARCH = ORDERS + "".join(f"{order},2026-03-{order % 20 + 1:02},{order + 50},c{order % 30}\n" for order in range(60))
APRIL = ORDERS + "".join(f"{order},2026-04-{order % 20 + 1:02},{order + 50},c{order % 40}\n" for order in range(60, 99))


def planned(day: date, who: range = range(30)) -> ActionsResult:
    rows = pl.DataFrame(
        {
            "customer_id": [f"c{number}" for number in who],
            "segment_id": [0] * len(who),
            "segment": ["new"] * len(who),
            "margin": [Decimal(100)] * len(who),
        }
    )
    return plan(rows, load_scenarios(), None, ActionParams(as_of=day))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def store(acrm: Acrm, tmp_path: Path) -> Path:
    (tmp_path / "march.csv").write_text(MARCH, encoding="utf-8")
    (tmp_path / "april.csv").write_text(APRIL, encoding="utf-8")
    assert acrm("clean", "march.csv", "-o", "store").code == 0
    return tmp_path / "store"


def kept(store: Path) -> pl.DataFrame:
    return pl.read_parquet(store / "decisions.parquet").select(*decisions(planned(date(2026, 4, 1))).columns)


def test_recorded_twice_changes_no_byte(store: Path) -> None:
    before = content(store)
    made = decisions(planned(date(2026, 4, 1)))
    assert record(store, made, LINEAGE) == made.height > 20
    once = content(store)
    assert {name for name in once if once[name] != before.get(name)} == {"decisions.parquet", "clean.json"}
    assert record(store, made.reverse(), LINEAGE) == 0
    assert content(store) == once
    assert kept(store).equals(made)
    outputs = json.loads(once["clean.json"])["outputs"]
    assert {"name": "decisions.parquet", "rows": made.height} in outputs


def test_a_later_plan_is_added(store: Path) -> None:
    first, later = (decisions(planned(date(2026, month, 1))) for month in (4, 5))
    record(store, later, LINEAGE)
    one_way = content(store)["decisions.parquet"]
    assert record(store, first, LINEAGE) == first.height
    assert record(store, pl.concat([later, first]), LINEAGE) == 0
    assert kept(store).equals(pl.concat([first, later]))
    assert content(store)["decisions.parquet"] != one_way


def test_a_store_that_is_cleaned_again_keeps_them(acrm: Acrm, store: Path, tmp_path: Path) -> None:
    made = decisions(planned(date(2026, 4, 1)))
    record(store, made, LINEAGE)
    assert acrm("clean", "april.csv", "-o", "store").code == 0
    assert kept(store).equals(made)
    assert not (store / "former_decisions.parquet").exists()
    assert "## decisions" in (store / "dictionary.md").read_text(encoding="utf-8")
    # Once more, the same files: nothing is new, and nothing of the decisions is doubled.
    assert acrm("clean", "march.csv", "april.csv", "-o", "store").code == 0
    assert kept(store).equals(made)
    assert record(store, made, LINEAGE) == 0
    read = load(["store"], IngestOptions(), tmp_path, {"decisions": frozenset({"decision_id"})})
    assert read.tables["decisions"].collect().height == made.height
    then = load(["store"], IngestOptions(known_at=date(2026, 3, 25)), tmp_path, {"decisions": frozenset()})
    assert then.tables["decisions"].collect().is_empty()
    assert acrm("rfm", "store", "-o", "out").code == 0
    lineage = acrm("lineage", "store/decisions.parquet")
    assert lineage.code == 0
    assert "march.csv" in lineage.out


def test_the_store_says_of_itself_what_it_said(store: Path) -> None:
    record(store, decisions(planned(date(2026, 4, 1))), LINEAGE)
    made = json.loads(pl.read_parquet_metadata(store / "decisions.parquet")["acrm"])
    orders = json.loads(pl.read_parquet_metadata(store / "transactions.parquet")["acrm"])
    assert made["inputs"] == orders["inputs"]
    assert made["recorded_by"]["options"]["budget"]["value"] == 100


def test_pseudonyms_keep_decisions_apart_from_names(acrm: Acrm, store: Path, tmp_path: Path) -> None:
    made = decisions(planned(date(2026, 4, 1)))
    record(store, made, LINEAGE)
    (tmp_path / "acrm.key").write_text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP", encoding="utf-8")
    assert acrm("clean", "store", "-o", "coded", "--pseudonymise", "acrm.key").code == 0
    coded = pl.read_parquet(tmp_path / "coded" / "decisions.parquet")
    assert coded.height == made.height
    assert not set(coded["customer_id"]) & set(made["customer_id"])
    # A hash of the customer would give the customer away to who can guess the id.
    assert not set(coded["decision_id"]) & set(made["decision_id"])
    with pytest.raises(InputError, match="does not know 30 customers"):
        record(tmp_path / "coded", decisions(planned(date(2026, 5, 1))), LINEAGE)


def test_strangers_and_folders_that_are_no_store_are_refused(store: Path, tmp_path: Path) -> None:
    before = content(store)
    with pytest.raises(InputError, match="c30"):
        record(store, decisions(planned(date(2026, 4, 1), range(35))), LINEAGE)
    assert content(store) == before
    with pytest.raises(InputError, match="no store"):
        record(tmp_path / "nothing", decisions(planned(date(2026, 4, 1))), LINEAGE)
    assert not (tmp_path / "nothing").exists()
    (store / "decisions.parquet").write_bytes(b"mine")
    with pytest.raises(OutputError):
        record(store, decisions(planned(date(2026, 4, 1))), LINEAGE)


CONTACTS = (
    "ID;Тип;Полное имя контакта;Дата создания контакта;Рабочий телефон;Рабочий email\n"
    "901;контакт;Анна Ким;01.02.2026;;anna@mail.ru\n"
    "902;контакт;Пётр Лис;01.02.2026;;petr@mail.ru\n"
)
SHOP = "order_id,date,amount,email\n1,2026-03-01,50,anna@mail.ru\n2,2026-03-02,70,ivan@mail.ru\n"


def test_decisions_follow_customers_that_are_joined_and_reach_the_crm_by_its_own_ids(
    acrm: Acrm, tmp_path: Path
) -> None:
    (tmp_path / "amocrm_export_contacts_2026-03-05.csv").write_text(CONTACTS, encoding="utf-8")
    (tmp_path / "shop.csv").write_text(SHOP, encoding="utf-8")
    assert acrm("clean", "shop.csv", "-o", "store").code == 0

    def rows() -> pl.DataFrame:
        customers = pl.read_parquet(tmp_path / "store" / "customers.parquet")
        fixed = {"segment_id": pl.lit(0), "segment": pl.lit("new"), "margin": pl.lit(Decimal(100))}
        return customers.select("customer_id", **fixed)

    before = rows()
    assert before["customer_id"].to_list() == ["anna@mail.ru", "ivan@mail.ru"]
    result = plan(before, load_scenarios(), None, ActionParams(as_of=date(2026, 3, 10), seed=1))
    assert record(tmp_path / "store", decisions(result), LINEAGE) == 2
    # The contact list says which customer of the CRM the buyer is.
    assert acrm("clean", "amocrm_export_contacts_2026-03-05.csv", "-o", "store").code == 0
    after = pl.read_parquet(tmp_path / "store" / "decisions.parquet")
    assert after["customer_id"].to_list() == ["901", "ivan@mail.ru"]
    assert set(after["decision_id"]) == set(result.tables["actions"]["decision_id"])

    result = plan(rows(), load_scenarios(), None, ActionParams(as_of=date(2026, 4, 10), seed=1))
    identities = pl.read_parquet(tmp_path / "store" / "identities.parquet")
    customers = pl.read_parquet(tmp_path / "store" / "customers.parquet")
    found = export("amocrm", result, rows(), identities, customers, None)
    assert found.rows.select("ID", "Полное имя контакта", "Рабочий email", "Сегмент").rows() == [
        ("901", "Анна Ким", "anna@mail.ru", "new"),
        ("902", "Пётр Лис", "petr@mail.ru", "new"),
    ]
