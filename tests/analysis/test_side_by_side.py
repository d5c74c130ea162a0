"""Sources side by side: what each counts, and that the cuts add up."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from acrm.analysis.ledger import ledger
from acrm.analysis.reconcile import ReconcileParams, Told, reconcile
from acrm.analysis.side_by_side import MOST, rejected_cells

FILES = {"file": pl.String, "system": pl.String, "rows": pl.Int64}
REJECTS = {"file": pl.String, "line": pl.Int64, "rule": pl.String, "table": pl.String, "raw": pl.String}


def orders(*rows: tuple[str, str, date, int, str | None, str]) -> pl.LazyFrame:
    columns = ("order_id", "customer_id", "ordered_on", "line_amount", "unit", "_source_file")
    frame = pl.LazyFrame(rows, schema=columns, orient="row", schema_overrides={"unit": pl.String})
    return frame.with_columns(
        pl.col("line_amount").cast(pl.Decimal(38, 4)), _flags=pl.lit(None, pl.String)
    ).with_columns(
        status=pl.lit("paid"), is_refund=pl.lit(False), is_test=pl.lit(False), _source_row=pl.lit(2, pl.Int64)
    )


def told(*files: tuple[str, str, int], rejects: list[tuple[Any, ...]] | None = None) -> Told:
    return Told(
        files=pl.DataFrame(files, schema=FILES, orient="row").with_columns(order=pl.lit(0), deal=pl.lit(0)),
        rejects=pl.DataFrame(rejects or [], schema=REJECTS, orient="row"),
    )


JANUARY, FEBRUARY = date(2026, 1, 5), date(2026, 2, 5)
LINES = orders(
    ("1", "ada", JANUARY, 10, "Bath", "orders_2026-01.csv"),
    ("2", "bob", JANUARY, 20, "Oxford", "orders_2026-01.csv"),
    ("3", "ada", FEBRUARY, 30, None, "orders_2026-02.csv"),
    ("4", "cy", FEBRUARY, 40, "Bath", "till.csv"),
)


def test_files_of_one_series_are_one_source() -> None:
    files = told(
        ("orders_2026-01.csv", "shopify", 3),
        ("orders_2026-02.csv", "shopify", 1),
        ("till.csv", "", 1),
        rejects=[("orders_2026-01.csv", 4, "bad_date", "transactions", "9,cy,??")],
    )
    made = reconcile(ledger({"transactions": LINES}), files, ReconcileParams()).tables
    columns = ("source", "system", "files", "rows", "rejected", "records", "customers", "amount")
    assert made["sources"].select(columns).rows() == [
        ("orders_*.csv", "shopify", 2, 4, 1, 3, 2, Decimal(60)),
        ("till.csv", None, 1, 1, 0, 1, 1, Decimal(40)),
    ]
    missed = made["differences"].filter(level="customer").select("missing_from", "entity", "reason").rows()
    assert missed == [
        ("orders_*.csv", "cy", "absent"),
        ("till.csv", "ada", "absent"),
        ("till.csv", "bob", "other_period"),
    ]


def test_files_called_by_numbers_alone_are_no_series_when_they_hold_different_records() -> None:
    deals = pl.LazyFrame(
        {"deal_id": ["7"], "status": ["won"], "_flags": [None], "_source_file": ["1.csv"], "_source_row": [2]},
        schema_overrides={"_flags": pl.String},
    ).with_columns(created_at=pl.datetime(2026, 1, 5, time_zone="UTC"), amount=pl.lit(5, pl.Decimal(38, 4)))
    lines = orders(("1", "ada", JANUARY, 10, None, "2.csv"), ("2", "ada", JANUARY, 10, None, "3.csv"))
    made = reconcile(ledger({"transactions": lines, "deals": deals}), told(), ReconcileParams()).tables
    assert made["sources"]["source"].to_list() == ["1.csv", "2.csv", "3.csv"]


def test_a_document_is_due_to_the_cent() -> None:
    lines = orders(("1", "ada", JANUARY, 10, None, "a.csv")).with_columns(
        line_amount=pl.lit("99.9999").cast(pl.Decimal(38, 4))
    )
    made = reconcile(ledger({"transactions": lines}), told(), ReconcileParams())
    assert made.summary["due"] == 100


def test_months_and_departments_add_up() -> None:
    made = reconcile(ledger({"transactions": LINES}), told(), ReconcileParams()).tables["totals"]
    whole = made.filter(department="all")
    assert whole["amount"].sum() == 100
    assert whole.select("month", "source", "records", "amount").rows() == [
        (date(2026, 1, 1), "orders_*.csv", 2, Decimal(30)),
        (date(2026, 2, 1), "orders_*.csv", 1, Decimal(30)),
        (date(2026, 2, 1), "till.csv", 1, Decimal(40)),
    ]
    units = made.filter(department="unit").group_by("value").agg(pl.col("amount").sum()).sort("value")
    assert units.rows() == [("Bath", Decimal(50)), ("Oxford", Decimal(20))]


def test_cells_of_rejected_rows() -> None:
    rejects = pl.DataFrame(
        [("a.csv", 2, "bad_date", "transactions", '17;"Ann@x.com" ;?')], schema=REJECTS, orient="row"
    )
    assert {"17", "ann@x.com"} <= set(rejected_cells(rejects)["cell"])


def test_no_more_than_so_many_sources_are_compared() -> None:
    names = [chr(ord("a") + place) for place in range(MOST + 2)]
    lines = orders(*((name, f"customer {name}", JANUARY, 10, None, f"{name}.csv") for name in names))
    made = reconcile(ledger({"transactions": lines}), told(), ReconcileParams()).tables
    assert made["differences"].filter(level="customer")["missing_from"].n_unique() == MOST
    assert made["sources"].height == MOST + 2
