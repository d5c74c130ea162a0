"""What a chart shows, as plain, immutable data: no colours, no sizes, nothing of the library that draws it.

A share is a number of which 1 is 100 %. None, NaN and infinity are what was not observed, and are never drawn as 0.
Names may be any text. An interval is `low` to `high`, or absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Amount = int | float | Decimal
Unit = Literal["int", "number", "share", "money"]


@dataclass(frozen=True)
class Axis:
    """What the numbers are: `label` with the unit in it ("revenue, GBP"), `unit` for how they are written."""

    label: str
    unit: Unit = "number"


@dataclass(frozen=True)
class Point:
    """A value at a day or a number, perhaps with an interval and the count it rests on."""

    at: date | Amount
    value: Amount | None
    low: Amount | None = None
    high: Amount | None = None
    n: int | None = None


@dataclass(frozen=True)
class Row:
    """A name with its value, perhaps with an interval and the count it rests on."""

    name: str
    value: Amount | None
    low: Amount | None = None
    high: Amount | None = None
    n: int | None = None


@dataclass(frozen=True)
class Trend:
    """A measure over days: what was seen, without its season, the forecast with its band, and the naive rule beside."""

    value: Axis
    seen: Sequence[Point]
    smooth: Sequence[Point] = ()
    forecast: Sequence[Point] = ()
    naive: Sequence[Point] = ()


@dataclass(frozen=True)
class Bars:
    """A value per name: bars, or dots on their intervals where the rows have any; `reference` is that of all."""

    value: Axis
    rows: Sequence[Row]
    reference: Amount | None = None
    reference_name: str = ""


@dataclass(frozen=True)
class Stack:
    """What something is made of, per name (rows) or per day (columns): one amount of each part, drawn as shares."""

    parts: Sequence[str]
    rows: Sequence[tuple[str | date, Sequence[Amount | None]]]
    value: Axis


@dataclass(frozen=True)
class Heat:
    """A value per row and column; a cell that is None stays empty, and `n` is the count a cell rests on.

    A cohort triangle has a cohort in each row (with its size in the name), its age in the columns, and None where
    the time has not come.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[Amount | None]]
    value: Axis
    row_label: str = ""
    column_label: str = ""
    n: Sequence[Sequence[int | None]] | None = None


@dataclass(frozen=True)
class Funnel:
    """How many reach each stage, the first being all; `low` and `high` are of the share of the stage before."""

    stages: Sequence[Row]


@dataclass(frozen=True)
class Concentration:
    """A Lorenz or whale curve: the share of the value (1 is the total) that the first share of customers brings.

    `points` run from 0 to 1 in `at`, best customers first; `marked` is the one to point out.
    """

    x: Axis
    value: Axis
    points: Sequence[Point]
    marked: Point | None = None


@dataclass(frozen=True)
class Survival:
    """Who is still there, by time: a step curve per group, with its band."""

    x: Axis
    groups: Sequence[tuple[str, Sequence[Point]]]
    value: Axis


@dataclass(frozen=True)
class Histogram:
    """Counts between edges, one more edge than counts; `marked` names single values, such as the median."""

    x: Axis
    edges: Sequence[Amount]
    counts: Sequence[int]
    marked: Sequence[tuple[str, Amount]] = ()


@dataclass(frozen=True)
class Calibration:
    """What was forecast (`at`) beside what happened (`value`), on the line where both are equal."""

    x: Axis
    value: Axis
    points: Sequence[Point]


@dataclass(frozen=True)
class Scatter:
    """One dot per pair of numbers; where there are too many, a dot per small square, its size the count.

    `log` puts the axes with only positive values on a logarithmic scale. `names` belong to the points.
    """

    x: Axis
    y: Axis
    points: Sequence[tuple[Amount, Amount]]
    names: Sequence[str] = ()
    log: bool = False


@dataclass(frozen=True)
class Waterfall:
    """From one total to the next by what was added and taken; the last bar is the sum, and is computed."""

    value: Axis
    start: Row
    changes: Sequence[Row]
    end: str


@dataclass(frozen=True)
class Panels:
    """The same small trend for each of several groups, on one scale."""

    panels: Sequence[tuple[str, Trend]]


Picture = (
    Trend
    | Bars
    | Stack
    | Heat
    | Funnel
    | Concentration
    | Survival
    | Histogram
    | Calibration
    | Scatter
    | Waterfall
    | Panels
)
