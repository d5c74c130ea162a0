"""What a good value is, by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.messages import LANGUAGES, catalogue
from acrm.schema import TABLES
from acrm.validity import impossible, newest_day, rules_of, valid, years_before

DAY = date(2025, 6, 1)


def good(field: str, value: Any, **beside: Any) -> bool:
    row = pl.DataFrame([{field: value} | beside])
    name = {"email_key": "email", "phone_e164": "phone"}.get(field, field)
    return bool(row.select(valid("customers", row.columns, DAY)[name]).item())


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("email_key", "anna@mail.ru", True),
        ("email_key", "a@пример.рф", True),
        ("email_key", "a..b@mail.ru", False),
        ("email_key", "a@-mail.ru", False),
        ("email_key", "a@mail", False),
        ("phone_e164", "+79271234567", True),
        ("phone_e164", "89271234567", False),
        # The tax numbers of two Russian firms and a person as they are published; one digit changed; a Greek AFM.
        ("tax_id", "7707083893", True),
        ("tax_id", "77 07 083893", True),
        ("tax_id", "7707083894", False),
        ("tax_id", "7830002293", True),
        ("tax_id", "500100732259", True),
        ("tax_id", "500100732258", False),
        ("tax_id", "500100732269", False),
        ("tax_id", "EL094259216", True),
        ("tax_id", "123", False),
        ("gender", " Ж. ", True),
        ("gender", "Female", True),
        ("gender", "?", False),
        ("postal_code", "443001", True),
        ("postal_code", "SW1A 1AA", True),
        ("postal_code", "ABC", False),
        ("birth_date", date(1915, 6, 1), True),
        ("birth_date", date(1915, 5, 31), False),
        ("birth_date", date(1893, 5, 5), False),
        ("birth_date", DAY, True),
        ("birth_date", date(2025, 6, 2), False),
        ("created_at", datetime(2025, 6, 1, 23), True),
        ("created_at", datetime(2025, 6, 2), False),
    ],
)
def test_fields_of_customers(field: str, value: Any, expected: bool) -> None:
    assert good(field, value) is expected


def test_an_empty_cell_is_not_valid() -> None:
    rows = pl.DataFrame({"tax_id": [None], "gender": [None], "birth_date": [None], "email_key": [None]})
    rows = rows.cast({"birth_date": pl.Date, "email_key": pl.String, "tax_id": pl.String, "gender": pl.String})
    assert rows.select(valid("customers", rows.columns, DAY).values()).row(0) == (False,) * 4


def test_check_digits_bind_nobody_who_lives_elsewhere() -> None:
    assert good("tax_id", "5260250995", country="Poland")
    assert good("tax_id", "5260250995", phone_e164="+48226578000")
    assert not good("tax_id", "5260250995")
    assert not good("tax_id", "5260250995", country="Россия", phone_e164="+48226578000")


def test_a_postal_code_is_shaped_as_its_country_writes_it() -> None:
    assert not good("postal_code", "44300", country="Россия")
    assert good("postal_code", "44300", country="Germany")
    assert good("postal_code", "sw1a1aa", country="UK")
    assert not good("postal_code", "443001", country="USA")


def test_what_ends_before_it_begins() -> None:
    deals = pl.DataFrame(
        {"created_at": [date(2025, 5, 2)] * 3, "closed_at": [date(2025, 5, 1), date(2025, 5, 2), None]}
    )
    assert deals.select(impossible("deals", deals.columns, DAY)["closed_at"]).to_series().to_list() == [
        True,
        False,
        False,
    ]
    assert "created_at" not in impossible("deals", deals.columns, None)
    assert deals.select(valid("deals", deals.columns, DAY)["closed_at"]).to_series().to_list() == [False, True, False]


def test_orders_after_the_newest_day() -> None:
    lines = pl.DataFrame({"ordered_on": [DAY, date(2052, 6, 1)]})
    assert lines.select(impossible("transactions", lines.columns, DAY)["ordered_at"]).to_series().to_list() == [
        False,
        True,
    ]


def dated(days: list[date]) -> dict[str, pl.LazyFrame]:
    return {"transactions": pl.LazyFrame({"ordered_on": days}, schema={"ordered_on": pl.Date})}


def test_the_newest_day_is_no_typing_error() -> None:
    days = [date(2024, 1, 1 + row % 30) for row in range(2000)]
    assert newest_day(dated(days)) == date(2024, 1, 30)
    assert newest_day(dated([*days, date(2042, 1, 1)])) == date(2024, 1, 30)
    # Two of 2,002 are one in 1,001; three are more than one in 1,000; one order is one, whatever its lines.
    assert newest_day(dated([*days, date(2042, 1, 1), date(2099, 1, 1)])) == date(2024, 1, 30)
    assert newest_day(dated([*days, *[date(2042, 1, 1)] * 3])) == date(2042, 1, 1)
    # A month later is no gap.
    assert newest_day(dated([*days, date(2024, 3, 1)])) == date(2024, 3, 1)
    assert newest_day(dated([date(2020, 1, 1), date(2042, 1, 1)])) == date(2042, 1, 1)
    assert newest_day(dated([])) is None
    assert newest_day({}) is None


def test_one_mistyped_order_or_a_test_does_not_move_the_newest_day() -> None:
    lines = [(str(day), date(2024, 1, day), False) for day in range(1, 6)]
    lines += [("9", date(2204, 1, 5), False)] * 3 + [("10", date(2300, 1, 1), True)]
    frame = pl.LazyFrame(lines, schema=["order_id", "ordered_on", "is_test"], orient="row")
    assert newest_day({"transactions": frame}) == date(2024, 1, 5)
    two = pl.concat(
        [frame, pl.LazyFrame([("11", date(2204, 1, 6), False)], schema=frame.collect_schema(), orient="row")]
    )
    assert newest_day({"transactions": two}) == date(2204, 1, 6)


@given(st.dates(min_value=date(200, 1, 1)), st.integers(0, 110))
def test_years_before_is_the_same_day(day: date, years: int) -> None:
    found = years_before(day, years)
    assert (found.year, found.month) == (day.year - years, day.month)
    assert day.day - found.day in ((0, 1) if (day.month, day.day) == (2, 29) else (0,))


def test_every_rule_can_be_said() -> None:
    said = {message.id for name, table in TABLES.items() for field in table.names for message in rules_of(name, field)}
    for language in LANGUAGES:
        assert said <= set(catalogue(language))
    # Every field with a rule is described by one.
    for name, table in TABLES.items():
        for field in valid(name, table.names, DAY):
            assert rules_of(name, field), f"{name}.{field}"
