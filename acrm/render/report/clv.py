"""The section of customer value: what the customers will bring, how it is shared out, how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Chart, Col, Grid, Headline, Section
from acrm.render.pictures import Axis, Bars, Calibration, Concentration, Heat, Point, Row
from acrm.render.report.told import amount, labelled, notes, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.value import ClvResult

TENTH = 0.1
_NOTES = ("clv.worse", "clv.few", "clv.not_held_out", "clv.beyond", "clv.billing", "clv.better", "clv.correlated_")
_PLACES = {(True, True): "keep", (True, False): "win_back", (False, True): "grow", (False, False): "leave"}
"""Quadrants by whether much came so far, and much will."""


def clv_section(result: ClvResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """The coming year with its limits, who brings it, the quadrants and what to do in each, and the held-out check."""
    figures: dict[str, Any] = dict(result.summary)
    matrix = result.tables["matrix"]
    if not figures["customers"] or matrix.is_empty():
        return None
    currency = figures["currency"]
    blocks: list[Block] = [_headline(figures), *_concentration(result), *_held_out(result)]
    blocks += [_equity(figures), _quadrants(matrix, figures), _table(matrix, figures)]
    rows = {row["quadrant"]: row for row in matrix.iter_rows(named=True)}
    win = rows.get("win_back")
    if win and win["customers"]:
        money = {name: amount(win[name], currency) for name in ("spend", "clv")}
        blocks.append(to_do(_word("do", customers=win["customers"], **money, next_step=win["next_step"])))
    blocks.append(notes(result.notes, *_NOTES))
    return Section("clv", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_clv.{key}", **values)


def _headline(figures: dict[str, Any]) -> Headline:
    ends = {end or "worth": amount(figures[f"year_revenue{end}"]) for end in ("_low", "_high")}
    worth = amount(figures["year_revenue"], figures["currency"])
    answer = _word(
        "headline",
        customers=figures["customers"],
        worth=worth,
        low=ends["_low"],
        high=ends["_high"],
        today=amount(figures["clv"], figures["currency"]),
    )
    told = {name: figures[name] for name in ("model", "as_of", "interval")}
    return Headline(answer, _word("sub", **told))


def _equity(figures: dict[str, Any]) -> Chart:
    """The money of a year and for good, each with its limits."""
    rows = []
    for name in ("year_revenue", "equity"):
        if figures[name] is not None:
            worth, low, high = (float(figures[f"{name}{end}"]) for end in ("", "_low", "_high"))
            rows.append(Row(_word(name), worth, low, high))
    beyond = figures["equity_beyond"]
    margin = "margin_whole" if figures["margin"] == 1 else "margin"
    note = text(f"render.clv.{margin}", margin=figures["margin"], discount=figures["discount"])
    far = _word("equity_far", beyond=beyond) if beyond else _word("equity_title")
    axis = Axis(labelled(_word("money"), figures["currency"]), "money")
    return Chart(far, _word("equity_told", interval=figures["interval"]), Bars(axis, rows), figures["customers"], note)


def _concentration(result: ClvResult) -> Iterator[Chart]:
    """The Lorenz curve, the best customers first."""
    table = result.tables.get("lorenz")
    if table is None or table.height < 3:
        return
    points = [Point(1 - at, 1 - value) for at, value in table.select("customers_share", "value_share").iter_rows()]
    points.reverse()
    marked = min(points, key=lambda point: abs(float(point.at) - TENTH))  # type: ignore[arg-type]
    said = {"at": marked.at, "share": marked.value}
    x, value = Axis(_word("best_first"), "share"), Axis(_word("of_value"), "share")
    title, told = _word("concentration", **said), _word("concentration_told", **said)
    yield Chart(title, told, Concentration(x, value, points, marked), result.summary["customers"])  # type: ignore[arg-type]


def _quadrants(matrix: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Customers by what they have brought and what they will."""
    counts = dict(matrix.select("quadrant", "customers").iter_rows())
    cells = [[counts.get(_PLACES[much, more], 0) for more in (False, True)] for much in (True, False)]
    win = counts.get("win_back", 0)
    said = {"n": win, "share": win / figures["customers"]}
    picture = Heat(
        [_word("much"), _word("little")],
        [_word("less_to_come"), _word("more_to_come")],
        cells,
        Axis(_word("customers"), "int"),
    )
    return Chart(_word("quadrants", **said), _word("quadrants_told", **said), picture, figures["customers"])


def _held_out(result: ClvResult) -> Iterator[Chart]:
    """Forecast and outcome by tenth of the customers, on time that the model had not seen."""
    table, figures = result.tables.get("forecast_deciles"), dict(result.summary)
    if table is None or table.is_empty() or "held_out" not in result.tables:
        return
    points = [
        Point(forecast / n, actual / n, n=n)
        for n, forecast, actual in table.select("customers", "forecast", "actual").iter_rows()
        if n
    ]
    title = _word("held_out", actual=figures["held_out_actual"], bias=number(figures["held_out_bias"], "+.0%"))  # type: ignore[arg-type]
    x, y = Axis(_word("forecast")), Axis(_word("outcome"))
    note = _word("held_out_note", days=figures["held_out_days"], since=figures["held_out_from"])
    yield Chart(title, _word("held_out_told"), Calibration(x, y, points), int(table["customers"].sum()), note)


def _table(matrix: pl.DataFrame, figures: dict[str, Any]) -> Grid:
    currency = figures["currency"]
    columns = [
        Col(_word("who")),
        Col(_word("customers"), "int"),
        Col(labelled(_word("so_far"), currency), "int"),
        Col(labelled(_word("to_come"), currency), "int"),
        Col(_word("what_to_do"), "prose", priority=1),
    ]
    rows = matrix.select("label", "customers", "spend", "clv", "next_step").rows()
    return Grid(_word("matrix", days=figures["horizon_days"]), columns, rows)
