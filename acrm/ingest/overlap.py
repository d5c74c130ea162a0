"""The same thing told by several files: counted once, as the last file tells it."""

from __future__ import annotations

import polars as pl

from acrm.messages import Message
from acrm.schema import LINEAGE, TABLES

STORE = "*"
"""The space of rows that stand in a store already: ids of every system."""
MADE_ID = "made_order_id"
"""Flag of lines whose order id was made here, for want of one in the source: it says nothing about sameness."""
KEYS = {
    "customers": ("customer_id",),
    "deals": ("deal_id",),
    "deal_lines": ("order_id",),
    "transactions": ("order_id", "customer_id", "ordered_on"),
}
"""What says that two rows of different files are about the same thing; an order is replaced with all its lines."""


def once(table: str, frames: list[tuple[str | None, pl.LazyFrame]], notes: list[Message]) -> pl.LazyFrame:
    """The rows of all files of a table, without those that a later file tells again.

    Rows with the same key, all parts filled, are the same thing; of a table without a key, and of lines without a key,
    rows in a store are the same as new rows of equal content. Two files of one run may repeat such rows legally.

    Args:
        table: Canonical name.
        frames: Oldest first: the space its ids are from (a system, `STORE`, or None: ids of no system), and its rows.
        notes: Takes a word about what was counted once.
    """
    if len(frames) == 1:
        return frames[0][1]
    kept, repeated = [], 0
    for place, (space, frame) in enumerate(frames):
        later = [
            other for other_space, other in frames[place + 1 :] if space is not None and space in (STORE, other_space)
        ]
        left = frame
        if later:
            left = _without(table, frame, pl.concat(later, how="diagonal"), stored=space == STORE)
            counts = pl.collect_all([frame.select(pl.len()), left.select(pl.len())])
            repeated += int(counts[0].item()) - int(counts[1].item())
        kept.append(left)
    if repeated:
        notes.append(Message("clean.repeated", {"table": table, "rows": repeated}))
    return pl.concat(kept, how="diagonal")


def _without(table: str, frame: pl.LazyFrame, later: pl.LazyFrame, *, stored: bool) -> pl.LazyFrame:
    """The rows of a frame that no later row is about."""
    have, told = frame.collect_schema().names(), later.collect_schema().names()
    key = [name for name in KEYS.get(table, ()) if name in have and name in told]
    if key and len(key) == len(KEYS[table]):
        frame = frame.join(later.select(key).unique(), on=key, how="anti", maintain_order="left")
    if not stored or table == "customers":
        return frame
    numbered = ("line_no", *LINEAGE, "_flags")
    schema = TABLES[table].names if table in TABLES else have
    content = [name for name in schema if name in have and name in told and name not in numbered]
    return frame.join(later.select(content).unique(), on=content, how="anti", nulls_equal=True, maintain_order="left")


def unnamed(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Lines of a store with the order ids that were made for them taken off again."""
    made = pl.col("_flags").str.contains(MADE_ID).fill_null(False)
    flags = pl.col("_flags").str.replace(MADE_ID, "").str.strip_chars()
    return lines.with_columns(
        order_id=pl.when(~made).then(pl.col("order_id")),
        line_no=pl.when(~made).then(pl.col("line_no")),
        _flags=pl.when(flags != "").then(flags),
    )
