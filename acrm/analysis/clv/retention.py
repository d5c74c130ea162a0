"""Tables of how many customers of a cohort are still there after each period, known by what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from acrm.analysis.clv.spells import Period
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.tenures import Tenures

Values = Sequence[float | None]
# Fewer values than this are no curve.
_FEWEST = 4
# What shares start with.
_WHOLE = (100.0, 1.0)
_PERIODS: dict[Period, tuple[str, ...]] = {
    "year": ("year", "год"),
    "quarter": ("quarter", "квартал"),
    "month": ("month", "месяц"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Retention:
    """A retention table as the models take it."""

    groups: Mapping[str, Tenures]
    """By name; "" where all cohorts are of one group."""
    period: Period | None
    """`month`, `quarter` or `year`, where a name in the table says so."""
    notes: tuple[Message, ...]


def find_retention(table: pl.DataFrame, cohort: int) -> Retention | None:
    """Read a table as one of retention, or see that it is none.

    Three layouts are known:

    * One row per period: a column 0, 1, 2, ... and columns beside it that never rise. Columns that end together are
      groups of their own (two products); others are cohorts of one group, the younger ones watched for less long.
    * Cohorts below each other: the count of periods starts again for each; the first column that never rises within a
      cohort is taken. All are of one group.
    * One row per cohort: columns named 0, 1, 2, ..., whatever stands before the number, and rows that never rise. All
      are of one group.

    Periods may be counted from 1: the first value is always taken for the customers at the start. Only where columns
    are named from 1, a column of numbers before them is the start.

    Args:
        table: As it was read, text or numbers; columns that start with `_` and the column `row` are no part of it.
        cohort: Customers of a cohort that is told in shares: 100 (or 1) at the start, and percent signs or fractions.
    """
    import numpy as np

    from acrm.models.tenures import Tenures

    names = [name for name in table.columns if not name.startswith("_") and name != "row"]
    numbers = {name: values for name in names if (values := _numbers(table[name])) is not None}
    clock = next((name for name, values in numbers.items() if _cohort_starts(values)), None)
    series = list(_down(clock, numbers) if clock else _across(numbers))
    if not series or max(len(values) for _, values in series) < _FEWEST:
        return None
    notes = []
    cohorts = [values for _, values in series]
    if _in_shares(table, cohorts):
        cohorts = [[value * cohort / values[0] for value in values] for values in cohorts]
        notes.append(Message("clv_contract.shares", {"cohort": cohort}))
    apart = len({name for name, _ in series}) == len(series) and len({len(values) for values in cohorts}) == 1
    groups: dict[str, list[list[float]]] = {}
    for (name, _), values in zip(series, cohorts, strict=True):
        groups.setdefault(name if apart and len(series) > 1 else "", []).append(values)
    if len(cohorts) > len(groups):
        notes.append(Message("clv_contract.cohorts", {"cohorts": len(cohorts)}))
    return Retention(
        groups={name: Tenures.of_cohorts(*map(np.array, values)) for name, values in sorted(groups.items())},
        period=_period([clock] if clock else names),
        notes=tuple(notes),
    )


def _numbers(column: pl.Series) -> Values | None:
    """The values of a column of numbers, percent signs and decimal commas allowed; None if anything else is in it."""
    import polars as pl

    if column.dtype == pl.String:
        bare = column.str.replace_all(r"[\s\u00a0%]", "").str.replace(",", ".", literal=True)
        bare = bare.set(bare == "", None)
        column = bare.cast(pl.Float64, strict=False)
        if column.null_count() > bare.null_count():
            return None
    if not column.dtype.is_numeric() or column.null_count() == column.len():
        return None
    return column.cast(pl.Float64).to_list()


def _cohort_starts(values: Values) -> list[int]:
    """The rows where a count of periods starts; none if the values are no such count."""
    first = values[0] if values else None
    if first not in (0.0, 1.0):
        return []
    starts = [0]
    for place, (before, value) in enumerate(pairwise(values), 1):
        if value == first:
            starts.append(place)
        elif before is None or value != before + 1:
            return []
    return starts if len(values) > len(starts) else []


def _down(clock: str, numbers: Mapping[str, Values]) -> Iterator[tuple[str, list[float]]]:
    """The cohorts of a table with one row per period, each with the name of its column."""
    starts = _cohort_starts(numbers[clock])
    for name, values in numbers.items():
        if name == clock:
            continue
        parts = [_told(values[first:end]) for first, end in pairwise([*starts, len(values)])]
        if all(map(_falls, parts)):
            yield from ((name, part) for part in parts)
            if len(parts) > 1:
                return


def _across(numbers: Mapping[str, Values]) -> Iterator[tuple[str, list[float]]]:
    """The cohorts of a table with one row per cohort, if its columns are named 0, 1, 2, ..."""
    ends = [(name, int(found[0])) for name in numbers if (found := re.findall(r"\d+$", name.strip()))]
    if len(ends) < 2 or ends[0][1] not in (0, 1) or any(two != one + 1 for (_, one), (_, two) in pairwise(ends)):
        return
    columns = [name for name, _ in ends]
    names = list(numbers)
    before = names.index(columns[0]) - 1
    if ends[0][1] == 1 and before >= 0:
        columns.insert(0, names[before])
    rows = [_told(row) for row in zip(*(numbers[name] for name in columns), strict=True)]
    rows = [row for row in rows if row]
    if all(all(one >= two for one, two in pairwise(row)) for row in rows):
        yield from (("", row) for row in rows)


def _told(values: Values) -> list[float]:
    """The values up to the first that is missing."""
    end = next((place for place, value in enumerate(values) if value is None), len(values))
    return [value for value in values[:end] if value is not None]


def _falls(values: Sequence[float]) -> bool:
    """Whether these can be customers still there: never more than before, and some of them gone in the end."""
    return bool(values) and all(one >= two for one, two in pairwise(values)) and values[0] > values[-1] >= 0


def _in_shares(table: pl.DataFrame, cohorts: Sequence[Sequence[float]]) -> bool:
    import polars as pl

    if {values[0] for values in cohorts} not in ({whole} for whole in _WHOLE):
        return False
    signs = table.select(pl.any_horizontal(pl.col(pl.String).str.contains("%", literal=True).any())).item()
    return bool(signs) or any(value % 1 for values in cohorts for value in values)


def _period(names: Sequence[str]) -> Period | None:
    told = " ".join(names).casefold()
    return next((period for period, words in _PERIODS.items() if any(word in told for word in words)), None)
