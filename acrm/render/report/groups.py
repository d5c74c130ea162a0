"""Figures by group: of any columns, of units with all below them, of customers, products or companies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Headline, Lines, Section
from acrm.render.pictures import Bars, Panels, Row, Trend
from acrm.render.report.sales import points, revenue_axis
from acrm.render.report.written import amount, change, word

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.cut import Cut
    from acrm.analysis.report.objects import Objects
    from acrm.analysis.report.units import Units

SHOWN, DRAWN = 20, 6
"""Rows of a table, panels of a chart."""
BARS = 10


def cut_section(found: Cut, currency: str | None, segments: Mapping[str, str]) -> Section:
    """What each group brings and where it goes; the table adds up to the whole. `segments` have names of their own."""
    found = replace(found, table=_named(found.table, segments), trend=_named(found.trend, segments))
    blocks: list[Block] = [*_panels(found, currency), _cut_grid(found, currency)]
    columns = " × ".join(found.by)
    return Section("cut", word("cut.title", columns=columns), [*blocks, Lines([word("cut.adds_up")])])


def _named(table: pl.DataFrame, segments: Mapping[str, str]) -> pl.DataFrame:
    import polars as pl

    return table.with_columns(pl.col("segment").replace(segments)) if "segment" in table.columns else table


def label(values: Any) -> str:
    """The name of a group; what is not told is said to be so."""
    return " · ".join(word("cut.none") if value is None else str(value) for value in values)


def _panels(found: Cut, currency: str | None) -> Iterator[Block]:
    import polars as pl

    if not found.trend.columns:
        return
    panels = []
    for values in found.table.select(found.by).head(DRAWN).rows():
        mine = found.trend.filter(pl.col(name).eq_missing(value) for name, value in zip(found.by, values, strict=True))
        if mine.height:
            panels.append((label(values), Trend(revenue_axis(currency), points(mine, "value"), points(mine, "level"))))
    if panels:
        yield Chart(word("cut.chart"), word("cut.told", columns=", ".join(found.by)), Panels(panels))


def _cut_grid(found: Cut, currency: str | None) -> Grid:
    table = found.table
    compared = "change" in table.columns
    columns = [Col(", ".join(found.by)), *_columns(currency)]
    columns += [Col(word("cut.change"), align="right", priority=1)] if compared else []
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        cells: list[Cell] = [label(row[name] for name in found.by), *_cells(row)]
        moved = row.get("change")
        rows.append([*cells, None if moved is None else change(moved, "money")] if compared else cells)
    whole = _cells({**found.figures, "share": 1.0})
    rows.append([word("cut.all"), *whole, *([None] if compared else [])])
    return Grid("", columns, rows, more=max(0, table.height - SHOWN))


def _columns(currency: str | None) -> list[Col]:
    return [
        Col(revenue_axis(currency).label, align="right"),
        Col(word("cut.share"), "bar"),
        Col(word("cut.orders"), "int"),
        Col(word("cut.buyers"), "int"),
        Col(word("cut.average"), align="right", priority=2),
    ]


def _cells(row: dict[str, Any]) -> list[Cell]:
    return [amount(row["revenue"]), row["share"], row["orders"], row["buyers"], amount(row["average_order"])]


def units_section(found: Units, currency: str | None) -> Section:
    """Every unit with all below it, the root first."""
    import polars as pl

    whole = float(found.table.filter(pl.col("level").eq_missing(0) | pl.col("unit").is_null())["revenue"].sum()) or 1.0
    rows: list[list[Cell]] = []
    for row in found.table.head(SHOWN * 2).iter_rows(named=True):
        name = word("cut.none") if row["unit"] is None else row["unit"]
        indent = "\u00a0\u00a0" * (row["level"] or 0)
        rows.append([f"{indent}{name}", row["kind"], *_cells({**row, "share": float(row["revenue"]) / whole})])
    columns = [Col(word("units.unit")), Col(word("units.kind"), priority=3), *_columns(currency)]
    leaves = found.table.filter("leaf")
    lead = word(
        "units.lead", units=found.figures["units"], leaves=leaves.height, levels=found.levels["level"].n_unique()
    )
    notes = [str(note) for note in found.notes if note.id.startswith("report.units")]
    grid = Grid("", columns, rows, more=max(0, found.table.height - 2 * SHOWN))
    return Section("units", word("units.title"), [Headline(lead, word("units.rolled")), grid, Lines(notes, mark="!")])


def object_section(found: Objects, kind: str, currency: str | None) -> Section:
    """The largest of the objects."""
    table = found.table
    name = table.columns[0]
    known = table.drop_nulls(name)
    rows: list[list[Cell]] = [
        [label([row[name]]), *_cells(row), str(row["last_on"]) if row["last_on"] else None]
        for row in table.head(SHOWN).iter_rows(named=True)
    ]
    columns = [Col(text(f"render.report.object.{kind}")), *_columns(currency), Col(word("object.last"), priority=3)]
    bars = [Row(str(row[name]), float(row["revenue"])) for row in known.head(BARS).iter_rows(named=True)]
    chart = Chart(word("object.chart"), word("object.told", n=len(bars)), Bars(revenue_axis(currency), bars))
    lead = word("object.lead", n=found.figures["objects"], share=_first(known, BARS))
    grid = Grid("", columns, rows, more=max(0, table.height - SHOWN))
    return Section("object", word(f"object.title_{kind}"), [Headline(lead), chart, grid])


def _first(table: pl.DataFrame, count: int) -> float:
    """The share of the largest."""
    return float(table["share"].head(count).sum() or 0.0)
