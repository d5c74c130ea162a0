"""The section of the web site: which sessions end in an order, and where the others end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, text
from acrm.render.blocks import Block, Chart, Col, Grid, Headline, Lines, Section
from acrm.render.pictures import Axis, Bars, Row
from acrm.render.report.told import MOST, between, capital, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.web import Web

CUTS = 2
FIRST = ("visitor",)
"""Words in the names of the cuts that come first."""


def web_section(result: Web, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """Conversion of the sessions by the cuts that differ most, and the pages on which sessions end."""
    figures: dict[str, Any] = dict(result.figures)
    if not figures.get("sessions"):
        return None
    blocks: list[Block] = [_headline(result, figures)]
    shown = _cuts(result.conversion) if figures.get("converted") is not None else []
    blocks += [_conversion(result.conversion.filter(cut=cut), cut, figures) for cut in shown]
    blocks += [*_exits(result, figures), *_others(result.conversion, shown), to_do(*_do(result))]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    return Section("web", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_web.{key}", **values)


def _headline(result: Web, figures: dict[str, Any]) -> Headline:
    if figures.get("converted") is None:
        return Headline(_word("headline_sessions", sessions=figures["sessions"]))
    whole = result.conversion.row(0, named=True)
    limits = between(whole["low"], whole["high"], ".2%")
    values = {"converted": whole["converted"], "sessions": whole["sessions"], "share": whole["share"]}
    return Headline(_word("headline", **values), _word("sub", limits=limits))


def _called(name: str) -> str:
    """A cut, or one of its values, as it is read."""
    known = Message(f"report_web.name.{name}")
    return str(known) if known.exists else name.removeprefix("x_").replace("_", " ")


def _value(cut: str, value: str) -> str:
    """A value as it is read; a bare number says of what it is one."""
    return f"{_called(cut)} {value}" if value.isdecimal() else _called(value)


def _cuts(conversion: pl.DataFrame) -> list[str]:
    """The cuts to draw: those by visitor, then the ones whose groups lie farthest apart, of groups of some size."""
    spread: dict[str, float] = {}
    for cut in conversion["cut"].unique(maintain_order=True).to_list()[1:]:
        shares = conversion.filter(~conversion["small"]).filter(cut=cut)["share"]
        if len(shares) > 1:
            spread[cut] = float(shares.max()) - float(shares.min())  # type: ignore[arg-type]
    return sorted(spread, key=lambda cut: (not any(word in cut for word in FIRST), -spread[cut], cut))[:CUTS]


def _conversion(table: pl.DataFrame, cut: str, figures: dict[str, Any]) -> Chart:
    """The groups of a cut beside all sessions; small ones are not drawn."""
    largest = table.filter(~table["small"]).sort("sessions", "value", descending=[True, False]).head(MOST)
    some = largest.sort("share", "value", descending=[True, False])
    rows = [
        Row(_value(cut, row["value"]), row["share"], row["low"], row["high"], row["sessions"])
        for row in some.iter_rows(named=True)
    ]
    high, low = some.row(0, named=True), some.row(-1, named=True)
    ends = {"high": _value(cut, high["value"]), "high_share": high["share"], "low": _value(cut, low["value"])}
    sure = (high["low"] or 0) > (low["high"] or 1)
    said = {**ends, "low_share": low["share"], "cut": _called(cut)}
    title = capital(_word("differ" if sure else "same", **said))
    picture = Bars(Axis(_word("conversion"), "share"), rows, figures["conversion"], _word("all"))
    n = int(table["sessions"].sum())
    return Chart(title, _word("conversion_told", cut=_called(cut)), picture, n, _word("conversion_note"))


def _exits(result: Web, figures: dict[str, Any]) -> Iterator[Chart]:
    """Pages by how many sessions end on them without an order."""
    pages = result.pages.filter(result.pages["exits"] > 0).sort("exits", "page", descending=[True, False]).head(MOST)
    if pages.is_empty():
        return
    rows = [Row(row["page"], row["exits"], n=row["sessions"]) for row in pages.iter_rows(named=True)]
    worst = pages.row(0, named=True)
    title = _word("exits", page=worst["page"], exits=worst["exits"], share=worst["exit_share"])
    yield Chart(title, _word("exits_told"), Bars(Axis(_word("exited"), "int"), rows), figures["sessions"])


def _others(conversion: pl.DataFrame, shown: list[str]) -> Iterator[Grid]:
    """For each further cut, the best and the worst of its groups."""
    rows = []
    for cut in conversion["cut"].unique(maintain_order=True).to_list()[1:]:
        some = conversion.filter(~conversion["small"]).filter(cut=cut).sort("share", "value", descending=[True, False])
        if cut in shown or some.height < 2:
            continue
        high, low = some.row(0, named=True), some.row(-1, named=True)
        sure = _word("sure" if high["low"] > low["high"] else "not_sure")
        ends = [_value(cut, high["value"]), high["share"], _value(cut, low["value"]), low["share"]]
        rows.append([_called(cut), *ends, sure])
    if rows:
        columns = [Col(_word("by")), Col(_word("best")), Col(_word("conversion"), "share"), Col(_word("worst"))]
        columns += [Col(_word("conversion"), "share"), Col(_word("differs"))]
        yield Grid(_word("others"), columns, rows[:MOST], max(0, len(rows) - MOST))


def _do(result: Web) -> Iterator[str]:
    pages = result.pages.filter(result.pages["sessions"] >= 30)
    if pages.height:
        worst = pages.sort("exits", "page", descending=[True, False]).row(0, named=True)
        yield _word("do", page=worst["page"], share=worst["exit_share"])
