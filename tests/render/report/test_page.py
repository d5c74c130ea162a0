"""Which sections a page has, for whom, and how large it may be."""

from dataclasses import replace
from typing import Any

import pytest

from acrm.analysis.report.params import Gathered, ReportParams, ReportResult
from acrm.analysis.report.report import report
from acrm.errors import OutputError
from acrm.lineage import Input, Lineage
from acrm.render.blocks import Block, Chart, Grid, Headline, Lines, Section
from acrm.render.pictures import Axis, Bars, Row
from acrm.render.report import page
from acrm.render.report.impersonal import impersonal, words
from tests.analysis.report.orders import random_lines, table


@pytest.fixture(scope="module")
def result() -> ReportResult:
    return report(Gathered(tables={"transactions": table(random_lines(4))}), ReportParams())


def anchors(result: ReportResult) -> list[str]:
    return [section.anchor for section in page.sections(result)]


def test_each_reader_gets_a_choice_and_the_same_limits(result: ReportResult) -> None:
    audiences: Any = page.ORDER
    for audience in audiences:
        found = anchors(replace(result, params=replace(result.params, audience=audience)))
        assert "figures" in found
        assert found[-2:] == ["health", "limits"]
    assert all(name == name.lower() and len(set(order)) == len(order) for order in audiences.values() for name in order)


def test_what_is_withheld_is_not_drawn(result: ReportResult) -> None:
    found = page.sections(replace(result, withheld=frozenset({"revenue", "trend", "cohorts"})))
    assert found[0].anchor == "health"
    assert not {"trend", "cohorts"} & {section.anchor for section in found}
    assert "Revenue" not in {
        card.label for section in found for block in section.blocks for card in getattr(block, "cards", ())
    }


def test_the_footer_and_too_large_a_page(result: ReportResult, monkeypatch: pytest.MonkeyPatch) -> None:
    lineage = Lineage(
        command="report",
        options={},
        inputs=(Input(name="a.csv", sha256="0" * 64, bytes=5, rows=3),),
        rows_in=3,
        rows_out=2,
    )
    drawn = page.sections(result)
    written = page.report_html(result, drawn, lineage)
    assert "a.csv: 3 rows, sha256 000000000000" in written
    monkeypatch.setattr(page, "MOST", {False: 1000})
    with pytest.raises(OutputError):
        page.report_html(result, drawn, lineage)


def test_a_page_for_many_eyes_names_nobody() -> None:
    bars = Bars(Axis("x"), [Row("Ann Lee", 1)])
    blocks: list[Block] = [
        Headline("of 500 customers"),
        Lines(["ask ann@mail.example"]),
        Lines(["call +7 912 345-67-89"]),
        Lines(["first c-12, then others"]),
        Grid("", [], [["c-12", 5]]),
        Chart("Best", "best", bars),
        Grid("", [], [["Kirov", 500]]),
    ]
    sections = [Section("a", "A", blocks)]
    assert {"c-12", "Ann Lee", "Kirov"} <= words(sections)
    assert "500" not in words(sections)
    (kept,) = impersonal(sections, {"c-12", "Ann Lee"})
    assert kept.blocks == [blocks[0], blocks[-1]]
