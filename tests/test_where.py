"""Row filters in SQL."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.errors import UsageError
from acrm.where import where
from tests.ingest.conftest import Load


def test_where(load: Load) -> None:
    files = {
        "orders.csv": "order_id,date,amount,customer id\n1,2024-01-13,5,7\n2,2024-01-14,6,8\n",
        "people.csv": "customer id,city,gender\n7,Bath,f\n8,Oxford,m\n",
    }
    dataset = load(files)

    def found(condition: str) -> list[str]:
        return sorted(where(dataset.tables, "transactions", condition).collect()["order_id"])

    assert found("line_amount > 5") == ["2"]
    assert found("city = 'Bath'") == ["1"]
    assert found("city = 'Bath' OR line_amount = 6") == ["1", "2"]
    with pytest.raises(UsageError, match="no column 'town'"):
        found("town = 'Bath'")
    with pytest.raises(UsageError) as raised:
        found("city = ")
    assert raised.value.id == "where_syntax"


def test_where_with_times_as_texts(load: Load) -> None:
    dataset = load({"orders.csv": "order_id,date,amount\n1,2024-01-13 10:00:00,5\n2,2024-02-14 11:00:00,6\n"})
    for condition in ("ordered_on >= '2024-02-01'", "ordered_at >= '2024-02-01'", "ordered_at LIKE '2024-02%'"):
        found = where(dataset.tables, "transactions", condition).collect()
        assert found["order_id"].to_list() == ["2"]
        assert found.schema["ordered_at"] == pl.Datetime("us", "UTC")


def test_what_is_no_condition(load: Load) -> None:
    dataset = load({"orders.csv": "order_id,date,amount\n1,2024-01-13,5\n"})
    with pytest.raises(UsageError) as raised:
        where(dataset.tables, "transactions", "line_amount")
    assert raised.value.id == "where_syntax"
