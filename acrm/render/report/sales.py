"""What was sold: figures of the last whole period, where they are going, who comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from acrm.messages import number, text
from acrm.render.blocks import Block, Card, Cards, Chart, Lines, Section, money
from acrm.render.pictures import Axis, Heat, Point, Trend

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.report.cohorts import Cohorts
    from acrm.analysis.report.kpis import Kpis
    from acrm.analysis.report.periods import Period
    from acrm.analysis.report.trend import Trend as Course

OLDEST = 24
"""Cohorts that a triangle shows: the youngest."""
FALLING = ("refund_share",)
"""Measures that are better when they fall."""


def word(key: str, **values: object) -> str:
    """A word of the report's sales sections."""
    return text(f"render.report.{key}", **values)


def named(start: date, period: Period) -> str:
    """A period as people name it: 2025-03-13, week of 2025-03-10, March 2025.

    >>> from datetime import date
    >>> named(date(2025, 3, 1), "month")
    'March 2025'
    """
    if period == "month":
        return text("render.report.month", month=text(f"render.report.months.{start.month}"), year=str(start.year))
    return text(f"render.report.of_{period}", day=start)


def figure(value: float | None, unit: str, currency: str | None) -> str:
    """A measure as it is written."""
    if value is None:
        return "-"
    if unit == "share":
        return number(value, ".1%")
    if unit == "money":
        return money(value, currency) if abs(value) < 1000 else shortly(value, currency)
    return number(round(value)) if unit == "count" else number(value, ",.2f")


def shortly(value: float, currency: str | None) -> str:
    """Money without the cents.

    >>> shortly(1234.5, None)
    '1,234'
    """
    written = number(value, ",.0f")
    return f"{written}\u00a0{currency}" if currency else written


def kpis_section(kpis: Kpis, period: Period, currency: str | None, withheld: frozenset[str]) -> Section:
    """Cards of the last whole period."""
    cards = [
        _card(row, period, currency)
        for row in kpis.kpis.iter_rows(named=True)
        if row["measure"] not in withheld and row["value"] is not None
    ]
    blocks: list[Block] = [Cards(cards), Lines([str(note) for note in kpis.notes], mark="!")]
    last: Any = kpis.figures.get("period")
    title = word("kpis_of", period=named(last, period)) if last else word("kpis")
    return Section("figures", title, blocks)


def _card(row: dict[str, Any], period: Period, currency: str | None) -> Card:
    change, tone = _change(row, "", period)
    year, _ = _change(row, "_year", period)
    sub = word(
        "card",
        definition=text(f"report.definition.{row['measure']}"),
        n=row["n"],
        of=word(f"n_of.{row['n_of']}", n=row["n"]),
    )
    return Card(
        text(f"report.kpi.{row['measure']}"),
        figure(row["value"], row["unit"], currency),
        " · ".join(part for part in (change, year) if part),
        tone,
        sub,
    )


def _change(row: dict[str, Any], than: str, period: Period) -> tuple[str, Literal["good", "bad", ""]]:
    by, low, high = (row[f"{name}{than}"] for name in ("change", "low", "high"))
    if by is None:
        return "", ""
    points = row["unit"] == "share"
    written = number(by * 100, "+.1f") if points else number(by, "+.1%")
    than = f"than_{period}{than}"
    told = word(f"{than}_points" if points else than, change=written)
    if low is None or high is None:
        return told, ""
    if not row[f"shown{'_year' if than.endswith('_year') else ''}"]:
        return f"{told} ({word('no_difference')})", ""
    tone: Literal["good", "bad"] = "good" if (by > 0) != (row["measure"] in FALLING) else "bad"
    return told, tone


def trend_section(course: Course, period: Period, currency: str | None) -> Section:
    """Revenue over time, without its season, and the next periods beside the seasonal naive."""
    if course.trend.height == 0 or "value" not in course.trend.columns:
        return Section("trend", word("trend"), [Lines([str(note) for note in course.notes], mark="!")])
    seen, ahead = course.trend, course.forecast
    picture = Trend(
        Axis(word("revenue_in", currency=currency) if currency else word("revenue"), "money"),
        points(seen, "value"),
        smooth=points(seen, "level"),
        forecast=points(ahead, "value", "low", "high"),
        naive=points(ahead, "naive"),
    )
    first = ahead.row(0, named=True)
    chosen = course.errors.filter(chosen=True).row(0, named=True)
    title = word(
        "forecast",
        period=named(first["period"], period),
        value=shortly(first["value"], currency),
        low=number(first["low"], ",.0f"),
        high=number(first["high"], ",.0f"),
    )
    naive = course.errors.filter(method="naive").row(0, named=True)
    note = word(
        "errors",
        held_out=chosen["held_out"],
        error=shortly(chosen["error"], currency),
        naive=shortly(naive["error"], currency),
        method=text(f"report.method.{chosen['method']}"),
    )
    chart = Chart(title, word("trend_told", first=seen["period"][0], last=seen["period"][-1]), picture, note=note)
    return Section("trend", word("trend"), [chart, Lines([str(note) for note in course.notes], mark="!")])


def points(table: pl.DataFrame, value: str, low: str | None = None, high: str | None = None) -> Sequence[Point]:
    """The columns of a table as points in time."""
    return [
        Point(row["period"], row[value], row[low] if low else None, row[high] if high else None)
        for row in table.iter_rows(named=True)
    ]


def cohorts_section(found: Cohorts) -> Section:
    """Who comes back, by month of the first order; cells that nobody can know yet stay empty."""
    return Section("cohorts", word("cohorts"), [*_cohorts(found), Lines([str(note) for note in found.notes], mark="!")])


def _cohorts(found: Cohorts) -> Iterator[Block]:
    import polars as pl

    table = found.triangle
    starts = table["cohort"].unique().sort().to_list()[-OLDEST:]
    table = table.filter(pl.col("cohort").is_in(starts), pl.col("age") > 0)
    ages = table["age"].unique().sort().to_list()
    if not ages or not table["share"].count():
        return
    cells = {(row["cohort"], row["age"]): row for row in table.iter_rows(named=True)}
    sizes = dict(found.triangle.filter(age=0).select("cohort", "buyers").rows())
    rows = [(start, [cells.get((start, age)) for age in ages]) for start in starts]
    picture = Heat(
        [word("cohort", month=start.strftime("%Y-%m"), buyers=sizes[start]) for start in starts],
        [str(age) for age in ages],
        [[cell and cell["share"] for cell in row] for _, row in rows],
        Axis(word("share_active"), "share"),
        row_label=word("cohort_of"),
        column_label=word("age"),
        n=[[cell and cell["active"] for cell in row] for _, row in rows],
    )
    one = found.figures.get("retention_1")
    title = word("come_back", share=one) if one is not None else word("cohorts")
    yield Chart(title, word("cohorts_told"), picture, n=sum(sizes.values()))
