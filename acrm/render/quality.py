"""How good the data is: the scorecard field by field, and in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Lines, Page

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.result import Result

_WORST = 12
_IN_LINE = 3
_SHOWN = ("filled", "valid", "unique", "fresh", "agreeing", "revenue")


def doctor_page(result: Result, ready: Grid) -> Page:
    """What each table holds and how good it is, what is worst, and what all of it is good for."""
    import polars as pl

    card, changes = result.tables["scorecard"], result.tables["changes"]
    blocks: list[Block] = [Facts(_held(result.tables["tables"]), text("clean.tables"))]
    for (table,), fields in card.group_by("table", maintain_order=True):
        blocks += _fields(str(table), fields, changes.filter(pl.col("table") == table))
    lines = [line for line in (contact_line(card, changes),) if line]
    return Page([*blocks, Lines(lines), _problems(result.tables["problems"]), ready])


def contact_line(card: pl.DataFrame, changes: pl.DataFrame) -> str:
    """How many customers can be reached, and what share of the sales is theirs; nothing where no contact is told."""
    rows = {row["field"]: row for row in card.filter(table="customers").iter_rows(named=True)}
    contact = rows.get("contact")
    if contact is None or not contact["filled"]:
        return ""
    reached = contact["filled"] * contact["valid"]
    parts = [text("score.reached", share=number(reached, ".1%"))]
    for field in ("email", "phone"):
        if rows[field]["filled"]:
            moved = _moved(changes, field, ("valid",), named=False)
            parts.append(text(f"score.{field}_valid", share=number(rows[field]["valid"], ".1%")) + moved)
    if contact["revenue"] is not None:
        moved = _moved(changes, "contact", ("revenue",), named=False)
        parts.append(text("score.sales_reached", share=number(contact["revenue"], ".1%")) + moved)
    return "; ".join(parts)


def worst_line(problems: pl.DataFrame) -> str:
    """The worst problems in one line."""
    found = [
        f"{row['table']}.{row['field']} {text('score.' + row['problem'])} {number(row['share'], '.1%')}"
        for row in problems.head(_IN_LINE).iter_rows(named=True)
    ]
    return text("score.worst", problems=", ".join(found)) if found else ""


def _held(tables: pl.DataFrame) -> list[tuple[str, str]]:
    held = []
    for row in tables.iter_rows(named=True):
        period = f", {row['from']} – {row['to']}" if row["from"] else ""
        held.append((row["table"], text("clean.rows", rows=row["rows"]) + period))
    return held


def _fields(table: str, card: pl.DataFrame, changes: pl.DataFrame) -> list[Block]:
    """The fields of a table that are not all one could wish; those that are stand in one line."""
    import polars as pl

    told = card.filter(pl.col("filled") > 0)
    flaws = [pl.col(name) < 1 for name in ("filled", "valid", "unique", "agreeing")]
    moved = told.join(changes.filter(pl.col("measure").is_in(["filled", "valid"])), on="field", how="semi")[
        "field"
    ].to_list()
    partly = told.filter(pl.any_horizontal(flaws).fill_null(False) | pl.col("field").is_in(moved))
    whole = [name for name in told["field"] if name not in partly["field"].to_list()]
    empty = [name for name in card["field"] if name not in told["field"].to_list() and name != "contact"]
    measures = [name for name in _SHOWN if name in ("filled", "valid") or told[name].is_not_null().any()]
    columns = [Col(text("score.col_field"))]
    columns += [
        Col(text(f"score.col_{name}"), "bar" if name in ("filled", "valid") else "share", priority=place)
        for place, name in enumerate(measures)
    ]
    rows: list[list[Cell]] = [[row["field"], *(row[name] for name in measures)] for row in partly.iter_rows(named=True)]
    if moved:
        columns.append(Col(text("score.col_change")))
        for row in rows:
            row.append(_moved(changes, str(row[0]), ("filled", "valid")) or None)
    title = text("score.table", table=table)
    facts = [(text(f"score.{name}_fields"), ", ".join(fields)) for name, fields in (("whole", whole), ("empty", empty))]
    listed = [fact for fact in facts if fact[1]]
    return [Grid(title, columns, rows), Facts(listed, "" if rows else title)]


def _moved(changes: pl.DataFrame, field: str, measures: Sequence[str], *, named: bool = True) -> str:
    """What has changed about a field since the run before, in points of a percent: `▲2.0`."""
    found = []
    rows = changes.filter(table="customers", field=field) if not named else changes.filter(field=field)
    for row in rows.iter_rows(named=True):
        if row["measure"] in measures:
            points = (row["now"] - row["before"]) * 100
            mark = f"{'▲' if points > 0 else '▼'}{number(abs(points), '.1f')}"
            found.append(f"{text('score.col_' + row['measure'])} {mark}" if named else f" {mark}")
    return ", ".join(found)


def _problems(problems: pl.DataFrame) -> Grid:
    columns = [
        Col(text("score.col_field")),
        Col(text("score.col_problem")),
        Col(text("clean.col_rows"), "int"),
        Col(text("score.col_share"), "bar"),
    ]
    rows: list[list[Cell]] = [
        [f"{row['table']}.{row['field']}", text(f"score.{row['problem']}"), row["rows"], row["share"]]
        for row in problems.head(_WORST).iter_rows(named=True)
    ]
    return Grid(text("score.problems"), columns, rows, max(problems.height - _WORST, 0))
