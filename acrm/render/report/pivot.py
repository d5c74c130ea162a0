"""A pivot table, and the same as a map of shades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.report.pivot import TOTAL
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Lines, Section
from acrm.render.pictures import Axis, Heat, Unit
from acrm.render.report.groups import label
from acrm.render.report.written import amount, figure, word

if TYPE_CHECKING:
    from acrm.analysis.report.pivot import Pivot, PivotParams

ROWS, COLUMNS = 40, 12
_SHADED = 26
"""Rows and columns that a map of shades has room for."""


def pivot_section(found: Pivot, params: PivotParams, currency: str | None) -> Section:
    """The table as far as it fits; all of it stands in report_pivot.csv."""
    table = found.table
    inner = [name for name in table.columns if name not in (*params.rows, TOTAL, "_total")]
    unit, money = _unit(params), currency if params.of in ("amount", "line_amount") else None
    what = word(f"pivot.{params.measure}", of=params.of or word("pivot.lines"))
    title = word("pivot.title", what=what, rows=", ".join(params.rows), cols=", ".join(params.cols))
    blocks: list[Block] = []
    body = table.filter(~table["_total"])
    if 1 < len(inner) <= _SHADED and 1 < body.height <= _SHADED:
        picture = Heat(
            [label(row) for row in body.select(params.rows).rows()],
            inner,
            [[None if cell is None else float(cell) for cell in row] for row in body.select(inner).rows()],
            Axis(f"{what}, {money}" if money else what, unit),
            row_label=", ".join(params.rows),
            column_label=", ".join(params.cols),
        )
        blocks.append(Chart(title, word("pivot.told", what=what), picture, n=_count(found)))
    shown = inner[:COLUMNS]
    rows: list[list[Cell]] = []
    for row in [*body.head(ROWS).iter_rows(named=True), table.row(-1, named=True)]:
        name = word("cut.all") if row["_total"] else label(row[one] for one in params.rows)
        rows.append([name, *(_written(row[one], unit) for one in (*shown, TOTAL))])
    columns = [Col(", ".join(params.rows)), *(Col(name, align="right", priority=1) for name in shown)]
    columns.append(Col(word("pivot.total"), align="right"))
    blocks.append(Grid("" if blocks else title, columns, rows, more=max(0, body.height - ROWS)))
    cut_off = [word("pivot.columns", n=len(inner) - COLUMNS)] if len(inner) > COLUMNS else []
    notes = Lines([str(note) for note in found.notes], mark="!")
    return Section("pivot", word("pivot.heading"), [*blocks, Lines(cut_off), notes])


def _count(found: Pivot) -> int:
    n: Any = found.figures["n"]
    return int(n)


def _unit(params: PivotParams) -> Unit:
    if params.measure == "share":
        return "share"
    if params.measure in ("count", "nunique"):
        return "int"
    return "money" if params.of in ("amount", "line_amount", "cost", "discount") else "number"


def _written(value: Any, unit: Unit) -> str | None:
    if value is None:
        return None
    if unit in ("share", "int"):
        return figure(float(value), "share" if unit == "share" else "count", None)
    return amount(value)
