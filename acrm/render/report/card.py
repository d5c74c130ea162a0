"""A customer's card as sections: the scores, what to do, what happened."""

from __future__ import annotations

from typing import Any

from acrm.analysis.report.card import CustomerCard
from acrm.analysis.report.proposal import money
from acrm.analysis.report.timeline import kind_name
from acrm.messages import Message, number, text
from acrm.render.blocks import Block, Card, Cards, Cell, Chart, Col, Facts, Grid, Headline, Lines, Section
from acrm.render.pictures import Axis, Point, Trend

SHOWN = 30
"""Events that are shown, the newest."""
MONTHS = 6
"""Months from which on spend is drawn."""


def card_section(found: CustomerCard) -> Section:
    """Everything about one customer, the most urgent first."""
    blocks: list[Block] = [_headline(found), Lines([str(note) for note in found.notes], mark="!")]
    blocks += [Cards(_scores(found)), _why(found), _next(found), _waiting(found)]
    blocks += [_about(found), *_spend(found), _decided(found), _timeline(found)]
    return Section("card", _word("title", who=_name(found)), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.report_card.{key}", **values)


def _name(found: CustomerCard) -> str:
    return str(found.about.get("full_name") or found.about.get("company") or found.customer_id)


def _money(found: CustomerCard, amount: Any) -> str:
    return money(amount, found.figures["currency"])


def _headline(found: CustomerCard) -> Headline:
    figures: dict[str, Any] = dict(found.figures)
    sub = _word("sub", id=found.customer_id, as_of=figures["as_of"] or "-")
    if not figures["orders"]:
        return Headline(_word("never"), sub)
    told = {"orders": figures["orders"], "days": figures["days_since_last"]}
    return Headline(_word("headline", spend=_money(found, figures["spend"]), **told), sub)


def _scores(found: CustomerCard) -> list[Card]:
    cards = []
    if found.rfm:
        row = found.rfm
        cards.append(Card("RFM", f"{row['r']}-{row['f']}-{row['m']}", sub=str(row.get("label") or row["segment"])))
    if found.clv:
        row = found.clv
        limits = _word("limits", low=_amount(row["clv_low"]), high=_amount(row["clv_high"]))
        alive = _word("alive", p=row["p_alive"])
        cards.append(Card(_word("clv"), _money(found, row["clv"]), sub=f"{limits}; {alive}"))
    if found.churn:
        row = found.churn
        limits = _word("limits", low=number(row["low"], ".0%"), high=number(row["high"], ".0%"))
        band = _word(f"band.{row['risk_band']}")
        cards.append(Card(_word("churn"), number(row["churn_probability"], ".0%"), sub=f"{limits}; {band}"))
    figures: dict[str, Any] = dict(found.figures)
    if figures["usual_gap"] is not None:
        sub = _word("rhythm_sub", longest=figures["longest_gap"])
        late = _word("late", days=figures["overdue_days"]) if figures["overdue_days"] else ""
        cards.append(
            Card(_word("rhythm"), _word("days", n=round(figures["usual_gap"])), late, "bad" if late else "", sub)
        )
    return cards


def _amount(amount: Any) -> str:
    return number(amount, ",.0f")


def _why(found: CustomerCard) -> Facts:
    """What adds most to the risk, and what to do."""
    row = found.churn or {}
    rows = [(_word("reason", n=n), row[f"reason_{n}"]) for n in (1, 2, 3) if row.get(f"reason_{n}")]
    if row.get("action"):
        rows.append((_word("action"), row["action"]))
    return Facts(rows, _word("why"))


def _next(found: CustomerCard) -> Grid:
    currency = found.figures["currency"]
    columns = [
        Col(_word("product"), max=34),
        Col(_word("expected_in", currency=currency) if currency else _word("expected"), "money"),
        Col(_word("due"), priority=1),
        Col(_word("because"), "prose"),
    ]
    rows: list[list[Cell]] = [
        [row["product"], row["expected_value"], _span(row["due_from"], row["due_to"]), row["reason"]]
        for row in found.tables["offers"].iter_rows(named=True)
    ]
    return Grid(_word("next"), columns, rows)


def _span(first: Any, last: Any) -> str | None:
    return None if first is None else f"{first} – {last}"


def _waiting(found: CustomerCard) -> Grid:
    columns = [Col(_word("day")), Col(_word("kind")), Col(_word("what"), "prose"), Col(_word("waits"), "int")]
    rows: list[list[Cell]] = [
        [str(row["started_at"] or "-"), kind_name(row["kind"]), row["subject"], row["waits_days"]]
        for row in found.tables["open"].iter_rows(named=True)
    ]
    return Grid(_word("open"), columns, rows)


def _about(found: CustomerCard) -> Facts:
    rows = [(_label(name), _told(value)) for name, value in found.about.items()]
    asked = "unknown" if found.consent is None else "yes" if found.consent else "no"
    return Facts([*rows, (_word("consent"), _word(f"consents.{asked}"))], _word("about"))


def _label(column: str) -> str:
    word = Message(f"render.report_card.column.{column}")
    return str(word) if word.exists else column


def _told(value: Any) -> str:
    """A value as people read it; of a moment, the day."""
    return str(value.date()) if hasattr(value, "date") else str(value)


def _spend(found: CustomerCard) -> list[Block]:
    table = found.tables["monthly"]
    if table.height < MONTHS:
        return []
    currency = found.figures["currency"]
    axis = Axis(_word("spend_in", currency=currency) if currency else _word("spend"), "money")
    points = [Point(month, float(amount), n=orders) for month, amount, orders in table.rows()]
    count = int(table["orders"].sum())
    return [Chart(_word("spend_title"), _word("spend_described"), Trend(axis, points), count)]


def _decided(found: CustomerCard) -> Grid:
    from acrm.analysis.actions.scenarios import action_name

    columns = [Col(_word("day")), Col(_word("action")), Col(_word("until"), priority=1), Col(_word("because"), "prose")]
    rows: list[list[Cell]] = [
        [str(row["made_at"]), action_name(row["action"]), str(row["due"] or "-"), row["reason"]]
        for row in found.tables["decided"].iter_rows(named=True)
    ]
    return Grid(_word("decided"), columns, rows)


def _timeline(found: CustomerCard) -> Grid:
    table = found.tables["timeline"]
    currency = found.figures["currency"]
    columns = [
        Col(_word("day")),
        Col(_word("kind")),
        Col(_word("what"), "prose"),
        Col(_word("amount_in", currency=currency) if currency else _word("amount"), "money"),
    ]
    rows: list[list[Cell]] = [
        [str(row["day"]), kind_name(row["kind"]), row["what"] or None, row["amount"]]
        for row in table.head(SHOWN).iter_rows(named=True)
    ]
    return Grid(_word("timeline", n=table.height), columns, rows, max(table.height - SHOWN, 0))
