"""Orders by bands of amount: every order in one cell, refunds taken off, by columns of lines or of customers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.lists.bands import BandsParams, bands
from acrm.errors import UsageError

MONEY = pl.Decimal(38, 4)
LINES = pl.LazyFrame(
    {
        "order_id": ["1", "1", "2", "3", "3", "4", "5"],
        "customer_id": ["a", "a", "b", "b", "b", None, "a"],
        "ordered_on": [date(2025, 1, day) for day in (1, 1, 2, 3, 4, 5, 20)],
        "line_amount": pl.Series([Decimal(one) for one in (60, 50, 100, 300, -250, 10, 70)], dtype=MONEY),
        "is_refund": [False, False, False, False, True, False, False],
        "x_shop": ["west", "east", "east", "west", "west", "east", None],
    }
)
CUSTOMERS = pl.LazyFrame({"customer_id": ["a", "b"], "city": ["Kirov", None]})


def counted(by: str | None, as_of: date | None = None) -> dict[object, list[int]]:
    table = bands(LINES, CUSTOMERS, BandsParams(bins="amount=75,100", by=by, as_of=as_of)).tables["bins"]
    found: dict[object, list[int]] = {}
    for value, orders in table.select("value", "orders").rows():
        found.setdefault(value, []).append(orders)
    return found


def test_an_order_is_in_one_band_with_its_refunds_taken_off() -> None:
    # 1: 110 in two lines, 2: 100, 3: 300 less 250, 5: 70; number 4 has no customer.
    assert counted(None) == {None: [2, 0, 2]}


def test_by_a_column_of_lines_each_order_counts_once() -> None:
    assert counted("shop") == {"east": [0, 0, 2], "west": [1, 0, 0], None: [1, 0, 0]}


def test_by_a_column_of_customers() -> None:
    assert counted("city") == {"Kirov": [1, 0, 1], None: [1, 0, 1]}


def test_as_of_a_day_later_orders_are_not_there() -> None:
    assert counted(None, date(2025, 1, 3)) == {None: [0, 0, 3]}


def test_a_column_that_there_is_not_is_told_with_what_was_meant() -> None:
    with pytest.raises(UsageError, match="there are city"):
        counted("ctiy")
