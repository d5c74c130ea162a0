"""What a reader hands over: a table of texts as the file has it, and what was found out about its layout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from acrm.lineage import sha256
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

ROW = "_source_row"
"""Line of the file where the record starts (text), row of the sheet (Excel, HTML), or row number (Parquet); from 1."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the user fixed about the layout; None means: find out."""

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    """Line or sheet row of the header, from 1; what stands above it is preamble."""
    names: tuple[str, ...] | None = None
    """Column names of a file that has no header row."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file to read: where its bytes are, how it is called in outputs, and what its bytes turned out to be."""

    path: Path
    name: str
    """Relative to the argument it came from; never an absolute path. Standard input is `-`."""
    kind: str
    """text, parquet, xlsx, html, delta or iceberg."""
    compression: str | None = None
    """gz or zst, else None."""
    bytes: int = 0
    parts: tuple[str, ...] = ()
    """Paths or URLs of the files that a table of many files is made of, sorted; `path` is their folder."""
    tag: str = ""
    """What stands for the content of objects that are not copied, else empty."""
    location: str = ""
    """Of a Delta or Iceberg table, and of a table of a store that is left in its object store, what opens it."""
    version: int | None = None
    """Of such a table, which of its versions is read."""

    @property
    def is_remote(self) -> bool:
        """Whether every look at it goes through a network."""
        return bool(self.tag)

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of the file; of many files that of their fingerprints and of their names from the folder on.

        Objects that are read where they are: that of their names, sizes and what the store says of their content.
        """
        if self.tag or not (self.parts or self.location):
            return self.tag or sha256(self.path)
        return digest(f"{sha256(Path(part))} {self._called(Path(part))}" for part in self.parts)

    def damaged(self) -> str:
        """What is called damaged when the file cannot be read: of many that which says nothing of itself."""
        import polars as pl

        for part in map(Path, self.parts):
            try:
                pl.read_parquet_metadata(part)
            except (pl.exceptions.PolarsError, OSError):
                return f"{self.name}/{self._called(part)}"
        return self.name

    def _called(self, part: Path) -> str:
        return part.relative_to(self.path).as_posix() if part.is_relative_to(self.path) else part.name


def digest(lines: Iterable[str]) -> str:
    """One fingerprint of many lines."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is laid out; every field is printed and stands in the manifest."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header_row: int | None = None
    """Line or sheet row of the header, from 1; None when the file has none."""
    preamble: tuple[str, ...] = ()
    """Text of the non-empty lines above the header."""
    lenient: bool = False
    """True when some record did not parse strictly and the file was read record by record."""
    renamed: tuple[str, ...] = ()
    """Headers that stood more than once, as renamed: `Источник__2`."""


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """One table as the file has it.

    `frame` has the columns of `header` in order (String; typed only when the source is typed, as Parquet is) and
    `ROW` (Int64). Values are untouched: nothing trimmed, nothing turned into null except absent cells.
    """

    source: SourceFile
    sheet: str | None
    header: tuple[str, ...]
    frame: pl.LazyFrame
    layout: Layout
    broken: pl.DataFrame | None = None
    """Records that could not be read, already out of `frame`: line Int64, rule String, raw String."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Key-value metadata of a Parquet source (the key `acrm` marks our own results)."""
    money_marks: Mapping[str, str] = field(default_factory=dict)
    """Column -> the mark of currency (`₽`, `$`) that the number format of its cells writes, and their values do not."""
    notes: tuple[Message, ...] = ()
    """What was left out or read in an unusual way."""

    @property
    def name(self) -> str:
        """How the table is called in outputs: `orders.csv` or `book.xlsx[Sheet1]`."""
        return f"{self.source.name}[{self.sheet}]" if self.sheet else self.source.name
