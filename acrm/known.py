"""What a store knew on which day: since when each of its rows stands there, and the rows that went again.

A row has come with the first run that told it in these words, and goes with the run that tells otherwise. The day of a
run is that of the newest event that the store then knows of: exports say no other date of their own.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import add
from pathlib import Path

import polars as pl

from acrm.schema import LINEAGE

SINCE, UNTIL = "_since", "_until"
FORMER = "former_"
"""Begins the name of the table that keeps the rows which went."""
_ASIDE = frozenset((*LINEAGE, "_flags", "_outdated", "line_no"))
"""Columns that say nothing new of what the row is about."""
_AT_ONCE = 2_500_000
"""Rows that are compared at once."""


class Since:
    """Gives the rows of a table that is about to be written the day `_since` when they are known."""

    def __init__(self, table: str, store: Path | None, day: date | None) -> None:
        """Compare with a store.

        Args:
            table: What the rows are.
            store: The folder of the store that the run adds to, if there is one.
            day: The day of this run.
        """
        self._table = table
        self._before = _stands(store, table)
        self._today = pl.lit(day, pl.Date)

    def __call__(self, rows: pl.LazyFrame, chosen: pl.Expr) -> pl.LazyFrame:
        """The chosen rows, dated; those that the store has in the same words keep their day.

        Args:
            rows: The table.
            chosen: A condition on its key.
        """
        some = rows.filter(chosen)
        if self._before is None:
            return some.with_columns(self._today.alias(SINCE))
        have = rows.collect_schema().names()
        was = _content(self._table, self._before.filter(chosen), some)
        known = was.group_by("_same").agg(pl.col(SINCE).min().alias("_known"))
        joined = _content(self._table, some, self._before).join(known, on="_same", how="left", maintain_order="left")
        return joined.select(*have, pl.coalesce("_known", self._today).alias(SINCE))


def gone(table: str, written: Path, store: Path | None, day: date | None) -> pl.LazyFrame | None:
    """The rows of a store that a run no longer has, with the day `_until` when they were known; None when all stay.

    Args:
        table: What the rows are.
        written: The table as this run has written it.
        store: The folder of the store that the run adds to, if there is one.
        day: The day of this run.
    """
    earlier, before = _stands(store, f"{FORMER}{table}"), _stands(store, table)
    if before is None:
        return earlier
    now = pl.scan_parquet(written, glob=False)
    was, told = _content(table, before, now), _content(table, now, before)
    counts = pl.collect_all([_counted(was), _counted(told)], engine="streaming")
    if counts[0].equals(counts[1]):
        return earlier
    parts = -(-max(count["rows"][0] for count in counts) // _AT_ONCE)
    lost = [_lost(was, told, pl.col("_same") % parts == part) for part in range(parts)]
    names = before.collect_schema().names()
    found = pl.concat(lost).select(*names, pl.lit(day, pl.Date).alias(UNTIL))
    if not found.height:
        return earlier
    return found.lazy() if earlier is None else pl.concat([earlier, found.lazy()], how="diagonal_relaxed")


def _counted(rows: pl.LazyFrame) -> pl.LazyFrame:
    """How many rows there are, and a sum over all of them that two tables of the same content share."""
    # Not the exclusive or, in which two equal rows cancel out. Of 31 bits each, no table is long enough to overflow.
    return rows.select(pl.len().cast(pl.Int64).alias("rows"), (pl.col("_same") % (2**31)).sum().alias("sum"))


def _lost(was: pl.LazyFrame, told: pl.LazyFrame, part: pl.Expr) -> pl.DataFrame:
    """The rows that were more often than they are told now; of rows alike in everything it does not matter which."""
    before, now = (rows.filter(part).group_by("_same").agg(pl.len().cast(pl.Int64)) for rows in (was, told))
    fewer = pl.col("len") - pl.col("len_now").fill_null(0)
    lost = before.join(now, on="_same", how="left", suffix="_now").select("_same", fewer.alias("_fewer"))
    rows = was.join(lost.filter(pl.col("_fewer") > 0), on="_same").collect(engine="streaming")
    return rows.filter(pl.int_range(pl.len()).over("_same") < pl.col("_fewer"))


def on(day: date, rows: pl.LazyFrame, former: pl.LazyFrame | None) -> pl.LazyFrame:
    """The rows of a table as they were known on a day: those that had come by then and had not gone."""
    frames = [rows.filter(pl.col(SINCE) <= day)]
    if former is not None:
        frames.append(former.filter((pl.col(SINCE) <= day) & (pl.col(UNTIL) > day)))
    then = pl.concat(frames, how="diagonal_relaxed")
    if "_outdated" in then.collect_schema().names():
        # A customer list that was replaced since then counted still.
        master = pl.col("_master")
        replaced = (master & ~pl.col("_outdated")).any() | (pl.col(SINCE) < pl.col(SINCE).filter(master).max())
        then = then.with_columns(pl.col("_outdated") & replaced.over("ref").fill_null(False))
    return then.drop(SINCE, UNTIL, strict=False)


def _stands(store: Path | None, table: str) -> pl.LazyFrame | None:
    """A table of a store that tells since when its rows are known."""
    path = store / f"{table}.parquet" if store else None
    if path is None or not path.exists():
        return None
    frame = pl.scan_parquet(path, glob=False)
    return frame if SINCE in frame.collect_schema().names() else None


def _content(table: str, rows: pl.LazyFrame, beside: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with `_same`, which is equal for rows of the two frames that say the same."""
    schemas = [frame.collect_schema() for frame in (rows, beside)]
    aside = _ASIDE
    # Who the customer of a row is may come out anew; what the row says of it stays.
    if table == "identities":
        aside = aside | {"customer_id"}
    elif all("_ref" in schema for schema in schemas):
        aside = aside - {"_ref"} | {"customer_id"}
    names = sorted({*schemas[0], *schemas[1]} - aside)
    kinds = {**schemas[1], **schemas[0]}
    parts = [pl.col(name) if name in schemas[0] else pl.lit(None, kinds[name]).alias(name) for name in names]
    # Each column is hashed its own way, so that equal values in two columns do not cancel out.
    return rows.with_columns(reduce(add, (part.hash(seed) for seed, part in enumerate(parts, 1))).alias("_same"))
