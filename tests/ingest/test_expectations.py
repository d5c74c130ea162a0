"""Every export of the test data read without options: expectations.toml says what it must give."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
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
    first = dataset.inputs[0].plan
    figures: dict[str, Callable[[Any], Any]] = {
        "system": lambda _: first.system,
        "entity": lambda _: first.entity,
        "rows_in": lambda _: dataset.rows_in,
        "merged": lambda _: sum(source.merged for source in dataset.inputs),
        "derived": lambda _: sum(source.derived for source in dataset.inputs),
        "rows_out": lambda said: {name: tables[name].height if name in tables else 0 for name in said},
        "distinct": lambda said: {column: values(tables, column).n_unique() for column in said},
        "filled": lambda said: {column: values(tables, column).len() for column in said},
        "sums": lambda said: {column: sums(tables, column, given) for column, given in said.items()},
        "statuses": lambda said: {name: dict(tables[name]["status"].value_counts().iter_rows()) for name in said},
        "refunds": lambda _: values(tables, "transactions.is_refund").sum(),
        "tests": lambda _: max(
            values(tables, f"{name}._flags").str.contains("test_row").sum() for name in ("deals", "transactions")
        ),
    }
    rejects: dict[str, int] = dict(dataset.rejects.group_by("rule").len().iter_rows())
    return {"rejected": rejects} | {name: figures[name](said) for name, said in expected.items() if name in figures}


def values(tables: Mapping[str, pl.DataFrame], column: str) -> pl.Series:
    """What a column holds, without nulls; nothing where there is no such column."""
    table, _, name = column.partition(".")
    if table not in tables or name not in tables[table].columns:
        return pl.Series(dtype=pl.String)
    return tables[table][name].drop_nulls()


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
