from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.churn.values import value_column, values_of_contracts, values_of_purchases
from acrm.errors import InputError
from acrm.schema import polars_schema
from tests.analysis.churn.conftest import Lines, buyers


def test_purchases_are_valued_as_clv_does(lines: Lines) -> None:
    found, note = values_of_purchases(lines(buyers(300)), None)
    assert found is not None
    assert found.columns == ["customer_id", "value"]
    assert found["value"].min() >= 0  # type: ignore[operator]
    assert "acrm clv" in str(note)


def test_why_there_are_no_values(lines: Lines) -> None:
    found, note = values_of_purchases(lines([("a", 0, 5), ("b", 3, 5)]), None)
    assert found is None
    assert "no expected loss" in str(note)


def test_contracts_are_valued_by_their_prices() -> None:
    start = date(2023, 1, 1)
    columns = ("customer_id", "start_at", "end_at", "price")
    rows = [
        (f"c{n:03}", start + timedelta(n % 28), None if n % 3 else start + timedelta(60 + 30 * (n % 9)), Decimal(10))
        for n in range(200)
    ]
    contracts = pl.LazyFrame(rows, schema=polars_schema("contracts", columns), orient="row")
    found, _ = values_of_contracts(contracts, date(2024, 1, 15))
    assert found is not None
    assert found["value"].max() > 0  # type: ignore[operator]
    unpriced, note = values_of_contracts(contracts.drop("price"), date(2024, 1, 15))
    assert unpriced is None
    assert "no expected loss" in str(note)


def test_a_notice_given_after_the_day_lowers_no_value() -> None:
    start, day = date(2023, 1, 1), date(2024, 1, 15)
    columns = ("customer_id", "start_at", "end_at", "price", "end_reason")

    def row(n: int, *, later: bool) -> tuple[object, ...]:
        end = start + timedelta(60 + 30 * (n % 20)) if n % 3 else None
        told = end is not None and (later or end < day)
        return f"c{n:03}", start + timedelta(n % 28), end if told else None, Decimal(10), "moved" if told else None

    def contracts(*, later: bool) -> pl.LazyFrame:
        rows = [row(n, later=later) for n in range(200)]
        rows += [(f"new{n}", date(2024, 9, 1 + n), None, Decimal(10), None) for n in range(20 if later else 0)]
        return pl.LazyFrame(rows, schema=polars_schema("contracts", columns), orient="row")

    then, now = values_of_contracts(contracts(later=False), day)[0], values_of_contracts(contracts(later=True), day)[0]
    assert then is not None
    assert now is not None
    assert then.equals(now)


def test_a_column_of_the_file_may_say_it() -> None:
    customers = pl.DataFrame({"customer_id": ["a", "b"], "x_monthlycharges": [20.0, None], "x_plan": ["s", "m"]})
    assert value_column(customers, "MonthlyCharges").rows() == [("a", 20.0), ("b", None)]
    with pytest.raises(InputError, match="plan"):
        value_column(customers, "plan")
