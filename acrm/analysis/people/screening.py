"""Columns that can explain nothing: the same everywhere, nearly empty, ids, dates, or another column once more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

EMPTY, SAME, ALIKE = 0.01, 0.99, 0.99
"""Known values below this share: near empty; one value from this share on: near constant; from this share on of what
differs in a column is told by another one, both ways: near duplicate."""
DIFFERENT, TEXT = 0.95, 0.5
"""Different values per known one from which on texts are ids, and are free text."""
FEW = 20
"""Known values below which nothing is called an id or a text."""
CUSTOMER = "customer_id"
_REPEATS = 20.0
"""Repeats that chance would bring into whole numbers of such a range; where there are none, they number the rows."""
_LINE, _POINTS = 0.999, 5
_HUGE = 1e140
_LEVELS = 1000
_AT_ONCE = 10_000
"""Rows."""
_PAIRS, _DIFFERING = 512, 0.1
"""Pairs of rows that are looked at, and the share of them that may differ in columns worth a closer look."""
_DATE = r"^\s*(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})\b"
_ID = re.compile(r"(^|[_ ])(id|no|code|number|guid|uuid|номер|код)$|^№", re.IGNORECASE)


class Useless(NamedTuple):
    """Why a column is of no use; `detail` is a sentence."""

    column: str
    reason: str
    detail: str


def screen(table: pl.DataFrame, first: Sequence[str] = ()) -> pl.DataFrame:
    """Say which columns are of no use as drivers or features; all others are candidates, whatever their names.

    An empty cell is a value of its own, so that a column in which only "yes" stands is a flag. Of columns that say
    the same the one that comes first stays.

    Args:
        table: One row per customer, order or product.
        first: Columns that count as first in the table and are never left out themselves: the outcome, what is held.

    Returns:
        `column`, `reason` (`empty`, `near_empty`, `constant`, `near_constant`, `date`, `id`, `text`, `duplicate`,
        `near_duplicate`), `detail` (a sentence); sorted by `column`.

    Examples:
        >>> import polars as pl
        >>> pets = pl.DataFrame({"dog": ["yes", None] * 3, "barks": [1, 0] * 3, "planet": ["Earth"] * 6})
        >>> screen(pets).rows()
        [('barks', 'duplicate', 'says the same as dog'), ('planet', 'constant', 'Earth in all rows')]
    """
    import polars as pl

    found: list[Useless] = []
    kept: list[str] = list(first)
    for name in table.columns:
        if name not in first:
            why = _alone(table[name])
            if why is None:
                kept.append(name)
            else:
                found.append(why)
    if table.height:
        found += _twice(table, kept, len(first))
    return pl.DataFrame(found, schema=dict.fromkeys(Useless._fields, pl.String), orient="row").sort("column")


def plain(values: pl.Series) -> pl.Series:
    """A list as one text, so that lists can be compared; money as Float64; a number that is none as unknown."""
    import polars as pl

    if values.dtype.base_type() is pl.List:
        return values.list.eval(pl.element().cast(pl.String)).list.sort().list.join("\x1f")
    if values.dtype.is_float():
        return values.to_frame().select(pl.when(pl.col(values.name).is_finite()).then(values.name)).to_series()
    return values.cast(pl.Float64) if values.dtype.is_decimal() else values


def canonical(table: pl.DataFrame) -> pl.DataFrame:
    """The rows in an order that their contents decide: by customer, or by all columns where that is no key.

    Numbers that are none (NaN, infinite) are unknown.
    """
    table = table.with_columns(plain(column) for column in table.iter_columns() if column.dtype.is_float())
    flat = [name for name in table.columns if not table[name].dtype.is_nested()]
    one_each = CUSTOMER in flat and table[CUSTOMER].is_unique().all()
    return table.sort(CUSTOMER if one_each else flat) if flat else table


def _alone(values: pl.Series) -> Useless | None:
    """What can be said of a column without looking at others."""
    name, whole = values.name, plain(values)
    rows, known = len(whole), len(whole) - whole.null_count()
    if not known:
        return _useless(name, "empty")
    if values.dtype.is_temporal():
        return _useless(name, "date")
    counts = whole.value_counts(name="rows")
    most = int(counts["rows"].to_numpy().max())
    common, share = counts.filter(counts["rows"] == most)[name].sort()[0], most / rows
    if counts.height == 1:
        return _useless(name, "constant", value=common)
    if known < EMPTY * rows:
        return _useless(name, "near_empty", known=known, rows=rows)
    if share >= SAME:
        value = common if common is not None else text("segment_drivers.unknown")
        return _useless(name, "near_constant", value=value, share=share)
    return _names_rows(whole.drop_nulls(), counts.height - (known < rows))


def _names_rows(values: pl.Series, different: int) -> Useless | None:
    """Whether known values tell rows apart rather than what they have in common: days, ids, free text."""
    import polars as pl

    known = len(values)
    figures = {"different": different, "known": known}
    if values.dtype in (pl.String, pl.Categorical):
        if values.cast(pl.String).str.contains(_DATE).sum() >= DIFFERENT * known:
            return _useless(values.name, "date")
        if known >= FEW and different > TEXT * known:
            return _useless(values.name, "id" if different >= DIFFERENT * known else "text", **figures)
    elif values.dtype.is_numeric() and known >= FEW and different == known:
        # Whole numbers that no two rows share, though chance alone would have let many share one.
        numbers = values.cast(pl.Float64).to_numpy()
        repeats = known * (known - 1) / (2 * float(numbers.max() - numbers.min() + 1))
        if (numbers == numbers.round()).all() and (repeats >= _REPEATS or _ID.search(values.name)):
            return _useless(values.name, "id", **figures)
    return None


def _useless(column: str, reason: str, /, **figures: object) -> Useless:
    return Useless(column, reason, text(f"segment_drivers.screen.{reason}", **figures))


def _twice(table: pl.DataFrame, names: Sequence[str], safe: int) -> Iterator[Useless]:
    """Columns that repeat an earlier one: on a line with it, or level by level."""
    lines = {name: _standardised(table[name]) for name in names if table[name].dtype.is_numeric()}
    levels = {name: coded for name in names if (coded := _coded(table[name])) is not None}
    near = _on_lines(names, lines) | _of_a_kind(names, levels)
    gone: set[str] = set()
    for place, name in enumerate(names):
        for before in near[place, :place].nonzero()[0] if place >= safe else ():
            other = names[before]
            if other in gone:
                continue
            alike = _on_a_line(lines.get(other), lines.get(name)) or _by_levels(levels.get(other), levels.get(name))
            if alike:
                gone.add(name)
                reason = "duplicate" if alike >= 1 - 1e-12 else "near_duplicate"
                yield Useless(name, reason, text(f"segment_drivers.screen.{reason}", other=other))
                break


def _on_lines(names: Sequence[str], lines: Mapping[str, tuple[Any, Any]]) -> Any:
    """Which two columns have a correlation near 1, all pairs at once: there may be thousands of columns."""
    import numpy as np

    near = np.zeros((len(names), len(names)), dtype=bool)
    which = [place for place, name in enumerate(names) if name in lines]
    if which:
        sums = np.zeros((len(which), len(which)))
        columns = [lines[names[place]][0] for place in which]
        for start in range(0, len(columns[0]), _AT_ONCE):
            rows = np.stack([column[start : start + _AT_ONCE] for column in columns])
            sums += rows @ rows.T
        near[np.ix_(which, which)] = np.abs(sums) >= _LINE - 1e-6
    return near


def _of_a_kind(names: Sequence[str], levels: Mapping[str, tuple[Any, Any]]) -> Any:
    """Which two columns may tell each other level by level: what is alike in one is alike in the other.

    Looked at are some pairs of rows; of columns that tell each other at most 2% may differ.
    """
    import numpy as np

    near = np.zeros((len(names), len(names)), dtype=bool)
    which = [place for place, name in enumerate(names) if name in levels]
    if which:
        one, other = np.random.default_rng(0).integers(len(levels[names[which[0]]][0]), size=(2, _PAIRS))
        rows = (levels[names[place]][0] for place in which)
        alike = np.stack([coded[one] == coded[other] for coded in rows]).astype(np.float32)
        differing = alike @ (1 - alike).T
        near[np.ix_(which, which)] = differing + differing.T <= _DIFFERING * _PAIRS
    return near


def _standardised(values: pl.Series) -> tuple[Any, Any]:
    """Values with mean 0 and length 1, 0 where unknown; and what is known."""
    import numpy as np
    import polars as pl

    numbers = plain(values).cast(pl.Float64).to_numpy()
    known = np.isfinite(numbers)
    most = np.abs(numbers[known]).max(initial=0.0)
    if most > _HUGE:
        # Sums of their squares would be infinite.
        numbers = numbers / most
    centred = np.where(known, numbers - (numbers[known].mean() if known.any() else 0.0), 0.0)
    length = float(np.linalg.norm(centred))
    return centred / length if length else centred, known


def _on_a_line(one: tuple[Any, Any] | None, other: tuple[Any, Any] | None) -> float:
    """The correlation of two columns that are known for nearly the same rows, where it is near 1; otherwise 0."""
    if one is None or other is None or abs(float(one[0] @ other[0])) < _LINE:
        return 0.0
    same = float((one[1] == other[1]).mean())
    return abs(float(one[0] @ other[0])) if same >= ALIKE and (one[1] & other[1]).sum() >= _POINTS else 0.0


def _coded(values: pl.Series) -> tuple[Any, Any] | None:
    """The level of every row, an empty cell being one, and how many rows the levels have.

    None with so many levels that any two such columns would tell each other.
    """
    import numpy as np

    whole = plain(values)
    if whole.n_unique() > min(_LEVELS, len(whole) / 2):
        return None
    levels = whole.rank("dense").fill_null(0).to_numpy().astype(np.intp)
    return levels, np.bincount(levels)


def _by_levels(one: tuple[Any, Any] | None, other: tuple[Any, Any] | None) -> float:
    """The lesser of what either column tells of the other: Goodman and Kruskal's lambda; 0 below `ALIKE`."""
    import numpy as np

    if one is None or other is None:
        return 0.0
    (rows, of_rows), (columns, of_columns) = one, other
    size = max(len(of_rows), len(of_columns))
    sizes = [np.sort(np.pad(counts, (0, size - len(counts)))) for counts in (of_rows, of_columns)]
    # Levels that match have the same sizes, which is soon seen.
    if np.abs(sizes[0] - sizes[1]).sum() > 2 * (1 - ALIKE) * len(rows):
        return 0.0
    both = np.bincount(rows * len(of_columns) + columns, minlength=len(of_rows) * len(of_columns))
    both = both.reshape(len(of_rows), len(of_columns))
    told = [
        (best - most) / (len(rows) - most) if len(rows) > most else 0.0
        for best, most in ((both.max(axis=1).sum(), of_columns.max()), (both.max(axis=0).sum(), of_rows.max()))
    ]
    return min(told) if min(told) >= ALIKE else 0.0
