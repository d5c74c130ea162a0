"""Small exports through the real path: found, read, recognised, parsed and joined as `acrm clean` does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any, Protocol

import polars as pl
import pytest
from openpyxl import Workbook

from acrm.ingest import dataset as ingested
from acrm.ingest.dataset import Dataset
from acrm.ingest.options import IngestOptions


class Load(Protocol):
    """Load exports given as texts, file name -> content; further arguments are `IngestOptions`."""

    def __call__(self, files: Mapping[str, str | bytes] | str, **options: Any) -> Dataset: ...


def load_texts(folder: Path, files: Mapping[str, str | bytes] | str, **options: Any) -> Dataset:
    """Write exports to an empty folder and load it; a lone text is `table.csv`."""
    sources, scratch = folder / "exports", folder / "scratch"
    sources.mkdir(parents=True)
    scratch.mkdir()
    for name, content in ({"table.csv": files} if isinstance(files, str) else files).items():
        (sources / name).write_bytes(dedent(content).encode() if isinstance(content, str) else content)
    return ingested.load([str(sources)], IngestOptions(**options), scratch)


def rows(dataset: Dataset, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a table as sorted rows, nulls last; none when there is no such table."""
    if table not in dataset.tables:
        return []
    return dataset.tables[table].select(columns).sort(columns, nulls_last=True).collect().rows()


def rejected(dataset: Dataset) -> list[tuple[str, int]]:
    """Rule and line of every rejected row."""
    return dataset.rejects.sort("file", "line").select("rule", "line").rows()


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load exports given as texts; each call has a folder of its own."""
    number = count()
    return lambda files, **options: load_texts(tmp_path / str(next(number)), files, **options)


def plans(dataset: Dataset) -> list[tuple[str, str]]:
    """System and table of every source, by file name."""
    return [(source.plan.system, source.plan.entity) for source in sorted(dataset.inputs, key=lambda one: one.name)]


def day(moment: str) -> date:
    return date.fromisoformat(moment)


def utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment + "+00:00")


def book(*lines: tuple[object, ...]) -> bytes:
    """A workbook with one sheet of these rows."""
    made, buffer = Workbook(), BytesIO()
    for line in lines:
        made.worksheets[0].append(line)
    made.save(buffer)
    return buffer.getvalue()


def everything(store: Path) -> str:
    """All that a store says: the cells of all tables, their metadata, the texts."""
    said = []
    for path in store.iterdir():
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            said += [str(cell) for column in frame.get_columns() for cell in column.unique().to_list()]
            said.append(str(pl.read_parquet_metadata(path)))
        else:
            said.append(path.read_text(encoding="utf-8"))
    return "\n".join(said)
