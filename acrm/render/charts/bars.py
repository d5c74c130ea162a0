"""Charts of bars: values by name with their intervals, shares, funnels, histograms, waterfalls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.charts.base import (
    LETTER,
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
    tip,
    tips,
    unique,
    written,
)
from acrm.render.charts.palette import AXIS, GHOST, GROUND, INK, SERIES, on_series, series
from acrm.render.layout import harmless
from acrm.render.pictures import Axis, Bars, Funnel, Histogram, Stack, Waterfall

if TYPE_CHECKING:
    import altair as alt

BLUE = SERIES[0][0]
STEP = 30
"""Pixels from one bar to the next."""
LEAST = 0.07
"""A smaller share has no room for its percents."""
PERCENT = Axis("", "share")


def bars(picture: Bars, space: Space) -> Drawn:
    """Bars from zero with their values, or dots on intervals; a line where all together are."""
    import altair as alt

    unit = picture.value.unit
    names = unique(row.name for row in picture.rows)
    rows: list[Record] = []
    for name, row in zip(names, picture.rows, strict=True):
        lines = (
            (picture.value.label, written(row.value, unit)),
            (text("render.chart.interval"), interval(row.low, row.high, unit)),
        )
        low, high = real(row.low), real(row.high)
        value = real(row.value)
        end = high if low is not None and high is not None else max(value or 0, 0)
        rows.append(
            {"name": name, "value": value, "low": low, "high": high, "end": end, "label": short(row.value, unit)}
            | {"tip": tip(name, *lines, n=row.n)}
        )
    bounded = [row for row in rows if row["low"] is not None and row["high"] is not None]
    values = reals([row[end] for row in rows for end in ("value", "low", "high")] + [picture.reference])
    up, above = _names(names, space)
    scale = _scale(values, [row["label"] for row in rows], names, space, zero=not bounded)
    axis = bottom(picture.value, values, title=None, tickCount=6 if space.layout == "wide" else 4) if bounded else None
    across, low_end, label_end = (alt.X(f"{field}:Q", axis=axis, scale=scale) for field in ("value", "low", "end"))
    base, ends = alt.Chart(data(rows)).encode(y=up), alt.Chart(data(bounded)).encode(y=up)
    layers: list[alt.Chart] = []
    keys: list[Key] = []
    if picture.reference is not None:
        mark = alt.Chart(data([{"value": real(picture.reference)}])).mark_rule(color=AXIS[0], strokeDash=[3, 3])
        layers.append(mark.encode(x=across))
        keys.append(Key(harmless(f"{picture.reference_name} {written(picture.reference, unit)}"), AXIS[0], "dots"))
    if bounded:
        band = ends.mark_rule(color=BLUE, strokeWidth=6, opacity=0.3, strokeCap="round")
        layers.append(band.encode(x=low_end, x2="high"))
        layers.append(base.mark_circle(color=BLUE, size=80, opacity=1, aria=True).encode(x=across, **tips()))
        layers.append(base.mark_text(align="left", dx=10).encode(x=label_end, text="label:N"))
    else:
        layers.append(base.mark_bar(color=BLUE, size=17, aria=True).encode(x=across, **tips()))
        layers.append(base.mark_text(align="left", dx=6).encode(x=label_end, text="label:N"))
    return Drawn(alt.layer(*layers, *above), keys, _height(names, space), axis=harmless(picture.value.label))


def stack(picture: Stack, space: Space) -> Drawn:
    """Shares of each row or day, in the order of the parts; a share that has room carries its percents.

    Of more parts than there are colours, the last are taken together.
    """
    import altair as alt

    picture = _together(picture)
    parts = unique(picture.parts)
    heads = [name.isoformat() if isinstance(name, date) else name for name, _ in picture.rows]
    names = unique(heads)
    rows: list[Record] = []
    for name, head, (at, amounts) in zip(names, heads, picture.rows, strict=True):
        known = [max(real(amount) or 0.0, 0.0) for amount in amounts]
        total = sum(known)
        ends = [0.0, *accumulate(amount / total if total else 0.0 for amount in known)]
        for place, (part, amount, (start, end)) in enumerate(zip(parts, known, pairwise(ends), strict=True)):
            lines = (
                (text("render.chart.share"), written(end - start, "share")),
                (picture.value.label, written(amount, picture.value.unit)),
            )
            rows.append(
                {"name": moment(at) if isinstance(at, date) else name, "place": place, "from": start, "to": end}
                | {"middle": (start + end) / 2, "label": short(end - start, "share") if end - start >= LEAST else ""}
                | {"tip": tip(f"{head}, {part}", *lines)}
            )
    keys = [Key(part, series(place), "box") for place, part in enumerate(parts)]
    whole = alt.Scale(domain=[0, 1], nice=False)
    dated = [at for at, _ in picture.rows if isinstance(at, date)]
    layers: list[alt.Chart] = []
    if dated:
        size = (space.width - 60) / len(dated)
        scale = alt.Scale(type="utc", nice=False, padding=size / 2)
        across = alt.X("name:T", axis=days(dated, space), scale=scale)
        up = alt.Y("from:Q", axis=side(PERCENT, [1], title=None), scale=whole)
        for place in range(len(parts)):
            base = alt.Chart(data([row for row in rows if row["place"] == place])).encode(x=across)
            mark = base.mark_bar(color=series(place), size=max(size * 0.82, 1), aria=True)
            layers.append(mark.encode(y=up, y2="to", **tips()))
        return Drawn(alt.layer(*layers), keys, space.height)
    up, above = _names(names, space)
    axis = bottom(PERCENT, [1], title=None, grid=False)
    start_at, middle = (alt.X(f"{field}:Q", axis=axis, scale=whole) for field in ("from", "middle"))
    for place in range(len(parts)):
        base = alt.Chart(data([row for row in rows if row["place"] == place])).encode(y=up)
        mark = base.mark_bar(color=series(place), size=20, stroke=GROUND[0], strokeWidth=1, aria=True)
        layers.append(mark.encode(x=start_at, x2="to", **tips()))
        layers.append(base.mark_text(color=on_series(place), fontSize=11).encode(x=middle, text="label:N"))
    return Drawn(alt.layer(*layers, *above), keys, _height(names, space))


def _together(picture: Stack) -> Stack:
    rest = len(SERIES)
    if len(picture.parts) <= rest + 1:
        return picture
    others = text("render.chart.others", n=len(picture.parts) - rest)
    rows = [(name, [*amounts[:rest], sum(reals(amounts[rest:]))]) for name, amounts in picture.rows]
    return Stack([*picture.parts[:rest], others], rows, picture.value)


def funnel(picture: Funnel, space: Space) -> Drawn:
    """A bar per stage, before the ghost of the stage before, with its count and its share of that."""
    import altair as alt

    names = unique(stage.name for stage in picture.stages)
    counts = [real(stage.value) or 0.0 for stage in picture.stages]
    rows: list[Record] = []
    for place, (name, stage, count) in enumerate(zip(names, picture.stages, counts, strict=True)):
        before = counts[place - 1] if place else count
        label, lines = number(round(count)), [("", written(count, "int"))]
        if place:
            of_before, of_all = (count / whole if whole else None for whole in (before, counts[0]))
            label += f" · {short(of_before, 'share')}"
            lines += [
                (text("render.chart.of_previous"), written(of_before, "share")),
                (text("render.chart.interval"), interval(stage.low, stage.high, "share")),
                (text("render.chart.of_all"), written(of_all, "share")),
            ]
        rows.append(
            {"name": name, "value": count, "before": before, "end": max(count, before), "label": label}
            | {"tip": tip(name, *lines)}
        )
    up, above = _names(names, space)
    scale = _scale(counts, [row["label"] for row in rows], names, space)
    across, ghost, end = (alt.X(f"{field}:Q", axis=None, scale=scale) for field in ("value", "before", "end"))
    base = alt.Chart(data(rows)).encode(y=up)
    layers = [
        base.mark_bar(color=GHOST[0], size=24).encode(x=ghost),
        base.mark_bar(color=BLUE, size=24, aria=True).encode(x=across, **tips()),
        base.mark_text(align="left", dx=7).encode(x=end, text="label:N"),
    ]
    keys = [Key(text("render.chart.reached"), BLUE, "box"), Key(text("render.chart.lost"), GHOST[0], "box")]
    return Drawn(alt.layer(*layers, *above), keys, _height(names, space, 38))


def histogram(picture: Histogram, space: Space) -> Drawn:
    """Counts between edges, and lines with the names of single values."""
    import altair as alt

    edges = [real(edge) or 0.0 for edge in picture.edges]
    total = sum(picture.counts)
    rows: list[Record] = []
    for (start, end), count in zip(pairwise(edges), picture.counts, strict=True):
        head = f"{picture.x.label}: {interval(start, end, picture.x.unit)}"
        lines = (
            (text("render.chart.count"), number(count)),
            (text("render.chart.share"), written(count / total, "share") if total else ""),
        )
        rows.append({"from": start, "to": end, "count": count, "zero": 0, "tip": tip(head, *lines)})
    scale = alt.Scale(domain=[edges[0], edges[-1]], nice=False)
    axis = bottom(picture.x, edges, grid=False, tickCount=8 if space.layout == "wide" else 5)
    across = alt.X("from:Q", axis=axis, scale=scale)
    up = alt.Y(
        "count:Q", axis=side(Axis(text("render.chart.count"), "int"), picture.counts), scale=alt.Scale(zero=True)
    )
    mark = alt.Chart(data(rows)).mark_bar(color=BLUE, stroke=GROUND[0], strokeWidth=1, aria=True)
    layers = [mark.encode(x=across, x2="to", y=up, y2="zero", **tips())]
    keys: list[Key] = []
    looks: tuple[Look, ...] = ("line", "dash", "dots")
    for place, (name, value) in enumerate(picture.marked):
        colour, look = series(place + 1), looks[place % len(looks)]
        dash = {"line": [1, 0], "dash": [6, 3], "dots": [2, 3]}[look]
        spot = alt.Chart(data([{"from": real(value)}])).mark_rule(color=colour, strokeWidth=2, strokeDash=dash)
        layers.append(spot.encode(x=across))
        keys.append(Key(harmless(f"{name} {written(value, picture.x.unit)}"), colour, look))
    return Drawn(alt.layer(*layers), keys, space.height)


def waterfall(picture: Waterfall, space: Space) -> Drawn:
    """Floating bars from the first total to the last; what was added and what was taken differ in colour and sign."""
    import altair as alt

    unit = picture.value.unit
    names = unique([picture.start.name, *(row.name for row in picture.changes), picture.end])
    ends = [*accumulate(reals([picture.start.value]) + [real(row.value) or 0.0 for row in picture.changes])]
    spans = [(0.0, ends[0]), *pairwise(ends), (0.0, ends[-1])]
    rows: list[Record] = []
    for place, (name, (start, end)) in enumerate(zip(names, spans, strict=True)):
        total = place in (0, len(names) - 1)
        label = short(end - start, unit)
        label = f"+{label}" if end > start and not total else label
        colour = SERIES[0 if total else 2 if end >= start else 1][0]
        lines = ((picture.value.label, label if total else f"{label} → {short(end, unit)}"),)
        rows.append(
            {"name": name, "from": start, "to": end, "end": max(start, end), "label": label, "colour": colour}
            | {"tip": tip(name, *lines)}
        )
    up, above = _names(names, space)
    scale = _scale([0.0, *ends], [row["label"] for row in rows], names, space)
    across, label_end = (alt.X(f"{field}:Q", axis=None, scale=scale) for field in ("from", "end"))
    base = alt.Chart(data(rows)).encode(y=up)
    colours = alt.Color("colour:N", scale=None)
    layers = [
        base.mark_bar(size=18, aria=True).encode(x=across, x2="to", color=colours, **tips()),
        base.mark_text(align="left", dx=6).encode(x=label_end, text="label:N"),
    ]
    keys = [
        Key(text("render.chart.total"), BLUE, "box"),
        Key(text("render.chart.added"), SERIES[2][0], "box"),
        Key(text("render.chart.taken"), SERIES[1][0], "box"),
    ]
    return Drawn(alt.layer(*layers, *above), keys, _height(names, space), axis=harmless(picture.value.label))


def _names(names: Sequence[str], space: Space) -> tuple[alt.Y, list[alt.Chart]]:
    """A vertical axis of names from top to bottom, or a layer of names above the bars where there is no room beside."""
    import altair as alt

    scale = alt.Scale(domain=[*names])
    if not _above(names, space):
        axis = alt.Axis(title=None, labelLimit=space.label, labelPadding=8, labelColor=INK[0], grid=False)
        return alt.Y("name:N", axis=axis, scale=scale), []
    up = alt.Y("name:N", axis=None, scale=scale)
    rows = alt.Chart(data([{"name": name} for name in names]))
    return up, [rows.mark_text(align="left", dy=-20, limit=space.width).encode(y=up, x=alt.value(0), text="name:N")]


def _above(names: Sequence[str], space: Space) -> bool:
    """Whether the names are too long to stand beside the bars."""
    return max(map(len, names), default=0) * LETTER > space.label * 1.15


def _height(names: Sequence[str], space: Space, step: float = STEP) -> float:
    """Of a plot with a bar per name."""
    return (step + 20 * _above(names, space)) * len(names)


def _scale(
    values: Iterable[float], labels: Sequence[str], names: Sequence[str], space: Space, *, zero: bool = True
) -> alt.Scale:
    """From zero, or from a little below the least value, to the greatest, with room for the labels behind it."""
    import altair as alt

    known = [*values] + [0.0] * zero
    least, most = min(known, default=0.0), max(known, default=1.0)
    least -= 0 if zero else 0.08 * (most - least)
    beside = 0 if _above(names, space) else min(max(map(len, names), default=0) * LETTER, space.label)
    plot = space.width - beside - 12
    room = max(map(len, labels), default=0) * LETTER + 16
    most = least + (most - least) * plot / max(plot - room, plot / 3) if most > least else least + 1.0
    return alt.Scale(domain=[least, most], nice=False)
