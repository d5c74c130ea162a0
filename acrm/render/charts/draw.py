"""A picture as a specification for Vega, and that as static SVG: no script, no request, the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, assert_never

from acrm.messages import language
from acrm.render.charts import bars, cells, lines
from acrm.render.charts.base import CONFIG, Drawn, Key, Layout, Space
from acrm.render.charts.svg import accessible
from acrm.render.pictures import (
    Bars,
    Calibration,
    Concentration,
    Funnel,
    Heat,
    Histogram,
    Panels,
    Picture,
    Scatter,
    Stack,
    Survival,
    Trend,
    Waterfall,
)

COLUMNS = 7
"""A heat map of more columns takes the whole width."""
NAME = 36
"""Bars with a longer name do, too."""
LOCALES: dict[str, Literal["en-US", "ru-RU"]] = {"en": "en-US", "ru": "ru-RU"}
"""Of numbers and of the names of months, by the language in use."""
_KINDS: dict[type[Any], Callable[[Any, Space], Drawn]] = {
    Trend: lines.trend,
    Panels: lines.panels,
    Survival: lines.survival,
    Concentration: lines.concentration,
    Calibration: lines.calibration,
    Bars: bars.bars,
    Stack: bars.stack,
    Funnel: bars.funnel,
    Histogram: bars.histogram,
    Waterfall: bars.waterfall,
    Heat: cells.heat,
    Scatter: cells.scatter,
}


@dataclass(frozen=True)
class Spec:
    """What Vega draws, and what the page writes beside it."""

    vega_lite: dict[str, Any]
    keys: tuple[Key, ...]
    axis: str


def empty(picture: Picture) -> bool:
    """Whether there is nothing to see: no value that is a number."""
    match picture:
        case Trend():
            return not any(point.value is not None for point in picture.seen)
        case Panels():
            return all(empty(one) for _, one in picture.panels)
        case Bars() | Stack():
            return not picture.rows
        case Heat():
            return not any(value is not None for row in picture.cells for value in row)
        case Funnel():
            return not picture.stages
        case Survival():
            return not any(points for _, points in picture.groups)
        case Histogram():
            return not sum(picture.counts)
        case Waterfall():
            return picture.start.value is None
        case Concentration() | Calibration() | Scatter():
            return not picture.points
    assert_never(picture)


def wide(picture: Picture) -> bool:
    """Whether half of the page's width would be too little: time from left to right, many columns, several panels."""
    match picture:
        case Trend() | Panels():
            return True
        case Stack():
            return any(isinstance(name, date) for name, _ in picture.rows)
        case Heat():
            return len(picture.columns) > COLUMNS
        case Bars():
            return any(len(row.name) > NAME for row in picture.rows)
        case _:
            return False


def said(picture: Picture) -> str:
    """What the page must say about how the picture was made."""
    return cells.said(picture) if isinstance(picture, Scatter) else ""


def spec(picture: Picture, layout: Layout) -> Spec:
    """The picture for a width; a picture that is `empty` has none."""
    space = Space(layout)
    drawn = _KINDS[type(picture)](picture, space)
    chart = drawn.chart
    if drawn.fit:
        fitted = {"type": "fit-x", "contains": "padding"}
        chart = chart.properties(width=space.width, height=drawn.height, autosize=fitted)
    made = chart.to_dict(validate=False)
    made["config"] = CONFIG
    return Spec(made, tuple(drawn.keys), drawn.axis)


def svg(made: Spec, id: str, title: str, description: str) -> str:
    """The picture as an `svg` element that says what it shows; `id` names it, once per page."""
    import vl_convert

    locale = LOCALES[language()]
    drawn = vl_convert.vegalite_to_svg(
        made.vega_lite, allowed_base_urls=[], format_locale=locale, time_format_locale=locale
    )
    return accessible(drawn, id, title, description)
