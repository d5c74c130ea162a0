"""What every analysis gives back; writers and JSON know nothing more about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

Scalar = int | float | Decimal | str | date | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """The base of all results: tables and figures, with the words that belong to them.

    Attributes:
        params: The analysis' Params, as used.
        tables: By name, the main one first; each sorted by its key.
        summary: Figures by name, flat: what is printed, written as JSON and checked by `--fail-on`.
        notes: What the reader should know before trusting the figures, refusals included.
        actions: What to do about whom, where the analysis can say it.
        document: What the JSON summary tells besides, by key: lists and mappings of plain values.
        files: Further files of the result, as text by name.
        apart: Tables whose files are called as they are, without the command in front.
    """

    params: Any
    tables: dict[str, pl.DataFrame]
    summary: dict[str, Scalar]
    notes: tuple[Message, ...] = ()
    actions: pl.DataFrame | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
