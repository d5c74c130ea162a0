"""Gates of the data, and what a broken one withholds."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from acrm.analysis.report.health import GATES, Health, health
from acrm.analysis.report.sold import read_sold
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from tests.analysis.report.orders import table


def verdicts(found: Health) -> dict[str, str]:
    return dict(found.table.select("gate", "verdict").iter_rows())


def test_clean_data_pass() -> None:
    tables = {"transactions": table([{}] * 50)}
    found = health(tables, read_sold(tables).figures, rows_in=50)
    assert set(verdicts(found).values()) == {"pass"}
    assert not found.withheld
    assert not found.notes


def test_a_third_without_an_amount_withholds_what_is_made_of_amounts(tmp_path: Path) -> None:
    lines = [
        f"{number},2025-03-{1 + number % 28:02},c{number},{'' if number % 10 < 3 else '10.00'}" for number in range(100)
    ]
    (tmp_path / "orders.csv").write_text("\n".join(["order_id,date,customer_id,amount", *lines]), encoding="utf-8")
    found = load([str(tmp_path / "orders.csv")], IngestOptions(), tmp_path)
    figures = read_sold(found.tables).figures
    made = health(found.tables, figures, rejects=found.rejects, rows_in=found.rows_in)
    row = made.table.filter(gate="amount").row(0, named=True)
    assert (row["rows"], row["of"], row["verdict"]) == (30, 100, "fail")
    assert {"revenue", "trend"} <= made.withheld
    assert "buyers" not in made.withheld
    assert made.figures["health.fail"] == 1
    assert "30" in str(made.notes[-1]) or "30" in str(made.notes[0])


@pytest.mark.parametrize(("without", "verdict"), [(5, "pass"), (6, "warn"), (50, "warn"), (51, "fail")])
def test_lines_without_a_customer(without: int, verdict: str) -> None:
    tables = {"transactions": table([{"customer_id": None}] * without + [{}] * (100 - without))}
    found = health(tables, read_sold(tables).figures)
    assert verdicts(found)["customer"] == verdict
    assert ("cohorts" in found.withheld) is (verdict == "fail")


def test_what_stands_in_no_list_and_who_shares_a_contact() -> None:
    tables = {
        "transactions": table([{"product_id": "pen"}] * 3 + [{"product_id": "ink"}, {"unit": "A"}]),
        "products": pl.LazyFrame({"product_id": ["pen"]}),
        "units": pl.LazyFrame({"unit": ["A"]}),
    }
    card = pl.DataFrame({"table": ["customers"], "field": ["email"], "rows": [100], "filled": [0.8], "unique": [0.5]})
    found = health(tables, read_sold(tables).figures, scorecard=card)
    rows = {row["gate"]: row for row in found.table.iter_rows(named=True)}
    assert (rows["unmatched_product"]["rows"], rows["unmatched_product"]["of"]) == (1, 4)
    assert rows["unmatched_unit"]["rows"] == 0
    assert (rows["shared_email"]["rows"], rows["shared_email"]["verdict"]) == (40, "fail")


def test_silence_is_measured_from_the_day_that_was_given() -> None:
    tables = {"transactions": table([{"ordered_on": date(2025, 1, 1)}])}
    found = health(tables, read_sold(tables).figures, as_of=date(2025, 3, 1))
    row = found.table.filter(gate="silent").row(0, named=True)
    assert (row["value"], row["verdict"]) == (59, "warn")
    assert "59" in str(found.notes[0])
    assert "silent" not in verdicts(health(tables, read_sold(tables).figures))


def test_nothing_to_measure_is_no_verdict() -> None:
    found = health({}, {})
    assert found.table.is_empty()
    assert found.figures == {"health.pass": 0, "health.warn": 0, "health.fail": 0}


def test_thresholds_rise() -> None:
    assert all(gate.warn < gate.fail for gate in GATES)
