"""Order lines of every kind, and what each is by the rules in plain Python."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from acrm.schema import polars_schema
from acrm.summaries.ledger import Part

COLUMNS = ("order_id", "customer_id", "ordered_on", "line_amount", "currency", "status", "is_refund", "is_test")
DAY = date(2025, 3, 1)

lines = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4"]),
        st.sampled_from(["ada", "bob", "eve", None]),
        st.one_of(st.none(), st.integers(0, 60).map(lambda days: DAY + timedelta(days))),
        st.one_of(st.none(), st.integers(-50_000, 90_000).map(lambda units: Decimal(units).scaleb(-4))),
        st.just("EUR"),
        st.sampled_from([None, "paid", "cancelled"]),
        st.sampled_from([None, False, False, True]),
        st.sampled_from([None, False, False, True]),
    ),
    max_size=30,
)


Row = tuple[Any, ...]


def frame(rows: list[Row]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=polars_schema("transactions", COLUMNS), orient="row")


def part(row: Row, as_of: date | None) -> Part:
    _order, customer, day, amount, _currency, status, is_refund, is_test = row
    if is_test:
        return Part.TEST
    if status == "cancelled":
        return Part.CANCELLED
    if day is None:
        return Part.UNDATED
    if as_of and day > as_of:
        return Part.AFTER
    if customer is None:
        return Part.NO_CUSTOMER
    if not amount:
        return Part.NO_AMOUNT
    return Part.REFUND if is_refund or amount < 0 else Part.SALE
