import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from acrm import messages
from acrm.render.blocks import (
    Card,
    Cards,
    Chart,
    Col,
    Decision,
    Decisions,
    Facts,
    Grid,
    Headline,
    Lines,
    Section,
    Steps,
)
from acrm.render.html import Meta, page_html
from acrm.render.pictures import Axis, Bars, Row
from tests.pictures import EVIL, SAMPLES, chart

SECTIONS = [
    Section(
        "decisions",
        f"Decisions {EVIL}",
        [
            Decisions([Decision(f"Call {EVIL}", [("why", EVIL)]), Decision("Write", [("cost", "1")])]),
            Cards([Card(EVIL, "8.3 M", EVIL, "good", EVIL)], EVIL),
        ],
    ),
    Section(
        "words",
        "Words",
        [
            Headline(EVIL, EVIL),
            Facts([(EVIL, EVIL)], EVIL),
            Lines([EVIL], mark="!"),
            Steps([(f"acrm rfm '{EVIL}'", EVIL)], EVIL),
            Grid(EVIL, [Col(EVIL), Col("share", "bar"), Col("say", "prose")], [[EVIL, 0.5, EVIL]], more=2),
        ],
    ),
    Section("charts", "Charts", [chart(name) for name in SAMPLES]),
    Section("nothing", "Nothing", [Grid("", [Col("x")], []), Lines([]), Chart("x", "x", Bars(Axis("x"), []))]),
]
META = Meta(EVIL, [("rows", EVIL)])


class Reader(HTMLParser):
    """Elements with their attributes, ids, and what stands in script elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        (self.scripts if self.elements and self.elements[-1][0] == "script" and data.strip() else self.text).append(
            data
        )

    def attributes(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.fixture(scope="module", params=[False, True], ids=["static", "interactive"])
def page(request: pytest.FixtureRequest) -> str:
    return page_html(f"Report {EVIL}", SECTIONS, META, interactive=request.param)


def test_nothing_of_the_data_becomes_markup(page: str) -> None:
    reader = Reader(page)
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"img", "iframe", "object", "embed", "base", "form"}
    assert not {name for _, attributes in reader.elements for name in attributes if name.startswith("on")}
    assert sum(EVIL in text for text in reader.text) >= 15


def test_nothing_is_asked_of_a_network(page: str) -> None:
    reader = Reader(page)
    assert not reader.attributes("src")
    assert {target[0] for target in reader.attributes("href") if target} == {"#", "d"}
    assert "url(" not in page.partition("<script")[0]
    assert "@import" not in page.partition("<script")[0]


def test_the_policy_allows_only_the_scripts_that_are_there(page: str) -> None:
    reader = Reader(page)
    policy = next(str(values["content"]) for _, values in reader.elements if "http-equiv" in values)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    code = [script for script in reader.scripts if not script.startswith("{")]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in code]
    assert re.findall(r"'sha256-(.*?)'", policy) == hashes
    assert "unsafe-eval" not in policy


def test_ids_are_unique_and_every_reference_meets_one(page: str) -> None:
    reader = Reader(page)
    ids = reader.attributes("id")
    assert len(ids) == len({*ids})
    meant = [name for names in reader.attributes("aria-labelledby") for name in str(names).split()]
    meant += [str(target)[1:] for target in reader.attributes("href") if str(target).startswith("#")]
    assert {*meant} <= {*ids}


def test_every_chart_is_there_twice_and_says_what_it_is(page: str) -> None:
    charts = [values for tag, values in Reader(page).elements if tag == "svg" and values.get("role") == "img"]
    assert len(charts) == 2 * len(SAMPLES)
    assert all(values["aria-labelledby"] for values in charts)


def test_empty_sections_are_left_out(page: str) -> None:
    assert 'id="nothing"' not in page
    assert [values["href"] for tag, values in Reader(page).elements if tag == "a"] == [
        "#decisions",
        "#words",
        "#charts",
    ]


def test_a_static_page_has_no_script_and_both_keep_their_size() -> None:
    still, live = (page_html("R", SECTIONS, META, interactive=interactive) for interactive in (False, True))
    assert "<script" not in still
    assert len(still.encode()) < 400_000
    assert len(live.encode()) < 1_700_000


def test_specifications_are_read_back_as_they_were() -> None:
    live = page_html("R", SECTIONS, META, interactive=True)
    [embedded] = [script for script in Reader(live).scripts if script.startswith("{")]
    assert not set(embedded) & set("<>&\u2028\u2029")
    read = json.loads(embedded)
    assert len(read["charts"]) == len(SAMPLES)
    assert EVIL in json.dumps(read)
    assert read["options"]["ast"] is True
    assert read["options"]["actions"] is False


def test_separators_of_lines_cannot_end_a_script() -> None:
    one = Chart("t", "d", Bars(Axis("x"), [Row("a\u2028b\u2029c", 1)]))
    assert not set(page_html("R", [Section("a", "A", [one])], Meta(), interactive=True)) & set("\u2028\u2029")


def test_the_page_speaks_the_language_in_use() -> None:
    messages.use("ru")
    page = page_html("Отчёт", SECTIONS, META)
    assert '<html lang="ru">' in page
    assert 'aria-label="Содержание"' in page
    assert "n = 1\u00a0234" in page


def test_two_half_charts_stand_side_by_side_and_one_alone_is_wide() -> None:
    def layouts(*names: str) -> list[str | None]:
        page = page_html("R", [Section("a", "A", [chart(name) for name in names])], Meta())
        return [values["class"] for tag, values in Reader(page).elements if tag == "figure"]

    assert layouts("heat", "dots") == ["half", "half"]
    assert layouts("heat", "dots", "funnel") == ["half", "half", "wide"]
    assert layouts("heat", "trend", "dots", "funnel") == ["wide", "wide", "half", "half"]


def test_anchors_name_one_section_each() -> None:
    with pytest.raises(ValueError, match="a"):
        page_html("R", [Section("a", "A", []), Section("a", "B", [])], Meta())


def test_the_same_page_is_the_same_bytes() -> None:
    assert page_html("R", SECTIONS, META, interactive=True) == page_html("R", SECTIONS, META, interactive=True)
