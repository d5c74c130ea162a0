"""Columns that some row fills: a table reads the same from exports, which have few, and from a store, which has all."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from acrm.schema import TABLES

ALWAYS = frozenset({"customer_id", "ordered_on", "paid_on", "currency", "status", "is_refund", "is_test"})
"""What every table of exports has, filled or not, beside what makes the table; whoever reads it counts on that."""
_OWN = "decisions"
"""A table that no export has: all of its columns are ours."""
_FIRST = 1000
"""Rows that tell most of what is filled."""


def without_unfilled(
    tables: Mapping[str, pl.LazyFrame], columns: Mapping[str, frozenset[str]] | None, asked: frozenset[str]
) -> dict[str, pl.LazyFrame]:
    """The tables without canonical columns that are null in every row; a table without rows stays as it is.

    Args:
        tables: By name; those that are not canonical stay as they are.
        columns: Canonical columns wanted per table; the others are not looked at. None: everything.
        asked: Columns that the user named: they stay, unless another table fills them: that one is meant.
    """
    names = {
        name: [
            column.name
            for column in TABLES[name].columns
            if not (column.makes or column.name in ALWAYS) and (columns is None or column.name in columns.get(name, ()))
        ]
        for name in tables
        if name in TABLES and name != _OWN
    }
    have = {name: _in(tables[name], some) for name, some in names.items()}
    first = [tables[name].select(some).head(_FIRST) for name, some in have.items()]
    seen = dict(zip(have, pl.collect_all(first), strict=True))
    doubtful = {
        name: [column for column in rows.columns if rows.height and not rows[column].count()]
        for name, rows in seen.items()
    }
    longer = [name for name, some in doubtful.items() if some and seen[name].height == _FIRST]
    counts = pl.collect_all(
        [tables[name].select(pl.col(doubtful[name]).count()) for name in longer], engine="streaming"
    )
    for name, found in zip(longer, counts, strict=True):
        doubtful[name] = [column for column in doubtful[name] if not found[column].item()]
    told = {column for name, rows in seen.items() if rows.height for column in {*rows.columns} - {*doubtful[name]}}
    told |= {column for name in tables.keys() - TABLES.keys() for column in _in(tables[name], [*asked])}
    return {
        name: frame.drop(column for column in doubtful.get(name, []) if column not in asked - told)
        for name, frame in tables.items()
    }


def _in(frame: pl.LazyFrame, names: list[str]) -> list[str]:
    have = set(frame.collect_schema().names())
    return [name for name in names if name in have]
