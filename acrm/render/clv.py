"""The page of customer value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.validation import LAST_TIME, OWN_RATE
from acrm.analysis.clv.value import EXTRAPOLATED
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.value import ClvResult

_POINTS = 40
"""A picture of the weeks has at most so many signs."""
_PARTS = 12


def clv_page(
    result: ClvResult, typed: str = "acrm-store", further: Sequence[Block] = (), cut: str | None = None
) -> Page:
    """What the customers are worth, who they are, and how far that can be trusted.

    Args:
        result: See `acrm.analysis.clv.value`.
        typed: What the reader typed after `acrm clv`, so that the commands to go on with repeat it.
        further: Blocks of what was asked for besides.
        cut: A column of the sources to cut by.
    """
    blocks: list[Block] = [_headline(result), Facts(list(_totals(result))), _matrix(result), _deciles(result)]
    if "parts" in result.tables:
        blocks += _parts(result)
    if "held_out" in result.tables:
        blocks += [_models(result), _tracking(result)]
    blocks += further
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm clv {typed}", cut)), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.clv.{key}", **values)


def _headline(result: ClvResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    currency = figures["currency"]
    beyond = figures["equity_beyond"]
    # What the model alone says of a time nobody has seen does not come first.
    far = beyond is not None and beyond > EXTRAPOLATED
    later = far or figures["equity"] is None
    name = "year_revenue" if later else "equity"
    amounts = {
        key: money(figures[f"{name}{end}"], currency)
        for key, end in (("worth", ""), ("low", "_low"), ("high", "_high"))
    }
    whose = "customers" if result.params.object == "customer" else result.params.object
    who = _word(f"who_{whose}", customers=figures["customers"], objects=figures.get("objects"))
    sentence = _word("headline_year" if later else "headline", who=who, **amounts)
    if far:
        sentence += _word("headline_far", worth=money(figures["equity"], currency), beyond=beyond)
    margin = "margin_whole" if figures["margin"] == 1 else "margin"
    sub = _word("sub", model=figures["model"], as_of=figures["as_of"], interval=figures["interval"])
    return Headline(sentence, f"{sub}; {_word(margin, margin=figures['margin'], discount=figures['discount'])}")


def _totals(result: ClvResult) -> Iterator[tuple[str, str]]:
    figures: dict[str, Any] = dict(result.summary)
    currency = figures["currency"]
    orders = {end or "whole": number(figures[f"year_orders{end}"], ",.0f") for end in ("", "_low", "_high")}
    revenue = {end or "whole": money(figures[f"year_revenue{end}"], currency) for end in ("", "_low", "_high")}
    for label, told in (("year_orders", orders), ("year_revenue", revenue)):
        yield _word(label), _word("between", value=told["whole"], low=told["_low"], high=told["_high"])
    if figures["equity"] is not None:
        ever = {end or "whole": money(figures[f"equity{end}"], currency) for end in ("", "_low", "_high")}
        yield _word("equity"), _word("between", value=ever["whole"], low=ever["_low"], high=ever["_high"])
    yield _word("clv", days=figures["horizon_days"]), money(figures["clv"], currency)
    if figures["top_decile_share"] is not None:
        yield _word("top"), _word("top_of", share=figures["top_decile_share"], gini=figures["gini"])


def _matrix(result: ClvResult) -> Grid:
    currency = result.summary["currency"]
    columns = [
        Col(_word("quadrant")),
        Col(_word("customers"), "int"),
        Col(_in(_word("spend"), currency), "money"),
        Col(_in(_word("to_come"), currency), "money"),
        Col(_word("what_to_do"), "prose", priority=1),
    ]
    rows = result.tables["matrix"].select("label", "customers", "spend", "clv", "next_step").rows()
    return Grid(_word("matrix"), columns, rows)


def _deciles(result: ClvResult) -> Grid:
    currency = result.summary["currency"]
    columns = [
        Col(_word("decile"), "int"),
        Col(_word("customers"), "int", priority=3),
        Col(_in(_word("from"), currency), "money", priority=2),
        Col(_in(_word("to_come"), currency), "money"),
        Col(_word("share"), "bar"),
        Col(_word("orders"), "number", priority=1),
        Col(_word("alive"), "share", priority=1),
    ]
    rows = result.tables["deciles"].select("decile", "customers", "from", "clv", "share", "expected_orders", "p_alive")
    return Grid(_word("deciles"), columns, rows.rows())


def _parts(result: ClvResult) -> Iterator[Grid]:
    import polars as pl

    currency = result.summary["currency"]
    for name in result.tables["parts"]["column"].unique(maintain_order=True):
        table = result.tables["parts"].filter(pl.col("column") == name).sort("clv", "value", descending=[True, False])
        columns = [
            Col(str(name), "text", max=30),
            Col(_word("customers"), "int"),
            Col(_in(_word("to_come"), currency), "money"),
            Col(_word("share"), "bar"),
            Col(_word("each"), "number"),
            Col(_word("each_fair"), "number"),
            Col(_word("interval", interval=result.summary["interval"]), "text", priority=1, align="right"),
        ]
        rows: list[list[Cell]] = [
            [
                row["value"] or _word("unknown"),
                row["customers"],
                row["clv"],
                row["share"],
                row["mean"],
                row["shrunk"],
                _span(row["low"], row["high"]),
            ]
            for row in table.head(_PARTS).iter_rows(named=True)
        ]
        yield Grid(_word("by", column=name), columns, rows, more=max(table.height - _PARTS, 0))


def _span(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{number(low, ',.2f')} – {number(high, ',.2f')}"


def _models(result: ClvResult) -> Grid:
    """Candidates and naive rules on the held-out time."""
    figures = result.summary
    rows: list[list[Cell]] = []
    for row in result.tables["held_out"].iter_rows(named=True):
        naive = row["rule"] in (OWN_RATE, LAST_TIME)
        name = _word(row["rule"]) if naive else row["rule"]
        chosen = "→ " if row["rule"] == figures["model"] else ""
        score = row["held_out_log_likelihood"]
        rows.append(
            [
                f"{chosen}{name}",
                None if score is None else number(score, ",.1f"),
                round(row["forecast"]),
                row["bias"],
                row["mae"],
                row["top_decile"],
            ]
        )
    columns = [
        Col(_word("rule")),
        Col(_word("likelihood"), "text", priority=1, align="right"),
        Col(_word("forecast"), "int", priority=2),
        Col(_word("bias"), "share"),
        Col(_word("mae"), "number"),
        Col(_word("caught"), "bar"),
    ]
    actual = number(figures["held_out_actual"], ",.0f")  # type: ignore[arg-type]
    since, days = figures["held_out_from"], figures["held_out_days"]
    return Grid(_word("held_out", days=days, since=since, actual=actual), columns, rows)


def _tracking(result: ClvResult) -> Grid:
    """Repeat orders week by week, real above expected."""
    table = result.tables["tracking"]
    each = -(-table.height // _POINTS)
    rows: list[list[Cell]] = [
        [_word(name), _sums(table[name], each), round(table[name].sum()), round(table.filter("held_out")[name].sum())]
        for name in ("actual", "expected")
    ]
    columns = [
        Col(_word("weeks", weeks=each)),
        Col("", "spark"),
        Col(_word("whole_time"), "int"),
        Col(_word("held_out_part"), "int"),
    ]
    return Grid(_word("tracking"), columns, rows)


def _sums(values: pl.Series, each: int) -> list[float]:
    numbers = values.to_list()
    whole = len(numbers) // each * each
    return [sum(numbers[start : start + each]) for start in range(0, whole, each)]


def _in(label: str, currency: object) -> str:
    return f"{label}, {currency}" if currency else label


def _steps(result: ClvResult, command: str, cut: str | None) -> Iterator[tuple[str, str]]:
    margin = 0.3
    if result.summary["margin"] == 1:
        yield f"{command} --margin {margin}", _word("step_margin")
    else:
        margin = result.params.margin
    if "npv" not in result.tables:
        yield f"{command} --npv --margin {margin}", _word("step_npv")
    if cut and "parts" not in result.tables:
        yield f"{command} --by {cut}", _word("step_by")
