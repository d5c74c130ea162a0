"""Decisions as a reader sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from acrm.analysis.actions.decisions import decisions as recorded
from acrm.analysis.report.decided_before import decided_before
from acrm.analysis.report.decisions import Decided, decisions
from acrm.messages import LANGUAGES, use
from acrm.render.blocks import Chart, Decisions, Grid, Lines, Page
from acrm.render.html import Meta, page_html
from acrm.render.pictures import Bars
from acrm.render.report.decisions import decisions_section
from acrm.render.terminal import render
from tests.analysis.report.decided import DAY, leaving, planned
from tests.analysis.report.orders import table


@pytest.fixture(scope="module")
def decided() -> Decided:
    return decisions({"segment": planned(100), "churn": leaving([0.5] * 20, first=90)})


def test_each_decision_has_its_facts(decided: Decided) -> None:
    block = decisions_section(decided).blocks[0]
    assert isinstance(block, Decisions)
    assert len(block.decisions) == decided.figures["decisions"]
    labels = [label for label, _ in block.decisions[0].facts]
    assert labels[:2] == ["for whom", "why"]
    assert "how to check" in labels
    assert "cost" in labels
    effect = dict(block.decisions[0].facts)["expected effect"]
    assert "after cost (" in effect
    assert "assumed" in effect


def test_effects_with_limits_are_drawn_side_by_side(decided: Decided) -> None:
    charts = [block for block in decisions_section(decided).blocks if isinstance(block, Chart)]
    assert len(charts) == 1
    picture = charts[0].picture
    assert isinstance(picture, Bars)
    assert len(picture.rows) == decided.figures["decisions"]
    alone = decisions({"churn": leaving([0.5] * 20)})
    assert not [block for block in decisions_section(alone).blocks if isinstance(block, Chart)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_terminal_show_them(language: str) -> None:
    use(language)
    later = DAY + timedelta(days=60)
    before = decided_before({"decisions": recorded(planned(100)).lazy(), "transactions": table([{}])}, later)
    section = decisions_section(decisions({"segment": planned(100)}, before=before))
    assert any(isinstance(block, Grid) and len(block.rows) == 2 for block in section.blocks)
    shown = render(Page([section]), width=80, plain=False, colour=False)
    assert "None" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert page_html("x", [section], Meta()).count("<li>") >= 2


def test_names_from_the_data_stay_text(decided: Decided) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    told = decided.tables["decisions"].with_columns(action=pl.lit(evil), who=pl.lit(evil))
    section = decisions_section(replace(decided, tables={**decided.tables, "decisions": told}))
    for interactive in (False, True):
        page = page_html("x", [section], Meta(), interactive=interactive)
        assert "<img src=x" not in page


def test_the_board_is_not_told_whose_a_deal_is(decided: Decided) -> None:
    told = decided.tables["decisions"].with_columns(of=pl.lit("deal"), owner=pl.lit("Olga Petrova"))
    made = replace(decided, tables={**decided.tables, "decisions": told})
    pages = [page_html("x", [decisions_section(made, personal=personal)], Meta()) for personal in (True, False)]
    assert ["Olga Petrova" in page for page in pages] == [True, False]


def test_without_a_decision_the_reason_stands_there() -> None:
    blocks = decisions_section(decisions({})).blocks
    assert next(block for block in blocks if isinstance(block, Lines)).lines[0].startswith("no decision:")
    assert "no decision:" in render(Page([decisions_section(decisions({}))]), width=80, plain=True, colour=False)
