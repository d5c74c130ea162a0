import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from acrm import messages
from acrm.render.charts import palette
from acrm.render.charts.base import WIDTHS, Layout
from acrm.render.charts.draw import empty, spec, svg
from acrm.render.pictures import Axis, Bars, Heat, Panels, Picture, Point, Row, Scatter, Stack, Survival, Trend
from tests.pictures import EVIL, SAMPLES

LIGHT = {light for light, _ in palette.PAIRS} | {"none", "transparent"}
HARMLESS = {"svg", "g", "path", "text", "tspan", "line", "rect", "title", "desc"}


def drawn(picture: Picture, layout: Layout = "wide") -> ET.Element:
    return ET.fromstring(svg(spec(picture, layout), "c1", "Title & more", "Description"))  # noqa: S314 - ours


def tips(root: ET.Element) -> list[str]:
    return [str(path.findtext("title")) for path in root.iter("path") if path.find("title") is not None]


def letters(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter("text")]


def test_there_is_a_sample_of_every_kind() -> None:
    assert {type(sample.picture) for sample in SAMPLES.values()} == set(get_args(Picture))


@pytest.mark.parametrize("layout", ["wide", "half", "narrow"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_mark_is_drawn_with_its_tip_in_colours_that_have_a_dark_twin(name: str, layout: Layout) -> None:
    root = drawn(SAMPLES[name].picture, layout)
    assert len(tips(root)) == SAMPLES[name].marks
    assert float(root.attrib["width"]) <= WIDTHS[layout] + 1
    assert {node.get(what) for node in root.iter() for what in ("fill", "stroke")} - {None} <= LIGHT
    assert {node.tag for node in root.iter()} <= HARMLESS
    assert not {name for node in root.iter() for name in node.attrib if name.startswith("on") or "href" in name}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_says_what_it_shows(name: str) -> None:
    root = drawn(SAMPLES[name].picture)
    assert (root.attrib["role"], root.attrib["aria-labelledby"]) == ("img", "c1-t c1-d")
    assert [(node.tag, node.attrib["id"], node.text) for node in root[:2]] == [
        ("title", "c1-t", "Title & more"),
        ("desc", "c1-d", "Description"),
    ]


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if EVIL in repr(sample.picture)])
def test_names_stay_text(name: str) -> None:
    root = drawn(SAMPLES[name].picture)
    told = [*letters(root), *tips(root), *(key.name for key in spec(SAMPLES[name].picture, "wide").keys)]
    assert any(EVIL in line for line in told)


def test_what_was_not_observed_stays_empty_and_what_is_nought_does_not() -> None:
    root = drawn(SAMPLES["heat"].picture)
    assert len(tips(root)) == 5
    assert {"30", "20", "0", "25", "10"} <= {*letters(root)}


def test_cells_too_small_for_figures_have_a_legend() -> None:
    columns = [str(step) for step in range(40)]
    many = spec(Heat(["a"], columns, [[step / 40 for step in range(40)]], Axis("share", "share")), "narrow")
    assert [key.name for key in many.keys] == ["0%", "98%"]
    # Noughts alone would have room, and say that nothing else is there.
    fewer = spec(Heat(["a"], columns[:25], [[0.0, *[0.25] * 24]], Axis("share", "share")), "narrow")
    assert fewer.keys
    assert '"label": "0"' not in json.dumps(fewer.vega_lite)
    assert not spec(SAMPLES["heat"].picture, "narrow").keys


def test_more_parts_than_colours_are_taken_together() -> None:
    many = spec(Stack([*"abcdefgh"], [("all", [1, 2, 3, 4, 5, 6, 7, None])], Axis("n", "int")), "wide")
    assert [key.name for key in many.keys] == ["a", "b", "c", "d", "e", "3 others"]
    assert tips(drawn(Stack([*"abcdefgh"], [("all", [1, 2, 3, 4, 5, 6, 7, None])], Axis("n", "int"))))[-1] == (
        "all, 3 others\nshare: 46.4%\nn: 13"
    )


def test_tips_tell_interval_and_count() -> None:
    assert tips(drawn(SAMPLES["dots"].picture))[0] == "East\nshare of all: 63.0%\ninterval: 60.0% – 66.0%\nn = 2,000"


def test_numbers_and_months_follow_the_language() -> None:
    messages.use("ru")
    written = letters(drawn(SAMPLES["trend"].picture))
    assert "250\u00a0тыс." in written or "200\u00a0тыс." in written
    assert any(line.startswith("янв") for line in written)
    messages.use("en")
    assert any(line.startswith("Jan") for line in letters(drawn(SAMPLES["trend"].picture)))


def test_many_points_are_counted_in_squares() -> None:
    root = drawn(Scatter(Axis("x"), Axis("y"), [(place % 97, place % 89) for place in range(5_000)]))
    counts = [int(tip.rpartition("n = ")[2].replace(",", "")) for tip in tips(root)]
    assert sum(counts) == 5_000
    assert len(counts) <= 40 * 28


def test_a_scale_without_extent_is_still_a_scale() -> None:
    for picture in (
        Bars(Axis("spend", "money"), [Row("a", 0)]),
        Bars(Axis("spend"), [Row("a", 3, 3, 3)]),
        Trend(Axis("spend"), [Point(date(2011, 1, 1), 5)]),
        Scatter(Axis("x"), Axis("y"), [(1, 1)], log=True),
        Scatter(Axis("x"), Axis("y"), [(1, 1)] * 500, log=True),
        Heat(["a"], ["b"], [[2]], Axis("n", "int")),
    ):
        assert "NaN" not in svg(spec(picture, "narrow"), "c", "t", "d")


@pytest.mark.parametrize(
    "picture",
    [
        Trend(Axis("x"), [Point(1, None)]),
        Bars(Axis("x"), []),
        Heat(["a"], ["b"], [[None]], Axis("x")),
        Survival(Axis("x"), [("a", [])], Axis("y")),
        Panels([]),
    ],
)
def test_nothing_to_see_is_empty(picture: Picture) -> None:
    assert empty(picture)


def test_samples_are_not_empty() -> None:
    assert not [name for name, sample in SAMPLES.items() if empty(sample.picture)]


def test_the_same_bytes_in_another_process() -> None:
    script = (
        "import hashlib\n"
        "from acrm.render.charts.draw import spec, svg\n"
        "from tests.pictures import SAMPLES\n"
        "drawn = ''.join(svg(spec(sample.picture, 'half'), 'c', 't', 'd') for sample in SAMPLES.values())\n"
        "print(hashlib.sha256(drawn.encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Vladivostok"))
    }
    here = "".join(svg(spec(sample.picture, "half"), "c", "t", "d") for sample in SAMPLES.values())
    assert found == {hashlib.sha256(here.encode()).hexdigest()}
