"""Charts of lines: trends with a forecast, curves of survival and of concentration, calibration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.charts.base import (
    SIZE,
    Drawn,
    Key,
    Look,
    Record,
    Space,
    bottom,
    data,
    days,
    interval,
    moment,
    real,
    reals,
    short,
    side,
    spread,
    tip,
    tips,
    written,
)
from acrm.render.charts.palette import AXIS, REST, SERIES, series
from acrm.render.layout import harmless
from acrm.render.pictures import Amount, Axis, Calibration, Concentration, Panels, Point, Survival, Trend

if TYPE_CHECKING:
    import altair as alt

BLUE = SERIES[0][0]
DASHES: tuple[list[int], ...] = ([1, 0], [7, 3], [2, 2], [8, 3, 2, 3], [4, 2])
"""One pattern per series, so that colour is not the only difference."""
DOTS = 40
"""A trend of no more points than this shows each as a dot."""


def trend(picture: Trend, space: Space) -> Drawn:
    """What was seen, then the forecast with its band and the naive rule, both starting from the last value seen."""
    seen, smooth = picture.seen, picture.smooth
    last = next((point for point in reversed(seen) if real(point.value) is not None), None)
    ahead, naive = ([last, *points] if last and points else [*points] for points in (picture.forecast, picture.naive))
    every = [*seen, *smooth, *ahead, *naive]
    values = [value for point in every for value in (point.value, point.low, point.high)]
    scale = _days(every, space)
    up = _up(picture.value, values)
    layers: list[alt.Chart] = []
    keys: list[Key] = []
    if picture.forecast:
        rows = _rows([Point(p.at, p.value, p.low if p.low is not None else p.value, p.high or p.value) for p in ahead])
        layers.append(_chart(rows).mark_area(color=BLUE, opacity=0.16).encode(x=scale, y=_bound("low", up), y2="high"))
    if last and len(ahead) + len(naive):
        layers.append(_chart(_rows([last])).mark_rule(color=AXIS[0], strokeDash=[2, 3]).encode(x=scale))
    seen_key = text("render.chart.seen")
    if smooth:
        layers.append(_line(seen, scale, up, REST[0], 1.3))
        layers.append(_line(smooth, scale, up, BLUE, 2.4))
        keys += [Key(seen_key, REST[0], "line"), Key(text("render.chart.smooth"), BLUE, "line")]
    else:
        layers.append(_line(seen, scale, up, BLUE, 2.4))
        keys.append(Key(seen_key, BLUE, "line"))
    if picture.naive:
        layers.append(_line(naive, scale, up, SERIES[1][0], 1.6, [2, 3]))
        keys.append(Key(text("render.chart.naive"), SERIES[1][0], "dots"))
    if picture.forecast:
        layers.append(_line(ahead, scale, up, BLUE, 2.2, [6, 3]))
        keys.append(Key(text("render.chart.forecast"), BLUE, "dash"))
    told = _told(seen, picture.value, "" if len(keys) == 1 else seen_key)
    layers.append(_dots(told, scale, up, shown=len(told) <= DOTS and not smooth))
    told = [
        *_told(picture.forecast, picture.value, text("render.chart.forecast")),
        *_told(picture.naive, picture.value, text("render.chart.naive")),
    ]
    layers.append(_dots(told, scale, up, shown=False))
    if last:
        label = _chart(_rows([last])).mark_text(text=short(last.value, picture.value.unit), align="right", dx=-8, dy=-4)
        layers.append(label.encode(x=scale, y=up))
    return Drawn(_layered(layers), keys if len(keys) > 1 else [], space.height)


def panels(picture: Panels, space: Space) -> Drawn:
    """The same small trend per group, on one scale of days and values."""
    import altair as alt

    across = min(3 if space.layout == "wide" else 2, len(picture.panels))
    width = (space.width - 8) / across - 56
    every = [point for _, one in picture.panels for point in one.seen]
    first = picture.panels[0][1].value
    values = reals(point.value for point in every)
    scale = _days(every, space, ticks=3)
    up = _up(first, values, tickCount=3, title=None)
    charts = []
    for name, one in picture.panels:
        # With a place for every day of any panel, all have one scale of days.
        own = {point.at for point in one.seen}
        placed = [*one.seen, *(Point(at, None) for at in {point.at for point in every} - own)]
        layers = [
            _line(sorted(placed, key=lambda point: moment(point.at)), scale, up, BLUE, 1.8),
            _dots(_told(one.seen, one.value, name), scale, up, shown=False),
        ]
        head = alt.Title(harmless(name), anchor="start", frame="group", limit=width, fontSize=SIZE, fontWeight="bold")
        charts.append(alt.layer(*layers).properties(width=width, height=92, title=head))
    return Drawn(alt.concat(*charts, columns=across, spacing=18), [], 0, fit=False, axis=harmless(first.label))


def survival(picture: Survival, space: Space) -> Drawn:
    """A step curve per group with its band; without the band where there are so many that bands would hide them."""
    names = [harmless(name) for name, _ in picture.groups]
    every = [point for _, points in picture.groups for point in points]
    across = _across(picture.x, [point.at for point in every])
    up = _up(picture.value, [0, 1], [0, 1])
    layers: list[alt.Chart] = []
    for place, (name, points) in enumerate(picture.groups):
        colour, rows = series(place), _rows(points)
        if len(picture.groups) <= 3:
            banded = [
                {**row, "low": max(row["low"], 0.0), "high": min(row["high"], 1.0)}
                for row in rows
                if row["low"] is not None and row["high"] is not None
            ]
            layers.append(
                _chart(banded)
                .mark_area(color=colour, opacity=0.14, interpolate="step-after")
                .encode(x=across, y=_bound("low", up), y2="high")
            )
        line = _chart(rows).mark_line(
            color=colour, strokeWidth=2.2, strokeDash=DASHES[place % len(DASHES)], interpolate="step-after"
        )
        layers.append(line.encode(x=across, y=up))
        layers.append(_dots(_told(points, picture.value, name, picture.x), across, up, shown=False))
    looks: tuple[Look, ...] = ("line", "dash", "dots", "dash", "dash")
    keys = [Key(name, series(place), looks[place % len(looks)]) for place, name in enumerate(names)]
    return Drawn(_layered(layers), keys if len(keys) > 1 else [], space.height)


def concentration(picture: Concentration, space: Space) -> Drawn:
    """The curve, the line of equal shares under it, and the one point that is worth remembering."""
    values = [point.value for point in picture.points]
    across = _across(picture.x, [0, 1], [0, 1])
    top = max([1.0, *reals(values)])
    up = _up(picture.value, [0, top], [0, top])
    equal = _chart(_rows([Point(0, 0), Point(1, 1)]))
    layers = [
        _chart(_rows(picture.points)).mark_area(color=BLUE, opacity=0.12).encode(x=across, y=up),
        equal.mark_line(color=AXIS[0], strokeDash=[3, 3], strokeWidth=1.2).encode(x=across, y=up),
        _line(picture.points, across, up, BLUE, 2.4),
        _dots(_told(picture.points, picture.value, "", picture.x), across, up, shown=False),
    ]
    if picture.marked:
        spot = _chart(_rows([picture.marked])).encode(x=across, y=up)
        at, value = (moment(picture.marked.at), picture.x.unit), (picture.marked.value, picture.value.unit)
        label = f"{written(*at)} → {written(*value)}"
        layers += [
            spot.mark_circle(color=BLUE, size=70, opacity=1),
            spot.mark_text(text=label, align="left", baseline="top", dx=9, dy=3, fontSize=13, fontWeight="bold"),
        ]
    return Drawn(_layered(layers), [], space.height + 30)


def calibration(picture: Calibration, space: Space) -> Drawn:
    """Dots with intervals about the line of perfect forecasts."""
    import altair as alt

    told = _told(picture.points, picture.value, "", picture.x)
    spots = [float(moment(point.at)) for point in picture.points]
    values = [value for point in picture.points for value in (point.value, point.low, point.high)]
    top = max([*spots, *reals(values)], default=1.0) * 1.04
    top = min(top, 1.0) if picture.value.unit == "share" else top
    across, up = _across(picture.x, [0, top], [0, top]), _up(picture.value, [0, top], [0, top])
    equal = _chart(_rows([Point(0, 0), Point(top, top)]))
    bands = [row for row in told if row["low"] is not None and row["high"] is not None]
    layers = [
        equal.mark_line(color=AXIS[0], strokeDash=[3, 3], strokeWidth=1.2).encode(x=across, y=up),
        _chart(bands)
        .mark_rule(color=BLUE, opacity=0.55, strokeWidth=2)
        .encode(x=across, y=_bound("low", up), y2=alt.Y2("high")),
        _dots(told, across, up, shown=True, size=60),
    ]
    keys = [Key(text("render.chart.groups"), BLUE, "dot"), Key(text("render.chart.equal"), AXIS[0], "dots")]
    return Drawn(_layered(layers), keys, space.height + 50)


def _rows(points: Sequence[Point]) -> list[Record]:
    return [
        {"at": moment(point.at), "value": real(point.value), "low": real(point.low), "high": real(point.high)}
        for point in points
    ]


def _told(points: Sequence[Point], value: Axis, name: str, x: Axis | None = None) -> list[Record]:
    """The points that have a value, each with its tip."""
    rows = []
    for point, row in zip(points, _rows(points), strict=True):
        if row["value"] is None:
            continue
        at = point.at.isoformat() if isinstance(point.at, date) else written(point.at, x.unit if x else "number")
        where = f"{x.label}: {at}" if x else at
        lines = (
            (value.label, written(point.value, value.unit)),
            (text("render.chart.interval"), interval(point.low, point.high, value.unit)),
        )
        head = f"{name}, {where}" if name else where
        rows.append({**row, "tip": tip(head, *lines, n=point.n)})
    return rows


def _chart(rows: Sequence[Record]) -> alt.Chart:
    import altair as alt

    return alt.Chart(data(rows))


def _layered(layers: Sequence[alt.Chart]) -> alt.LayerChart | alt.FacetChart:
    """The layers that have rows, one over the other."""
    import altair as alt

    return alt.layer(*(layer for layer in layers if layer.data.values))


def _line(
    points: Sequence[Point], x: alt.X, y: alt.Y, colour: str, width: float, dash: Sequence[int] = (1, 0)
) -> alt.Chart:
    mark: alt.Chart = _chart(_rows(points)).mark_line(
        color=colour, strokeWidth=width, strokeDash=[*dash], strokeJoin="round", invalid="break-paths-show-domains"
    )
    return mark.encode(x=x, y=y)


def _dots(rows: Sequence[Record], x: alt.X, y: alt.Y, *, shown: bool, size: int = 26) -> alt.Chart:
    """A dot per row to point at, which may be one that is not seen."""
    dots = _chart(rows).mark_circle(color=BLUE, opacity=float(shown), size=size if shown else 120, aria=True)
    told: alt.Chart = dots.encode(x=x, y=y, **tips())
    return told


def _up(value: Axis, values: Iterable[Amount | None], domain: Sequence[float] | None = None, **more: Any) -> alt.Y:
    import altair as alt

    scale = alt.Scale(domain=[*domain], nice=False) if domain else spread(reals(values), zero=True)
    return alt.Y("value:Q", axis=side(value, values, **more), scale=scale)


def _bound(field: str, like: alt.Y) -> alt.Y:
    """The same axis for another column of the rows."""
    import altair as alt

    return alt.Y(f"{field}:Q", axis=like["axis"], scale=like["scale"])


def _across(axis: Axis, spots: Sequence[date | Amount], domain: Sequence[float] | None = None) -> alt.X:
    import altair as alt

    scale = alt.Scale(domain=[*domain], nice=False) if domain else alt.Scale(zero=True, nice=False)
    return alt.X("at:Q", axis=bottom(axis, map(moment, spots), grid=False, tickCount=6), scale=scale)


def _days(points: Sequence[Point], space: Space, ticks: int | None = None) -> alt.X:
    import altair as alt

    axis = days((point.at for point in points if isinstance(point.at, date)), space, ticks)
    return alt.X("at:T", axis=axis, scale=alt.Scale(type="utc", nice=False))
