"""From a command's sources and options to the tables an analysis takes, with their lineage."""

from __future__ import annotations

import json
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
from acrm.ingest.where import names_in, where
from acrm.lineage import Lineage
from acrm.messages import Message
from acrm.store import is_store, recover
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
    selected: tuple[Message, ...] = ()

    def counted(self) -> dict[str, int | float]:
        """What every summary says first: the rows of the sources, and how many of them were rejected."""
        rows, rejected = self.dataset.rows_in, self.dataset.rejects.height
        return {"rows_in": rows, "rejected": rejected, "rejected_share": round(rejected / rows, 6) if rows else 0.0}

    def notes(self) -> tuple[Message, ...]:
        """What reading the sources has to say."""
        counted = self.counted()
        rejected = (Message("clean.rejected_note", counted),) if counted["rejected"] else ()
        return (*rejected, *self.dataset.notes, *self.selected)

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
        if is_store(folder):
            with reported(folder):
                recover(folder)
    return ingested.load(sources, options, scratch, columns)


def sales(sources: Sequence[str], command: str, reading: Reading, selecting: Selecting, scratch: Path) -> Sales:
    """The transactions of some sources.

    Raises:
        InputError: No source is, or makes, a transactions table.
    """
    named = names_in(selecting.where)
    columns = {"transactions": SALES | named}
    if selecting.where:
        columns["customers"] = named
    dataset = load(sources, reading.ingest(), scratch, columns)
    dataset.require("transactions", command)
    lines = where(dataset.tables, "transactions", selecting.where)
    lines, notes = in_one_currency(lines, ("line_amount",), selecting.currency, selecting.rates)
    return Sales(lines=lines, dataset=dataset, selected=notes)


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
    if made is None or json.loads(made).get("command") != command:
        return None
    if file.name != f"{command}.parquet":
        raise InputError("not_the_main_table", path=path, wanted=f"{command}.parquet")
    return pl.read_parquet(file, glob=False)


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
