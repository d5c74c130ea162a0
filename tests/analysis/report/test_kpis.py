"""The figures by period, against plain Python and published ones."""

from calendar import monthrange
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from acrm.analysis.report.kpis import MEASURES, kpis
from acrm.analysis.report.periods import Period, start_of
from acrm.analysis.report.sold import read_sold
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from tests.analysis.report.orders import counted, random_lines, table


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("seed", range(3))
def test_the_sums_are_those_of_plain_python(seed: int, period: Period) -> None:
    rows = [row for row in random_lines(seed) if counted(row)]
    first: dict[str, date] = {}
    for row in sorted(rows, key=lambda row: row["ordered_on"]):
        if row["customer_id"] and not row["is_refund"]:
            first.setdefault(row["customer_id"], start_of(row["ordered_on"], period))
    sums: dict[date, dict[str, Any]] = defaultdict(
        lambda: {"revenue": Decimal(0), "refunded": Decimal(0), "orders": set(), "buyers": set()}
    )
    for row in rows:
        at = sums[start_of(row["ordered_on"], period)]
        at["revenue"] += row["line_amount"]
        if row["is_refund"]:
            at["refunded"] -= row["line_amount"]
        else:
            at["orders"].add((row["customer_id"], row["order_id"]))
            at["buyers"] |= {row["customer_id"]} - {None}
    found = kpis(read_sold({"transactions": table(rows)}), period).periods
    for got in found.iter_rows(named=True):
        want = sums[got["period"]]
        assert got["revenue"] == want["revenue"]
        assert got["refunded"] == want["refunded"]
        assert got["orders"] == len(want["orders"])
        assert got["buyers"] == len(want["buyers"])
        assert got["new_buyers"] == sum(first[who] == got["period"] for who in want["buyers"])
        assert got["repeat_buyers"] == got["buyers"] - got["new_buyers"]
    assert set(sums) <= set(found["period"])


@pytest.mark.parametrize("seed", range(2))
def test_cuts_add_up_and_the_order_of_rows_says_nothing(seed: int) -> None:
    rows = random_lines(seed)
    shuffled = rows.copy()
    Random(seed).shuffle(shuffled)
    whole = kpis(read_sold({"transactions": table(rows)}))
    again = kpis(read_sold({"transactions": table(shuffled)}))
    assert whole.periods.equals(again.periods)
    assert whole.kpis.equals(again.kpis)
    cut = kpis(read_sold({"transactions": table(rows)}, ("channel",)))
    names = ["sales", "refunded", "revenue", "orders"]
    sums = cut.periods.group_by("period").agg(pl.col(names).sum()).sort("period")
    assert sums.equals(whole.periods.filter(pl.col("period").is_in(sums["period"].implode())).select("period", *names))
    # The last period is compared as a whole, whatever it is cut by.
    assert cut.kpis.equals(whole.kpis)


def sales(month: int, orders: int, amount: int = 10, year: int = 2025) -> list[dict[str, Any]]:
    return [
        {
            "order_id": f"{year}-{month}-{order}",
            "customer_id": f"c{order}",
            "ordered_on": date(year, month, 1 + order % 28 if order else monthrange(year, month)[1]),
            "line_amount": Decimal(amount),
        }
        for order in range(orders)
    ]


def test_the_last_whole_month_is_held_against_the_one_before_and_a_year_ago() -> None:
    rows = [*sales(4, 100, year=2024)]
    for month in range(5, 13):
        rows += sales(month, 40, year=2024)
    rows += [*sales(1, 40), *sales(2, 40), *sales(3, 50), *sales(4, 100), *sales(5, 3)]
    found = kpis(read_sold({"transactions": table(rows)}, as_of=date(2025, 5, 6)))
    by = {row["measure"]: row for row in found.kpis.iter_rows(named=True)}
    assert found.figures["period"] == date(2025, 4, 1)
    assert by["revenue"]["value"] == 1000
    assert by["revenue"]["change"] == pytest.approx(1.0)
    assert by["revenue"]["shown"]
    assert by["revenue"]["before_year"] == 1000
    assert by["revenue"]["change_year"] == pytest.approx(0.0)
    assert not by["revenue"]["shown_year"]
    assert by["average_order"]["change"] == pytest.approx(0.0)
    assert by["new_buyers"]["value"] == 0
    assert by["repeat_share"]["value"] == 1
    # The month that has only begun is shown and compared with nothing.
    assert found.periods.filter(period=date(2025, 5, 1))["complete"].to_list() == [False]
    assert [note.id for note in found.notes if note.id == "report.partial"]


def test_without_a_whole_period_before_there_is_no_change() -> None:
    found = kpis(read_sold({"transactions": table(sales(3, 40))}, as_of=date(2025, 4, 1)))
    assert found.kpis["change"].null_count() == found.kpis.height
    assert {"report.nothing_before", "report.nothing_before_year"} <= {note.id for note in found.notes}
    part = kpis(read_sold({"transactions": table(sales(3, 10))}))
    assert part.kpis.is_empty()
    assert part.figures == {}


def test_margins_are_those_of_lines_with_costs() -> None:
    rows = [{**row, "cost": Decimal(4) if number % 2 else None} for number, row in enumerate(sales(3, 40))]
    found = kpis(read_sold({"transactions": table(rows)}, as_of=date(2025, 4, 1)))
    assert found.figures["margin"] == 120
    assert found.figures["margin_share"] == pytest.approx(0.6)


def test_every_measure_has_its_words() -> None:
    assert all(one.title for one in MEASURES)


def test_online_retail(data: Path, tmp_path: Path) -> None:
    tables = load([str(data / "basket" / "online_retail.csv")], IngestOptions(), tmp_path).tables
    sold = read_sold(tables)
    assert Decimal(sold.rows["amount"].sum()) == Decimal("9747747.934")
    found = kpis(sold)
    # The turnover of November 2011 as it stands in public notebooks on this file.
    assert found.figures["period"] == date(2011, 11, 1)
    assert found.figures["revenue"] == pytest.approx(1_461_756.25)
    assert found.periods["complete"].to_list() == [True] * 12 + [False]
