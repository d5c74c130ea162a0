"""The page of the sales funnel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.funnel.params import FunnelResult

SHOWN = 8
"""Open deals, lost reasons and groups of a cut that are shown."""


def funnel_page(result: FunnelResult, typed: str = "acrm-store") -> Page:
    """The funnel, the deals to call first, what is to come, how long it takes, who wins more, and what to type next."""
    blocks: list[Block] = [_headline(result), _stages(result), _facts(result), open_grid(result), _months(result)]
    blocks += [_times(result), _ended(result), _cuts(result), _lost(result), _late(result)]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm funnel {typed}")), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.funnel.{key}", **values)


def _money(result: FunnelResult, amount: Any) -> str:
    return money(amount, result.summary["currency"])  # type: ignore[arg-type]


def interval(low: Any, high: Any) -> str | None:
    """Limits of a share, as short as they can be."""
    if low is None or high is None:
        return None
    return _word("interval", low=number(max(low, 0.0), ".1%").rstrip("%"), high=number(high, ".1%"))


def _headline(result: FunnelResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    sub = _word("sub", **{name: figures[name] for name in ("deals", "open", "won", "lost", "as_of")})
    if figures["win_rate"] is None or not figures["lost"]:
        limits = interval(figures["won_of_all_low"], figures["won_of_all_high"])
        answer = _word(
            "headline_all", share=figures["won_of_all"], limits=limits, **{k: figures[k] for k in ("won", "deals")}
        )
    else:
        limits = interval(figures["win_rate_low"], figures["win_rate_high"])
        answer = _word("headline", share=figures["win_rate"], limits=limits)
    if figures["amount_won"]:
        answer += "; " + _word("brought", money=_money(result, figures["amount_won"]))
    if figures["expected_amount"] is not None:
        answer += "; " + _word("expected", money=_money(result, figures["expected_amount"]), days=figures["p_win_days"])
    return Headline(answer, sub)


def _stages(result: FunnelResult) -> Grid:
    """One row per stage; where nobody knows how far lost deals came, from how many to how many."""
    table = result.tables["funnel"]
    told = table["amount_now"].count() > 0
    columns = [
        Col(_word("stage")),
        Col(_word("now"), "int"),
        Col(_word("reached"), align="right"),
        Col(_word("of_all"), "bar"),
        Col(_word("limits"), align="right", priority=2),
        Col(_word("of_previous"), "share"),
        Col(_word("limits"), align="right", priority=1),
    ]
    columns += [Col(_word("amount_now"), "money", priority=3)] if told else []
    rows: list[list[Cell]] = []
    for row in table.iter_rows(named=True):
        last = row["step"] == table.height
        least, most = row["reached"], row["reached_at_most"]
        reached = number(least) if least == most else _word("range", least=least, most=most)
        previous = (
            (None, None)
            if row["step"] == 1
            else (row["of_previous"], interval(row["of_previous_low"], row["of_previous_high"]))
        )
        cells: list[Cell] = [_word("won") if last else row["stage"], row["now"], reached, row["of_all"]]
        cells += [interval(row["of_all_low"], row["of_all_high"]) if row["step"] > 1 else None, *previous]
        rows.append([*cells, row["amount_now"]] if told else cells)
    return Grid(_word("stages"), columns, rows)


def _facts(result: FunnelResult) -> Facts:
    figures: dict[str, Any] = dict(result.summary)
    rows = [(_word("lost"), number(figures["lost"]))] if figures["lost"] else []
    if figures["won_in_the_end"] is not None:
        last = result.tables["incidence"].row(-1, named=True)
        value = _word("in_the_end_value", days=last["days"], won=last["won"], lost=last["lost"], open=last["open"])
        rows.append((_word("in_the_end"), value))
    if figures["overdue"] is not None:
        rows.append((_word("overdue"), _word("overdue_value", n=figures["overdue"], share=figures["overdue_share"])))
    if figures.get("answers_late_share") is not None:
        limits = interval(figures["answers_late_low"], figures["answers_late_high"])
        values = {"late": figures["answers_late"], "share": figures["answers_late_share"], "limits": limits}
        hours = result.params.sla
        rows.append(
            (_word("answers", hours=hours), _word("answers_value", waiting=figures["answers_waiting"], **values))
        )
    return Facts(rows)


def open_grid(result: FunnelResult, most: int = SHOWN) -> Grid:
    """The open deals that are expected to bring most, and why."""
    import polars as pl

    table = result.tables["open"]
    if not table["p_win"].count():
        table = table.filter(pl.col("overdue_days").is_not_null())
    amounts = table["expected_amount"].count() > 0
    columns = [Col(_word("deal"), max=28), Col(_word("owner"), max=20, priority=2), Col(_word("p_win"), "share")]
    columns += [Col(_word("expected_amount"), "money")] if amounts else []
    columns += [Col(_word("because"), "prose")]
    named = pl.coalesce("name", "deal_id")
    top = table.head(most).select(named, "owner", "p_win", *(["expected_amount"] if amounts else []), "reason")
    return Grid(_word("open"), columns, top.rows(), max(0, table.height - most))


def _months(result: FunnelResult) -> Grid:
    table = result.tables["forecast"]
    amounts = table["amount"].count() > 0
    columns = [Col(_word("month")), Col(_word("won_deals"), "number"), Col(_word("limits"), align="right")]
    if amounts:
        columns += [
            Col(_word("amount"), "money"),
            Col(_word("limits"), align="right"),
            Col(_word("naive"), "money", priority=1),
        ]
    rows: list[list[Cell]] = []
    for row in table.iter_rows(named=True):
        limits = _word("range", least=round(row["won_low"]), most=round(row["won_high"]))
        month = f"{row['month']:%Y-%m}"
        begun = row["month"] < result.summary["as_of"]
        cells: list[Cell] = [_word("rest", month=month) if begun else month, round(row["won"], 1), limits]
        if amounts:
            spread = _word("range", least=round(row["amount_low"]), most=round(row["amount_high"]))
            cells += [row["amount"], spread, row["naive_amount"]]
        rows.append(cells)
    return Grid(_word("forecast"), columns, rows)


def _times(result: FunnelResult) -> Grid:
    """Days in each stage and in all."""
    columns = [Col(_word("stage")), Col(_word("entries"), "int"), Col(_word("there"), "int")]
    columns += [Col(_word(name), "number") for name in ("q25", "median")]
    columns += [Col(_word("limits"), align="right", priority=1), Col(_word("q75"), "number")]
    rows: list[list[Cell]] = []
    for row in result.tables["times"].iter_rows(named=True):
        low, high = row["median_low"], row["median_high"]
        limits = None if low is None or high is None else _word("span", low=low, high=high)
        name = _word("whole") if row["step"] == 0 else row["stage"]
        rows.append([name, row["entries"], row["there"], row["q25"], row["median"], limits, row["q75"]])
    return Grid(_word("times"), columns, rows)


def _ended(result: FunnelResult) -> Grid:
    """How many deals were won and lost by some days."""
    columns = [Col(_word("days"), align="right"), Col(_word("won"), "bar"), Col(_word("limits"), align="right")]
    columns += [Col(_word("lost"), "share"), Col(_word("still_open"), "share")]
    rows: list[list[Cell]] = [
        [number(row["days"]), row["won"], interval(row["won_low"], row["won_high"]), row["lost"], row["open"]]
        for row in result.tables["incidence"].iter_rows(named=True)
    ]
    return Grid(_word("ended"), columns, rows)


def _cuts(result: FunnelResult) -> Grid:
    """The largest groups of every cut with their win rates, and whether they differ."""
    columns = [Col(_word("cut")), Col(_word("group"), max=28), Col(_word("deals"), "int", priority=1)]
    columns += [Col(_word("win_rate"), "bar"), Col(_word("limits"), align="right"), Col(_word("verdict"))]
    rows: list[list[Cell]] = []
    more = 0
    for test in result.tables["tests"].iter_rows(named=True):
        if test["verdict"] in ("late", "one", "many"):
            continue
        groups = result.tables["cuts"].filter(cut=test["cut"])
        for row in groups.head(SHOWN if test["verdict"] == "differ" else 3).iter_rows(named=True):
            name = _word("not_recorded") if row["group"] is None else row["group"]
            limits = interval(row["win_rate_low"], row["win_rate_high"])
            rows.append([test["cut"], name, row["deals"], row["win_rate"], limits, _word(f"verdict_{row['verdict']}")])
        more += max(0, groups.height - (SHOWN if test["verdict"] == "differ" else 3))
    return Grid(_word("cuts"), columns, rows, more)


def _lost(result: FunnelResult) -> Grid:
    table = result.tables["lost"]
    if table["lost_reason"].count() == 0:
        return Grid(_word("lost_reasons"), [], [])
    columns = [Col(_word("lost_reason"), max=44), Col(_word("deals"), "int"), Col(_word("share"), "bar")]
    columns += [Col(_word("limits"), align="right"), Col(_word("median"), "number", priority=1)]
    rows: list[list[Cell]] = [
        [
            _word("not_recorded") if row["lost_reason"] is None else row["lost_reason"],
            row["deals"],
            row["share"],
            interval(row["share_low"], row["share_high"]),
            row["median_days"],
        ]
        for row in table.head(SHOWN).iter_rows(named=True)
    ]
    return Grid(_word("lost_reasons"), columns, rows, max(0, table.height - SHOWN))


def _late(result: FunnelResult) -> Grid:
    """Deals that still wait for a first answer, longest first."""
    table: pl.DataFrame | None = result.tables.get("answers")
    columns = [Col(_word("deal"), max=28), Col(_word("owner"), max=20), Col(_word("hours"), "int")]
    if table is None:
        return Grid(_word("waiting"), columns, [])
    waiting = table.filter(answered=False)
    rows = waiting.head(SHOWN).select("deal_id", "owner", "hours").rows()
    return Grid(_word("waiting"), columns, rows, max(0, waiting.height - SHOWN))


def _steps(result: FunnelResult, command: str) -> Iterator[tuple[str, str]]:
    if not result.params.by:
        yield f"{command} --by owner", _word("next.by")
    if result.summary.get("answers_late_share") is None:
        yield f"{command} calls.csv --sla 4h", _word("next.answers")
    elif result.summary["answers_late"]:
        yield f'{command} --fail-on "answers_late_share>0.1"', _word("next.gate")
    if result.summary["open"]:
        yield f"{command} --format csv", _word("next.open")
