"""The same thing told by several files: counted once, as the last file tells it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from acrm.ingest import deals, orders
from acrm.messages import Message
from acrm.schema import LINEAGE, TABLES

STORE = "*"
"""The space of rows that stand in a store already: ids of every system."""
_EAGER = 3_000_000
"""Rows of all files together that are held in memory while they are compared."""
SPACE = "_space"
"""Column of order lines while they are compared: the system that their file is from."""
NUMBERED_ANEW = ("unknown", "onec", "regionsoft", "till")
"""Systems whose numbers may begin anew: by shop, by year, by till."""
MADE_ID = "made_order_id"
"""Flag of lines whose order id was made here, for want of one in the source: it says nothing about sameness."""
KEYS = {
    "customers": ("customer_id",),
    "deals": ("deal_id",),
    "deal_lines": ("order_id",),
    "transactions": ("order_id", "customer_id", "ordered_on"),
    "decisions": ("decision_id",),
}
"""What says that two rows of different files are about the same thing; an order is replaced with all its lines."""
_READ = {"email": "email_key", "phone": "phone_e164"}
"""Contacts, and what they are read as; both are told by the same row."""


def once(
    table: str, frames: list[tuple[str | None, pl.LazyFrame]], notes: list[Message], scratch: Path
) -> pl.LazyFrame:
    """The rows of all files of a table, without those that a later file tells again.

    Rows with the same key, all parts filled, are the same thing; of a table without a key, and of lines without a key,
    rows in a store are the same as new rows of equal content. Two files of one run may repeat such rows legally.

    Args:
        table: Canonical name.
        frames: Oldest first: the space its ids are from (a system, `STORE`, or None: ids of no system), and its rows.
        notes: Takes a word about what was counted once.
        scratch: A folder for what is too much to hold in memory.
    """
    if len(frames) == 1:
        return frames[0][1].drop(SPACE, strict=False)
    counts = [_rows(frame) for _, frame in frames]
    count = sum(counts)
    spaces = dict.fromkeys(space for space, _ in frames)
    merged = {
        space: _halved(
            table,
            [(frame, rows) for (other, frame), rows in zip(frames, counts, strict=True) if other == space],
            space,
            scratch,
        )
        for space in spaces
    }
    if STORE in merged and len(merged) > 1:
        # Rows of a store are older than all others, and their ids are of every system.
        stored = merged.pop(STORE)
        merged = {space: _beside(table, frame, stored) for space, frame in merged.items()}
        later = pl.concat(merged.values(), how="diagonal")
        merged = {STORE: _told_again(table, _in_detail(table, stored, later), later, stored=True), **merged}
    # Much is asked of these rows later on: it is done once what says which they are.
    whole = _done(pl.concat(merged.values(), how="diagonal").drop(SPACE, strict=False), scratch, eager=count <= _EAGER)
    if len(spaces) < len(frames) or STORE in spaces:
        repeated = count - _rows(whole)
        if repeated:
            notes.append(Message("clean.repeated", {"table": table, "rows": repeated}))
    return whole


def _done(rows: pl.LazyFrame, scratch: Path, *, eager: bool) -> pl.LazyFrame:
    if eager:
        return rows.collect().lazy()
    path = scratch / f"{len(list(scratch.iterdir()))}.once.parquet"
    rows.sink_parquet(path, compression="lz4")
    return pl.scan_parquet(path, glob=False)


def _rows(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def _halved(
    table: str, frames: list[tuple[pl.LazyFrame, int]], known: str | None, scratch: Path, *, part: bool = False
) -> pl.LazyFrame:
    """The frames of one space as one, oldest first, without rows told again by a later one.

    Halves are taken together before they are compared, so that the work does not grow with the square of the number
    of files; and they are done before they are compared, as a plan of all of them at once would take longer than the
    work: in memory as long as they are small, in a scratch file above.
    """
    if len(frames) == 1:
        return frames[0][0]
    middle = len(frames) // 2
    first, last = (_halved(table, half, known, scratch, part=True) for half in (frames[:middle], frames[middle:]))
    if known is not None:
        last = _beside(table, last, first)
        first = _told_again(table, _in_detail(table, first, last), last, stored=known == STORE)
    eager = sum(rows for _, rows in frames) <= _EAGER
    if eager:
        return pl.concat(pl.collect_all([first, last]), how="diagonal").lazy()
    whole = pl.concat([first, last], how="diagonal")
    return _done(whole, scratch, eager=False) if part else whole


def _told_again(table: str, frame: pl.LazyFrame, later: pl.LazyFrame, *, stored: bool) -> pl.LazyFrame:
    """The rows of a frame that no later row is about, where orders are called what they are called in their source."""
    if table == "transactions" and "order_id" in frame.collect_schema().names():
        # Orders of one number are told apart in each run anew; what they are called in their source stays.
        known, told = orders.of_source(frame), orders.of_source(later).drop("_order_id")
        left = _without(table, known, told, stored=stored)
        return orders.of_ours(_corrected(left, told) if stored else left)
    left = _without(table, frame, later, stored=stored)
    return deals.still_told(left, later) if table == "deals" and stored else left


def _beside(table: str, frame: pl.LazyFrame, earlier: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of a frame as they are beside earlier ones, which may tell more of the same customers, deals, orders."""
    if table == "customers":
        return _completed(frame, earlier)
    return deals.completed(frame, earlier) if table == "deals" else _in_detail(table, frame, earlier)


def _completed(customers: pl.LazyFrame, earlier: pl.LazyFrame) -> pl.LazyFrame:
    """Customers with what earlier rows tell of them where they themselves say nothing, or nothing one could use."""
    have, aside = customers.collect_schema().names(), ("customer_id", "_flags", *LINEAGE)
    more = [name for name in earlier.collect_schema().names() if name not in aside]
    told = earlier.select("customer_id", pl.col(more).name.prefix("_told ")).unique("customer_id", keep="last")
    joined = customers.join(told, on="customer_id", how="left", maintain_order="left")

    def value(name: str) -> pl.Expr:
        read, said = _READ.get(name), f"_told {name}"
        if name not in have:
            return pl.col(said).alias(name)
        if read is None or read not in have or read not in more:
            return pl.coalesce(name, said)
        better = pl.col(read).is_null() & pl.col(f"_told {read}").is_not_null()
        return pl.when(better).then(said).otherwise(pl.coalesce(name, said)).alias(name)

    return joined.with_columns(value(name) for name in more).drop([f"_told {name}" for name in more])


def _in_detail(table: str, frame: pl.LazyFrame, other: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of a frame without orders that it tells by their sum alone, and another by their products.

    The same order is one of the same number, customer, day, system and money, that is cancelled in both or in neither;
    where the system gives every order a number of its own, the customer may be unknown.
    """
    about = ["order_id", "customer_id", "ordered_on", SPACE]
    needed = {*about, "line_amount", "product_id", "status"}
    if table != "transactions" or not needed <= {*other.collect_schema().names()}:
        return frame
    have = frame.collect_schema().names()
    if not {*about, "line_amount"} <= {*have}:
        return frame
    bare = pl.col("product_id").is_null() if "product_id" in have else pl.lit(value=True)
    known, told = orders.of_source(frame), orders.of_source(other)
    asked = known.filter(bare).select("order_id").drop_nulls().unique().collect()
    named = told.filter(pl.col("product_id").is_not_null()).select("order_id").unique()
    numbers = named.join(asked.lazy(), on="order_id", how="semi").collect() if asked.height else asked
    if not numbers.height:
        return frame

    def heads(lines: pl.LazyFrame, bare: pl.Expr) -> pl.LazyFrame:
        gone = pl.col("status") == "cancelled" if "status" in lines.collect_schema().names() else pl.lit(value=False)
        own = pl.col("customer_id").is_not_null() | ~pl.col(SPACE).is_in(NUMBERED_ANEW)
        asked = lines.join(numbers.lazy(), on="order_id", how="semi").filter(own)
        figures = (
            pl.col("line_amount").sum(),
            bare.all().alias("_bare"),
            gone.fill_null(value=False).any().alias("_gone"),
        )
        return asked.group_by(about).agg(figures)

    rich = heads(told, pl.col("product_id").is_null()).filter(~pl.col("_bare"))
    again = (
        heads(known, bare).filter("_bare").join(rich, on=[*about, "line_amount", "_gone"], how="semi", nulls_equal=True)
    )
    return orders.of_ours(known.join(again, on=about, how="anti", nulls_equal=True, maintain_order="left"))


def _corrected(stored: pl.LazyFrame, later: pl.LazyFrame) -> pl.LazyFrame:
    """The order lines of a store without orders that a later file of their system tells with another day or customer.

    Where a system gives every order a number of its own, a number within `orders.DAYS` is the same order. Where numbers
    may begin anew (`NUMBERED_ANEW`), it is so on the same day if the customer was not known before, or is not now; and
    with the same total if neither.
    """
    about = ["order_id", "customer_id", "ordered_on", SPACE]
    if not {*about} <= {*stored.collect_schema().names()} & {*later.collect_schema().names()}:
        return stored
    known = stored.join(later.select("order_id").drop_nulls().unique(), on="order_id", how="semi")
    heads = [frame.group_by(about).agg(pl.col("line_amount").sum().alias("_total")) for frame in (known, later)]
    pairs = heads[0].join(heads[1], on=["order_id", SPACE], suffix="_told")
    days = (pl.col("ordered_on_told") - pl.col("ordered_on")).dt.total_days().abs()
    nobody, noone = pl.col("customer_id").is_null(), pl.col("customer_id_told").is_null()
    total = pl.col("_total") == pl.col("_total_told")
    same = (days == 0) & ((nobody ^ noone) | (nobody & noone & total))
    own = ~pl.col(SPACE).is_in(NUMBERED_ANEW) & (days <= orders.DAYS)
    again = pairs.filter(own | same).select(about).unique()
    return stored.join(again, on=about, how="anti", nulls_equal=True, maintain_order="left")


def _without(table: str, frame: pl.LazyFrame, later: pl.LazyFrame, *, stored: bool) -> pl.LazyFrame:
    """The rows of a frame that no later row is about."""
    have, told = frame.collect_schema().names(), later.collect_schema().names()
    key = [name for name in KEYS.get(table, ()) if name in have and name in told]
    if key and len(key) == len(KEYS[table]):
        frame = frame.join(later.select(key).unique(), on=key, how="anti", maintain_order="left")
    if not stored or table == "customers":
        return frame
    numbered = ("line_no", *LINEAGE, "_flags", SPACE)
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
