"""Sections as one page of HTML that carries all it needs: it opens from a disk, in a mail, on a phone and on paper.

Without `interactive` there is no script in it. Nothing is ever asked of a network, and the page's own policy forbids
it. Whatever comes from data is text: the template escapes it, and specifications of charts are written without a
letter that could end the element they stand in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from acrm.messages import language, text
from acrm.render.blocks import Block, Chart, Grid, Section
from acrm.render.charts import palette
from acrm.render.charts.base import Key, Layout
from acrm.render.charts.letters import under
from acrm.render.layout import harmless
from acrm.render.tables import table

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup


@dataclass(frozen=True)
class Meta:
    """What the page says about itself: `sub` under the title (period, as of), `facts` in the footer (provenance)."""

    sub: str = ""
    facts: Sequence[tuple[str, str]] = ()


def page_html(title: str, sections: Sequence[Section], meta: Meta, *, interactive: bool = False) -> str:
    """The page in the language in use; the same arguments give the same bytes.

    Args:
        title: Of the page.
        sections: In order; one without anything to draw is left out.
        meta: Subtitle and footer.
        interactive: Bring Vega along (0.9 MB) and have charts drawn by it, with tips; until it has, and where scripts
            do not run, the static pictures stand in their places.

    Raises:
        ValueError: Two sections have one anchor.
    """
    from markupsafe import Markup

    anchors = [section.anchor for section in sections]
    if len({*anchors}) < len(anchors):
        raise ValueError(anchors)
    figures = _Figures(interactive)
    drawn = [
        {"anchor": section.anchor, "title": section.title, "parts": parts}
        for section in sections
        if (parts := [*_parts(section, figures)])
    ]
    words = {"contents": text("render.contents")}
    scripts = [_bundle(), _part("page.js")] if interactive else []
    return _template().render(
        title=title,
        sections=drawn,
        meta=meta,
        lang=language(),
        words=words,
        policy=_policy(scripts),
        css=Markup(_css()),  # noqa: S704 - ours
        specs=Markup(_inline({"charts": figures.specs, "options": _options()} if interactive else {})),  # noqa: S704 - escaped there
        bundle=Markup(scripts[0]) if scripts else "",  # noqa: S704 - Vega's
        script=Markup(scripts[1]) if scripts else "",  # noqa: S704 - ours
    )


def _parts(section: Section, figures: _Figures) -> Iterator[dict[str, Any]]:
    """The blocks that have something to show, charts that follow each other together."""
    for charts, blocks in groupby(section.blocks, key=lambda block: isinstance(block, Chart)):
        if charts:
            shown = [*figures.row([block for block in blocks if isinstance(block, Chart)])]
            if shown:
                yield {"kind": "Charts", "title": "", "figures": shown}
            continue
        for block in blocks:
            if _filled(block):
                kind = type(block).__name__
                part = {"kind": kind, "title": getattr(block, "title", ""), "block": block}
                yield {**part, "kind": "Table", "table": table(block)} if isinstance(block, Grid) else part


def _filled(block: Block) -> bool:
    """Whether a block has anything in it; a headline always has."""
    content = [
        getattr(block, name) for name in ("rows", "lines", "steps", "cards", "decisions") if hasattr(block, name)
    ]
    return not content or bool(content[0])


@dataclass(frozen=True)
class _Figure:
    """A chart as the template writes it; `small` is the picture for a phone."""

    id: str
    layout: Layout
    chart: Chart
    axis: str
    keys: Sequence[Key]
    note: str
    svg: Markup
    small: Markup


class _Figures:
    """Charts in the order of the page, which gives each its id."""

    def __init__(self, interactive: bool) -> None:
        self.interactive = interactive
        self.specs: dict[str, dict[str, Any]] = {}
        self.count = 0

    def row(self, charts: Sequence[Chart]) -> Iterator[_Figure]:
        """Charts two by two; one that needs the width, or has no neighbour, gets the whole of it."""
        from acrm.render.charts.draw import empty, wide

        shown = [chart for chart in charts if not empty(chart.picture)]
        place = 0
        while place < len(shown):
            pair = shown[place : place + 2]
            beside = len(pair) == 2 and not any(wide(chart.picture) for chart in pair)
            for chart in pair if beside else pair[:1]:
                yield self.figure(chart, "half" if beside else "wide")
            place += 2 if beside else 1

    def figure(self, chart: Chart, layout: Layout) -> _Figure:
        """One chart, drawn twice: for the page and for a phone."""
        from acrm.render.charts.draw import said, spec, svg

        self.count += 1
        id = f"chart-{self.count}"
        large, small = spec(chart.picture, layout), spec(chart.picture, "narrow")
        if self.interactive:
            self.specs[id] = {"large": large.vega_lite, "small": small.vega_lite}
        note = " · ".join(part for part in (under(chart), said(chart.picture)) if part)
        return _Figure(
            id,
            layout,
            chart,
            large.axis,
            large.keys,
            note,
            _classed(svg(large, id, chart.title, chart.description), "large"),
            _classed(svg(small, f"{id}-s", chart.title, chart.description), "small"),
        )


def _classed(drawn: str, name: str) -> Markup:
    from markupsafe import Markup

    marked = drawn.replace('class="chart"', f'class="chart {name}"', 1)
    return Markup(marked)  # noqa: S704 - written by an XML writer, which escapes


def _inline(content: object) -> str:
    r"""JSON for a script element: nothing in it can end the element, open another or break a line.

    >>> _inline({"name": "</script><b>"})
    '{"name":"\\u003c/script\\u003e\\u003cb\\u003e"}'
    """
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return written


def _policy(scripts: Sequence[str]) -> str:
    """The content security policy: nothing from anywhere, and of scripts only these, by their hashes."""
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts]
    allowed = f"; script-src {' '.join(hashes)}" if hashes else ""
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'{allowed}"


def _options() -> dict[str, Any]:
    """How Vega is embedded: no menu, no evaluation of expressions as code, our own tips and words of numbers."""
    import vl_convert

    from acrm.render.charts.draw import LOCALES

    locale = LOCALES[language()]
    return {
        "mode": "vega-lite",
        "renderer": "svg",
        "actions": False,
        "ast": True,
        "defaultStyle": False,
        "tooltip": {"disableDefaultStyle": True},
        "formatLocale": vl_convert.get_format_locale(locale),
        "timeFormatLocale": vl_convert.get_time_format_locale(locale),
    }


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script that cannot end the element it stands in."""
    import vl_convert

    return (
        vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        .replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
    )


@cache
def _css() -> str:
    """The style sheet: ours, shades of cells, and on dark screens the dark twins of all colours of charts."""
    dark = f"{_part('dark.css')}{_shades(1)}{palette.dark_css()}"
    return f"{_part('page.css')}{_shades(0)}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _shades(theme: int) -> str:
    """Classes of the cells of a table, in the shades of a heat map."""
    letters = [palette.ON_PALE if step < palette.PALE else palette.ON_DEEP for step in range(len(palette.SHADES))]
    return "".join(
        f".s{step}{{background:{shade[theme]};color:{ink[theme]}}}"
        for step, (shade, ink) in enumerate(zip(palette.SHADES, letters, strict=True))
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["harmless"] = harmless
    return environment.from_string(_part("page.html"))


def _part(name: str) -> str:
    return (files("acrm") / "render" / "page" / name).read_text(encoding="utf-8")
