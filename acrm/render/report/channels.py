"""The section of channels: where customers come from, which convert, what they cost, who gets the credit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Section
from acrm.render.channels import headline, marginal_grids, name
from acrm.render.pictures import Axis, Bars, Row
from acrm.render.report.told import MOST, amount, between, capital, labelled, notes, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.params import ChannelsResult

ENOUGH = 20
"""Deals won or buyers below which nobody is told to cut a channel."""
_NOTES = (
    *("channels.nowhere", "channels.not_recorded", "channels.open", "channels.few", "channels.marginal_told"),
    *("channels.no_nulls", "channels.spend_matched"),
)


def channels_section(result: ChannelsResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """Conversion with intervals, cost, range of the credit, a line of each channel, what one more would cost."""
    tables, figures = result.tables, dict(result.summary)
    known = [name for name in ("channels", "attribution") if name in tables and tables[name].height]
    if not known or ("of" in figures and not (figures["column"] and figures["channels"])):
        return None
    blocks: list[Block] = [headline(result)]
    if "channels" in known and "of" in figures:
        blocks.append(_rates(tables["channels"], figures) if figures["judged"] else _sizes(tables["channels"], figures))
    if "cost" in tables:
        blocks += _cost(tables["cost"], figures)
    if "attribution" in known:
        blocks.append(_credit(tables["attribution"], figures))
    if "of" in figures:
        blocks.append(_table(tables["channels"], figures))
    else:
        blocks.append(_touches(tables["attribution"]))
    if "marginal" in tables:
        blocks += marginal_grids(tables["marginal"])
    if "cost" in tables:
        blocks.append(_do(tables["cost"], figures))
    blocks.append(notes(result.notes, *_NOTES))
    return Section("channels", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_channels.{key}", **values)


def _rates(table: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Conversion of the greatest channels beside that of all; title by what the test says."""
    rows = [
        Row(name(row["channel"]), row["rate"], row["rate_low"], row["rate_high"], row["judged"])
        for place, row in enumerate(table.iter_rows(named=True))
        if row["rate"] is not None and (place < MOST or row["channel"] is None)
    ]
    apart = {kind: table.filter(verdict=kind).height for kind in ("more", "less")}
    told = {"more": apart["more"], "less": apart["less"], "of": table.height}
    title = _word("rates_differ" if sum(apart.values()) else "rates_same", **told)
    became = text(f"channels.became.{figures['of']}")
    axis = Axis(_word("rate", of=text(f"channels.of.{figures['of']}"), became=became), "share")
    picture = Bars(axis, rows, figures["conversion"], _word("all"))
    return Chart(title, _word("rates_told"), picture, figures["judged"], _word("rates_note"))


def _sizes(table: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    of = text(f"channels.of.{figures['of']}")
    rows = [Row(name(row["channel"]), row["units"]) for row in table.head(MOST).iter_rows(named=True)]
    top = table.row(0, named=True)
    title = capital(_word("sizes", channel=name(top["channel"]), share=top["share"], of=of))
    return Chart(title, _word("sizes_told", of=of), Bars(Axis(of, "int"), rows), figures["units"])


def _cost(table: pl.DataFrame, figures: dict[str, Any]) -> Iterator[Chart]:
    """What a won deal or a customer costs; intervals so wide that they would hide all others are cut from the chart."""
    kind = str(table["of"][0])
    key = "per_unit" if kind == "customers" else "per_converted"
    some = [row for row in table.iter_rows(named=True) if row[key] is not None]
    if not some:
        return
    widest = 10 * max(row[key] for row in some)
    rows = []
    for row in sorted(some, key=lambda row: (row[key], row["channel"]))[:MOST]:
        low, high = row[f"{key}_low"], row[f"{key}_high"]
        sure = low is not None and high is not None and high <= widest
        label = name(row["channel"])
        rows.append(Row(label if sure else _word("unsure", channel=label), row[key], *((low, high) if sure else ())))
    currency = figures.get("spend_currency") or figures.get("currency")
    what = _word(f"cost_{key}_{kind}")
    said = {"channel": rows[0].name, "cost": amount(rows[0].value or 0, currency), "what": what}
    title = capital(_word("cost", **said)) if len(rows) > 1 else capital(_word("cost_one", **said))
    picture = Bars(Axis(labelled(what, currency), "money"), rows)
    yield Chart(title, _word("cost_told", what=what), picture, note=_word("cost_note"))


def _credit(table: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Each channel's share of the conversions: by the Markov chain, from the least to the most that a rule gives it."""
    total = float(table["first"].sum()) or 1.0
    rows = [
        Row(name(row["channel"]), row["markov"] / total, row["share_low"], row["share_high"])
        for row in table.head(MOST).iter_rows(named=True)
    ]
    said = {"channel": rows[0].name, "low": rows[0].low, "high": rows[0].high}
    picture = Bars(Axis(_word("credit_share"), "share"), rows)
    n = figures.get("paths")
    return Chart(capital(_word("credit", **said)), _word("credit_told", **said), picture, n, _word("credit_note"))


def _table(table: pl.DataFrame, figures: dict[str, Any]) -> Grid:
    """A line for each channel with what is known of it."""
    currency = figures.get("spend_currency") or figures.get("currency")
    judged = bool(figures["judged"])
    columns = [Col(_word("channel"), max=32), Col(text(f"channels.of.{figures['of']}"), "int")]
    names = ["units"]
    if judged:
        columns += [Col(_word("conversion"), "share"), Col(_word("verdict"))]
        names += ["rate", "verdict"]
    for key, label in (("amount", "amount"), ("spend", "spend"), ("cac", "cac"), ("clv_mean", "clv")):
        if key in table.columns and table[key].count():
            columns.append(Col(labelled(_word(label), currency), "int"))
            names.append(key)
    if "payback_months" in table.columns and table["payback_months"].count():
        columns.append(Col(_word("payback"), "int"))
        names.append("payback_months")
    rows: list[list[Cell]] = []
    for row in table.head(MOST).iter_rows(named=True):
        if judged and row["verdict"]:
            row["verdict"] = text(f"channels.verdict.{row['verdict']}")
        rows.append([name(row["channel"]), *(row[key] for key in names)])
    return Grid(_word("table"), columns, rows, max(0, table.height - MOST))


def _touches(table: pl.DataFrame) -> Grid:
    """The rules side by side."""
    total = float(table["first"].sum()) or 1.0
    rules = ("first", "last", "linear", "markov")
    columns = [Col(_word("channel"), max=32), *(Col(text(f"render.channels.rule.{rule}"), "share") for rule in rules)]
    columns.append(Col(text("render.channels.range"), align="right"))
    rows: list[list[Cell]] = [
        [
            name(row["channel"]),
            *(row[rule] / total for rule in rules),
            between(row["share_low"], row["share_high"]),
        ]
        for row in table.head(MOST).iter_rows(named=True)
    ]
    return Grid(_word("credit_table"), columns, rows, max(0, table.height - MOST))


def _do(table: pl.DataFrame, figures: dict[str, Any]) -> Block:
    """Channels that bring back less than they cost, the dearest first."""
    currency = figures.get("spend_currency") or figures.get("currency")
    losing = [
        row
        for row in table.iter_rows(named=True)
        if row["return"] is not None and row["return"] < 1 and (row["converted"] or 0) >= ENOUGH
    ]
    lines = [
        _word("do", channel=name(row["channel"]), spend=amount(row["spend"], currency), back=row["return"])
        for row in sorted(losing, key=lambda row: -row["spend"])[:2]
    ]
    return to_do(*lines)
