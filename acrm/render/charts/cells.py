"""Charts of cells: heat maps of cohorts and grids; scatter plots, in squares where there are many points."""

from __future__ import annotations

import math
from collections import Counter

from acrm.messages import text
from acrm.render.charts.base import (
    Drawn,
    Key,
    Record,
    Space,
    bottom,
    data,
    decades,
    interval,
    real,
    reals,
    short,
    side,
    spread,
    tip,
    tips,
    unique,
    written,
)
from acrm.render.charts.palette import ON_DEEP, ON_PALE, PALE, SERIES, SHADES, shade
from acrm.render.layout import harmless
from acrm.render.pictures import Heat, Scatter

MOST = 400
"""More points than this are counted in squares."""
SQUARES = (40, 28)
"""Squares across and up."""


def heat(picture: Heat, space: Space) -> Drawn:
    """A cell per row and column, its shade by the value; what is not observed stays empty.

    Where a figure has no room in its cell, none is shown, and a legend tells what the palest and the deepest shade are.
    """
    import altair as alt

    across, down = unique(picture.columns), unique(picture.rows)
    known = reals(value for row in picture.cells for value in row)
    least, most = min([0.0, *known]), max([0.0, *known])
    longest = min(max((len(name) for name in down), default=0) * 6.7, space.label)
    width = (space.width - longest - 20) / max(len(across), 1)
    rows: list[Record] = []
    for y, (name, cells) in enumerate(zip(down, picture.cells, strict=True)):
        for x, (column, value) in enumerate(zip(across, cells, strict=True)):
            if real(value) is None:
                continue
            count = picture.n[y][x] if picture.n else None
            lines = (picture.value.label, written(value, picture.value.unit))
            label = short(value, picture.value.unit)
            if picture.value.unit == "share":
                label = label.rstrip("%\u00a0")
            step = shade(float(value or 0), least, most)
            rows.append(
                {"row": name, "column": column, "label": label if len(label) * 6.4 <= width - 4 else ""}
                | {"fill": SHADES[step][0], "ink": (ON_PALE if step < PALE else ON_DEEP)[0]}
                | {"tip": tip(f"{name}, {picture.column_label} {column}".strip(), lines, n=count)}
            )
    told = all(row["label"] for row in rows)
    if not told:
        rows = [row | {"label": ""} for row in rows]
    columns = alt.Axis(
        title=harmless(picture.column_label) or None,
        orient="top",
        labelAngle=0,
        labelOverlap=True,
        labelSeparation=5,
        grid=False,
        titlePadding=6,
        titleAnchor="start",
    )
    names = alt.Axis(
        title=harmless(picture.row_label) or None,
        titleAngle=0,
        titleAlign="right",
        titleAnchor="end",
        titleBaseline="bottom",
        titleX=-8,
        titleY=-9,
        labelLimit=space.label,
        labelPadding=8,
        grid=False,
    )
    gap = min(3 / max(width, 1), 0.1)
    base = alt.Chart(data(rows)).encode(
        x=alt.X("column:N", axis=columns, scale=alt.Scale(domain=across, paddingInner=gap, paddingOuter=0)),
        y=alt.Y("row:N", axis=names, scale=alt.Scale(domain=down, paddingInner=0.08, paddingOuter=0)),
    )
    layers = [
        base.mark_rect(cornerRadius=2, aria=True).encode(color=alt.Color("fill:N", scale=None), **tips()),
        base.mark_text(fontSize=11).encode(text="label:N", color=alt.Color("ink:N", scale=None)),
    ]
    height = min(max(width, 24), 34 if len(down) > 6 else 44)
    ends = ((least, SHADES[0]), (most, SHADES[-1]))
    keys = [Key(short(value, picture.value.unit), colour[0], "box") for value, colour in ends]
    return Drawn(alt.layer(*layers), [] if told else keys, height * len(down), axis=harmless(picture.value.label))


def scatter(picture: Scatter, space: Space) -> Drawn:
    """Dots; where there would be too many, a grid of small squares, the darker the more points lie in them."""
    import altair as alt

    known = _known(picture)
    values = [[x for x, _, _ in known], [y for _, y, _ in known]]
    logs = [picture.log and min(seen) > 0 for seen in values]
    scales = [spread(seen, log=log) for seen, log in zip(values, logs, strict=True)]
    ticks: list[Record] = [
        {"values": decades(seen)} if log else {"tickCount": 6 if space.layout == "wide" else 4}
        for seen, log in zip(values, logs, strict=True)
    ]
    across = alt.X("x:Q", scale=scales[0], axis=bottom(picture.x, values[0], logs[0], **ticks[0]))
    up = alt.Y("y:Q", scale=scales[1], axis=side(picture.y, values[1], logs[1], **ticks[1]))
    if len(known) > MOST:
        rows = _squares(values, logs, picture)
        shades = alt.Color("fill:N", scale=None)
        mark = alt.Chart(data(rows)).mark_rect(aria=True)
        chart = mark.encode(x=across, x2="x2", y=up, y2="y2", color=shades, **tips())
    else:
        rows = []
        for x, y, name in known:
            lines = ((picture.x.label, written(x, picture.x.unit)), (picture.y.label, written(y, picture.y.unit)))
            rows.append({"x": real(x), "y": real(y), "tip": tip(name, *lines)})
        mark = alt.Chart(data(rows)).mark_circle(color=SERIES[0][0], opacity=0.6, size=36, aria=True)
        chart = mark.encode(x=across, y=up, **tips())
    return Drawn(alt.layer(chart), [], space.height + 50)


def said(picture: Scatter) -> str:
    """What the page must say about the squares of a scatter plot, where there are any."""
    return text("render.chart.squares") if len(_known(picture)) > MOST else ""


def _known(picture: Scatter) -> list[tuple[float, float, str]]:
    """The points that are two numbers, with their names."""
    names = [*picture.names] or [""] * len(picture.points)
    return [
        (float(x), float(y), name)
        for (x, y), name in zip(picture.points, names, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]


def _squares(values: list[list[float]], logs: list[bool], picture: Scatter) -> list[Record]:
    """Points counted in a grid of `SQUARES`; the shades grow with the logarithm of the count."""
    places = [[math.log(value) for value in seen] if log else seen for seen, log in zip(values, logs, strict=True)]
    starts = [min(seen) for seen in places]
    widths = [(max(seen) - min(seen)) / count or 1.0 for seen, count in zip(places, SQUARES, strict=True)]
    counts = Counter(
        tuple(
            min(int((seen[point] - start) / width), count - 1)
            for seen, start, width, count in zip(places, starts, widths, SQUARES, strict=True)
        )
        for point in range(len(values[0]))
    )
    most = math.log(max(counts.values()))
    rows = []
    for square, count in sorted(counts.items()):
        (x, x2), (y, y2) = (
            [math.exp(end) if log else end for end in (start + step * width, start + (step + 1) * width)]
            for step, start, width, log in zip(square, starts, widths, logs, strict=True)
        )
        lines = (
            (picture.x.label, interval(x, x2, picture.x.unit)),
            (picture.y.label, interval(y, y2, picture.y.unit)),
        )
        # The palest shade is hardly one on white.
        fill = SHADES[max(shade(math.log(count), 0, most), 1)][0]
        rows.append(
            {"x": real(x), "x2": real(x2), "y": real(y), "y2": real(y2), "fill": fill, "tip": tip("", *lines, n=count)}
        )
    return rows
