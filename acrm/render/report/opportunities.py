"""Opportunities as a section: open deals and offers by expected value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Cell, Col, Grid, Headline, Lines, Section, money

if TYPE_CHECKING:
    from acrm.analysis.report.opportunities import Opportunities


def opportunities_section(found: Opportunities, currency: str | None = None) -> Section:
    """The most expected first, with the chance, the limits and the reason of each."""
    figures: dict[str, Any] = dict(found.figures)
    told = {"n": figures["opportunities"], "of": figures["opportunities_of"]}
    headline = Headline(_word("headline", worth=money(figures["opportunities_expected"], currency), **told))
    return Section(
        "opportunities",
        _word("title"),
        [headline, _grid(found, currency), Lines([str(note) for note in found.notes], mark="!")],
    )


def _word(key: str, **values: object) -> str:
    return text(f"render.report_opportunities.{key}", **values)


def _grid(found: Opportunities, currency: str | None) -> Grid:
    table = found.table
    deals = (table["kind"] == "deal").any()
    both = table["kind"].n_unique() > 1
    columns = [Col(_word("what"), max=34), Col(_word("customer"), max=24)]
    columns += [Col(_word("kind"), priority=3)] if both else []
    columns.append(Col(_word("expected_in", currency=currency) if currency else _word("expected"), "money"))
    columns += [Col(_word("chance"), "share"), Col(_word("owner"), max=20, priority=4)] if deals else []
    columns += [Col(_word("due"), priority=5), Col(_word("reason"), "prose")]
    rows: list[list[Cell]] = []
    for row in table.iter_rows(named=True):
        cells: list[Cell] = [_name(row), row["customer_id"]]
        cells += [_word(row["kind"])] if both else []
        cells.append(row["expected"])
        cells += [row["p"], row["owner"]] if deals else []
        rows.append([*cells, _due(row), _reason(row)])
    return Grid("", columns, rows, int(str(found.figures["opportunities_of"])) - table.height)


def _name(row: dict[str, Any]) -> str:
    """A deal by its name and id, as names are often alike."""
    if row["kind"] == "deal" and row["name"]:
        return f"{row['name']} ({row['id']})"
    return str(row["name"] or row["id"])


def _due(row: dict[str, Any]) -> str | None:
    ends = [str(row[end]) for end in ("due_from", "due_to") if row[end] is not None]
    return " – ".join(ends) or None


def _reason(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return str(row["reason"])
    limits = _word("limits", low=number(row["low"], ",.0f"), high=number(row["high"], ",.0f"))
    return f"{limits}; {row['reason']}"
