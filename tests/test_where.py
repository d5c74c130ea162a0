"""Row filters in SQL."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from acrm.errors import UsageError
from acrm.where import names_in, where

ORDERS = pl.LazyFrame(
    {
        "order_id": ["1", "2"],
        "customer_id": ["7", "8"],
        "ordered_at": [datetime(2024, 1, 13, 10), datetime(2024, 2, 14, 11)],
        "ordered_on": [date(2024, 1, 13), date(2024, 2, 14)],
        "line_amount": [5, 6],
    }
).with_columns(pl.col("ordered_at").dt.replace_time_zone("UTC"))
PEOPLE = pl.LazyFrame({"customer_id": ["7", "8"], "city": ["Bath", "Oxford"], "gender": ["f", "m"]})
TABLES = {"transactions": ORDERS, "customers": PEOPLE}


def test_where() -> None:
    def found(condition: str) -> list[str]:
        return sorted(where(TABLES, "transactions", condition).collect()["order_id"])

    assert found("line_amount > 5") == ["2"]
    assert found("city = 'Bath'") == ["1"]
    assert found("city = 'Bath' OR line_amount = 6") == ["1", "2"]
    assert where(TABLES, "transactions", "city = 'Bath'").collect().columns == ORDERS.collect_schema().names()
    assert names_in("city = 'Bath' OR line_amount = 6") == {"city", "line_amount"}
    assert names_in(None) == set()
    with pytest.raises(UsageError, match="no column 'town'"):
        found("town = 'Bath'")
    with pytest.raises(UsageError) as raised:
        found("city = ")
    assert raised.value.id == "where_syntax"


def test_where_with_times_as_texts() -> None:
    for condition in ("ordered_on >= '2024-02-01'", "ordered_at >= '2024-02-01'", "ordered_at LIKE '2024-02%'"):
        found = where(TABLES, "transactions", condition).collect()
        assert found["order_id"].to_list() == ["2"]
        assert found.schema["ordered_at"] == pl.Datetime("us", "UTC")


def test_what_is_no_condition() -> None:
    with pytest.raises(UsageError) as raised:
        where(TABLES, "transactions", "line_amount")
    assert raised.value.id == "where_syntax"
