"""Who may be written to: columns of consent and of refusal, in systems known and unknown."""

from __future__ import annotations

import pytest

from tests.ingest.conftest import Load, rows


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("Рассылка", ("Да", "Нет")),
        ("Согласие на рассылку", ("Подписан", "Отписан")),
        ("Email Marketing Status", ("Subscribed", "Unsubscribed")),
        ("Opt-in", ("1", "0")),
        ("Newsletter", ("yes", "no")),
    ],
)
def test_consent_of_an_unknown_system(load: Load, column: str, values: tuple[str, str]) -> None:
    dataset = load(f"ID,Email,{column}\n1,ann@x.com,{values[0]}\n2,bob@x.com,{values[1]}\n3,cy@x.com,\n")
    assert rows(dataset, "customers", "customer_id", "consent") == [("1", True), ("2", False), ("3", None)]


@pytest.mark.parametrize("column", ["Email Opt Out", "Unsubscribed", "Отписан"])
def test_who_opted_out_of_an_unknown_system(load: Load, column: str) -> None:
    dataset = load(f"ID,Email,{column}\n1,ann@x.com,no\n2,bob@x.com,yes\n")
    assert rows(dataset, "customers", "customer_id", "consent") == [("1", None), ("2", False)]


@pytest.mark.parametrize("column", ["Unsubscribed at", "Дата отписки"])
def test_a_date_says_that_somebody_opted_out(load: Load, column: str) -> None:
    dataset = load(f"ID,Email,Subscribed,{column}\n1,ann@x.com,yes,\n2,bob@x.com,yes,2026-01-05\n")
    assert rows(dataset, "customers", "customer_id", "consent") == [("1", True), ("2", False)]


def test_who_opted_out_of_zoho(load: Load) -> None:
    text = "Record Id,Contact Owner,First Name,Last Name,Email,Account Name.id,Created Time,Email Opt Out\n"
    text += "z1,Eva,Ann,Lee,ann@x.com,,2026-01-05 10:00:00,false\nz2,Eva,Bob,Ray,b@x.com,,2026-01-06 10:00:00,true\n"
    dataset = load({"Contacts_001.csv": text})
    assert dataset.inputs[0].plan.system == "zoho"
    assert rows(dataset, "customers", "customer_id", "consent") == [("z1", None), ("z2", False)]


def test_who_opted_out_of_salesforce(load: Load) -> None:
    text = '"ID","FIRSTNAME","LASTNAME","EMAIL","ACCOUNTID","HASOPTEDOUTOFEMAIL"\n'
    text += '"0031x00000AbCdEAAV","Ann","Lee","ann@x.com","","false"\n'
    text += '"0031x00000AbCdFAAV","Bob","Ray","b@x.com","","true"\n'
    assert rows(load({"Contact.csv": text}), "customers", "first_name", "consent") == [("Ann", None), ("Bob", False)]
