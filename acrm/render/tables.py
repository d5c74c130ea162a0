"""A `Grid` as cells of an HTML table: the same figures as in a terminal, with bars, shades and small lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acrm.messages import text
from acrm.render.blocks import Cell, Col, Grid
from acrm.render.charts.palette import shade
from acrm.render.figures import Number, figures, known, scales
from acrm.render.layout import harmless

LONG = 28
"""A column of longer texts gets more room."""
_SPARK = (80, 18)
"""Width and height of a small line."""


@dataclass(frozen=True)
class TableCell:
    """A cell: its text, the classes of its looks, and perhaps a bar in percent of a full one or the path of a line."""

    text: str
    look: str
    bar: float | None = None
    spark: str = ""


@dataclass(frozen=True)
class Head:
    """The label of a column and the classes of its looks."""

    label: str
    look: str


@dataclass(frozen=True)
class Table:
    """Rows under their heads; `named` where the first cell of each row is its name."""

    heads: Sequence[Head]
    rows: Sequence[Sequence[TableCell]]
    named: bool
    more: str


def table(grid: Grid) -> Table:
    """The grid with every cell written; nothing is cut, as a page can scroll."""
    rows = [[known(cell) for cell in row] for row in grid.rows]
    columns = [
        _column(col, [row[place] for row in rows], top)
        for place, (col, top) in enumerate(zip(grid.columns, scales(grid.columns, rows), strict=True))
    ]
    heads = [
        Head(col.label, column[0].look if col.kind == "text" and column else _look(col))
        for col, column in zip(grid.columns, columns, strict=True)
    ]
    more = text("render.more", rows=grid.more) if grid.more else ""
    named = bool(grid.columns) and grid.columns[0].kind == "text"
    return Table(heads, list(zip(*columns, strict=True)), named, more)


def _look(col: Col) -> str:
    if col.kind in ("text", "prose", "spark"):
        return "num" if col.align == "right" else {"text": "name-cell"}.get(col.kind, col.kind)
    return {"bar": "bars", "heat": "heat"}.get(col.kind, "num")


def _column(col: Col, cells: Sequence[Cell], top: float) -> list[TableCell]:
    look, written = _look(col), [harmless(figure) for figure in figures(col, cells)]
    if look == "name-cell" and max(map(len, written), default=0) > LONG:
        look += " long"
    most = max((float(cell) for cell in cells if isinstance(cell, Number)), default=0.0)
    found = []
    for cell, figure in zip(cells, written, strict=True):
        if col.kind == "spark":
            path = _path(cell) if isinstance(cell, Sequence) and not isinstance(cell, str) else ""
            found.append(TableCell("" if path else "–", look, spark=path))
        elif cell is None:
            found.append(TableCell("–", f"{look} none"))
        elif col.kind == "bar" and isinstance(cell, Number):
            found.append(TableCell(figure, look, bar=round(100 * max(float(cell), 0) / top, 1) if top else 0.0))
        elif col.kind == "heat" and isinstance(cell, Number) and cell:
            found.append(TableCell(figure, f"{look} s{shade(float(cell), 0, max(most, 1e-9))}"))
        else:
            found.append(TableCell(figure, look))
    return found


def _path(values: Sequence[float | None]) -> str:
    """The line of a sparkline from 0 to its maximum, broken where there is no value.

    >>> _path([0, 2, None, 1])
    'M0,17L26.67,1M80,9'
    """
    width, height = _SPARK
    top = max((value for value in values if value is not None), default=0) or 1
    step = width / max(len(values) - 1, 1)
    path, open_line = "", False
    for place, value in enumerate(values):
        if value is not None:
            x, y = place * step, height - 1 - max(value, 0) / top * (height - 2)
            path += f"{'L' if open_line else 'M'}{x:.4g},{y:.4g}"
        open_line = value is not None
    return path
