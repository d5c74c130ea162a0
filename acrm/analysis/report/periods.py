"""Days, weeks and months of a report, and which of them are seen from their first day to their last."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Period = Literal["day", "week", "month"]
SPANS: dict[Period, str] = {"day": "1d", "week": "1w", "month": "1mo"}
"""How polars writes the periods; weeks begin on Monday."""
SEASONS: dict[Period, int] = {"day": 7, "week": 52, "month": 12}
"""Periods after which the season comes again."""
_RARE = 0.1
_MONTH = 28


def start_of(day: date, period: Period) -> date:
    """The first day of the period that a day is in.

    >>> start_of(date(2025, 3, 13), "week"), start_of(date(2025, 3, 13), "month")
    (datetime.date(2025, 3, 10), datetime.date(2025, 3, 1))
    """
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def moved(start: date, period: Period, by: int) -> date:
    """The period so many periods later (before, below 0), by its first day.

    >>> moved(date(2025, 1, 1), "month", -2), moved(date(2025, 3, 10), "week", 1)
    (datetime.date(2024, 11, 1), datetime.date(2025, 3, 17))
    """
    if period == "month":
        months = start.year * 12 + start.month - 1 + by
        return date(months // 12, months % 12 + 1, 1)
    return start + timedelta(days=by * (7 if period == "week" else 1))


def last_of(start: date, period: Period) -> date:
    """The last day of the period that begins on a day."""
    return moved(start, period, 1) - timedelta(days=1)


def calendar(days: pl.Series, period: Period, as_of: date) -> pl.DataFrame:
    """Every period from the first day of the data to the last, empty ones among them.

    A period is complete when the data run from its first day to its last: no part of a month is ever held against a
    whole one. The data run to the day before `as_of`, but no longer after the last sale than the longest pause between
    two days with sales: a silence never seen before is the end of the data, not a month without sales. Weekdays on
    which nearly nothing is ever sold (below a tenth of them) need not be seen.

    Args:
        days: Days on which something was sold or given back, in any order; one at least.
        period: What to cut time into.
        as_of: Today, which is not over.

    Returns:
        In order: `period` (its first day), `until` (its last), `complete` Bool.

    Examples:
        >>> import polars as pl
        >>> seen = pl.Series([date(2025, 1, day) for day in range(1, 32)] + [date(2025, 2, 26)])
        >>> calendar(seen, "month", date(2025, 2, 27))["complete"].to_list()
        [True, False]
        >>> calendar(seen, "month", date(2025, 3, 1))["complete"].to_list()
        [True, True]
    """
    import polars as pl

    seen: list[date] = days.drop_nulls().unique().sort().to_list()
    first, last = seen[0], seen[-1]
    pause = max((later - day for day, later in pairwise(seen)), default=timedelta(days=1))
    through = max(last, min(as_of - timedelta(days=1), last + pause)) if as_of > last else as_of - timedelta(days=1)
    closed = _closed(seen)
    rows = []
    begin, last_begin = start_of(first, period), start_of(max(through, last), period)
    while begin <= last_begin:
        until = last_of(begin, period)
        missing = [begin + timedelta(days=k) for k in range(max(0, (first - begin).days))]
        missing += [until - timedelta(days=k) for k in range(max(0, (until - max(through, begin)).days))]
        whole = all(day.weekday() in closed for day in missing) and begin <= through
        rows.append((begin, until, whole))
        begin = moved(begin, period, 1)
    return pl.DataFrame(rows, schema={"period": pl.Date, "until": pl.Date, "complete": pl.Boolean}, orient="row")


def _closed(seen: list[date]) -> set[int]:
    """Weekdays (0 Monday) of a month of data or more on which nearly nothing is ever sold."""
    span = (seen[-1] - seen[0]).days + 1
    if span < _MONTH:
        return set()
    counts = [sum(day.weekday() == weekday for day in seen) for weekday in range(7)]
    return {weekday for weekday in range(7) if counts[weekday] < _RARE * span / 7}
