"""The section of service: how long customers wait, what is late, when they come, or why no time can be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, number, text
from acrm.render.blocks import Block, Chart, Col, Grid, Headline, Lines, Section
from acrm.render.pictures import Axis, Bars, Heat, Point, Row, Trend
from acrm.render.report.told import MOST, between, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.service import Service

BLOCKS = ((0, 6), (6, 9), (9, 12), (12, 15), (15, 18), (18, 21), (21, 24))
"""Hours of a day that are counted together."""
OUT = 1.5
"""A product stands out with so many times the contacts that are usual (the median)."""


def service_section(result: Service, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """Waiting times with those who still wait, broken promises, the backlog, when contacts come and what about."""
    if not result.figures["contacts"]:
        return None
    refused = [note for note in result.notes if note.id == "report.service_refused"]
    blocks: list[Block] = [_headline(result, refused)]
    if refused:
        blocks += _defects(result)
    blocks += [*_times(result), *_backlog(result.backlog), *_load(result.load), *_products(result.products)]
    blocks += [*_promises(result), to_do(*_do(result, refused))]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    return Section("service", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_service.{key}", **values)


def _measure(measure: str) -> str:
    return _word(f"measure.{measure}")


def _headline(result: Service, refused: list[Message]) -> Headline:
    figures: dict[str, Any] = dict(result.figures)
    sub = _word("sub", contacts=figures["contacts"], open=figures["open"])
    if figures["satisfaction_n"]:
        sub += "; " + _word("satisfaction", mean=figures["satisfaction"], n=figures["satisfaction_n"])
    if refused:
        values = refused[0].values
        return Headline(_word("refused", rows=values["rows"], of=values["of"], what=values["what"]), sub)
    whole = {row["measure"]: row for row in result.times.filter(cut="all").iter_rows(named=True)}
    told = [
        _word("wait", measure=_measure(measure), median=_hours(row["median"]))
        for measure, row in whole.items()
        if row["median"] is not None
    ]
    return Headline(
        _word("headline", waits=", ".join(told)) if told else _word("headline_none", contacts=figures["contacts"]), sub
    )


def _hours(hours: float) -> str:
    """A time in the unit in which it is read.

    >>> _hours(0.5), _hours(30.0), _hours(200.0)
    ('30 minutes', '30.0 hours', '8.3 days')
    """
    if hours < 1:
        return _word("minutes", n=round(hours * 60))
    return _word("hours", n=hours) if hours < 72 else _word("days", n=hours / 24)


def _defects(result: Service) -> Iterator[Chart]:
    """The share of contacts whose times cannot be, where there are several ways."""
    known = result.defects.drop_nulls("share")
    rows = [
        Row(text(f"report.defect.{defect}"), share, n=of)
        for defect, share, of in known.select("defect", "share", "of").iter_rows()
    ]
    if len(rows) < 2:
        return
    worst = max(rows, key=lambda row: row.value or 0)
    title = _word("defects", share=worst.value, what=worst.name)
    yield Chart(title, _word("defects_told"), Bars(Axis(_word("of_both"), "share"), rows), worst.n)


def _times(result: Service) -> Iterator[Chart]:
    """Medians by kind and channel, those who still wait counted."""
    for measure in result.times["measure"].unique(maintain_order=True):
        table = result.times.filter(measure=measure).drop_nulls("median")
        whole = table.filter(cut="all")
        cuts = table.filter(table["cut"] != "all")
        many = [cut for cut in ("channel", "kind") if cuts.filter(cut=cut).height > 1]
        if not many or whole.is_empty():
            continue
        some = cuts.filter(cut=many[0]).sort("median", "value", descending=[True, False])
        rows = [
            Row(_kind(row["value"]) if many[0] == "kind" else row["value"], *_ends(row), row["n"])
            for row in some.head(MOST).iter_rows(named=True)
        ]
        all_of_them = whole.row(0, named=True)
        values = {"measure": _measure(measure), "value": rows[0].name, "median": _hours(float(rows[0].value or 0))}
        title, told = _word("times", **values), _word("times_told", measure=_measure(measure))
        picture = Bars(Axis(_word("in_hours", measure=_measure(measure))), rows, all_of_them["median"], _word("all"))
        yield Chart(title, told, picture, all_of_them["n"], _word("times_note", open=all_of_them["open"]))


def _ends(row: dict[str, Any]) -> tuple[float, float | None, float | None]:
    return row["median"], row["low"], row["high"]


def _kind(kind: str) -> str:
    known = Message(f"report_service.kind.{kind}")
    return str(known) if known.exists else kind


def _backlog(table: pl.DataFrame) -> Iterator[Chart]:
    """Contacts that were open at the end of each day."""
    if table.height < 2:
        return
    points = [Point(day, n) for day, n in table.select("day", "open").iter_rows()]
    last, most = table["open"][-1], table["open"].max()
    said = {"open": last, "most": most}
    picture = Trend(Axis(_word("open"), "int"), points)
    yield Chart(_word("backlog", **said), _word("backlog_told", **said), picture, int(table["came"].sum()))


def _load(table: pl.DataFrame) -> Iterator[Chart]:
    """When contacts come, in parts of days."""
    if table.is_empty() or table["hour"].n_unique() < 2:
        return
    counts = {(day, hour): n for day, hour, n in table.select("weekday", "hour", "contacts").iter_rows()}
    cells = [
        [sum(counts.get((day, hour), 0) for hour in range(start, end)) for start, end in BLOCKS] for day in range(1, 8)
    ]
    total = int(table["contacts"].sum())
    day, part = max(((d, p) for d in range(7) for p in range(len(BLOCKS))), key=lambda at: cells[at[0]][at[1]])
    said = {"day": _word(f"weekday.{day + 1}"), "start": BLOCKS[part][0], "end": BLOCKS[part][1]}
    picture = Heat(
        [_word(f"weekday.{day}") for day in range(1, 8)],
        [f"{start}–{end}" for start, end in BLOCKS],
        cells,
        Axis(_word("contacts"), "int"),
        column_label=_word("hour"),
    )
    share = cells[day][part] / total
    yield Chart(_word("load", **said, share=share), _word("load_told"), picture, total)


def _products(table: pl.DataFrame) -> Iterator[Chart]:
    """What contacts are about: per hundred orders where orders are known, else where some products stand out."""
    if table.height < 2:
        return
    known = table.drop_nulls("per_100")
    if known.height > 1:
        top = known.sort("per_100", "product", descending=[True, False]).head(MOST)
        rows = [Row(row["product"], row["per_100"], n=row["contacts"]) for row in top.iter_rows(named=True)]
        axis, key = Axis(_word("per_100")), "products_per"
    else:
        usual: Any = table["contacts"].median()
        if table["contacts"][0] < OUT * usual:
            return
        top = table.head(MOST)
        rows = [Row(row["product"], row["contacts"]) for row in top.iter_rows(named=True)]
        axis, key = Axis(_word("contacts"), "int"), "products"
    total = int(table["contacts"].sum())
    values = {"product": rows[0].name, "value": rows[0].value, "share": float(rows[0].value or 0) / total}
    yield Chart(_word(key, **values), _word("products_told"), Bars(axis, rows), total)


def _promises(result: Service) -> Iterator[Grid]:
    table = result.breaches
    # Where there is one kind alone, it is all.
    for cut in ("kind", "channel"):
        if table.filter(cut=cut)["value"].n_unique() == 1:
            table = table.filter(table["cut"] != cut)
    if table.is_empty():
        return
    columns = [Col(_word("promise")), Col(_word("where")), Col(_word("contacts"), "int")]
    columns += [Col(_word("late"), "bar"), Col(_word("interval"), align="right", priority=1)]
    rows = [
        [
            f"{_measure(row['measure'])}, {number(row['hours'], ',.0f')}",
            _word("all") if row["value"] is None else _kind(row["value"]),
            row["n"],
            row["share"],
            between(row["low"], row["high"]),
        ]
        for row in table.head(MOST).iter_rows(named=True)
    ]
    yield Grid(_word("promises"), columns, rows, max(0, table.height - MOST))


def _do(result: Service, refused: list[Message]) -> Iterator[str]:
    if refused:
        yield _word("do_refused")
    elif result.figures["open"] and not result.backlog.is_empty():
        yield _word("do_open", open=result.figures["open"])
