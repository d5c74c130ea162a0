"""Opportunities as a section: open deals and offers by expected value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.report.proposal import money
from acrm.messages import number, text
from acrm.render.blocks import Cell, Col, Grid, Headline, Lines, Section

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
    table = found.tables["opportunities"]
    deals = bool((table["kind"] == "deal").any())
    columns = [Col(_word("what"), max=34), Col(_word("customer"), max=28)]
    columns.append(Col(_word("expected_in", currency=currency) if currency else _word("expected"), "money"))
    columns += [Col(_word("chance"), "share")] if deals else []
    columns.append(Col(_word("reason"), "prose"))
    rows: list[list[Cell]] = []
    for row in table.iter_rows(named=True):
        cells: list[Cell] = [_name(row), row["customer_id"], row["expected"]]
        cells += [row["p"]] if deals else []
        rows.append([*cells, _reason(row)])
    return Grid("", columns, rows, int(str(found.figures["opportunities_of"])) - table.height)


def _name(row: dict[str, Any]) -> str:
    """A deal by its name and id, as names are often alike."""
    if row["kind"] == "deal" and row["name"]:
        return f"{row['name']} ({row['id']})"
    return str(row["name"] or row["id"])


def _reason(row: dict[str, Any]) -> str:
    """The reason, with the limits of what is expected and whose it is, or the days when it is due."""
    said = [str(row["reason"])]
    if row["low"] is not None:
        said.insert(0, _word("limits", low=number(row["low"], ",.0f"), high=number(row["high"], ",.0f")))
    if row["owner"] is not None:
        said.append(str(row["owner"]))
    if row["kind"] == "offer" and row["due_to"] is not None:
        said.append(_word("due", first=row["due_from"], last=row["due_to"]))
    return "; ".join(said)
