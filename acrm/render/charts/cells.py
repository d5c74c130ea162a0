"""Charts of cells: heat maps with their cohorts and grids, and scatter plots, in squares where there are many points."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from acrm.messages import text
from acrm.render.charts.base import (
    Drawn,
    Record,
    Space,
    bottom,
    data,
    real,
    reals,
    short,
    side,
    tip,
    tips,
    unique,
    written,
)
from acrm.render.charts.palette import ON_DEEP, ON_PALE, PALE, SERIES, SHADES, shade
from acrm.render.layout import harmless
from acrm.render.pictures import Axis, Heat, Scatter

if TYPE_CHECKING:
    import altair as alt

MOST = 400
"""More points than this are counted in squares."""
SQUARES = (36, 24)
"""Squares across and up."""


def heat(picture: Heat, space: Space) -> Drawn:
    """A cell per row and column, its shade by the value; what is not observed stays empty."""
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
    columns = alt.Axis(
        title=harmless(picture.column_label) or None,
        orient="top",
        labelAngle=0,
        labelOverlap=True,
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
    gap = 0.05 if width > 24 else 0.02
    base = alt.Chart(data(rows)).encode(
        x=alt.X("column:N", axis=columns, scale=alt.Scale(domain=across, padding=gap)),
        y=alt.Y("row:N", axis=names, scale=alt.Scale(domain=down, padding=0.06)),
    )
    layers = [
        base.mark_rect(cornerRadius=2, aria=True).encode(color=alt.Color("fill:N", scale=None), **tips()),
        base.mark_text(fontSize=11).encode(text="label:N", color=alt.Color("ink:N", scale=None)),
    ]
    height = min(max(width, 24), 34 if len(down) > 6 else 44)
    return Drawn(alt.layer(*layers), [], height * len(down), axis=harmless(picture.value.label))


def scatter(picture: Scatter, space: Space) -> Drawn:
    """Dots, or squares with the count of points as the size of a dot; the note of how many lie in one is in the tip."""
    import altair as alt

    names = [*picture.names] or [""] * len(picture.points)
    known = [
        (float(x), float(y), name)
        for (x, y), name in zip(picture.points, names, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    logs = [picture.log and all(point[end] > 0 for point in known) for end in (0, 1)]
    rows: list[Record] = []
    if len(known) <= MOST:
        for x, y, name in known:
            lines = ((picture.x.label, written(x, picture.x.unit)), (picture.y.label, written(y, picture.y.unit)))
            rows.append({"x": real(x), "y": real(y), "n": 1, "tip": tip(name, *lines)})
    else:
        rows = _squares(known, logs, picture)
    scales = [alt.Scale(type="log", nice=True) if log else alt.Scale(zero=False, nice=True) for log in logs]
    ticks = 6 if space.layout == "wide" else 4
    mark = alt.Chart(data(rows)).mark_circle(
        color=SERIES[0][0], opacity=0.55, size=34 if len(known) <= MOST else 20, aria=True
    )
    sized = {"size": alt.Size("n:Q", scale=alt.Scale(range=[6, 240], zero=True), legend=None)}
    chart = mark.encode(
        x=alt.X("x:Q", scale=scales[0], axis=bottom(picture.x, [row["x"] for row in rows], tickCount=ticks)),
        y=alt.Y("y:Q", scale=scales[1], axis=side(picture.y, [row["y"] for row in rows])),
        **tips(),
        **(sized if len(known) > MOST else {}),
    )
    return Drawn(alt.layer(chart), [], space.height + 50)


def said(picture: Scatter) -> str:
    """What the page must say about the dots of a scatter plot, where one stands for several points."""
    count = len(picture.points)
    return text("render.chart.squares", n=count) if count > MOST else ""


def _squares(points: list[tuple[float, float, str]], logs: list[bool], picture: Scatter) -> list[Record]:
    """Points counted in a grid of `SQUARES`; a dot lies in the middle of its square."""
    places = [
        [math.log(point[end]) if logs[end] else point[end] for point in points] for end in (0, 1)
    ]
    starts = [min(values) for values in places]
    widths = [(max(values) - min(values)) / count or 1.0 for values, count in zip(places, SQUARES, strict=True)]
    counts = Counter(
        tuple(
            min(int((values[place] - start) / width), count - 1)
            for values, start, width, count in zip(places, starts, widths, SQUARES, strict=True)
        )
        for place in range(len(points))
    )
    rows = []
    for square, count in sorted(counts.items()):
        middle = [
            start + (step + 0.5) * width for step, start, width in zip(square, starts, widths, strict=True)
        ]
        x, y = (math.exp(value) if log else value for value, log in zip(middle, logs, strict=True))
        axes: tuple[tuple[Axis, float], ...] = ((picture.x, x), (picture.y, y))
        lines = [(axis.label, f"≈ {written(value, axis.unit)}") for axis, value in axes]
        rows.append({"x": real(x), "y": real(y), "n": count, "tip": tip("", *lines, n=count)})
    return rows
