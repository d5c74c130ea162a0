"""Reductions: checked against a few lines of plain Python, and against another engine."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.schema import polars_schema
from acrm.summaries import Part, Refunds, contactable, customer_history, line_counts, sale_days

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


def plain_history(rows: list[Row], refunds: Refunds, as_of: date | None) -> list[Row]:
    sales: dict[str, list[tuple[str, date]]] = defaultdict(list)
    spend: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        order, customer, day, amount, *_ = row
        if (found := part(row, as_of)) is Part.SALE:
            sales[customer].append((order, day))
            spend[customer] += amount
        elif found is Part.REFUND and refunds == "net":
            spend[customer] -= abs(amount)
    return [
        (customer, min(days), max(days), len({order for order, _ in found}), spend[customer])
        for customer, found in sorted(sales.items())
        if (days := [day for _, day in found])
    ]


@settings(max_examples=50, deadline=None)
@given(rows=lines, refunds=st.sampled_from(get_args(Refunds)), as_of=st.sampled_from([None, DAY, DAY + timedelta(30)]))
def test_history_is_what_plain_python_finds(rows: list[Row], refunds: Refunds, as_of: date | None) -> None:
    found = customer_history(frame(rows), refunds=refunds, as_of=as_of).collect().sort("customer_id")
    assert found.columns == ["customer_id", "first_order_at", "last_order_at", "orders", "spend"]
    assert found.rows() == plain_history(rows, refunds, as_of)


@settings(max_examples=50, deadline=None)
@given(rows=lines, as_of=st.sampled_from([None, DAY + timedelta(30)]))
def test_every_line_is_counted_once(rows: list[Row], as_of: date | None) -> None:
    counts = line_counts(frame(rows), as_of=as_of).collect()
    expected: dict[int, int] = defaultdict(int)
    for row in rows:
        expected[int(part(row, as_of))] += 1
    assert dict(counts.select("part", "lines").rows()) == expected


@settings(max_examples=50, deadline=None)
@given(rows=lines, as_of=st.sampled_from([None, DAY + timedelta(30)]))
def test_days_are_those_of_sales(rows: list[Row], as_of: date | None) -> None:
    found = sale_days(frame(rows), as_of=as_of).collect().sort("customer_id", "day")
    assert found.columns == ["customer_id", "day"]
    assert found.rows() == sorted({(row[1], row[2]) for row in rows if part(row, as_of) is Part.SALE})


def test_two_orders_on_one_day_are_two_orders_and_a_positive_refund_is_taken_off() -> None:
    rows = [
        ("1", "ada", DAY, Decimal(10), "EUR", "paid", False, False),
        ("1", "ada", DAY, Decimal(5), "EUR", "paid", False, False),
        ("2", "ada", DAY, Decimal(3), "EUR", "paid", False, False),
        ("3", "ada", DAY + timedelta(9), Decimal(4), "EUR", "paid", True, False),
    ]
    assert customer_history(frame(rows), refunds="net", as_of=None).collect().rows() == [
        ("ada", DAY, DAY, 2, Decimal(14))
    ]


def test_flags_may_be_absent() -> None:
    few = frame([("1", "ada", DAY, Decimal(10), None, None, None, None)]).select(COLUMNS[:4])
    assert customer_history(few, refunds="net", as_of=None).collect().rows() == [("ada", DAY, DAY, 1, Decimal(10))]
    assert line_counts(few, as_of=None).collect().rows() == [(0, 1, Decimal(10), DAY)]


def test_both_reductions_share_one_pass() -> None:
    source = frame([("1", "ada", DAY, Decimal(10), "EUR", "paid", False, False)])
    plan = pl.explain_all([customer_history(source, refunds="net", as_of=None), line_counts(source, as_of=None)])
    assert plan.count('DF ["order_id"') == 1
    assert "CACHE" in plan


def test_another_engine_finds_the_same() -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    rows = [
        (
            str(n % 17),
            f"c{n % 5}",
            DAY + timedelta(n % 40),
            Decimal(n * 37 % 101 - 20) / 8,
            "EUR",
            status,
            None,
            n % 13 == 0,
        )
        for n in range(200)
        for status in ("paid", None, "cancelled")[: 1 + n % 3]
    ]
    with duckdb.connect() as connection:
        relation = connection.from_arrow(frame(rows).collect().to_arrow(compat_level=pl.CompatLevel.oldest()))
        for refunds in get_args(Refunds):
            as_of = DAY + timedelta(30)
            ours = customer_history(frame(rows), refunds=refunds, as_of=as_of).collect().sort("customer_id")
            theirs = sorted(customer_history(relation, refunds=refunds, as_of=as_of).fetchall())
            assert theirs == ours.rows()
        counts = line_counts(frame(rows), as_of=as_of).collect().sort("part").rows()
        assert sorted(line_counts(relation, as_of=as_of).fetchall()) == counts
        days = sale_days(frame(rows), as_of=as_of).collect().sort("customer_id", "day").rows()
        assert sorted(sale_days(relation, as_of=as_of).fetchall()) == days


def test_only_who_refuses_is_left_out_of_lists() -> None:
    customers = pl.LazyFrame({"customer_id": ["a", "b", "c"], "consent": [True, False, None]})
    assert contactable(customers).collect()["customer_id"].to_list() == ["a", "c"]
    assert contactable(customers.drop("consent")).collect().height == 3
