"""Goals and how they stand, satisfaction beside profit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.report.kpis import MEASURES
from acrm.messages import number
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Headline, Lines, Section
from acrm.render.pictures import Axis, Bars, Row
from acrm.render.report.written import figure, word

if TYPE_CHECKING:
    from acrm.analysis.report.goals import Scorecard

_SHARES = ("share", "rate", "conversion", "retention", "recall")
_MONEY = ("revenue", "amount", "clv", "equity", "spend", "profit", "cost")


def scorecard_section(found: Scorecard, currency: str | None) -> Section:
    """Colours as words, each goal with its target, figure, trend and owner."""
    columns = [
        Col(word("scorecard.colour")),
        Col(word("scorecard.goal")),
        Col(word("scorecard.side"), priority=3),
        Col(word("scorecard.target"), align="right"),
        Col(word("scorecard.actual"), align="right"),
        Col(word("scorecard.change"), align="right", priority=1),
        Col(word("scorecard.owner"), priority=2),
    ]
    rows = [_row(row, currency) for row in found.table.iter_rows(named=True)]
    counts: dict[str, Any] = {name.rpartition(".")[2]: value for name, value in found.figures.items()}
    blocks: list[Block] = [Headline(word("scorecard.lead", goals=found.table.height, **counts))]
    reached = [
        Row(row["goal"], row["reached"])
        for row in found.table.iter_rows(named=True)
        if row["reached"] is not None and row["direction"] == "up"
    ]
    if reached:
        picture = Bars(Axis(word("scorecard.of_target"), "share"), reached, 1.0, word("scorecard.goal"))
        blocks.append(Chart(word("scorecard.reached"), word("scorecard.told", n=len(reached)), picture))
    blocks += [Grid("", columns, rows), Lines([str(note) for note in found.notes], mark="!")]
    return Section("scorecard", word("scorecard.title"), blocks)


def _row(row: dict[str, Any], currency: str | None) -> list[Cell]:
    unit = _unit(row["figure"])
    sign = "≥" if row["direction"] == "up" else "≤"
    return [
        word(f"scorecard.{row['colour']}"),
        row["goal"],
        word(f"scorecard.side_{row['side']}"),
        f"{sign}\u00a0{figure(row['target'], unit, currency)}",
        None if row["actual"] is None else figure(row["actual"], unit, currency),
        _moved(row, unit),
        row["owner"],
    ]


def _moved(row: dict[str, Any], unit: str) -> str | None:
    """How the figure moved, and whether that is good."""
    if row["change"] is None:
        return None
    told = word("points", change=number(row["change"] * 100, "+.1f")) if unit == "share" else _relative(row)
    judged = "" if row["better"] is None else word("scorecard.better" if row["better"] else "scorecard.worse")
    return f"{told} {judged}".strip()


def _relative(row: dict[str, Any]) -> str:
    return number(row["change"] / abs(row["before"]), "+.1%") if row["before"] else number(row["change"], "+,.2f")


def _unit(figure: str) -> str:
    """The unit of a figure, known or told by its name."""
    known = next((one.unit for one in MEASURES if one.name == figure), None)
    if known:
        return known
    if any(part in figure for part in _SHARES):
        return "share"
    return "money" if any(part in figure for part in _MONEY) else "ratio"
