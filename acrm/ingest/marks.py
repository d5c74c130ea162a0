"""Marks that need all tables: values that cannot be, customers out of reach, records that nothing confirms any more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from acrm.errors import UsageError
from acrm.schema import TABLES
from acrm.validity import HAPPENED, impossible, valid, years_before

_OURS = r"\b(?:impossible:\S+|stale|unreachable)(?: |$)"
_TAKEN_OUT = r"impossible:birth_date=(\d{4}-\d{2}-\d{2})"
_MARKS = ("impossible:", "stale", "unreachable")
_SET = "set"
_KEYS = ("email_key", "phone_e164")
_AGE = re.compile(r"([1-9]\d{0,4})([dmy])")


def age(word: str) -> str:
    """Check an age as it is typed: so many days, months or years (`365d`, `24m`, `2y`).

    Raises:
        UsageError: It is none.
    """
    if not _AGE.fullmatch(word):
        raise UsageError("bad_age", value=word)
    return word


def day_before(day: date, word: str) -> date:
    """The day that lies an `age` before another.

    >>> day_before(date(2026, 3, 31), "1m"), day_before(date(2026, 3, 31), "2y")
    (datetime.date(2026, 2, 28), datetime.date(2024, 3, 31))
    >>> day_before(date(2026, 3, 31), "99999y")
    datetime.date(1, 1, 1)
    """
    number, unit = int(word[:-1]), word[-1]
    try:
        if unit == "d":
            return day - timedelta(days=number)
        years, months = divmod(number, 12) if unit == "m" else (number, 0)
        return years_before(pl.Series([day]).dt.offset_by(f"-{months}mo").item(), years)
    except (ValueError, OverflowError):
        return date.min


def marked(
    tables: Mapping[str, pl.LazyFrame], as_of: date | None, max_age: str | None = None
) -> dict[str, pl.LazyFrame]:
    """The tables with `impossible:<field>`, `unreachable` and, where an age is given, `stale` among the flags.

    A birth date that cannot be is emptied, and stands in its mark (`impossible:birth_date=1893-05-05`); every other
    value stays. Marks of an earlier run are taken off first and their values put back, so that tables of a store come
    out as those of its sources.

    * `unreachable`: a customer without a valid e-mail and a valid phone, in tables that tell contacts at all.
    * `stale`: a customer of whom no table has a row, an open deal that nothing has happened to, since `max_age` before
      `as_of`. Of whom nothing is dated, nothing is said.

    Args:
        tables: Canonical tables, and others, which stay as they are.
        as_of: See `validity.newest_day`.
        max_age: See `age`.
    """
    since = day_before(as_of, max_age) if as_of and max_age else None
    own = {
        name: frame for name, frame in tables.items() if name in TABLES and "_flags" in frame.collect_schema().names()
    }
    telling = [_telling(name, frame, as_of) for name, frame in own.items()]
    told = [{name for name in row.columns if row[name].item()} for row in pl.collect_all(telling)]
    reasons = dict(zip(own, told, strict=True))
    last = {name: _last_days(tables, TABLES[name].key[0], as_of) for name in ("customers", "deals") if since}
    return dict(tables) | {
        name: _with_marks(name, frame, reasons[name], as_of, last.get(name), since) for name, frame in own.items()
    }


def _with_marks(
    table: str,
    frame: pl.LazyFrame,
    reasons: set[str],
    as_of: date | None,
    last: pl.LazyFrame | None,
    since: date | None,
) -> pl.LazyFrame:
    """The rows with the marks that there is reason to set; the frame itself where there is none."""
    columns = frame.collect_schema().names()
    made = _as_told(frame, columns) if _SET in reasons else frame
    tests = impossible(table, columns, as_of)
    # A mark that was taken off may have to be set again.
    doubtful = [field for field in tests if field in reasons or _SET in reasons]
    marks = [pl.when(tests[field]).then(_mark(field)) for field in doubtful]
    if "unreachable" in reasons:
        marks.append(pl.when(_no_contact(columns)).then(pl.lit("unreachable")))
    if last is not None:
        made = made.join(last, on=TABLES[table].key[0], how="left", maintain_order="left")
        ended = pl.col("status") != "open" if table == "deals" and "status" in columns else pl.lit(False)
        marks.append(pl.when((pl.col("_last") < since) & ~ended).then(pl.lit("stale")))
    if marks:
        flags = pl.concat_str([pl.col("_flags"), *marks], separator=" ", ignore_nulls=True)
        made = made.with_columns(_flags=pl.when(flags != "").then(flags))
    if "birth_date" in doubtful:
        made = made.with_columns(birth_date=pl.when(~tests["birth_date"]).then("birth_date"))
    return made.select(columns)


def _telling(table: str, frame: pl.LazyFrame, as_of: date | None) -> pl.LazyFrame:
    """Which marks there is reason to set: by field, `unreachable`; and `_SET`, whether some are set already."""
    columns = frame.collect_schema().names()
    tests = {field: test.any() for field, test in impossible(table, columns, as_of).items()}
    told = [name for name in ("email", "phone", *_KEYS) if name in columns]
    if table == "customers" and told:
        tests["unreachable"] = pl.any_horizontal(pl.col(told).is_not_null()).any() & _no_contact(columns).any()
    set_already = pl.any_horizontal(pl.col("_flags").str.contains(mark, literal=True) for mark in _MARKS).any()
    return frame.select(set_already.alias(_SET), *(test.alias(name) for name, test in tests.items()))


def _as_told(frame: pl.LazyFrame, columns: list[str]) -> pl.LazyFrame:
    """The rows without the marks of an earlier run, and with the values that these took out."""
    if "birth_date" in columns:
        taken = pl.col("_flags").str.extract(_TAKEN_OUT).str.to_date("%Y-%m-%d")
        frame = frame.with_columns(birth_date=pl.coalesce("birth_date", taken))
    flags = pl.col("_flags").str.replace_all(_OURS, "").str.strip_chars()
    return frame.with_columns(_flags=pl.when(flags != "").then(flags))


def _mark(field: str) -> pl.Expr:
    if field != "birth_date":
        return pl.lit(f"impossible:{field}")
    return pl.concat_str(pl.lit("impossible:birth_date="), pl.col("birth_date").cast(pl.String))


def _no_contact(columns: list[str]) -> pl.Expr:
    rules = valid("customers", columns, None)
    return ~pl.any_horizontal(rules[name] for name in ("email", "phone") if name in rules)


def _last_days(tables: Mapping[str, pl.LazyFrame], key: str, as_of: date | None) -> pl.LazyFrame:
    """The last day up to `as_of` that any table has of each customer or deal: `key`, `_last`."""
    days = [
        frame.select(key, pl.col(column).cast(pl.Date).alias("_last"))
        .filter(pl.col("_last") <= as_of, pl.col(key).is_not_null())
        .group_by(key)
        .agg(pl.col("_last").max())
        for table, frame in tables.items()
        for column in HAPPENED.get(table, ())
        if {key, column} <= set(frame.collect_schema().names())
    ]
    found = pl.concat([pl.DataFrame(schema={key: pl.String, "_last": pl.Date}), *pl.collect_all(days)])
    return found.lazy().group_by(key).agg(pl.col("_last").max())
