"""What an operational CRM gets: its own ids, what changed since the last export, nothing that runs as a formula."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.actions.actions import ActionParams, ActionsResult, plan
from acrm.analysis.actions.crm_export import Export, export
from acrm.analysis.actions.decisions import decisions
from acrm.analysis.actions.scenarios import load_scenarios
from acrm.errors import InputError, UsageError
from acrm.write import csv_parts

DAY = date(2026, 3, 1)
PEOPLE = pl.DataFrame(
    {
        "customer_id": [f"c{number}" for number in range(100)],
        "segment_id": [0] * 100,
        "segment": ["new"] * 100,
        "margin": [Decimal(100 + number) for number in range(100)],
    }
)
IDS = pl.DataFrame(
    {
        "customer_id": ["c0", "c0", "c1", "c2", "c3", "c3", "gone"],
        "ref": [
            "id:amocrm:77",
            "id:shop:9",
            "email:a@b.ru",
            "id:bitrix24:company-5",
            "id:bitrix24:8",
            "id:bitrix24:9",
            "id:amocrm:78",
        ],
    }
)
NAMED = pl.DataFrame(
    {
        "customer_id": ["c0", "c3"],
        "full_name": ["=cmd()", "Анна Ким"],
        "first_name": [None, "Анна"],
        "last_name": [None, "Ким"],
        "phone_e164": ["+79271234567", None],
        "email_key": [None, "a@b.ru"],
    }
)


def planned(day: date = DAY, people: pl.DataFrame = PEOPLE, budget: int = 1000) -> ActionsResult:
    return plan(people, load_scenarios(), None, ActionParams(as_of=day, budget=Decimal(budget)))


def made(system: str, result: ActionsResult, sent: pl.DataFrame | None = None, people: pl.DataFrame = PEOPLE) -> Export:
    return export(system, result, people, IDS, NAMED, sent)


def test_amocrm_gets_its_contacts() -> None:
    found = made("amocrm", planned())
    lines = b"".join(csv_parts(found.rows, russian=True)).decode().splitlines()
    assert lines[0] == (
        "ID;Полное имя контакта;Рабочий телефон;Рабочий email;Сегмент;Действие;Канал;Исполнитель;Срок;Причина;"
        "Ожидаемая ценность;Решение"
    )
    assert len(lines) == 2
    assert lines[1].startswith(
        "77;'=cmd();+79271234567;;new;offer on the second order;email;marketing;11.03.2026;new: "
    )
    assert ";3,0000;" in lines[1]


def test_bitrix24_gets_its_people_and_no_companies() -> None:
    found = made("bitrix24", planned())
    assert found.rows.select("ID", "Имя", "Фамилия", "Рабочий e-mail").rows() == [
        ("8", "Анна", "Ким", "a@b.ru"),
        ("9", "Анна", "Ким", "a@b.ru"),
    ]
    assert found.companies == 1


def test_only_what_changed_is_exported_again() -> None:
    first = made("csv", planned())
    assert first.rows.height == 100
    again = made("csv", planned(), first.sent)
    assert again.rows.equals(first.rows)
    assert again.sent.equals(first.sent)
    moved = PEOPLE.with_columns(segment=pl.when(pl.col("customer_id") == "c5").then(pl.lit("old")).otherwise("segment"))
    day = DAY + timedelta(1)
    # Without money nobody has an action any more: those who had one are told so, as is who moved.
    after = made("csv", planned(day, moved, 0), again.sent, moved)
    acted = set(planned().tables["actions"].filter(~pl.col("control"))["customer_id"])
    assert set(after.rows["customer_id"]) == acted | {"c5"}
    assert after.rows["action"].is_null().all()
    assert made("csv", planned(day, moved, 0), after.sent, moved).rows.equals(after.rows)
    assert made("csv", planned(DAY + timedelta(2), moved, 0), after.sent, moved).rows.is_empty()


def test_a_recorded_action_stands_until_it_is_due() -> None:
    first = made("csv", planned())
    kept = decisions(planned())
    acted = set(planned().tables["actions"].filter(~pl.col("control"))["customer_id"])
    day = DAY + timedelta(1)

    def later(customers: pl.DataFrame, on: date = day) -> pl.DataFrame:
        return export("csv", planned(on, budget=0), PEOPLE, IDS, customers, first.sent, kept).rows

    assert later(NAMED).is_empty()
    # Who refuses by now is told so, as is everybody when the day is past.
    gone = min(acted)
    refusing = pl.DataFrame({"customer_id": [gone], "consent": [False]})
    assert later(refusing).select("customer_id", "action").rows() == [(gone, None)]
    past = max(kept["due"]) + timedelta(1)
    assert set(later(NAMED, past)["customer_id"]) == acted
    control = set(kept.filter("control")["customer_id"])
    assert control
    assert not control & set(later(NAMED)["customer_id"])


def test_systems_do_not_forget_each_other() -> None:
    first = made("amocrm", planned())
    both = made("bitrix24", planned(), first.sent)
    assert both.sent["system"].to_list() == ["amocrm", "bitrix24", "bitrix24"]
    assert made("amocrm", planned(DAY + timedelta(1), budget=0), both.sent).rows.height == 1


def test_control_gets_no_action() -> None:
    result = planned()
    control = result.tables["actions"].filter("control")["customer_id"]
    assert len(control)
    rows = made("csv", result).rows.filter(pl.col("customer_id").is_in(control.implode()))
    assert rows["action"].is_null().all()
    assert rows["segment"].to_list() == ["new"] * len(control)


def test_without_ids_of_the_system_there_is_nothing_to_export() -> None:
    with pytest.raises(InputError, match="shop"):
        export("amocrm", planned(), PEOPLE, IDS.filter(pl.col("ref") == "id:shop:9"), None, None)
    with pytest.raises(InputError, match="amocrm"):
        export("amocrm", planned(), PEOPLE, None, None, None)
    with pytest.raises(UsageError, match="bitrix24"):
        export("sap", planned(), PEOPLE, None, None, None)
