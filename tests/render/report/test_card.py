"""A customer's card as a reader sees it."""

from __future__ import annotations

import pytest

from acrm.analysis.report.card import card
from acrm.analysis.rfm import RfmParams, rfm
from acrm.messages import LANGUAGES, use
from acrm.render.blocks import Cards, Facts, Grid, Page
from acrm.render.html import Meta, page_html
from acrm.render.report.card import SHOWN, card_section
from acrm.render.terminal import render
from tests.analysis.report.decided import DAY, shop
from tests.analysis.report.known import frame, tables
from tests.analysis.report.orders import table


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_terminal_show_it(language: str) -> None:
    use(language)
    section = card_section(card("c1", tables(), {}, as_of=DAY))
    shown = render(Page([section]), width=80, plain=False, colour=False)
    assert "Ann Lee" in shown
    assert "None" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "Ann Lee" in page_html("x", [section], Meta())


def test_scores_stand_side_by_side() -> None:
    lines = shop()
    found = card("c007", {"transactions": lines}, {"rfm": rfm(lines, RfmParams())})
    cards = next(block for block in card_section(found).blocks if isinstance(block, Cards))
    assert [one.label for one in cards.cards] == ["RFM", "usual gap"]
    assert found.rfm is not None
    assert cards.cards[0].value == f"{found.rfm['r']}-{found.rfm['f']}-{found.rfm['m']}"


def test_a_long_story_is_cut_with_a_count() -> None:
    many = table([{"order_id": f"o{k:02}"} for k in range(SHOWN + 5)])
    section = card_section(card("ada", {"transactions": many}, {}))
    grids = [block for block in section.blocks if isinstance(block, Grid)]
    assert grids[-1].more == 5
    assert len(grids[-1].rows) == SHOWN


def test_consent_is_always_told_and_names_stay_text() -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    people = frame("customers", {"customer_id": "c1", "full_name": evil, "consent": False})
    section = card_section(card("c1", {"customers": people}, {}))
    facts = [row for block in section.blocks if isinstance(block, Facts) for row in block.rows]
    assert ("may be contacted", "no") in facts
    assert "<img" not in page_html("x", [section], Meta())
