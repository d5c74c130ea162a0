"""The figures of the last whole period: as cards of a page, and as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from acrm.messages import text
from acrm.render.blocks import Card, Cards, Cell, Col, Grid, Lines, Section
from acrm.render.report.written import change, figure, named, shortly, word

if TYPE_CHECKING:
    from acrm.analysis.report.params import ReportResult

FALLING = ("refund_share", "at_risk", "first_response")
"""Measures that are better when they fall."""


def figures_section(result: ReportResult) -> Section:
    """A card for every measure that is not withheld: value, change, definition and what it rests on."""
    part = result.results.get("kpis")
    notes = [str(note) for note in part.notes] if part else []
    cards = [_card(row, result) for row in _rows(result)]
    return Section("figures", _title(result), [Cards(cards), Lines(notes, mark="!")])


def figures_grid(result: ReportResult) -> Grid:
    """The same, short."""
    shown = [*_rows(result)]
    columns = [Col(""), Col("", align="right")]
    than = [name for name in ("", "_year") if any(row[f"change{name}"] is not None for row in shown)]
    columns += [
        Col(word(f"against.{'year' if name else result.params.period}"), align="right", priority=len(name))
        for name in than
    ]
    columns.append(Col(word("against.n"), align="right", priority=9))
    rows: list[list[Cell]] = [
        [
            text(f"report.kpi.{row['measure']}"),
            figure(row["value"], row["unit"], result.currency),
            *(_moved(row, name) for name in than),
            word(f"n_of.{row['n_of']}", n=row["n"]),
        ]
        for row in shown
    ]
    return Grid(_title(result), columns, rows)


def bracketed(result: ReportResult) -> Lines:
    """What the brackets of `figures_grid` mean, where there are any."""
    any_ = any(row[f"shown{name}"] is False for row in _rows(result) for name in ("", "_year"))
    return Lines([word("brackets")] if any_ else [])


def _rows(result: ReportResult) -> Iterator[dict[str, Any]]:
    for row in result.tables["kpis"].iter_rows(named=True):
        if row["measure"] not in result.withheld and row["value"] is not None:
            yield row


def _title(result: ReportResult) -> str:
    last: Any = result.summary.get("period")
    return word("kpis_of", period=named(last, result.params.period)) if last else word("kpis")


def _card(row: dict[str, Any], result: ReportResult) -> Card:
    told, tone = "", ""
    if row["change"] is not None:
        told = word(f"than.{result.params.period}", change=change(row["change"], row["unit"]))
        told, tone = _judged(told, row)
    year = ""
    if row["change_year"] is not None:
        year = word("than.year", change=change(row["change_year"], row["unit"]))
        year = word("within", change=year) if row["shown_year"] is False else year
    rests = (word(f"n_of.{row['n_of']}", n=row["n"]), text(f"report.definition.{row['measure']}"))
    return Card(
        text(f"report.kpi.{row['measure']}"),
        shortly(row["value"], row["unit"], result.currency),
        told,
        tone,  # type: ignore[arg-type]
        " · ".join(part for part in (year, *rests) if part),
    )


def _judged(told: str, row: dict[str, Any]) -> tuple[str, Literal["good", "bad", ""]]:
    """A change is good or bad only where its interval leaves 0 out."""
    if row["shown"] is None:
        return told, ""
    if not row["shown"]:
        return word("within", change=told), ""
    return told, "good" if (row["change"] > 0) != (row["measure"] in FALLING) else "bad"


def _moved(row: dict[str, Any], than: str) -> str | None:
    """The change in short; one that may be chance stands in brackets."""
    by = row[f"change{than}"]
    if by is None:
        return None
    told = change(by, row["unit"])
    return f"({told})" if row[f"shown{than}"] is False else told
