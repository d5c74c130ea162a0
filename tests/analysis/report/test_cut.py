"""Figures by group."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.report.cut import cut
from acrm.analysis.report.sold import read_sold
from tests.analysis.report.orders import random_lines, table


def test_groups_add_up_and_those_of_several_columns_too() -> None:
    lines = table(random_lines(2))
    whole = read_sold({"transactions": lines}, ("channel", "unit"))
    for by in (("channel",), ("unit",), ("channel", "unit")):
        found = cut(replace(whole, by=by), "month")
        assert found.table["revenue"].sum() == whole.rows["amount"].sum() == found.figures["revenue"]
        assert found.table.select(by).unique().height == found.table.height == found.figures["groups"]
        assert found.table["revenue"].to_list() == sorted(found.table["revenue"], reverse=True)
        months = found.periods.group_by(by).agg(pl.col("revenue").sum()).sort(by, nulls_last=True)
        assert months.equals(found.table.select(*by, "revenue").sort(by, nulls_last=True))


def test_the_last_whole_period_against_the_one_before() -> None:
    days = [date(2025, month, day) for month in range(1, 5) for day in range(1, 31 if month != 2 else 29)]
    rows = [{"ordered_on": day, "channel": "a", "line_amount": Decimal(10 * day.month)} for day in days]
    rows += [{"ordered_on": date(2025, 2, 1), "channel": "b"}]
    found = cut(read_sold({"transactions": table(rows)}, ("channel",), as_of=date(2025, 5, 1)), "month").table
    told = {row["channel"]: (row["last"], row["before"], row["change"]) for row in found.iter_rows(named=True)}
    assert told["a"] == (Decimal(1200), Decimal(900), pytest.approx(1 / 3))
    assert told["b"] == (0, 0, None)
