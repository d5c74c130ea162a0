"""What all charts are drawn with: sizes, numbers as labels, tips, axes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from acrm.messages import number, text
from acrm.render.charts.palette import AXIS, INK, MUTED, RULE
from acrm.render.layout import harmless
from acrm.render.pictures import Amount, Axis, Unit

if TYPE_CHECKING:
    import altair as alt

FONT = "Liberation Sans"
"""vl-convert brings it along, so that texts are measured alike on every machine; the page uses the reader's own."""
SIZE = 12
LETTER = 6.7
"""About as wide is a letter of that size."""
AIR = 1.25
"""A logarithmic scale begins so many times below the least value, and ends so far above the greatest."""
MONTH = 27
"""Days this far apart, or more, are months."""
CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "padding": 2,
    "view": {"stroke": None},
    "mark": {"aria": False, "tooltip": None},
    "axis": {
        "aria": False,
        "domain": False,
        "ticks": False,
        "gridColor": RULE[0],
        "labelColor": MUTED[0],
        "labelFontSize": SIZE,
        "labelPadding": 6,
        "titleColor": MUTED[0],
        "titleFontSize": SIZE,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "text": {"fontSize": SIZE, "color": INK[0]},
    "rule": {"color": AXIS[0]},
    "title": {"color": INK[0], "aria": False},
}
_SPECS: Mapping[Unit, str] = {"int": ",.0f", "money": ",.0f", "share": ",.1%"}
_STEPS = ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"))

Layout = Literal["wide", "half", "narrow"]
"""Over the whole column, half of it, or the width of a phone."""
WIDTHS: Mapping[Layout, int] = {"wide": 860, "half": 418, "narrow": 350}
Record = dict[str, Any]
Look = Literal["line", "dash", "dots", "dot", "box"]
"""How an entry of a legend looks: a line of three kinds, the dot of a point, the box of a bar."""


@dataclass(frozen=True)
class Space:
    """How much room a chart has, in pixels, and how much of it may go to names."""

    layout: Layout

    @property
    def width(self) -> int:
        """Pixels across."""
        return WIDTHS[self.layout]

    @property
    def height(self) -> int:
        """Pixels of a plot whose rows do not decide it."""
        return 250 if self.layout == "wide" else 220

    @property
    def label(self) -> int:
        """The longest a name may be before it is cut."""
        return {"wide": 260, "half": 150, "narrow": 120}[self.layout]


@dataclass(frozen=True)
class Key:
    """An entry of a legend; the page writes it beside the chart, as a picture of its line or its box."""

    name: str
    colour: str
    look: Look


@dataclass(frozen=True)
class Drawn:
    """A chart of the library, its legend, and the height of its plot.

    Without `fit` the chart knows its own sizes. `axis` is the title of an axis that the chart has no room for.
    """

    chart: alt.LayerChart | alt.FacetChart | alt.ConcatChart
    keys: Sequence[Key]
    height: float
    fit: bool = True
    axis: str = ""


def real(value: Amount | None) -> float | None:
    """The value as a float of seven digits, or None for what is no number.

    >>> real(1 / 3), real(None), real(float("nan"))
    (0.3333333, None, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.7g}")


def reals(values: Iterable[Amount | None]) -> list[float]:
    """Those of the values that are numbers."""
    return [found for value in values if (found := real(value)) is not None]


def moment(day: date | Amount) -> float:
    """A day as milliseconds since 1970, which no time zone moves; a number stays."""
    if isinstance(day, date):
        return datetime.combine(day, time(), UTC).timestamp() * 1000
    return float(day)


def written(value: Amount | None, unit: Unit) -> str:
    """A value as text, as everywhere else on the page."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "number":
        size = abs(float(value))
        return number(float(value), ",.0f" if size >= 1000 else ",.1f" if size >= 10 else ",.3g")
    return number(value, _SPECS[unit])


def short(value: Amount | None, unit: Unit) -> str:
    """A value for a label inside a chart: whole percents, thousands and millions in words.

    >>> short(1234567, "money"), short(0.254, "share"), short(850, "int"), short(0.004, "share")
    ('1.23M', '25%', '850', '0.4%')
    """
    found = real(value)
    if found is None:
        return "–"
    if unit == "share":
        return number(found, ".1%" if 0 < abs(found) < 0.0995 else ".0%")
    for step, name in _STEPS:
        if abs(found) >= max(step, 1e4):
            return text(f"render.chart.{name}", figure=number(float(f"{found / step:.3g}"), ",.10g"))
    return written(value, unit)


def tip(head: str, *lines: tuple[str, str], n: int | None = None) -> str:
    """What a reader sees on pointing at a mark, line by line."""
    told = [f"{label}: {value}" if label else value for label, value in lines if value]
    if n is not None:
        told.append(f"n = {number(n)}")
    return "\n".join(harmless(line) for line in (head, *told) if line)


def tips() -> dict[str, Any]:
    """The encodings of a mark that can be pointed at: `tip` of its row, for the eye and as its description."""
    import altair as alt

    return {"tooltip": alt.Tooltip("tip:N"), "description": alt.Description("tip:N")}


def unique(names: Iterable[str]) -> list[str]:
    """The names as they can be shown, each once: what is told twice is numbered.

    >>> unique(["Kirov", "Perm", "Kirov"])
    ['Kirov', 'Perm', 'Kirov (2)']
    """
    found: dict[str, None] = {}
    for name in names:
        shown = first = harmless(name) or "–"
        count = 1
        while shown in found:
            count += 1
            shown = f"{first} ({count})"
        found[shown] = None
    return [*found]


def interval(low: Amount | None, high: Amount | None, unit: Unit) -> str:
    """An interval as text, or nothing."""
    if low is None or high is None:
        return ""
    return f"{written(low, unit)} – {written(high, unit)}"


def data(rows: Sequence[Record]) -> alt.Data:
    """Rows inline, as they are."""
    import altair as alt

    return alt.Data(values=[*rows])  # type: ignore[no-untyped-call]


def label_expr(axis: Axis, values: Iterable[Amount | None], log: bool = False) -> str:
    """How an axis writes its numbers, as an expression; nothing of the data gets into it but how large it is.

    One unit for all, such as thousands, unless the axis is logarithmic. The words of units are quoted as JSON, and
    stand in the catalogue.
    """
    top = max(map(abs, reals(values)), default=0.0)
    if axis.unit == "share":
        return "format(datum.value, '.0%')" if top >= 0.05 and not log else "format(datum.value, '.2~%')"
    plain = "format(datum.value, ',~g')" if top >= 1 or not top else "format(datum.value, ',.3~g')"
    units = {
        step: f"format(datum.value / {step:.0f}, ',.4~r') + {json.dumps(text(f'render.chart.{name}', figure=''))}"
        for step, name in _STEPS
    }
    if log:
        return "".join(f"datum.value >= {step:.0f} ? {words} : " for step, words in units.items()) + plain
    unit = next((step for step in units if top >= max(step, 1e4)), None)
    return plain if unit is None else f"datum.value === 0 ? '0' : {units[unit]}"


def bottom(axis: Axis, values: Iterable[Amount | None], /, log: bool = False, **more: Any) -> alt.Axis:
    """A horizontal axis of numbers."""
    import altair as alt

    settings: Record = {"title": harmless(axis.label), "labelExpr": label_expr(axis, values, log), "labelFlush": True}
    return alt.Axis(**(settings | more))


def side(axis: Axis, values: Iterable[Amount | None], /, log: bool = False, **more: Any) -> alt.Axis:
    """A vertical axis of numbers, its title lying on top where it can be read."""
    import altair as alt

    settings: Record = {
        "title": harmless(axis.label),
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "end",
        "titleBaseline": "bottom",
        "titleX": 0,
        "titleY": -10,
        "titleLimit": 330,
        "labelExpr": label_expr(axis, values, log),
        "tickCount": 5,
    }
    return alt.Axis(**(settings | more))


def spread(values: Sequence[float], *, log: bool = False, zero: bool = False) -> alt.Scale:
    """A scale with some air about the values; with `zero` it begins there, unless values are below."""
    import altair as alt

    least, most = min(values, default=0.0), max(values, default=1.0)
    if log:
        return alt.Scale(type="log", domain=[least / AIR, most * AIR], nice=False)
    if zero:
        least, most = min(least, 0.0), max(most, 0.0)
    air = (most - least or abs(most) or 1.0) * 0.06
    return alt.Scale(domain=[least - air * (least < 0 or not zero), most + air], nice=False)


def decades(values: Sequence[float]) -> list[float]:
    """Where a logarithmic axis has its labels: powers of ten, and their 2 and 5 where there are few of them.

    >>> decades([3, 70]), decades([1, 1e5])
    ([5.0, 10.0, 20.0, 50.0], [1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0])
    """
    low, high = min(values) / AIR, max(values) * AIR
    ends = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 1e3 else (1,)
    return [tick for power in ends for step in steps if low <= (tick := float(f"{step}e{power}")) <= high]


def days(seen: Iterable[date], space: Space, ticks: int | None = None) -> alt.Axis:
    """An axis of days: months with their year below, years where there are many, days where they are closer."""
    import altair as alt

    known = sorted(set(seen))
    apart = sorted((after - before).days for before, after in pairwise(known))
    monthly = not apart or apart[len(apart) // 2] >= MONTH
    years = (known[-1] - known[0]).days / 365 if known else 0
    year = "utcFormat(datum.value, '%Y')"
    new = "datum.index === 0 || utcmonth(datum.value) === 0"
    if monthly and years > (8 if space.layout == "wide" else 3):
        words = year
    else:
        words = f"[utcFormat(datum.value, '{'%b' if monthly else '%-d %b'}'), {new} ? {year} : '']"
    count = ticks or {"wide": 12, "half": 5, "narrow": 4}[space.layout]
    return alt.Axis(title=None, grid=False, labelExpr=words, labelOverlap=True, tickCount=count)
