"""Whether the data carry the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Section
from acrm.render.report.written import word

if TYPE_CHECKING:
    from acrm.analysis.report.health import Health

_ORDER = ("fail", "warn", "pass")


def health_lead(health: Health) -> str:
    """How many gates are broken, in a sentence."""
    counts: dict[str, Any] = {name.rpartition(".")[2]: value for name, value in health.figures.items()}
    key = "failed" if counts["fail"] else "warned" if counts["warn"] else "passed"
    return word(f"health.{key}", failed=counts["fail"], warned=counts["warn"], gates=health.table.height)


def health_section(health: Health) -> Section:
    """The gates, those that are broken first."""
    rows = sorted(health.table.iter_rows(named=True), key=lambda row: _ORDER.index(row["verdict"]))
    columns = [
        Col(word("health.verdict")),
        Col(word("health.gate")),
        Col(word("health.value"), align="right"),
        Col(word("health.rows"), align="right", priority=1),
        Col(word("health.limit"), align="right", priority=2),
    ]
    blocks: list[Block] = [Headline(health_lead(health))]
    if health.withheld:
        blocks.append(Lines([str(note) for note in health.notes], mark="!"))
    return Section("health", word("health.title"), [*blocks, Grid("", columns, [_row(row) for row in rows])])


def _row(row: dict[str, Any]) -> list[Cell]:
    shares = row["unit"] == "share"
    return [
        word(f"health.{row['verdict']}"),
        text(f"report.gate.{row['gate']}"),
        number(row["value"], ".1%") if shares else number(round(row["value"])),
        word("health.of", rows=row["rows"], of=row["of"]) if shares else None,
        number(row["fail"], ".0%") if shares else number(round(row["fail"])),
    ]
