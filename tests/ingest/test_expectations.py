"""Every export of the test data read without options: expectations.toml says what it must give."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.ingest.dataset import Dataset, load
from acrm.ingest.options import IngestOptions

EXPECTED = tomllib.loads((Path(__file__).parent / "expectations.toml").read_text(encoding="utf-8"))["source"]
KNOWN = {
    *("path", "system", "entity", "rows_in", "rejected", "merged", "derived", "rows_out", "distinct", "filled", "sums"),
    *("statuses", "refunds", "tests", "sum", "count", "spot"),
}


@pytest.mark.parametrize("expected", EXPECTED, ids=[entry["path"] for entry in EXPECTED])
def test_export(expected: dict[str, Any], data: Path, tmp_path: Path) -> None:
    assert set(expected) <= KNOWN
    dataset = load([str(data / expected["path"])], IngestOptions(), tmp_path)
    tables = {name: frame.collect() for name, frame in dataset.tables.items()}
    found = account(dataset, tables, expected)
    assert found == {"rejected": {}} | {name: expected[name] for name in found if name in expected}
    assert (
        dataset.rows_in
        == sum(source.staged.kept for source in dataset.inputs if source.staged) + dataset.rejects.height
    )
    for check in expected.get("sum", []):
        assert matching(tables, check)[check["column"]].sum() == Decimal(check["is"]), check
    for check in expected.get("count", []):
        assert matching(tables, check).height == check["rows"], check
    for check in expected.get("spot", []):
        (row,) = matching(tables, check).to_dicts()
        assert {name: written(row.get(name), value) for name, value in check["is"].items()} == check["is"]


def account(dataset: Dataset, tables: Mapping[str, pl.DataFrame], expected: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, for each figure that is expected, and the rejects in any case."""
    found: dict[str, Any] = {"rejected": dict(dataset.rejects.group_by("rule").len().iter_rows())}
    for name in expected:
        if name in ("system", "entity"):
            found[name] = getattr(dataset.inputs[0].plan, name)
        elif name == "rows_in":
            found[name] = dataset.rows_in
        elif name in ("merged", "derived"):
            found[name] = sum(getattr(source, name) for source in dataset.inputs)
        elif name == "rows_out":
            found[name] = {table: tables[table].height if table in tables else 0 for table in expected[name]}
        elif name in ("distinct", "filled"):
            columns = {column: values(tables, column).drop_nulls() for column in expected[name]}
            found[name] = {
                column: (held.n_unique() if name == "distinct" else held.len()) for column, held in columns.items()
            }
        elif name == "sums":
            found[name] = {column: sums(tables, column, said) for column, said in expected[name].items()}
        elif name == "statuses":
            found[name] = {table: dict(tables[table]["status"].value_counts().iter_rows()) for table in expected[name]}
        elif name == "refunds":
            found[name] = tables["transactions"]["is_refund"].sum() if "transactions" in tables else 0
        elif name == "tests":
            marked = [
                tables[table]["_flags"].str.contains("test_row").sum()
                for table in ("deals", "transactions")
                if table in tables
            ]
            found[name] = max(marked, default=0)
    return found


def values(tables: Mapping[str, pl.DataFrame], column: str) -> pl.Series:
    table, _, name = column.partition(".")
    return tables[table][name] if name in tables[table].columns else pl.Series(dtype=pl.String)


def sums(tables: Mapping[str, pl.DataFrame], column: str, said: Mapping[str, str]) -> dict[str, str]:
    """Sums by currency, spelled as expected where they are equal."""
    table, _, name = column.partition(".")
    frame = tables[table].filter(pl.col(name).is_not_null())
    code = pl.col("currency") if "currency" in frame.columns else pl.lit(None, pl.String)
    found = frame.group_by(code.fill_null("none").alias("currency")).agg(pl.col(name).sum())
    return {code: written(total, said.get(code, "")) for code, total in found.select("currency", name).iter_rows()}


def matching(tables: Mapping[str, pl.DataFrame], check: Mapping[str, Any]) -> pl.DataFrame:
    frame = tables[check["table"]]
    for column, value in check["where"].items():
        frame = frame.filter([written(cell, value) == value for cell in frame[column]])
    return frame


def written(cell: object, expected: str) -> str:
    """A cell as expectations.toml writes it; equal amounts are equal however many zeros they end with."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case datetime():
            return cell.strftime("%Y-%m-%dT%H:%M:%S")
        case date():
            return cell.isoformat()
        case Decimal():
            return expected if expected and cell == Decimal(expected) else str(cell)
        case _:
            return str(cell)
