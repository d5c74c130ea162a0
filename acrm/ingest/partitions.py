"""Parquet files that are one table together: which they are, and their rows as one frame."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath
from typing import TypeVar

import polars as pl

Named = TypeVar("Named", bound=PurePath)

_KEY = re.compile(r"([^=]+)=(.*)")
_PART = re.compile(r"(part[-.]|data_)\d.*\.(parquet|parq|pq)")
_COUNTED = re.compile(r"\d")
SUFFIXES = (".parquet", ".parq", ".pq")
REMARK = re.compile(r"_(SUCCESS|metadata|common_metadata|(committed|started)_\d+)")
"""What programs that write such folders leave beside the parts: no data."""
_READERS = 8
"""Footers that are read at once, as each of a remote file is a wait."""


def root(file: Named) -> Named | None:
    """The folder that is one table, a part of which a file is; None for a file that is a table of its own.

    Parts are Parquet files below folders called `key=value`, as Hive names them, and those called as Spark, Dask,
    Arrow and DuckDB call the files of one table.

    >>> [str(root(PurePath(file))) for file in ("lake/orders/year=2024/month=5/x.parquet", "orders/part-00000.parquet")]
    ['lake/orders', 'orders']
    >>> root(PurePath("exports/2024-05.parquet"))
    """
    if file.suffix.lower() not in SUFFIXES:
        return None
    folder = file.parent
    while _KEY.fullmatch(folder.name):
        folder = folder.parent
    return folder if folder != file.parent or _PART.fullmatch(file.name.lower()) else None


def keys(file: PurePath) -> tuple[str, ...]:
    """The names of the keys in a path.

    >>> keys(PurePath("orders/year=2024/month=05/x.parquet"))
    ('year', 'month')
    """
    return tuple(found[1] for part in file.parts[:-1] if (found := _KEY.fullmatch(part)))


def gathered(
    files: Iterable[tuple[Named, str]], ours: Collection[PurePath] = ()
) -> list[tuple[Named, str, list[Named]]]:
    """Files and their names, the parts of a table as one: its folder, the name of that, and the parts, sorted.

    The name of a folder is the beginning of its parts' names, or what it is called itself where they begin in it.
    Files that are called by words stand for tables where several are in one folder: `orders.parquet` and
    `customers.parquet` of `year=2024` are no parts of each other, but of those of `year=2025`.

    Args:
        files: Files, each with its name.
        ours: Folders with results of acrm, whose files are tables of their own whatever the folders are called.
    """
    found: dict[PurePath, tuple[Named, str, list[Named]]] = {}
    for file, name in files:
        folder = None if file.parent in ours else root(file)
        if folder is None:
            found[file] = (file, name, [])
            continue
        depth = len(file.parts) - len(folder.parts)
        called = "/".join(PurePath(name).parts[:-depth]) or folder.name or name
        found.setdefault(folder, (folder, called, []))[2].append(file)
    return [table for path, name, parts in found.values() for table in _by_word(path, name, sorted(parts))]


def _by_word(folder: Named, name: str, parts: list[Named]) -> list[tuple[Named, str, list[Named]]]:
    """The tables of a folder: one, unless its files are called by several words, without a number, side by side."""
    words = {part.stem for part in parts}
    beside = len({part.parent for part in parts}) < len(parts)
    if len(words) < 2 or not beside or any(map(_COUNTED.search, words)):
        return [(folder, name, parts)]
    return [(folder, f"{name}/{word}", [part for part in parts if part.stem == word]) for word in sorted(words)]


def scan(parts: Sequence[str], depth: int, options: dict[str, int] | None = None) -> pl.LazyFrame:
    """The rows of all parts, of which those of the same columns stand together, in the order of their names.

    Columns are matched by name: where a part lacks one, it is null there, and where parts disagree about what it holds,
    it is text. Keys of the path are columns, as they are written there.

    Args:
        parts: Paths or URLs.
        depth: How many of their components are above the table.
        options: How to reach them.
    """

    def kinds(part: str) -> tuple[tuple[str, pl.DataType], ...]:
        frame = pl.scan_parquet(part, glob=False, hive_partitioning=False, storage_options=options)
        return tuple(frame.collect_schema().items())

    with ThreadPoolExecutor(_READERS) as pool:
        schemas = list(pool.map(kinds, parts))
    alike: dict[tuple[object, tuple[str, ...]], list[str]] = {}
    for part, schema in zip(parts, schemas, strict=True):
        alike.setdefault((schema, keys(PurePath(part))), []).append(part)
    seen: dict[str, set[object]] = {}
    for name, kind in {entry for schema in schemas for entry in schema}:
        seen.setdefault(name, set()).add(_family(kind))
    mixed = {name for name, kinds_of in seen.items() if len(kinds_of - {pl.Null}) > 1}
    frames = []
    for (_, named), files in alike.items():
        frame = pl.scan_parquet(
            files,
            glob=False,
            hive_partitioning=bool(named),
            hive_schema=dict.fromkeys(named, pl.String) or None,
            storage_options=options,
        )
        # Keys of folders above the table are none of its columns.
        frame = frame.drop(set(named) - set(keys(PurePath(*PurePath(files[0]).parts[depth:]))))
        own = [(name, kind) for name, kind in frame.collect_schema().items() if name in mixed]
        frames.append(frame.with_columns(cells(pl.col(name), kind).cast(pl.String) for name, kind in own))
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")


def _family(kind: pl.DataType) -> object:
    """What kinds have in common that stand in one column without becoming text."""
    if kind.is_numeric():
        return "number"
    return kind.time_zone or "no zone" if isinstance(kind, pl.Datetime) else kind.base_type()


def cells(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A typed column of Parquet, as text unless it holds numbers, times or truth values; lists and records as JSON."""
    if kind.is_numeric() or kind in (pl.String, pl.Boolean, pl.Date, pl.Datetime):
        return column
    if kind == pl.Duration:
        return column.dt.total_seconds()
    if kind == pl.Binary:
        return column.map_elements(lambda cell: cell.decode(errors="backslashreplace"), return_dtype=pl.String)
    if not kind.is_nested():
        return column.cast(pl.String)
    wrapped = pl.struct(column.alias("")).struct.json_encode().str.strip_prefix('{"":').str.strip_suffix("}")
    return pl.when(column.is_not_null()).then(wrapped).alias(column.meta.output_name())
