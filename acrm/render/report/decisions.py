"""Decisions as a section: what to do, and what speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.report.proposal import money
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Chart, Col, Decision, Decisions, Grid, Lines, Section
from acrm.render.pictures import Axis, Bars, Row

if TYPE_CHECKING:
    from acrm.analysis.report.decisions import Decided

EARLIER = 8
"""Earlier decisions that are shown."""


def decisions_section(decided: Decided, *, personal: bool = True) -> Section:
    """The decisions with their reasons, their effects side by side, and what came of earlier ones.

    Without `personal` owners of deals are not named.
    """
    rows = decided.tables["decisions"].to_dicts()
    currency = decided.figures["currency"]
    blocks: list[Block] = [Decisions([_decision(row, currency, personal=personal) for row in rows])]
    blocks += _effects(rows, currency)
    if "before" in decided.tables:
        blocks.append(_before(decided))
    blocks.append(Lines([str(note) for note in decided.notes], mark="!"))
    return Section("decisions", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.report_decisions.{key}", **values)


def _decision(row: dict[str, Any], currency: Any, *, personal: bool) -> Decision:
    """One decision; what is not known is not told, but the effect, of which it is told."""
    who = row["who"]
    if row["elsewhere"]:
        who += "; " + _word("elsewhere", n=row["elsewhere"])
    facts = [("for_whom", who), ("why", row["reason"])]
    if row["cost"] is not None:
        facts.append(("cost", money(row["cost"], currency)))
    facts += [("effect", _effect(row, currency)), ("check", row["check"])]
    owner, due = row["owner"] if personal or row["of"] != "deal" else None, row["due"]
    if owner:
        facts.append(("owner", _word("owner_due", owner=owner, due=due) if due else owner))
    elif due:
        facts.append(("until", str(due)))
    facts += [(name, row[name]) for name in ("goal", "before") if row[name]]
    return Decision(row["action"], [(_word(name), value) for name, value in facts])


def _effect(row: dict[str, Any], currency: Any) -> str:
    """The effect with its limits, on what it rests, and where it comes from."""
    basis = _word(f"basis.{row['basis']}")
    if row["effect"] is None:
        return f"{basis}: {row['source']}"
    value = money(row["effect"], currency)
    if row["low"] is not None:
        ends = {end: money(row[end], None) for end in ("low", "high")}
        value = _word("interval" if row["low"] > 0 else "interval_unsure", value=value, **ends)
    return f"{value}; {basis}: {row['source']}"


def _effects(rows: list[dict[str, Any]], currency: Any) -> list[Block]:
    """The effects that have limits, from two on."""
    known = [row for row in rows if row["low"] is not None]
    if len(known) < 2:
        return []
    dots = [Row(row["action"], row["effect"], row["low"], row["high"]) for row in known]
    label = _word("effect_in", currency=currency) if currency else _word("effect_axis")
    assumed = any(row["basis"] == "assumed" for row in known)
    picture = Bars(Axis(label, "money"), dots, 0, _word("nothing"))
    note = _word("note_assumed" if assumed else "note_measured")
    return [Chart(_word("effects"), _word("effects_described", n=len(known)), picture, None, note)]


def _before(decided: Decided) -> Grid:
    from acrm.analysis.actions.scenarios import action_name

    table = decided.tables["before"]
    columns = [
        Col(_word("made_at")),
        Col(_word("action")),
        Col(_word("customers"), "int"),
        Col(_word("control"), "int", priority=2),
        Col(_word("promised"), "share"),
        Col(_word("realised"), "share"),
        Col(_word("limits"), align="right", priority=1),
        Col(_word("verdict"), "prose"),
    ]
    rows: list[list[Cell]] = []
    for row in table.head(EARLIER).iter_rows(named=True):
        known = row["realised"] is not None
        limits = f"{number(row['low'], '.1%')} – {number(row['high'], '.1%')}" if known else None
        cells: list[Cell] = [str(row["made_at"]), action_name(row["action"]), row["customers"], row["control"]]
        rows.append([*cells, row["promised"], row["realised"], limits, _word(f"judged.{row['verdict']}")])
    return Grid(_word("earlier"), columns, rows, max(table.height - EARLIER, 0))
