"""When customers were in touch by which channel, and when they bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

TOUCHES = ("source", "medium", "campaign")
"""Columns of interactions that may say where somebody came from, the best first."""


def names(frame: pl.LazyFrame | None) -> list[str]:
    """The columns of a table that may not be there."""
    return [] if frame is None else frame.collect_schema().names()


def every_name(tables: Mapping[str, pl.LazyFrame]) -> list[str]:
    """The columns of all tables, each once, without those of lineage."""
    return list(dict.fromkeys(name for frame in tables.values() for name in names(frame) if name[0] != "_"))


def column_of(have: Sequence[str], name: str) -> str | None:
    """The column that somebody means: case, blanks and the `x_` of columns that are not ours do not count.

    Those of lineage are nobody's.

    >>> column_of(["customer_id", "x_visitor_type"], "Visitor Type")
    'x_visitor_type'
    """
    wanted = _plain(name)
    return next((one for form in (wanted, f"x{wanted}") for one in have if one[0] != "_" and _plain(one) == form), None)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def asked(have: Sequence[str], usual: Sequence[str], by: str | None) -> tuple[str, ...]:
    """The columns of a table that may name a channel: the one asked for (`column_of`), or the usual ones."""
    if by is None:
        return tuple(name for name in usual if name in have)
    column = column_of(have, by)
    return (column,) if column else ()


def texts(columns: Sequence[str]) -> list[pl.Expr]:
    """Columns as texts; an empty one is not recorded."""
    import polars as pl

    return [pl.col(name).cast(pl.String).str.strip_chars().replace("", None) for name in columns]


def no_money() -> pl.Expr:
    """An amount that nobody knows."""
    import polars as pl

    return pl.lit(None, pl.Decimal(38, 4))


def currencies(frame: pl.LazyFrame) -> list[str]:
    """The currencies that a table names; amounts of more than one are not added up."""
    import polars as pl

    if "currency" not in names(frame):
        return []
    return frame.select(pl.col("currency").drop_nulls().unique().sort()).collect()["currency"].to_list()


def touches(interactions: pl.LazyFrame | None, by: str | None) -> pl.DataFrame | None:
    """Web visits, and whatever else names a channel: `customer_id`, `at`, and the columns that do; None: nothing does.

    A call or a ticket that says nothing about a channel is no step on the way to an order; a visit that says nothing
    is one by a channel that is not recorded.
    """
    import polars as pl

    have = names(interactions)
    columns = asked(have, TOUCHES, by)
    if interactions is None or not columns:
        return None
    somewhere = pl.any_horizontal(pl.col(name).is_not_null() for name in columns)
    customer = pl.col("customer_id") if "customer_id" in have else pl.lit(None, pl.String).alias("customer_id")
    rows = interactions.select(customer, pl.col("started_at").alias("at"), "kind", *texts(columns))
    kept = rows.filter(somewhere | (pl.col("kind") == "web_visit")).drop("kind").drop_nulls("at").collect()
    told = [name for name in columns if kept[name].null_count() < kept.height]
    return kept.select("customer_id", "at", *told) if told else None


def sales(tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, tz: str | None) -> pl.DataFrame | None:
    """`customer_id`, `at`, `amount` of every conversion: days with an order, without orders won deals; None: neither.

    An order known by its day alone comes at the end of it. Amounts in several currencies are null.
    """
    import polars as pl

    from acrm.analysis.sequence.events import purchases
    from acrm.summaries.ledger import sale_lines

    if lines is not None and "customer_id" in names(lines):
        at = pl.from_epoch("time", "s").dt.replace_time_zone("UTC").dt.cast_time_unit("us").alias("at")
        several = len(currencies(sale_lines(lines, None).to_native())) > 1
        money = no_money() if several else pl.col("amount").cast(pl.Decimal(38, 4))
        return purchases(lines, tz).select("customer_id", at, money.alias("amount"))
    deals = tables.get("deals")
    if deals is None or "customer_id" not in names(deals):
        return None
    closed = pl.coalesce(*(name for name in ("closed_at", "created_at") if name in names(deals)))
    known = "amount" in names(deals) and len(currencies(deals)) < 2
    amount = pl.col("amount").cast(pl.Decimal(38, 4)) if known else no_money()
    won = deals.filter(pl.col("status") == "won").drop_nulls("customer_id")
    return won.select("customer_id", closed.alias("at"), amount.alias("amount")).collect()
