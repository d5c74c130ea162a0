"""Order lines with any column that a report is asked to cut by, wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from acrm.errors import InputError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl

DATE_PARTS = ("day", "week", "month", "quarter", "year", "weekday", "hour")
"""What a column may be made of the time of an order."""
_KEYS = {"customers": "customer_id", "products": "product_id", "units": "unit"}
"""Tables whose columns are joined, by what; the first that has a column gives it."""
_SHORT = {"amount": "line_amount", "customer": "customer_id", "product": "product_id", "order": "order_id"}


def with_columns(names: Sequence[str], tables: Mapping[str, pl.LazyFrame], zone: str | None = None) -> pl.LazyFrame:
    """The order lines with columns of these names.

    A name is a column of the lines, else a part of the order's time (`DATE_PARTS`), else a column of the customer, the
    product or the unit; `x_` in front of a source's own columns may be left out. Parts of time are texts that sort as
    time does (`2025-03`, `2025-W10`, `2025-Q1`), weekdays 1 (Monday) to 7, hours 0 to 23; `hour` is null where the
    source tells days alone.

    Args:
        names: Of columns, as the user writes them.
        tables: Canonical tables, `transactions` among them.
        zone: Time zone of the hours.

    Raises:
        InputError: No table has such a column.
    """
    import polars as pl

    lines = tables["transactions"]
    have = {
        name: [one for one in tables[name].collect_schema().names() if one[0] != "_"]
        for name in ("transactions", *_KEYS)
        if name in tables
    }
    strangers = []
    for name in dict.fromkeys(names):
        own = _found(name, have["transactions"])
        if own == name:
            continue
        if own is not None:
            lines = lines.with_columns(pl.col(own).alias(name))
        elif name in DATE_PARTS:
            lines = lines.with_columns(_part(name, have["transactions"], zone).alias(name))
        elif (home := _home(name, have)) is not None:
            table, column = home
            theirs = tables[table].select(_KEYS[table], pl.col(column).alias(name)).unique(_KEYS[table], keep="first")
            lines = lines.join(theirs, on=_KEYS[table], how="left")
        else:
            strangers.append(name)
    if strangers:
        known = sorted({one for columns in have.values() for one in columns} | set(DATE_PARTS))
        near = [one for name in strangers for one in get_close_matches(name.lower(), known, 1)]
        raise InputError("cut_no_column", columns=", ".join(strangers), known=listed(near or known, most=30))
    return lines


def _found(name: str, columns: Sequence[str]) -> str | None:
    forms = (name, _SHORT.get(name, name), f"x_{name}", f"x_{name.lower().replace(' ', '_')}")
    return next((form for form in forms if form in columns), None)


def _home(name: str, have: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    for table, key in _KEYS.items():
        column = _found(name, have.get(table, ()))
        if column is not None and key in have["transactions"]:
            return table, column
    return None


def _part(name: str, have: Sequence[str], zone: str | None) -> pl.Expr:
    """The part of a line's time, from the business day; the hour from the time."""
    import polars as pl

    day = pl.col("ordered_on")
    if name == "hour":
        if "ordered_at" not in have:
            return pl.lit(None, pl.Int64)
        time = pl.col("ordered_at")
        time = time.dt.convert_time_zone(zone) if zone else time
        # A source without times puts everything at midnight.
        timed = (time.dt.hour() != 0).any()
        return pl.when(timed).then(time.dt.hour().cast(pl.Int64))
    parts = {
        "day": day,
        "week": day.dt.strftime("%G-W%V"),
        "month": day.dt.strftime("%Y-%m"),
        "quarter": pl.format("{}-Q{}", day.dt.year(), day.dt.quarter()),
        "year": day.dt.year().cast(pl.String),
        "weekday": day.dt.weekday().cast(pl.Int64),
    }
    return parts[name]
