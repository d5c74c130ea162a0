"""A folder of exports whose columns come, go and change places: by name each file says what it said before."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions

COLUMNS = ["order_id", "customer_id", "ordered_at", "product_name", "quantity", "unit_price", "channel"]


def month(number: int) -> pl.DataFrame:
    rows = range(5)
    return pl.DataFrame(
        {
            "order_id": [f"{number:02d}-{row}" for row in rows],
            "customer_id": [f"C{(number + row) % 7}" for row in rows],
            "ordered_at": [f"2024-{number:02d}-{row + 1:02d}" for row in rows],
            "product_name": [f"Item {row}" for row in rows],
            "quantity": [row + 1 for row in rows],
            "unit_price": [2.5] * 5,
            "channel": ["web"] * 5,
            "note": ["extra"] * 5,
        }
    )


def columns(number: int) -> list[str]:
    """Every third month lacks one column, every third has one more and another order."""
    match number % 3:
        case 1:
            return [name for name in COLUMNS if name != "product_name"]
        case 2:
            return [*reversed(COLUMNS), "note"]
        case _:
            return COLUMNS


def test_columns_are_matched_by_name_over_all_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "s").mkdir()
    for number in range(1, 13):
        month(number).select(columns(number)).write_csv(tmp_path / f"in/{number:02d}.csv")
    dataset = load([str(tmp_path / "in")], IngestOptions(), tmp_path / "s")
    lines = dataset.tables["transactions"].sort("order_id").collect()
    said = pl.concat([month(number).select(columns(number)) for number in range(1, 13)], how="diagonal")
    assert lines.height == said.height == dataset.rows_in
    same = {name: name for name in COLUMNS if name != "ordered_at"}
    for ours, theirs in {**same, "x_note": "note"}.items():
        told = said.sort("order_id")[theirs]
        assert lines[ours].cast(told.dtype).to_list() == told.to_list(), ours
    assert lines["ordered_on"].cast(pl.String).to_list() == said.sort("order_id")["ordered_at"].to_list()
