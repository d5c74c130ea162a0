"""Whether the data carry the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Section
from acrm.render.report.sales import word

if TYPE_CHECKING:
    from acrm.analysis.report.health import Health


def health_section(health: Health) -> Section:
    """The gates, those that are broken first."""
    failed = health.table.filter(verdict="fail").height
    warned = health.table.filter(verdict="warn").height
    key = "failed" if failed else "warned" if warned else "passed"
    lead = word(f"health.{key}", failed=failed, warned=warned, gates=health.table.height)
    order = {"fail": 0, "warn": 1, "pass": 2}
    rows: list[list[Cell]] = [
        [
            word(f"health.{row['verdict']}"),
            text(f"report.gate.{row['gate']}"),
            number(row["value"], ".1%") if row["unit"] == "share" else number(round(row["value"])),
            None if row["rows"] is None else word("health.of", rows=row["rows"], of=row["of"]),
            number(row["fail"], ".0%") if row["unit"] == "share" else number(round(row["fail"])),
        ]
        for row in sorted(health.table.iter_rows(named=True), key=lambda row: order[row["verdict"]])
    ]
    columns = [
        Col(word("health.verdict")),
        Col(word("health.gate")),
        Col(word("health.value"), align="right"),
        Col(word("health.rows"), align="right", priority=1),
        Col(word("health.limit"), align="right", priority=2),
    ]
    blocks: list[Block] = [Headline(lead)]
    if failed:
        blocks.append(Lines([str(note) for note in health.notes], mark="!"))
    blocks.append(Grid("", columns, rows))
    return Section("health", word("health.title"), blocks)
