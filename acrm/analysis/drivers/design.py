"""Columns of a table as columns of numbers: numbers or their logarithms, and indicators against a base level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.people.screening import plain
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

Log = Literal["auto", "none", "both"]
LEVEL_ROWS, LEVELS = 10, 20
"""Rows that a level needs to have a coefficient, and levels of a column that have one; the rest are taken together."""
_SKEW, _DISTINCT = 1.0, 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Term:
    """One column of numbers.

    Attributes:
        factor: The column of the table that it comes from.
        kind: `number`, `log` (natural logarithm), `level` (1 where the column has `level`), `has` (1 where a list has
            it), `unknown` (1 where the number is unknown, its place being taken by the mean of the known ones).
        level, base: The level, and the one that it is compared with.
        values: One per row.
    """

    factor: str
    kind: Literal["number", "log", "level", "has", "unknown"]
    values: Any
    level: str | None = None
    base: str | None = None

    @property
    def name(self) -> str:
        """What identifies the term.

        >>> Term(factor="sex", kind="level", values=None, level="f", base="m").name
        'sex = f'
        """
        if self.kind == "unknown":
            return f"{self.factor} = {text('segment_drivers.unknown')}"
        sign = {"level": " = ", "has": " ∋ "}.get(self.kind, "")
        return f"{self.factor}{sign}{self.level or ''}" if self.kind != "log" else f"log({self.factor})"


def terms(table: pl.DataFrame, factors: Sequence[str], log: Log) -> Iterator[Term]:
    """The terms of the factors, in their order; each factor gives one or more.

    A number is taken as it is, or its logarithm: with `both` where all known values are above 0 and more than two
    differ, with `auto` where besides it is skewed to the right and its logarithm is less so. A level needs
    `LEVEL_ROWS` rows, or it goes with the rest of its column; the base is the most frequent, of equals the first. Of a
    number with two values, as of no and yes, the lower one is the base.
    """
    import polars as pl

    for name in factors:
        values = table[name]
        if values.dtype.is_numeric() or values.dtype == pl.Boolean:
            yield from _of_number(plain(values), log)
        elif values.dtype.is_nested():
            yield from _of_lists(values)
        else:
            yield from _of_levels(values)


def logged(values: pl.Series, log: Log) -> bool:
    """Whether a column of numbers is taken as logarithms, see `terms`."""
    known = values.drop_nulls()
    if log == "none" or known.n_unique() <= 2 or not bool((known > 0).all()):
        return False
    if log == "both":
        return True
    skew, after = known.skew() or 0.0, known.log().skew() or 0.0
    return known.n_unique() > _DISTINCT and skew > _SKEW and abs(after) < skew


def _of_number(values: pl.Series, log: Log) -> Iterator[Term]:
    import numpy as np
    import polars as pl

    name = values.name
    kind: Literal["number", "log", "level"] = "log" if logged(values, log) else "number"
    numbers = values.cast(pl.Float64).to_numpy()
    numbers = np.log(numbers) if kind == "log" else numbers
    known = np.isfinite(numbers)
    if not known.any():
        return
    ends: dict[str, str] = {}
    if values.drop_nulls().n_unique() == 2:
        ends = {"level": _told(values.max()), "base": _told(values.min())}
        kind, numbers = "level", np.where(known, numbers == numbers[known].max(), np.nan)
    yield Term(factor=name, kind=kind, values=np.where(known, numbers, numbers[known].mean()), **ends)
    if (~known).sum() >= LEVEL_ROWS:
        yield Term(factor=name, kind="unknown", values=(~known).astype(float))


def _told(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.12g}"


def _of_levels(values: pl.Series) -> Iterator[Term]:
    import numpy as np

    name = values.name
    levels = sorted_levels(values)
    base = levels[0] if levels else None
    taken = values.cast(str).fill_null(text("segment_drivers.unknown"))
    rest = np.ones(len(values), dtype=bool)
    for level in levels:
        here = (taken == level).to_numpy()
        rest &= ~here
        if level != base:
            yield Term(factor=name, kind="level", level=level, base=base, values=here.astype(float))
    if rest.any() and base is not None:
        level = text("segment_drivers.other")
        yield Term(factor=name, kind="level", level=level, base=base, values=rest.astype(float))


def _of_lists(values: pl.Series) -> Iterator[Term]:
    import polars as pl

    lists = values.list.eval(pl.element().cast(pl.String))
    for level in sorted_levels(lists.list.unique().explode().drop_nulls()):
        has = lists.list.contains(level).fill_null(value=False)
        yield Term(factor=values.name, kind="has", level=level, values=has.cast(pl.Float64).to_numpy())


def sorted_levels(values: pl.Series, rows: int = LEVEL_ROWS, most: int = LEVELS) -> list[str]:
    """The levels that stand on their own, most frequent first, of equals by name; unknown is a level.

    >>> import polars as pl
    >>> sorted_levels(pl.Series(["b", "a", "b", "a", None, "c"]), rows=2)
    ['a', 'b']
    """
    counted = values.cast(str).fill_null(text("segment_drivers.unknown")).alias("level").value_counts(name="rows")
    ordered = counted.sort("rows", "level", descending=[True, False]).filter(
        counted["rows"].sort(descending=True) >= rows
    )
    return ordered["level"].head(most).to_list()
