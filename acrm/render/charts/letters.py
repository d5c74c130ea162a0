"""A picture as a table with bars, shades and sparklines, for places that have letters only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from acrm.messages import number, text
from acrm.render.blocks import Cell, Chart, Col, Grid
from acrm.render.charts.base import interval, real, reals, short, written
from acrm.render.pictures import (
    Amount,
    Axis,
    Bars,
    Concentration,
    Funnel,
    Heat,
    Histogram,
    Panels,
    Point,
    Stack,
    Survival,
    Trend,
    Unit,
    Waterfall,
)

COLUMNS = 13
"""A heat map of more columns has no place in a terminal."""


def grid(chart: Chart) -> Grid | None:
    """The chart as a table of its figures, or None where letters could not show it: clouds of points, wide maps.

    A trend is a sparkline between its first and last figure; what is counted has bars, and a share has its interval
    beside it. Nothing is rounded more than elsewhere, and nothing is left out without a count.
    """
    picture = chart.picture
    match picture:
        case Trend():
            return Grid(chart.title, _line_columns(), [_line("", picture.seen, picture.value)])
        case Panels():
            rows = [_line(name, one.seen, one.value) for name, one in picture.panels]
            return Grid(chart.title, _line_columns(), rows)
        case Survival():
            rows = [_line(name, points, picture.value) for name, points in picture.groups]
            return Grid(chart.title, _line_columns(), rows)
        case Bars():
            return _bars(chart.title, picture)
        case Stack():
            return _stack(chart.title, picture)
        case Heat() if picture.value.unit == "share" and len(picture.columns) <= COLUMNS:
            columns = [Col(picture.row_label), *(Col(name, "heat") for name in picture.columns)]
            cells = [[name, *map(real, row)] for name, row in zip(picture.rows, picture.cells, strict=True)]
            return Grid(chart.title, columns, cells)
        case Funnel():
            return _funnel(chart.title, picture)
        case Histogram():
            spans = [interval(start, end, picture.x.unit) for start, end in pairwise(picture.edges)]
            counts = [Col(picture.x.label), Col(text("render.chart.count"), "bar")]
            return Grid(chart.title, counts, list(zip(spans, picture.counts, strict=True)))
        case Concentration() if picture.marked and not isinstance(picture.marked.at, date):
            columns = [Col(picture.x.label, "share"), Col(picture.value.label, "share")]
            return Grid(chart.title, columns, [[real(picture.marked.at), real(picture.marked.value)]])
        case Waterfall():
            return _waterfall(chart.title, picture)
        case _:
            return None


def under(chart: Chart) -> str:
    """The small print under a chart: how many it rests on, how it was drawn, its note.

    >>> under(Chart("Sales", "Sales by month.", Trend(Axis("sales"), []), 4338, "2011"))
    'n = 4,338 · 2011'
    """
    count = "" if chart.n is None else f"n = {number(chart.n)}"
    return " · ".join(part for part in (count, chart.note) if part)


def _line_columns() -> list[Col]:
    first, last = text("render.chart.first"), text("render.chart.last")
    return [Col(""), Col(first, align="right"), Col("", "spark"), Col(last, align="right")]


def _line(name: str, points: Sequence[Point], value: Axis) -> list[Cell]:
    known = reals(point.value for point in points)
    ends = [short(known[end], value.unit) if known else None for end in (0, -1)]
    return [name or value.label, ends[0], [real(point.value) for point in points], ends[1]]


def _bars(title: str, picture: Bars) -> Grid:
    """Bars write whole numbers and shares; a figure with decimals that matter stands without one."""
    unit = picture.value.unit
    columns = [Col(""), Col(picture.value.label, "number" if unit == "number" else "bar")]
    rows: list[list[Cell]] = [[row.name, _whole(row.value, unit)] for row in picture.rows]
    if any(row.low is not None and row.high is not None for row in picture.rows):
        columns.append(Col(text("render.chart.interval"), align="right"))
        for row, cells in zip(picture.rows, rows, strict=True):
            cells.append(interval(row.low, row.high, unit) or None)
    return Grid(title, columns, rows)


def _whole(value: Amount | None, unit: Unit) -> Cell:
    found = real(value)
    return round(found) if unit in ("int", "money") and found is not None else found


def _stack(title: str, picture: Stack) -> Grid:
    """Shares by row; over days, a sparkline of each part between its first and last share."""
    rows: list[tuple[str | date, list[float | None]]] = []
    for name, amounts in picture.rows:
        known = [max(real(amount) or 0.0, 0.0) for amount in amounts]
        rows.append((name, [amount / sum(known) if sum(known) else None for amount in known]))
    if all(isinstance(name, date) for name, _ in picture.rows):
        share = Axis("", "share")
        lines = [
            _line(part, [Point(place, shares[at]) for place, (_, shares) in enumerate(rows)], share)
            for at, part in enumerate(picture.parts)
        ]
        return Grid(title, _line_columns(), lines)
    columns = [Col(""), *(Col(part, "heat") for part in picture.parts)]
    return Grid(title, columns, [[str(name), *shares] for name, shares in rows])


def _funnel(title: str, picture: Funnel) -> Grid:
    counts = [real(stage.value) or 0.0 for stage in picture.stages]
    before = [None, *counts]
    columns = [
        Col(""),
        Col(text("render.chart.count"), "bar"),
        Col(text("render.chart.of_previous"), "share"),
        Col(text("render.chart.interval"), align="right"),
        Col(text("render.chart.of_all"), "share"),
    ]
    rows: list[list[Cell]] = [
        [
            stage.name,
            round(count),
            count / last if last else None,
            interval(stage.low, stage.high, "share") or None,
            count / counts[0] if counts[0] and last is not None else None,
        ]
        for stage, count, last in zip(picture.stages, counts, before, strict=False)
    ]
    return Grid(title, columns, rows)


def _waterfall(title: str, picture: Waterfall) -> Grid:
    changes = [(row.name, row.value) for row in picture.changes]
    total = sum(reals([picture.start.value, *(value for _, value in changes)]))
    ends: Iterable[tuple[str, Amount | None]] = [
        (picture.start.name, picture.start.value),
        *changes,
        (picture.end, total),
    ]
    rows = [[name, written(value, picture.value.unit)] for name, value in ends]
    return Grid(title, [Col(""), Col(picture.value.label, align="right")], rows)
