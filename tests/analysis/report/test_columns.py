"""Columns to cut by, wherever they stand."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from acrm.analysis.report.columns import with_columns
from acrm.errors import InputError
from tests.analysis.report.orders import table

LINES = table(
    [
        {
            "ordered_on": date(2024, 12, 30),
            "ordered_at": datetime(2024, 12, 30, 22, 5, tzinfo=UTC),
            "product_id": "pen",
        },
        {"customer_id": "bob", "ordered_on": date(2025, 2, 2), "unit": "A"},
    ]
).with_columns(x_own=pl.Series(["one", "two"]))
TABLES = {
    "transactions": LINES,
    "customers": pl.LazyFrame({"customer_id": ["ada"], "city": ["Ufa"], "x_age": ["30"]}),
    "products": pl.LazyFrame({"product_id": ["pen", "pen"], "brand": ["X", "X"]}),
    "units": pl.LazyFrame({"unit": ["A"], "region": ["north"]}),
}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("amount", [10, 10]),
        ("own", ["one", "two"]),
        ("week", ["2025-W01", "2025-W05"]),
        ("month", ["2024-12", "2025-02"]),
        ("quarter", ["2024-Q4", "2025-Q1"]),
        ("year", ["2024", "2025"]),
        ("weekday", [1, 7]),
        ("hour", [22, 0]),
        ("city", ["Ufa", None]),
        ("age", ["30", None]),
        ("brand", ["X", None]),
        ("region", [None, "north"]),
    ],
)
def test_a_column_is_found_where_it_stands(name: str, values: list[object]) -> None:
    found = with_columns([name], TABLES).sort("ordered_on").collect()
    assert found[name].to_list() == values
    assert found.height == 2


def test_hours_are_those_of_the_zone_and_days_alone_have_none() -> None:
    assert with_columns(["hour"], TABLES, "Europe/Moscow").collect()["hour"].to_list() == [1, 3]
    days = {"transactions": table([{}, {}])}
    assert with_columns(["hour"], days).collect()["hour"].to_list() == [None, None]


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"chanel.*channel"):
        with_columns(["chanel"], TABLES)
