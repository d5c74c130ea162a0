"""A picture as a table with bars, shades and sparklines, for places that have letters only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from acrm.messages import number, text
from acrm.render.blocks import Cell, Chart, Col, Grid
from acrm.render.charts.base import interval, moment, real, reals, short, written
from acrm.render.charts.draw import empty
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
TIMES = 24
"""So many signs tell a curve of survival."""


def grid(chart: Chart) -> Grid | None:
    """The chart as a table of its figures, or None where letters could not show it: clouds of points, wide maps.

    A trend is a sparkline between its first and last figure; what is counted has bars, and a share has its interval
    beside it. Nothing is rounded more than elsewhere, and nothing is left out without a count.
    """
    picture = chart.picture
    if empty(picture):
        return None
    table = _KINDS.get(type(picture))
    return table(chart.title, picture) if table else None


def under(chart: Chart) -> str:
    """The small print under a chart: how many it rests on, how it was drawn, its note.

    >>> under(Chart("Sales", "Sales by month.", Trend(Axis("sales"), []), 4338, "2011"))
    'n = 4,338 · 2011'
    """
    count = "" if chart.n is None else f"n = {number(chart.n)}"
    return " · ".join(part for part in (count, chart.note) if part)


def _lines(title: str, rows: Iterable[tuple[str, Sequence[Point]]], value: Axis) -> Grid:
    """A sparkline per row, between its first and its last figure."""
    first, last = text("render.chart.first"), text("render.chart.last")
    columns = [Col(""), Col(first, align="right"), Col("", "spark"), Col(last, align="right")]
    return Grid(title, columns, [_line(name, points, value) for name, points in rows])


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
            (part, [Point(place, shares[at]) for place, (_, shares) in enumerate(rows)])
            for at, part in enumerate(picture.parts)
        ]
        return _lines(title, lines, share)
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


def _trend(title: str, picture: Trend) -> Grid:
    return _lines(title, [("", picture.seen)], picture.value)


def _panels(title: str, picture: Panels) -> Grid:
    return _lines(title, [(name, one.seen) for name, one in picture.panels], picture.panels[0][1].value)


def _survival(title: str, picture: Survival) -> Grid:
    """The steps read at even times, as a sparkline has no other."""
    end = max(moment(point.at) for _, points in picture.groups for point in points)
    times = [end * place / (TIMES - 1) for place in range(TIMES)]
    rows = []
    for name, points in picture.groups:
        at = [moment(point.at) for point in points]
        last = at[-1] if at else 0.0
        held = [points[max(bisect_right(at, time) - 1, 0)].value if at and time <= last else None for time in times]
        rows.append((name, [Point(time, value) for time, value in zip(times, held, strict=True)]))
    return _lines(title, rows, picture.value)


def _heat(title: str, picture: Heat) -> Grid | None:
    if picture.value.unit != "share" or len(picture.columns) > COLUMNS:
        return None
    columns = [Col(picture.row_label), *(Col(name, "heat") for name in picture.columns)]
    cells = [[name, *map(real, row)] for name, row in zip(picture.rows, picture.cells, strict=True)]
    return Grid(title, columns, cells)


def _histogram(title: str, picture: Histogram) -> Grid:
    spans = [interval(start, end, picture.x.unit) for start, end in pairwise(picture.edges)]
    columns = [Col(picture.x.label), Col(text("render.chart.count"), "bar")]
    return Grid(title, columns, list(zip(spans, picture.counts, strict=True)))


def _concentration(title: str, picture: Concentration) -> Grid | None:
    if picture.marked is None:
        return None
    columns = [Col(picture.x.label, "share"), Col(picture.value.label, "share")]
    return Grid(title, columns, [[moment(picture.marked.at), real(picture.marked.value)]])


_KINDS: dict[type[Any], Callable[[str, Any], Grid | None]] = {
    Trend: _trend,
    Panels: _panels,
    Survival: _survival,
    Bars: _bars,
    Stack: _stack,
    Heat: _heat,
    Funnel: _funnel,
    Histogram: _histogram,
    Concentration: _concentration,
    Waterfall: _waterfall,
}
