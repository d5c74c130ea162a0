"""Retention by cohort, against plain Python."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.report.cohorts import cohorts
from acrm.analysis.report.sold import read_sold
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from tests.analysis.report.orders import counted, random_lines, table


@pytest.mark.parametrize("seed", range(3))
def test_cells_are_those_of_plain_python(seed: int) -> None:
    rows = [row for row in random_lines(seed) if counted(row) and row["customer_id"]]
    first: dict[str, date] = {}
    active: dict[Any, set[str]] = defaultdict(set)
    revenue: dict[Any, Decimal] = defaultdict(Decimal)
    ordered = sorted(rows, key=lambda row: row["ordered_on"])
    for row in ordered:
        if not row["is_refund"]:
            first.setdefault(row["customer_id"], row["ordered_on"].replace(day=1))
    for row in ordered:
        who = row["customer_id"]
        cell = (first.get(who), row["ordered_on"].replace(day=1))
        revenue[cell] += row["line_amount"]
        if not row["is_refund"]:
            active[cell].add(who)
    found = cohorts(read_sold({"transactions": table(random_lines(seed))})).triangle
    for got in found.iter_rows(named=True):
        cell = (got["cohort"], got["period"])
        assert got["buyers"] == sum(start == got["cohort"] for start in first.values())
        if got["observed"]:
            assert got["active"] == len(active[cell])
            assert got["revenue"] == revenue[cell]
        else:
            assert got["active"] is None
            assert got["share"] is None
            assert got["revenue"] is None


def buyers(cohort: int, months: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """So many of a cohort buy in each month of 2024."""
    return [
        {"order_id": f"{cohort}-{month}-{who}", "customer_id": f"{cohort}-{who}", "ordered_on": date(2024, month, 5)}
        for month, count in months
        for who in range(count)
    ]


def test_what_is_not_yet_seen_is_empty_and_half_life_is_that_of_those_who_stayed() -> None:
    rows = buyers(1, [(1, 100), (2, 40), (3, 30), (4, 20), (5, 10)]) + buyers(2, [(2, 50), (3, 20), (4, 15)])
    found = cohorts(read_sold({"transactions": table(rows)}, as_of=date(2024, 5, 6)))
    last = found.triangle.filter(period=date(2024, 5, 1))
    assert last["active"].null_count() == last.height == 2
    assert found.pooled["of_first"].to_list() == [None, 1.0, 45 / 60, 20 / 40]
    assert found.figures["half_life"] == 3
    assert found.figures["retention_1"] == pytest.approx(60 / 150)


def test_quarters_are_whole_when_their_months_are() -> None:
    rows = buyers(1, [(month, 40) for month in range(1, 9)])
    every = [{"order_id": f"d{day}", "customer_id": "0", "ordered_on": date(2024, 1, 1)} for day in range(1)]
    found = cohorts(read_sold({"transactions": table(rows + every)}, as_of=date(2024, 8, 20)), "quarter").triangle
    assert found.filter(cohort=date(2024, 1, 1))["observed"].to_list() == [True, True, False]


def test_small_cohorts_are_marked() -> None:
    found = cohorts(read_sold({"transactions": table(buyers(1, [(1, 5), (2, 3)]))}))
    assert found.triangle["small"].all()
    assert "report.cohorts_small" in [note.id for note in found.notes]


def test_online_retail(data: Path, tmp_path: Path) -> None:
    tables = load([str(data / "basket" / "online_retail.csv")], IngestOptions(), tmp_path).tables
    found = cohorts(read_sold(tables)).triangle
    first = found.filter(pl.col("cohort") == date(2010, 12, 1))
    # The first row of the triangle as it stands in public notebooks: 885 buyers, 36.6% in the next month.
    assert first["buyers"][0] == 885
    assert first["active"].to_list()[:3] == [885, 324, 286]
    assert first["active"].to_list()[-1] is None
