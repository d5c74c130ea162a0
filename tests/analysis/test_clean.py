"""The figures of a cleaning run."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from acrm.analysis.clean import CleanResult, cleaned
from acrm.ingest import account
from acrm.ingest.dataset import ASIDE
from acrm.lineage import Lineage
from acrm.messages import Message
from acrm.store import prepare
from tests.ingest.conftest import load_texts

FILES = {
    "orders.csv": "order_id,date,amount,customer id,status,email,currency,remark\n"
    "1,2024-01-13,5,ann,paid,,EUR,x\n2,2024-02-14,6.5,,paid,,USD,\n3,2024-01-20,7,bob,void,,EUR,\n"
    "4,2024-01-21,-2,ann,paid,,EUR,\n5,2024-01-22,9,eve,paid,test@test.ru,,\n6,,9,ann,paid,,EUR,\n",
    "x.csv": "date,currency,bar\nlater,shells,2\n",
}


def made(folder: Path, files: dict[str, str] | str) -> CleanResult:
    """What cleaning the files gives."""
    dataset = load_texts(folder, files)
    written = prepare(dataset, folder / "store", Lineage(command="clean", options={}))
    tables = {table.name: table for table in written if table.name not in ASIDE}
    return cleaned(
        account.sources(dataset),
        account.decisions(dataset),
        account.fields(dataset),
        account.rules(dataset),
        {name: table.scan() for name, table in tables.items()},
        {name: {"": table.rows, **table.filled} for name, table in tables.items()},
        [Message("clean.unrecognised", {"file": "x.csv"})],
    )


@pytest.fixture
def result(tmp_path: Path) -> CleanResult:
    return made(tmp_path, FILES)


def test_the_summary(result: CleanResult) -> None:
    expected = {
        "sources": 2,
        "rows_in": 7,
        "kept": 6,
        "rejected": 1,
        "transactions_rows": 5,
        "customers_rows": 3,
        "other_x_rows": 1,
        "without_customer": 1,
        "refund_lines": 1,
        "test_lines": 1,
        "cancelled_lines": 1,
        "customer_ids": 3,
    }
    assert {name: result.summary[name] for name in expected} == expected
    assert result.summary["rejected_share"] == pytest.approx(1 / 7)


def test_amounts_of_several_currencies_are_not_added_up(result: CleanResult) -> None:
    assert result.summary["amount"] is None


def test_what_the_tables_span(result: CleanResult) -> None:
    assert result.tables["tables"].rows() == [
        ("customers", 3, None, None, None),
        # A table that is kept as it came has texts only, whatever they are called.
        ("other_x", 1, None, None, None),
        ("transactions", 5, date(2024, 1, 13), date(2024, 2, 14), "EUR USD"),
    ]


def test_a_table_spans_business_days(tmp_path: Path) -> None:
    text = "order_id,date,amount\n1,2024-02-01T01:30:00+03:00,5\n2,2024-02-03T23:30:00-05:00,5\n"
    assert made(tmp_path, text).tables["tables"].select("from", "to").row(0) == (date(2024, 2, 1), date(2024, 2, 3))


def test_how_full_the_columns_are(result: CleanResult) -> None:
    columns = result.tables["columns"].filter(table="transactions")
    found = dict(columns.select("column", "filled").iter_rows())
    assert {name: found[name] for name in ("order_id", "customer_id", "currency", "x_remark", "cost")} == {
        "order_id": 5,
        "customer_id": 4,
        "currency": 4,
        "x_remark": 1,
        "cost": 0,
    }
    assert columns.filter(column="customer_id")["share"].item() == 0.8


def test_its_tables_and_notes(result: CleanResult) -> None:
    assert {"sources", "tables", "columns", "decisions", "fields", "rules", "readiness"} <= set(result.tables)
    assert [note.id for note in result.notes] == ["clean.unrecognised"]


def test_one_currency_is_added_up(tmp_path: Path) -> None:
    result = made(tmp_path, "order_id,date,amount\n1,2024-01-13,€5\n2,2024-01-14,6.50\n")
    assert result.summary["amount"] == Decimal("11.5")
    assert result.summary["rejected_share"] == 0


def test_an_empty_table(tmp_path: Path) -> None:
    result = made(tmp_path, "order_id,date,amount\n1,,5\n")
    assert result.summary["rejected_share"] == 1
    assert result.tables["columns"]["share"].max() == 0
    assert result.tables["tables"].filter(table="transactions").row(0) == ("transactions", 0, None, None, None)
