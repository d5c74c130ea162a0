"""Phones and e-mails."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.ingest.people.contacts import email_key, phone_numbers
from acrm.ingest.vocabulary import name_key


def e164(cell: str, region: str | None = "RU", country: str | None = None) -> str | None:
    countries = pl.Series([country], dtype=pl.String)
    return str(found) if (found := phone_numbers(pl.Series([cell]), region, countries)["e164"][0]) else None


@pytest.mark.parametrize(
    "cell",
    [
        "8 (927) 100-20-30",
        "+7 927 100 20 30",
        "9271002030",
        "'79271002030",
        "79271002030",
        "8(927)1002030 доб. 12",
        "8 927 100-20-30, 8 927 100-20-31",
        "89271002030; 5",
        "8 927 100-20-30 8 927 100-20-31",
        "70000000000, +79271002030",
        "8-927-100-20-30 (Анна)",
    ],
)
def test_spellings_of_one_russian_number(cell: str) -> None:
    assert e164(cell) == "+79271002030"


@pytest.mark.parametrize(
    "cell",
    [
        "7,9271E+10",
        "70000000000",
        "79000000000",
        "+79999999999",
        "1111111",
        "1234567",
        "55-35-35",
        "223-45-67",
        "123",
        "нет",
    ],
)
def test_no_number_at_all(cell: str) -> None:
    assert e164(cell) is None


def test_numbers_that_are_no_mobiles() -> None:
    assert e164("8 (800) 555-35-35") == "+78005553535"
    assert e164("+7 495 123-45-67 вн. 5") == "+74951234567"
    # Kazakhstan has the same country code and dials 8, too.
    assert [e164("+7 701 123 45 67"), e164("8 701 123 45 67", "KZ"), e164("8 701 123 45 67")] == ["+77011234567"] * 3
    assert e164("8 701 123 45 67", None, "Казахстан") == "+77011234567"


def test_a_country_beats_the_region_and_no_region_reads_only_full_numbers() -> None:
    assert e164("4155550100", None, "US") == "+14155550100"
    assert e164("4155550100", None) is None
    assert e164("+1 415-555-0100", None) == "+14155550100"
    assert e164("020 7946 0958", None, "United Kingdom") == "+442079460958"


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ("  ADA@Example.com ", "ada@example.com"),
        ("anna@mail,ru", "anna@mail.ru"),
        ("anna@mail.ru.", "anna@mail.ru"),
        ("a@b.ru; c@d.ru", "a@b.ru"),
        ("Ada <ada+news@example.com>", "ada+news@example.com"),
        ("почта@пример.рф", "почта@пример.рф"),
        ("none", None),
        ("anna@mail,ru; b@c.ru", "anna@mail.ru"),
        ("a@b.ru,igor", "a@b.ru"),
        ("mailto:anna@b.ru", "anna@b.ru"),
        ("'anna@b.ru'", "anna@b.ru"),
        ("x@xn--e1afmkfd.xn--p1ai", "x@xn--e1afmkfd.xn--p1ai"),
        ("nora@mail.ru", "nora@mail.ru"),
        ("tester@mail.ru", "tester@mail.ru"),
        ("no@mail.ru", None),
        ("test@test.ru", None),
        ("-@-", None),
        ("none@none.com", None),
        ("noemail@shop.com", None),
        ("no-reply@ozon.ru", None),
        ("a@b", None),
    ],
)
def test_email_keys(cell: str, key: str | None) -> None:
    assert pl.DataFrame({"e": [cell]}).select(email_key(pl.col("e"))).item() == key


def test_names_fold_case_yo_quotes_and_lookalikes() -> None:
    assert name_key("ООО «Ёлка»") == name_key('ооо "елка"')
    assert name_key("Cидoров Иван") == name_key("Сидоров  иван")
    assert name_key("Иванов") != name_key("Иванова")
