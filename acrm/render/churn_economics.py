"""What a page says of the worth of keeping customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.economics import EVERYBODY, MODEL, NOBODY
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, money

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.economics import Economics, EconomicsParams


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_economics.{key}", **values)


def loss_column(losses: pl.Series, currency: str | None = None) -> Col:
    """The column of expected losses: whole numbers where there is a thousand or more."""
    label = _word("loss") if currency is None else f"{_word('loss')},\u00a0{currency}"
    return Col(label, "int" if (losses.max() or 0) >= 1000 else "number")  # type: ignore[operator]


def economics_blocks(found: Economics, costs: EconomicsParams, currency: str | None = None) -> Iterator[Block]:
    """The figures of the campaign, the profit curve and what the scores are worth."""
    yield _facts(found, costs, currency)
    if found.tables["profit_curve"].height:
        yield _curve(found)
    if "scores" in found.tables and found.tables["scores"].height:
        yield _scores(found)


def _facts(found: Economics, costs: EconomicsParams, currency: str | None) -> Facts:
    """What the campaign is expected to bring; what was assumed of its costs is said."""
    figures: dict[str, Any] = dict(found.figures)
    rows = []
    rows.append((_word("value"), money(figures["value_mean"], currency)))
    told = {"contact": (costs.contact, "contact_cost"), "incentive": (costs.incentive, "incentive")}
    terms = {
        name: _word("assumed" if asked is None else "told", amount=figures[figure])
        for name, (asked, figure) in told.items()
    }
    rows.append((_word("terms"), _word("terms_are", **terms, success=figures["success"])))
    way = "threshold_none" if figures["threshold"] is None or figures["threshold"] > 1 else "threshold_is"
    rows.append((_word("threshold"), _word(way, **figures)))
    if figures["contacts"]:
        rows.append((_word("campaign", **figures), _word("profit_is", **figures)))
        if figures["profit_of_all"] is not None:
            rows.append((_word("everybody"), number(figures["profit_of_all"], ",.0f")))
        way = "control_none" if figures["control_needed"] is None else "control_is"
        seen = figures["smallest_effect"] is not None
        rows.append((_word("control"), _word(way, **figures) + (_word("effect", **figures) if seen else "")))
    return Facts(rows, _word("title"))


def _curve(found: Economics) -> Grid:
    """Every fourth step of the curve, and the best one."""
    table = found.tables["profit_curve"]
    counted = table["counted"].count() > 0
    columns = [
        Col(_word("share"), "share"),
        Col(_word("customers"), "int", priority=1),
        Col(_word("empc"), align="right"),
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
    """What each score brings on the user's terms, and on those of the literature where they are others."""
    table = found.tables["scores"].select("score", "empc", "share", "default_empc")
    same = (table["empc"] - table["default_empc"]).abs().max() == 0
    columns = [
        Col(_word("score"), max=30),
        Col(_word("empc"), "number"),
        Col(_word("contacted"), "share"),
        *([] if same else [Col(_word("default_empc"), "number", priority=1)]),
    ]
    rows: list[list[Cell]] = [
        [_word(f"score_{name}") if name in {MODEL, EVERYBODY, NOBODY} else name, empc, share, *others]
        for name, empc, share, *others in (table.drop("default_empc") if same else table).rows()
    ]
    return Grid(_word("scores"), columns, rows)
