"""What a page says of the worth of keeping customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.economics import EVERYBODY, MODEL, NOBODY
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, money

if TYPE_CHECKING:
    from acrm.analysis.churn.economics import Economics


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_economics.{key}", **values)


def economics_blocks(found: Economics, currency: str | None = None) -> Iterator[Block]:
    """The figures of the campaign, the profit curve and what the scores are worth."""
    yield _facts(found, currency)
    if found.tables["profit_curve"].height:
        yield _curve(found)
    if "scores" in found.tables and found.tables["scores"].height:
        yield _scores(found)


def _facts(found: Economics, currency: str | None) -> Facts:
    figures: dict[str, Any] = dict(found.figures)
    rows = []
    if figures["expected_loss"] is not None:
        rows.append((_word("loss"), money(figures["expected_loss"], currency)))
    rows.append((_word("value"), money(figures["value_mean"], currency)))
    rows.append((_word("terms"), _word("terms_are", **figures)))
    way = "threshold_none" if figures["threshold"] is None or figures["threshold"] > 1 else "threshold_is"
    rows.append((_word("threshold"), _word(way, **figures)))
    if figures["contacts"]:
        ends = {end: figures[f"campaign_profit_{end}"] for end in ("low", "high")}
        rows.append((_word("profit"), _word("between", value=figures["campaign_profit"], **ends)))
        way = "control_none" if figures["control_needed"] is None else "control_is"
        rows.append((_word("control"), _word(way, **figures)))
        if figures["smallest_effect"] is not None:
            rows.append((_word("effect", **figures), number(figures["smallest_effect"], ".1%")))
    return Facts(rows, _word("title"))


def _curve(found: Economics) -> Grid:
    """Every fourth step of the curve, and the best one."""
    table = found.tables["profit_curve"]
    counted = table["counted"].count() > 0
    columns = [
        Col(_word("share"), "share"),
        Col(_word("customers"), "int", priority=1),
        Col(_word("profit"), align="right"),
        Col(_word("interval"), align="right", priority=2),
        *([Col(_word("counted"), align="right", priority=1)] if counted else []),
        Col(_word("in_order"), "share", priority=3),
        Col(""),
    ]
    rows: list[list[Cell]] = []
    steps = 0
    for row in table.iter_rows(named=True):
        steps += not row["best"]
        if row["best"] or steps % 4 == 0:
            between = f"{number(row['low'], ',.0f')} … {number(row['high'], ',.0f')}".replace(" ", "\u00a0")
            seen = [] if not counted else [number(row["counted"], ",.0f")]
            mark = _word("best") if row["best"] else ""
            told: list[Cell] = [row["share"], row["customers"], number(row["profit"], ",.0f"), between]
            rows.append([*told, *seen, row["in_order"], mark])
    return Grid(_word("curve"), columns, rows)


def _scores(found: Economics) -> Grid:
    columns = [
        Col(_word("score"), max=30),
        Col(_word("empc"), "number"),
        Col(_word("contacted"), "share"),
        Col(_word("default_empc"), "number", priority=1),
    ]
    rows: list[list[Cell]] = [
        [_word(f"score_{name}") if name in {MODEL, EVERYBODY, NOBODY} else name, empc, share, default]
        for name, empc, share, default in found.tables["scores"].select("score", "empc", "share", "default_empc").rows()
    ]
    return Grid(_word("scores"), columns, rows)
