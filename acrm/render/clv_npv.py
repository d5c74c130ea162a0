"""The page of net present values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.acquisition import reading
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    from acrm.analysis.clv.npv import NpvResult

SHOWN = 12
_YEARS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100)
"""Horizons that are shown of many."""


def npv_page(result: NpvResult, typed: str = "acrm-store") -> Page:
    """What a customer is worth, what may be spent to win one, and what changes it.

    `typed` is what the reader typed after `acrm clv`, so that the commands to go on with repeat it.
    """
    notes = Lines([str(note) for note in result.notes], mark="!")
    steps = Steps(list(_steps(result, f"acrm clv {typed}")), text("render.next"))
    return Page([*npv_blocks(result), notes, steps])


def npv_blocks(result: NpvResult) -> list[Block]:
    """The page without notes and next steps, to stand on the page of another result."""
    blocks: list[Block] = [_headline(result), Facts(list(_inputs(result)), _word("inputs"))]
    blocks += [_forms(result), *_spending(result), *_horizon(result), _sensitivity(result)]
    for table, drawn in (
        ("segments", _segments),
        ("channels", _channels),
        ("scenario", _scenario),
        ("explain", _explain),
    ):
        if f"npv_{table}" in result.tables:
            blocks += drawn(result)
    return blocks


def _word(key: str, **values: object) -> str:
    return text(f"render.npv.{key}", **values)


def _figures(result: NpvResult) -> dict[str, Any]:
    return {name.removeprefix("npv_"): value for name, value in result.summary.items()}


def _money(result: NpvResult, amount: Any) -> str:
    return "-" if amount is None else money(amount, _figures(result).get("currency"))


def _unit(result: NpvResult) -> str:
    """What the amounts of a table are: money of a currency, per customer."""
    currency = _figures(result).get("currency")
    return f"{currency} {_word('of_each')}" if currency else _word("of_each")


def _span(result: NpvResult) -> str:
    years = result.params.years
    return _word("endless") if years is None else _word("payments", years=years)


def _headline(result: NpvResult) -> Headline:
    figures = _figures(result)
    amounts = {name: _money(result, figures[name]) for name in ("existing", "new", "margin")}
    cost = _money(result, figures["acquisition_cost"])
    sentence = _word("headline" if figures["new"] is None else "headline_new", **amounts, cost=cost)
    rates = {name: figures[name] for name in ("discount", "retention")}
    span = _span(result)
    return Headline(sentence, _word("sub", horizon=span[0].upper() + span[1:], margin=amounts["margin"], **rates))


def _inputs(result: NpvResult) -> Iterator[tuple[str, str]]:
    """What the value rests on: given, or measured, and then how."""
    figures, params = _figures(result), result.params
    asked = {"interval": params.interval, "horizon": _span(result)}
    if figures.get("retention_low") is None:
        yield _word("retention"), _word("retention_given", retention=figures["retention"])
    else:
        values = {
            "low": figures["retention_low"],
            "high": figures["retention_high"],
            "before": figures["customers_before"],
            "stayed": figures["customers_stayed"],
        }
        days = {name: figures[name] for name in ("since", "middle", "as_of")}
        yield _word("retention"), _word("retention_measured", retention=figures["retention"], **asked, **values, **days)
    if "revenue" in figures:
        amounts = {"each": _money(result, figures["revenue_per_customer"]), "total": _money(result, figures["revenue"])}
        counted = {"customers": figures["customers"], "as_of": figures["as_of"]}
        yield _word("revenue"), _word("revenue_measured", **amounts, **counted)
    margin = _money(result, figures["margin"])
    share = params.margin <= 1
    yield _word("margin"), _word("margin_share" if share else "margin_given", margin=margin, share=params.margin)
    if figures["acquisition_cost"] is not None:
        cost = _money(result, figures["acquisition_cost"])
        if "spend" in figures:
            spent = {"spend": _money(result, figures["spend"]), "customers": figures["new_customers"]}
            days = {"since": figures["spend_since"], "until": figures["spend_until"]}
            yield _word("cost"), _word("cost_measured", cost=cost, **spent, **days)
        else:
            given = isinstance(params.acquisition_cost, float | int)
            yield _word("cost"), _word("cost_given" if given else "cost_weighted", cost=cost)
    if "equity" in figures:
        amounts = {"value": _money(result, figures["equity"]), "existing": _money(result, figures["existing"])}
        yield _word("base"), _word("base_value", customers=figures["customers"], **amounts, **asked)


def _forms(result: NpvResult) -> Grid:
    rows: list[list[Cell]] = []
    for row in result.tables["npv"].iter_rows(named=True):
        name = row["convention"].replace("-", "_")
        label = _word(f"convention.{name}")
        known = row["cost"] is not None
        rows.append(
            [label, row["value"], _between(row, ""), row["whole_value"], row["cost"], row["npv"] if known else None]
        )
    columns = [
        Col(_word("form")),
        Col(_word("value"), "money"),
        Col(_word("interval", interval=result.params.interval), align="right", priority=2),
        Col(_word("whole"), "money", priority=1),
        Col(_word("less"), "money"),
        Col(_word("npv"), "money"),
    ]
    return Grid(_word("forms", horizon=_span(result), unit=_unit(result)), *_without_empty(columns, rows))


def _between(row: dict[str, Any], name: str) -> str | None:
    low, high = row[f"{name}low"], row[f"{name}high"]
    return None if low is None else f"{number(low, ',.2f')}\u00a0–\u00a0{number(high, ',.2f')}"


def _without_empty(columns: list[Col], rows: list[list[Cell]]) -> tuple[list[Col], list[list[Cell]]]:
    """The table without columns that tell nothing in any row."""
    kept = [place for place in range(len(columns)) if not rows or any(row[place] is not None for row in rows)]
    return [columns[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _months(months: int | None) -> str:
    return _word("never") if months is None else _word("at_once") if not months else number(months)


def _spending(result: NpvResult) -> Iterator[Block]:
    figures = _figures(result)
    break_even = _money(result, figures["break_even_cost"])
    rows = [(_word("break_even"), _word("break_even_value", value=break_even))]
    if figures["acquisition_cost"] is not None:
        after = {
            name: _word("months", months=months) if months else _months(months)
            for name, months in (
                ("plain", figures["payback_months"]),
                ("discounted", figures["discounted_payback_months"]),
            )
        }
        rows.append((_word("payback"), _word("payback_value", **after)))
    if (ratio := figures["ltv_cac"]) is not None:
        rows.append((_word("ltv"), _word("ltv_value", ratio=ratio, reading=_word(f"reading.{reading(ratio)}"))))
    yield Facts(rows, _word("decide"))


def _horizon(result: NpvResult) -> Iterator[Block]:
    table = result.tables["npv_horizon"]
    shown = sorted({*_YEARS, result.params.years or 0})
    rows: list[list[Cell]] = [
        [year, share, existing, new] for year, share, existing, new in table.rows() if year in shown
    ]
    known = _figures(result)["acquisition_cost"] is not None
    columns = [
        Col(_word("year"), "int"),
        Col(_word("share"), "bar"),
        Col(_word("existing"), "money"),
        Col(_word("new" if known else "new_gross"), "money"),
    ]
    yield Grid(_word("horizon", unit=_unit(result)), columns, rows)
    yield Lines([_word("horizon_note"), _word("constant")])


def _sensitivity(result: NpvResult) -> Grid:
    rows: list[list[Cell]] = []
    for change, existing, existing_share, new, new_share in result.tables["npv_sensitivity"].rows():
        rows.append([_word(f"more.{change}"), existing, existing_share, new, new_share])
    columns = [
        Col(_word("change")),
        Col(_word("existing"), "money"),
        Col(_word("of_value"), "share"),
        Col(_word("new" if _figures(result)["acquisition_cost"] is not None else "new_gross"), "money"),
        Col(_word("of_value"), "share"),
    ]
    return Grid(_word("sensitivity", unit=_unit(result)), columns, rows)


def _segments(result: NpvResult) -> Iterator[Block]:
    table = result.tables["npv_segments"].sort("customers", "label", descending=[True, False])
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        stayed = None
        if result.params.retention is None and row["before"]:
            stayed = f"{number(row['stayed'])}\u00a0/\u00a0{number(row['before'])}"
        stay: Cell = None
        if row["retention_low"] is not None:
            stay = text("render.interval", low=row["retention_low"], high=row["retention_high"])
        rows.append(
            [
                row["label"],
                row["customers"],
                row["own_revenue"],
                row["revenue_per_customer"],
                stayed,
                row["retention"],
                stay,
                row["existing"],
                _between(row, "existing_"),
                row["break_even_cost"],
                row["new"],
            ]
        )
    columns = [
        Col(_word("segment")),
        Col(_word("customers"), "int"),
        Col(_word("each_own"), "money", priority=5),
        Col(_word("each"), "money", priority=1),
        Col(_word("stayed_own"), align="right", priority=3),
        Col(_word("stay"), "share"),
        Col(_word("stay_interval", interval=result.params.interval), align="right", priority=2),
        Col(_word("worth"), "money"),
        Col(_word("worth_interval", interval=result.params.interval), align="right", priority=4),
        Col(_word("break_even_short"), "money", priority=1),
        Col(_word("new"), "money"),
    ]
    title = _word("segments", by=", ".join(result.params.by), unit=_unit(result))
    yield Grid(title, *_without_empty(columns, rows), more=max(table.height - SHOWN, 0))
    yield Lines([_word("segments_note", interval=result.params.interval)])


def _channels(result: NpvResult) -> Iterator[Block]:
    table, figures = result.tables["npv_channels"], _figures(result)
    if table.filter(part="channel").is_empty():
        return
    rows: list[list[Cell]] = []
    # What cost most comes first; what belongs to no channel stays at the end, and all together.
    ordered = table.with_row_index().sort("part", "spend", "cac", "index", descending=[False, True, True, False])
    for row in ordered.iter_rows(named=True):
        named = row["channel"] if row["part"] == "channel" else _word(row["part"])
        known = row["value"] is not None
        rows.append(
            [
                named,
                row["spend"],
                row["new_customers"],
                row["cac"],
                row["value"],
                row["npv"],
                _months(row["payback_months"]) if known else None,
                _months(row["discounted_payback_months"]) if known else None,
                row["ltv_cac"],
                _read(row["ltv_cac_low"], row["ltv_cac_high"]),
            ]
        )
    if "spend" in figures:
        total: list[Cell] = [_word("total"), figures["spend"], figures["new_customers"], figures["acquisition_cost"]]
        after = [_months(figures[name]) for name in ("payback_months", "discounted_payback_months")]
        worth: list[Cell] = [figures["break_even_cost"], figures["new"], *after, figures["ltv_cac"], None]
        rows.append([*total, *(worth if figures["new"] is not None else [None] * 6)])
    columns = [
        Col(_word("channel")),
        Col(_word("spend"), "money"),
        Col(_word("new_customers"), "int"),
        Col(_word("cac"), "money"),
        Col(_word("break_even_short"), "money", priority=3),
        Col(_word("npv"), "money"),
        Col(_word("payback_short"), align="right"),
        Col(_word("payback_discounted"), align="right", priority=2),
        Col(_word("ratio"), "number", priority=1),
        Col(_word("read"), priority=2),
    ]
    column = figures.get("channel_column")
    title = (
        _word("channels", column=column, unit=_unit(result)) if column else _word("channels_given", unit=_unit(result))
    )
    yield Grid(title, *_without_empty(columns, rows))
    if "spend" in figures:
        days = {"since": figures["spend_since"], "until": figures["spend_until"]}
        yield Lines([_word("channels_note", horizon=_span(result), interval=result.params.interval, **days)])


def _read(low: float | None, high: float | None) -> str | None:
    if low is None or high is None:
        return None
    worst, best = (_word(f"reading.{reading(ratio)}") for ratio in (low, high))
    return worst if worst == best else _word("reading_between", low=worst, high=best)


def _scenario(result: NpvResult) -> Iterator[Block]:
    table = result.tables["npv_scenario"]
    rows: list[list[Cell]] = [
        [
            row["segment"],
            row["customers"],
            row["existing_before"],
            row["existing_after"],
            row["existing_change"],
            row["total_change"],
            row["new_change"],
        ]
        for row in table.head(SHOWN).iter_rows(named=True)
    ]
    columns = [
        Col(_word("segment")),
        Col(_word("customers"), "int", priority=2),
        Col(_word("before"), "money"),
        Col(_word("after"), "money"),
        Col(_word("difference"), "money"),
        Col(_word("total_difference"), "money"),
        Col(_word("new_difference"), "money", priority=1),
    ]
    title = _word("scenario", changes=", ".join(_changes(result)), unit=_unit(result))
    yield Grid(title, *_without_empty(columns, rows), more=max(table.height - SHOWN, 0))
    yield Lines([_word("scenario_note")])


def _changes(result: NpvResult) -> Iterator[str]:
    for name, settings in (result.params.scenario or {}).items():
        word = _word(f"input.{name}")
        if "change" in settings:
            yield _word("scenario_change", name=word, change=settings["change"])
        for segment, change in settings.get("segment", {}).items():
            yield _word("scenario_own", name=word, change=change, segment=segment)


def _explain(result: NpvResult) -> Iterator[Block]:
    table = result.tables["npv_explain"]
    for form in table["form"].unique(maintain_order=True):
        rows: list[list[Cell]] = []
        for row in table.filter(form=form).iter_rows(named=True):
            year = _word("later") if row["year"] is None else _word("won") if not row["year"] else number(row["year"])
            factor = None if row["factor"] is None else number(row["factor"], ".4f")
            survival = None if row["survival"] is None else number(row["survival"], ".4f")
            figures = [row["margin"], factor, row["present"], row["cumulative"]]
            rows.append([year, row["time"], survival, *figures])
        columns = [
            Col(_word("year"), align="right"),
            Col(_word("time"), "number", priority=1),
            Col(_word("survival"), align="right"),
            Col(_word("margin"), "money"),
            Col(_word("factor"), align="right"),
            Col(_word("present"), "money"),
            Col(_word("cumulative"), "money"),
        ]
        words = {"of": table["of"][0], "form": _word(f"explained.{form}"), "unit": _unit(result)}
        yield Grid(_word("explain", **words), columns, rows)


def _steps(result: NpvResult, command: str) -> Iterator[tuple[str, str]]:
    if "npv_explain" not in result.tables:
        yield f"{command} --explain all", _word("next.explain")
    if "npv_segments" not in result.tables and "npv_revenue" in result.summary:
        yield f"{command} --by channel", _word("next.by")
    if "npv_scenario" not in result.tables:
        yield f"{command} --scenario scenario.toml", _word("next.scenario")
