"""Sales over time: where they are going, and who comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Chart, Headline, Lines, Section
from acrm.render.pictures import Axis, Heat, Point, Trend
from acrm.render.report.written import amount, named, word

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.cohorts import Cohorts
    from acrm.analysis.report.periods import Period
    from acrm.analysis.report.trend import Trend as Course

OLDEST = 18
"""Cohorts, and ages, that a triangle shows: the youngest."""


def trend_section(course: Course, period: Period, currency: str | None) -> Section:
    """Revenue over time, without its season, and the next periods beside the seasonal naive."""
    notes = Lines([str(note) for note in course.notes if not note.id.startswith("report.naive_")], mark="!")
    if "value" not in course.trend.columns:
        return Section("trend", word("trend.title"), [notes])
    seen, ahead = course.trend, course.forecast
    picture = Trend(
        revenue_axis(currency),
        points(seen, "value"),
        smooth=points(seen, "level"),
        forecast=points(ahead, "value", "low", "high"),
        naive=points(ahead, "naive"),
    )
    first = ahead.row(0, named=True)
    chosen = course.methods.filter(chosen=True).row(0, named=True)
    naive = course.methods.filter(method="naive").row(0, named=True)
    limits = {"low": number(first["low"], ",.0f"), "high": number(first["high"], ",.0f")}
    answer = word(
        "trend.ahead", period=named(first["period"], period), value=amount(first["value"], currency), **limits
    )
    errors = {"error": amount(chosen["error"], currency), "naive": amount(naive["error"], currency)}
    method = text(f"report.method.{chosen['method']}")
    tested = word(
        "trend.naive_alone" if chosen["method"] == "naive" else "trend.tested",
        held_out=chosen["held_out"],
        method=method,
        **errors,
    )
    told = word("trend.told", first=seen["period"][0], last=seen["period"][-1])
    chart = Chart(word("trend.chart"), told, picture)
    return Section("trend", word("trend.title"), [Headline(answer, tested), chart, notes])


def revenue_axis(currency: str | None) -> Axis:
    """Revenue, with its currency."""
    return Axis(word("revenue_in", currency=currency) if currency else word("revenue"), "money")


def points(table: pl.DataFrame, value: str, low: str | None = None, high: str | None = None) -> Sequence[Point]:
    """The columns of a table as points in time."""
    return [
        Point(row["period"], row[value], row[low] if low else None, row[high] if high else None)
        for row in table.iter_rows(named=True)
    ]


def cohorts_section(found: Cohorts) -> Section:
    """Who comes back, by period of the first order; cells that nobody can know yet stay empty."""
    return Section("cohorts", word("cohorts.title"), [*_cohorts(found), Lines(list(map(str, found.notes)), mark="!")])


def _cohorts(found: Cohorts) -> Iterator[Block]:
    import polars as pl

    table = found.triangle
    starts = table["cohort"].unique().sort().to_list()[-OLDEST:]
    table = table.filter(pl.col("cohort").is_in(starts), pl.col("age") > 0, pl.col("age") <= OLDEST)
    ages = table["age"].unique().sort().to_list()
    if not ages or not table["share"].count():
        return
    cells = {(row["cohort"], row["age"]): row for row in table.iter_rows(named=True)}
    sizes = dict(found.triangle.filter(age=0).select("cohort", "buyers").rows())
    rows = [[cells.get((start, age)) for age in ages] for start in starts]
    # Months have no day.
    written = "%Y-%m" if all(start.day == 1 for start in sizes) else "%Y-%m-%d"
    one = found.pooled.filter(age=1)
    if one.height:
        answer = word("cohorts.come_back", share=one["share"][0], low=one["low"][0], high=one["high"][0])
        half = found.figures["half_life"]
        yield Headline(answer, word("cohorts.half_life", age=half) if half else word("cohorts.no_half_life"))
    picture = Heat(
        [word("cohorts.cohort", start=start.strftime(written), buyers=sizes[start]) for start in starts],
        [str(age) for age in ages],
        [[cell["share"] if cell else None for cell in row] for row in rows],
        Axis(word("cohorts.active"), "share"),
        row_label=word("cohorts.rows"),
        column_label=word("cohorts.age"),
        n=[[cell["active"] if cell else None for cell in row] for row in rows],
    )
    told = word("cohorts.told")
    note = word("cohorts.older") if len(sizes) > len(starts) else ""
    yield Chart(word("cohorts.chart"), told, picture, n=sum(sizes[start] for start in starts), note=note)
