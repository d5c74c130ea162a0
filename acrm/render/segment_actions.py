"""The part of a page that says what to do: what the budget buys, what is left, how unsure it is, what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.actions.scenarios import action_name
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, money

if TYPE_CHECKING:
    from acrm.analysis.actions.actions import ActionsResult

MOST = 12
"""Rows of the budget that are shown."""


def actions_blocks(result: ActionsResult) -> list[Block]:
    """What is done for whom and what it should bring; where the budget ends; how unsure all of it is."""
    blocks: list[Block] = [_headline(result)]
    if result.summary["contacts"]:
        blocks += [_bought(result), Facts(list(_facts(result)), _word("facts"))]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    return blocks


def actions_steps(result: ActionsResult, typed: str, store: str | None = None) -> Iterator[tuple[str, str]]:
    """What can be typed next.

    Args:
        result: The plan.
        typed: What the reader typed after `acrm segment`, without `--budget`, `--record` and `--export`.
        store: The store among the sources, if there is one.
    """
    budget, left = result.params.budget, result.summary["left"]
    asked = "" if budget is None else f" --budget {budget:f}"
    if budget and left:
        yield f"acrm segment {typed} --budget {2 * budget:f}", _word("next.more")
    if result.summary["contacts"]:
        if store:
            yield f"acrm segment {typed}{asked} --record {store}", _word("next.record")
        yield f"acrm segment {typed}{asked} --export csv", _word("next.export")


def _word(key: str, **values: object) -> str:
    return text(f"render.segment_actions.{key}", **values)


def _headline(result: ActionsResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    currency, day = figures["currency"], figures["as_of"]
    sub = _word("sub", as_of=day) if day else _word("sub_undated")
    if not figures["contacts"]:
        return Headline(_word("headline_none", customers=figures["customers"]), sub)
    if figures["unpriced"] == figures["contacts"]:
        sentence = _word("headline_unpriced", contacts=figures["contacts"], control=figures["control"])
        return Headline(sentence, sub)
    sentence = _word(
        "headline",
        contacts=figures["contacts"],
        cost=money(figures["cost"], currency),
        margin=money(figures["expected_margin"], currency),
        low=money(figures["margin_low"]),
        high=money(figures["margin_high"]),
    )
    return Headline(sentence, sub)


def _bought(result: ActionsResult) -> Grid:
    columns = [
        Col(_word("segment"), max=60),
        Col(_word("action"), max=28, priority=1),
        Col(_word("contacts"), "int"),
        Col(_word("of_cost"), "bar"),
        Col(_word("cost"), "money", priority=2),
        Col(_word("margin"), "money"),
        Col(_word("interval"), align="right", priority=3),
        Col(_word("left"), "int", priority=4),
        Col(_word("control"), "int", priority=2),
        Col(_word("needed"), "int", priority=2),
    ]
    table = result.tables["budget"].sort(
        "expected_margin", "segment", "scenario", descending=[True, False, False], nulls_last=True
    )
    whole = result.summary["cost"] or Decimal(1)
    rows: list[list[Cell]] = [
        [
            row["segment"],
            action_name(row["action"]),
            row["contacts"],
            None if row["cost"] is None else float(row["cost"] / whole),
            row["cost"],
            row["expected_margin"],
            None
            if row["cost"] is None
            else f"{number(row['margin_low'], ',.0f')} – {number(row['margin_high'], ',.0f')}",
            row["left"],
            row["control"],
            row["control_needed"],
        ]
        for row in table.iter_rows(named=True)
        if row["contacts"]
    ]
    return Grid(_word("bought"), columns, rows[:MOST], max(0, len(rows) - MOST))


def _facts(result: ActionsResult) -> Iterator[tuple[str, str]]:
    figures: dict[str, Any] = dict(result.summary)
    if figures["unpriced"] < figures["contacts"]:
        yield from _of_money(figures)
    parts = result.tables["gains"]
    if parts.height:
        first, half = (parts.row(place, named=True) for place in (0, parts.height // 2 - 1))
        values = {"share": first["cumulative"], "half": half["cumulative"], "contacts": first["contacts"]}
        yield _word("gains"), _word("gains_how", **values)
    of = {"segments": figures["segments_contacted"], "small": figures["segments_unmeasurable"]}
    needed = figures["control_needed"]
    whole = _word("proof_never") if needed is None else _word("proof_whole", needed=needed)
    yield _word("proof"), f"{_word('proof_how', control=figures['control'], **of)}; {whole}"


def _of_money(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    currency = figures["currency"]
    spent = money(figures["cost"], currency)
    if figures["budget"] is None:
        yield _word("spent"), _word("spent_all", cost=spent)
    else:
        values = {"budget": money(figures["budget"], currency), "left": money(figures["budget_left"], currency)}
        yield _word("spent"), _word("spent_of", cost=spent, **values)
    if figures["left"]:
        yield _word("not_bought"), _word("not_bought_how", customers=figures["left"], margin=figures["margin_of_next"])
    low, high = (money(figures[end], currency) for end in ("margin_low", "margin_high"))
    yield _word("unsure"), _word("unsure_how", low=low, high=high)
