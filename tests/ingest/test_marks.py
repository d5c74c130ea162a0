"""Marks that need all tables: impossible values, unreachable customers, stale records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm.errors import UsageError
from acrm.ingest.marks import age, day_before, marked
from acrm.schema import polars_schema

NOW = date(2025, 6, 1)


def table(name: str, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema={**polars_schema(name), "_flags": pl.String})


CUSTOMERS: list[dict[str, Any]] = [
    {"customer_id": "a", "email": "a@mail.ru", "email_key": "a@mail.ru", "created_at": datetime(2020, 1, 1)},
    {"customer_id": "b", "phone": "12", "birth_date": date(1893, 5, 5), "_flags": "bad_value:gender"},
    {"customer_id": "c", "phone": "8927", "phone_e164": "+79271234567", "created_at": datetime(2023, 5, 31)},
    {"customer_id": "e", "email": "a..b@mail.ru", "email_key": "a..b@mail.ru", "phone": "12"},
    {"customer_id": "d", "created_at": datetime(2023, 6, 1), "birth_date": date(1983, 5, 5)},
]
ORDERS = [
    {"order_id": "1", "customer_id": "a", "ordered_on": date(2025, 5, 1)},
    {"order_id": "2", "customer_id": "c", "ordered_on": date(2052, 5, 1), "_flags": "made_order_id"},
]
DEALS = [
    {"deal_id": "1", "status": "open", "created_at": datetime(2022, 1, 1)},
    {"deal_id": "2", "status": "won", "created_at": datetime(2022, 1, 1)},
    {"deal_id": "3", "status": "open", "created_at": datetime(2022, 1, 1)},
]
CALLS = [{"deal_id": "3", "kind": "call", "started_at": datetime(2025, 1, 1), "ended_at": datetime(2024, 12, 31)}]


def made(max_age: str | None = None) -> dict[str, pl.DataFrame]:
    tables = {
        "customers": table("customers", CUSTOMERS),
        "transactions": table("transactions", ORDERS),
        "deals": table("deals", DEALS),
        "interactions": table("interactions", CALLS),
        "other_x": pl.LazyFrame({"row": [1]}),
    }
    return {name: frame.collect() for name, frame in marked(tables, NOW, max_age).items()}


def test_marks_and_what_they_leave() -> None:
    found = made()
    assert found["customers"]["_flags"].to_list() == [
        None,
        "bad_value:gender impossible:birth_date=1893-05-05 unreachable",
        None,
        "unreachable",
        "unreachable",
    ]
    assert found["customers"]["birth_date"].to_list() == [None, None, None, None, date(1983, 5, 5)]
    assert found["transactions"]["_flags"].to_list() == [None, "made_order_id impossible:ordered_at"]
    assert found["transactions"]["ordered_on"].to_list() == [date(2025, 5, 1), date(2052, 5, 1)]
    assert found["interactions"]["_flags"].to_list() == ["impossible:ended_at"]
    assert found["deals"]["_flags"].null_count() == 3


def test_stale_is_what_no_table_confirms() -> None:
    found = made("24m")
    # a has ordered; nothing of b is dated; the order of c lies in the future; d was made known 24 months ago, no more.
    stale = found["customers"].filter(pl.col("_flags").str.contains("stale"))["customer_id"].to_list()
    assert stale == ["c"]
    assert made("731d")["customers"].filter(pl.col("_flags").str.contains("stale"))["customer_id"].to_list() == ["c"]
    # Only open deals can be forgotten, and somebody has called about the third.
    assert found["deals"]["_flags"].to_list() == ["stale", None, None]
    assert found["customers"].columns == [*polars_schema("customers"), "_flags"]


@pytest.mark.parametrize("max_age", [None, "24m"])
def test_marks_set_again_are_the_same(max_age: str | None) -> None:
    once = made("1y")
    again = marked({name: frame.lazy() for name, frame in once.items()}, NOW, max_age)
    for name, frame in made(max_age).items():
        assert_frame_equal(again[name].collect(), frame)


def test_what_nobody_was_asked_for_is_not_missing() -> None:
    silent = {"customers": table("customers", [{"customer_id": "a"}])}
    assert marked(silent, NOW)["customers"].collect()["_flags"].to_list() == [None]


def test_without_any_date_nothing_is_old() -> None:
    tables = {"customers": table("customers", [CUSTOMERS[1]])}
    assert marked(tables, None, "1d")["customers"].collect()["birth_date"].to_list() == [date(1893, 5, 5)]


@pytest.mark.parametrize("word", ["", "24", "m", "0m", "-1d", "1.5y", "24 m", "24mo"])
def test_no_age(word: str) -> None:
    with pytest.raises(UsageError) as error:
        age(word)
    assert error.value.id == "bad_age"


def test_days_before() -> None:
    assert day_before(date(2024, 2, 29), "1y") == date(2023, 2, 28)
    assert day_before(date(2024, 3, 31), "1m") == date(2024, 2, 29)
    assert day_before(date(2024, 3, 1), "366d") == date(2023, 3, 1)
