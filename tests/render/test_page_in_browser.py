"""The page in Chromium, all network blocked; skipped where there is none."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acrm.render.blocks import Card, Cards, Chart, Col, Decision, Decisions, Facts, Grid, Lines, Section
from acrm.render.html import Meta, page_html
from acrm.render.pictures import Axis, Bars, Row
from tests import browser
from tests.pictures import EVIL, SAMPLES, chart

pytestmark = pytest.mark.skipif(browser.program() is None, reason="no Chromium")

WIDE = [[f"a long name of a customer {place}", *range(10_000, 10_012)] for place in range(3)]
SECTIONS = [
    Section(
        "first",
        f"First {EVIL}",
        [
            Decisions([Decision("Call them", [("why", EVIL)])]),
            Cards([Card(f"card {place}", "8,310,477.05 GBP", "+1%", "good", "n = 5") for place in range(4)]),
            Lines([f"a note {EVIL}"], mark="!"),
            Facts([("sha256", "0123456789abcdef" * 8)]),
            Grid("Wide", [Col("name"), *(Col(f"number {place}", "int") for place in range(12))], WIDE),
            Grid("Shares", [Col("x"), Col("y", "heat"), Col("z", "bar")], [["a", 0.5, 0.25], ["b", 0.01, 1.0]]),
        ],
    ),
    Section("second", "Second", [chart(name) for name in SAMPLES]),
]
META = Meta("of all months", [("rows", "541,909 read")])
# What is seen of each chart: the size of the picture and of every mark that can be pointed at.
SEEN = """[...document.querySelectorAll("figure")].map(figure => {
  const drawn = [...figure.querySelectorAll("svg")].filter(svg => svg.getAttribute("role") === "img")
    .filter(svg => svg.checkVisibility());
  const size = node => { const box = node.getBoundingClientRect(); return [box.width, box.height]; };
  return drawn.map(svg => ({
    size: size(svg),
    marks: [...svg.querySelectorAll(svg.closest(".live") ? "path[aria-label]" : "path:has(title)")].map(size),
    letters: [...svg.querySelectorAll("text")].filter(text => size(text)[0] > 0).length,
  }));
})"""
# Every text outside of pictures, with the contrast between it and what lies behind it.
CONTRAST = """(() => {
  const light = colour => {
    const [r, g, b] = colour.map(level => level / 255)
      .map(level => level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return null;
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || node.closest("svg, script, style") || !node.checkVisibility()) continue;
    const [one, other] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => a - b);
    found.push([(other + 0.05) / (one + 0.05), text.data.trim().slice(0, 30)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
})()"""
FILLS = """[...new Set([...document.querySelectorAll("svg [fill]")].map(node => getComputedStyle(node).fill))]"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Tab]:
    with browser.tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module", params=[False, True], ids=["static", "interactive"])
def live(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def page(live: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_html(f"Report {EVIL}", SECTIONS, META, interactive=live), encoding="utf-8")
    return path


def drawn(tab: browser.Tab, live: bool) -> list[dict[str, Any]]:
    """What is seen of each chart, once all are drawn."""
    if live:
        tab.until(f"document.querySelectorAll('figure.drawn').length === {len(SAMPLES)}")
    found: list[list[dict[str, Any]]] = tab.evaluate(SEEN)
    assert [len(seen) for seen in found] == [1] * len(SAMPLES)
    return [seen[0] for seen in found]


def check(seen: list[dict[str, Any]], width: float) -> None:
    for name, one in zip(SAMPLES, seen, strict=True):
        assert len(one["marks"]) == SAMPLES[name].marks, name
        # A bar of nought and a share of nought are there, and have no extent.
        assert sum(max(box) > 0 for box in one["marks"]) >= SAMPLES[name].marks - 1, name
        assert 100 < one["size"][0] <= width, name
        assert one["size"][1] > 40, name
        assert one["letters"] > 2, name


@pytest.mark.parametrize("width", [1280, 390])
def test_every_chart_is_drawn_and_nothing_is_asked_or_complained_of(
    tab: browser.Tab, page: Path, live: bool, width: int
) -> None:
    tab.look(width=width)
    tab.open(page)
    check(drawn(tab, live), width)
    assert tab.requests == [page.as_uri()]
    assert not tab.complaints


def test_every_chart_is_there_without_scripts(tab: browser.Tab, page: Path) -> None:
    tab.look()
    tab.open(page, scripts=False)
    check(drawn(tab, live=False), 1280)
    assert not tab.complaints


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_page_never_scrolls_sideways(tab: browser.Tab, page: Path, live: bool, width: int) -> None:
    tab.look(width=width)
    tab.open(page)
    drawn(tab, live)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate("document.querySelector('.scroll').scrollWidth") > tab.evaluate(
        "document.querySelector('.scroll').clientWidth"
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_is_read_in_both_themes(tab: browser.Tab, page: Path, live: bool, dark: bool) -> None:
    tab.look(dark=dark)
    tab.open(page)
    drawn(tab, live)
    contrasts = tab.evaluate(CONTRAST)
    assert len(contrasts) > 100
    assert contrasts[0][0] >= 4.5, contrasts[0]
    ink = "rgb(232, 237, 243)" if dark else "rgb(27, 35, 48)"
    fills = tab.evaluate(FILLS)
    assert ink in fills
    assert ("rgb(31, 95, 184)" in fills) is not dark


def test_what_came_from_data_was_not_run(tab: browser.Tab, page: Path, live: bool) -> None:
    tab.look()
    tab.open(page)
    drawn(tab, live)
    assert tab.evaluate("document.images.length") == 0
    assert tab.evaluate(f"document.body.textContent.includes({json.dumps(EVIL)})")


def test_pointing_at_a_mark_tells_its_name_interval_and_count(tab: browser.Tab, tmp_path: Path) -> None:
    rows = [Row(EVIL, 0.5, 0.4, 0.6, 1_234)]
    path = tmp_path / "one.html"
    section = Section("one", "One", [Chart("t", "d", Bars(Axis("won", "share"), rows))])
    path.write_text(page_html("R", [section], Meta(), interactive=True), encoding="utf-8")
    tab.look()
    tab.open(path)
    tab.until("document.querySelector('figure.drawn')")
    spot = tab.evaluate(
        "(() => { const box = document.querySelector('.live path[aria-label]').getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    tab.send("Input.dispatchMouseEvent", type="mouseMoved", x=spot[0], y=spot[1])
    tab.until("document.querySelector('#vg-tooltip-element.visible')")
    told = tab.evaluate("document.querySelector('#vg-tooltip-element').innerText")
    assert told == f"{EVIL}\nwon: 50.0%\ninterval: 40.0% – 60.0%\nn = 1,234"
    assert tab.evaluate("document.images.length") == 0


def test_on_paper_there_is_no_navigation_and_no_dark(tab: browser.Tab, page: Path, live: bool) -> None:
    tab.look(dark=True, media="print")
    tab.open(page)
    drawn(tab, live)
    assert tab.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert "rgb(27, 35, 48)" in tab.evaluate(FILLS)
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(27, 35, 48)"
