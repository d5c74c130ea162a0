"""The section of the sales funnel: how far deals come, who wins more, how long it takes, what the open ones bring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, text
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Headline, Lines, Section
from acrm.render.funnel import interval, open_grid
from acrm.render.pictures import Axis, Bars, Funnel, Row
from acrm.render.report.told import MOST, amount, labelled, notes, to_do

if TYPE_CHECKING:
    from acrm.analysis.funnel.params import FunnelResult

TOP = 5
"""Open deals that are named."""
_PEOPLE = ("owner", "manager", "agent", "employee", "ответственн", "менеджер", "сотрудник")
"""Words in the names of cuts whose groups are people."""
_TESTED = ("differ", "none")
_DEFECTS = ("won_before_contact", "closed_before_created")
_NOTES = (
    *("funnel.order_by.age", "funnel.tied", "funnel.as_exported", "funnel.unplaced"),
    *("funnel.fall", "funnel.rise", "funnel.no_trend", "funnel.none_lost", "funnel.trial_worse", "funnel.since"),
)


def funnel_section(result: FunnelResult, *, personal: bool = True) -> Section | None:
    """The funnel, the forecast of the open deals, win rates by group, days by stage, reasons of loss, deals to call.

    Without `personal` neither deals nor owners are named: of owners only whether they differ.
    """
    figures: dict[str, Any] = dict(result.summary)
    if not figures["deals"]:
        return None
    blocks: list[Block] = [_headline(result, figures), _stages(result, figures), *_forecast(result, figures)]
    blocks += [*_cuts(result, personal=personal), *_times(result), *_lost(result), *_tests(result)]
    if personal and result.tables["open"].height:
        blocks.append(open_grid(result, TOP))
    blocks += [_do(figures), Lines([*_defects(result), *notes(result.notes, *_NOTES).lines, *_tried(result)], mark="!")]
    return Section("funnel", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_funnel.{key}", **values)


def _defects(result: FunnelResult) -> Iterator[str]:
    """What cannot have been so, without the deals that say it."""
    for row in result.tables["defects"].iter_rows(named=True):
        if row["defect"] in _DEFECTS:
            yield _word(row["defect"], deals=row["deals"], of=row["of"])


def _tried(result: FunnelResult) -> Iterator[str]:
    """Whether more or fewer deals were won than the chances had said."""
    for note in result.notes:
        if note.id in ("funnel.told_more", "funnel.told_less"):
            yield _word("tried", expected=note.values["expected"], won=note.values["won"])


def _headline(result: FunnelResult, figures: dict[str, Any]) -> Headline:
    currency = figures["currency"]
    if figures["win_rate"] is None or not figures["lost"]:
        share, low, high = (figures[f"won_of_all{end}"] for end in ("", "_low", "_high"))
        answer = _word(
            "headline_all", won=figures["won"], deals=figures["deals"], share=share, limits=interval(low, high)
        )
    else:
        told = interval(figures["win_rate_low"], figures["win_rate_high"])
        answer = _word("headline", share=figures["win_rate"], limits=told)
    if figures["amount_won"]:
        answer += _word("brought", money=amount(figures["amount_won"], currency))
    counts = {name: figures[name] for name in ("deals", "open", "won", "lost", "as_of")}
    sub, times = text("render.funnel.sub", **counts), result.tables["times"].filter(step=0).drop_nulls("median")
    if times.height:
        row = times.row(0, named=True)
        ends = {"low": row["median_low"], "high": row["median_high"]}
        known = None not in ends.values()
        told = text("render.funnel.span", **ends) if known else "–"
        sub += "; " + _word("decided", days=row["median"], limits=told)
    return Headline(answer, sub)


def _stages(result: FunnelResult, figures: dict[str, Any]) -> Chart:
    """How many deals came to each stage, at the least."""
    table = result.tables["funnel"]
    rows = [
        Row(
            text("render.funnel.won") if row["step"] == table.height else row["stage"],
            row["reached"],
            row["of_previous_low"] if row["step"] > 1 else None,
            row["of_previous_high"] if row["step"] > 1 else None,
        )
        for row in table.iter_rows(named=True)
    ]
    counts = {name: figures[name] for name in ("deals", "won", "open")}
    unsure = (table["reached"] < table["reached_at_most"]).any()
    note = _word("stages_least" if unsure else "stages_open", open=figures["open"])
    told = _word("stages_told", stages=table.height)
    return Chart(_word("stages", **counts), told, Funnel(rows), figures["deals"], note)


def _forecast(result: FunnelResult, figures: dict[str, Any]) -> Iterator[Chart]:
    """What the open deals will bring, month by month, with its limits."""
    table = result.tables["forecast"]
    if table.is_empty():
        return
    valued = table["amount"].count() > 0
    name, unit = ("amount", "money") if valued else ("won", "number")
    rows = [
        Row(f"{row['month']:%Y-%m}", row[name], row[f"{name}_low"], row[f"{name}_high"])
        for row in table.head(MOST).iter_rows(named=True)
    ]
    axis = Axis(labelled(_word(f"forecast_{name}"), figures["currency"] if valued else None), unit)  # type: ignore[arg-type]
    whole = float(table[name].sum() or 0)
    said = amount(whole, figures["currency"]) if valued else _word("deals_won", won=whole)
    title, told = _word("forecast", whole=said, months=table.height), _word("forecast_told", months=table.height)
    tried = [str(one) for one in result.notes if one.id.startswith("funnel.forecast_")]
    note = " · ".join([_word("forecast_note"), *tried])
    yield Chart(title, told, Bars(axis, rows), figures["open"], note)


def _cuts(result: FunnelResult, *, personal: bool) -> Iterator[Chart]:
    """The win rates of the groups that say most: of a cut that differs, else of the first whose groups are few."""
    tests = [
        row
        for row in result.tables["tests"].iter_rows(named=True)
        if row["verdict"] in _TESTED and (personal or not any(word in row["cut"].lower() for word in _PEOPLE))
    ]
    if not tests:
        return
    test = min(tests, key=lambda row: (row["verdict"] != "differ", row["groups"]))
    rows = [
        Row(
            text("render.funnel.not_recorded") if row["group"] is None else row["group"],
            row["win_rate"],
            row["win_rate_low"],
            row["win_rate_high"],
            row["closed"],
        )
        for row in result.tables["cuts"].filter(cut=test["cut"]).head(MOST).iter_rows(named=True)
        if row["win_rate"] is not None
    ]
    figures: dict[str, Any] = dict(result.summary)
    ended = bool(figures["lost"])
    whole, n = (figures["win_rate"], figures["won"] + figures["lost"]) if ended else _all(figures)
    cut = _cut(test["cut"])
    title, told = _word(f"cuts_{test['verdict']}", cut=cut), _word("cuts_told", cut=cut)
    picture = Bars(Axis(text("render.funnel.win_rate"), "share"), rows, whole, _word("all"))
    yield Chart(title, told, picture, n, _word("cuts_note" if ended else "cuts_note_all"))


def _cut(cut: str) -> str:
    """A cut as it is read."""
    known = Message(f"funnel.trait.{'product_id' if cut == 'product' else cut}")
    return str(known) if known.exists else cut.removeprefix("x_")


def _all(figures: dict[str, Any]) -> tuple[float, int]:
    """Where no deal is recorded as lost, shares are of all deals."""
    return figures["won_of_all"], figures["deals"]


def _times(result: FunnelResult) -> Iterator[Chart]:
    """Days by which half have left each stage, deals still there counted; nothing where stages have no times."""
    table = result.tables["times"].filter(result.tables["times"]["step"] > 0).drop_nulls("median")
    if table.is_empty():
        return
    rows = [
        Row(row["stage"], row["median"], row["median_low"], row["median_high"], row["entries"])
        for row in table.head(MOST).iter_rows(named=True)
    ]
    long = max(rows, key=lambda row: row.value or 0)
    title = _word("times", stage=long.name, days=float(long.value or 0))
    yield Chart(title, _word("times_told"), Bars(Axis(_word("days")), rows), note=_word("times_note"))


def _lost(result: FunnelResult) -> Iterator[Chart]:
    table = result.tables["lost"]
    if table["lost_reason"].count() == 0:
        return
    rows = [
        Row(
            text("render.funnel.not_recorded") if row["lost_reason"] is None else row["lost_reason"],
            row["share"],
            row["share_low"],
            row["share_high"],
            row["deals"],
        )
        for row in table.head(MOST).iter_rows(named=True)
    ]
    said = {"reason": rows[0].name, "share": rows[0].value}
    picture = Bars(Axis(_word("of_lost"), "share"), rows)
    yield Chart(_word("lost", **said), _word("lost_told", **said), picture, int(table["deals"].sum()))


def _tests(result: FunnelResult) -> Iterator[Grid]:
    """Which cuts differ at all."""
    columns = [Col(text("render.funnel.cut")), Col(_word("groups"), "int"), Col(_word("differ"))]
    rows: list[list[Cell]] = [
        [_cut(row["cut"]), row["groups"], _word(f"verdict_{row['verdict']}")]
        for row in result.tables["tests"].head(MOST).iter_rows(named=True)
        if row["verdict"] in _TESTED
    ]
    if rows:
        yield Grid(_word("tests"), columns, rows)


def _do(figures: dict[str, Any]) -> Block:
    late = overdue = ""
    if figures["overdue"]:
        overdue = _word("do_overdue", n=figures["overdue"], share=figures["overdue_share"])
    if figures.get("answers_late"):
        late = _word("do_late", n=figures["answers_late"], share=figures["answers_late_share"])
    return to_do(overdue, late)
