"""Orders by day, against the rules in plain Python."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from acrm.summaries.ledger import Part
from acrm.summaries.sales import sold_days
from tests.summaries.lines import Row, frame, lines, part


@given(rows=lines, as_of=st.none() | st.just(date(2025, 3, 20)))
def test_sales_and_refunds_stay_on_their_days_whoever_bought(rows: list[Row], as_of: date | None) -> None:
    expected: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        named = (row[0], row[1] or "", *row[2:])
        what = part(named, as_of)
        amount = row[3] or Decimal(0)
        signed = -abs(amount) if what is Part.REFUND else amount
        expected[named[1], row[0], row[2], int(what)] += signed
    found = sold_days(frame(rows), as_of=as_of).collect()
    keys = ("customer_id", "order_id", "day", "part")
    assert {tuple(row[key] for key in keys): row["amount"] for row in found.iter_rows(named=True)} == dict(expected)
    assert int(found["lines"].sum()) == len(rows)


@given(rows=lines)
def test_any_cut_adds_up_to_the_whole(rows: list[Row]) -> None:
    whole = sold_days(frame(rows), as_of=None).collect()
    cut = sold_days(frame(rows), ["status", "is_test"], as_of=None).collect()
    sums = [table.group_by("customer_id", "day", "part").agg(pl.col("lines", "amount").sum()) for table in (whole, cut)]
    keys = ["customer_id", "day", "part"]
    assert sums[0].sort(keys, nulls_last=True).equals(sums[1].sort(keys, nulls_last=True))


def test_costs_of_the_catalogue_fill_in_for_lines_without_and_come_back_with_refunds() -> None:
    sold = pl.LazyFrame(
        {
            "order_id": ["1", "1", "2", "3"],
            "customer_id": ["ada", "ada", "ada", None],
            "product_id": ["pen", "ink", "pen", "cap"],
            "ordered_on": [date(2025, 1, 1)] * 4,
            "line_amount": [Decimal(10), Decimal(20), Decimal(-10), Decimal(5)],
            "quantity": [Decimal(2), Decimal(1), Decimal(-2), Decimal(1)],
            "cost": [None, Decimal(7), None, None],
        },
        schema_overrides={"cost": pl.Decimal(38, 4)},
    )
    catalogue = pl.LazyFrame({"product_id": ["pen", "pen"], "cost": [Decimal(2), Decimal(3)]})
    found = sold_days(sold, unit_costs=catalogue, as_of=None).collect().sort("order_id")
    assert found["cost"].to_list() == [Decimal(13), Decimal(-6), Decimal(0)]
    assert found["uncosted"].to_list() == [0, 0, 1]


def test_a_table_without_customers_will_do() -> None:
    days = sold_days(
        frame([("1", None, date(2025, 1, 1), Decimal(1), "EUR", None, None, None)]).drop("customer_id"), as_of=None
    )
    assert days.collect()["customer_id"].to_list() == [""]
