"""From a command's sources and options to the tables an analysis takes, with their lineage."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from acrm.errors import InputError, UsageError
from acrm.ingest import account
from acrm.ingest import dataset as ingested
from acrm.ingest.currency import in_one_currency
from acrm.ingest.dataset import Dataset
from acrm.ingest.options import IngestOptions
from acrm.lineage import Lineage
from acrm.store import recover
from acrm.write import reported

if TYPE_CHECKING:
    from acrm.options import Reading, Run, Selecting

SALES = frozenset(
    {"order_id", "customer_id", "ordered_at", "ordered_on", "line_amount", "currency", "status", "is_refund", "is_test"}
)
"""Columns of transactions that value and time analyses need."""


@dataclass(frozen=True, kw_only=True)
class Sales:
    """Order lines ready for an analysis: selected, in one currency where that was asked for."""

    lines: pl.LazyFrame
    dataset: Dataset

    def lineage(self, run: Run, **known: Any) -> Lineage:
        """Where the run's results come from; `known` sets fields such as `as_of`."""
        return replace(account.lineage(self.dataset, run.command, run.options), **known)


def load(
    sources: Sequence[str],
    options: IngestOptions,
    scratch: Path,
    columns: Mapping[str, frozenset[str]] | None = None,
) -> Dataset:
    """The canonical tables of some sources, as `ingest.dataset.load` makes them.

    A store whose last run died in the middle of publishing it is put in order first.
    """
    for folder in map(Path, sources):
        with reported(folder):
            recover(folder)
    return ingested.load(sources, options, scratch, columns)


def sales(sources: Sequence[str], command: str, reading: Reading, selecting: Selecting, scratch: Path) -> Sales:
    """The transactions of some sources.

    Raises:
        InputError: No source is, or makes, a transactions table.
    """
    columns = {"transactions": SALES | _named(selecting.where)}
    if selecting.where:
        columns["customers"] = _named(selecting.where)
    dataset = load(sources, reading.ingest(), scratch, columns)
    dataset.require("transactions", command)
    lines = dataset.where("transactions", selecting.where)
    return Sales(lines=in_one_currency(lines, ("line_amount",), selecting.currency, selecting.rates), dataset=dataset)


def _named(condition: str | None) -> frozenset[str]:
    """The columns that a condition names."""
    if not condition:
        return frozenset()
    try:
        return frozenset(pl.sql_expr(condition).meta.root_names())
    except pl.exceptions.PolarsError as error:
        raise UsageError("where_syntax", condition=condition, reason=str(error).split("\n")[0]) from error


def moment(word: str) -> date | None:
    """The date a `--compare` word names, None when it names a file or a store."""
    try:
        return date.fromisoformat(word)
    except ValueError:
        if not Path(word).exists():
            raise UsageError("compare_what", value=word) from None
        return None


def earlier_result(path: str, command: str) -> pl.DataFrame | None:
    """The main table of an earlier result of a command, None when the path is no result of acrm's."""
    file = Path(path) / f"{command}.parquet" if Path(path).is_dir() else Path(path)
    if file.suffix != ".parquet" or not file.is_file():
        return None
    try:
        made = pl.read_parquet_metadata(file).get("acrm")
    except pl.exceptions.PolarsError:
        return None
    if made is None or f'"command": "{command}"' not in made:
        return None
    return pl.read_parquet(file)


def toml_file(path: str) -> Mapping[str, Any]:
    """The content of a user's TOML file.

    Raises:
        InputError: It is not there, or not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError("no_file", path=path) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_toml", path=path, reason=error) from error
