"""The page of the funnel, in English and Russian, with and without amounts, history, answers and anything to learn."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams, FunnelResult
from acrm.render.blocks import Grid, Headline
from acrm.render.funnel import funnel_page
from acrm.render.terminal import render
from tests.analysis.funnel.conftest import deals, pipeline
from tests.analysis.funnel.test_answers import MADE, ROWS, TABLES, WHO


@pytest.fixture(scope="module")
def result() -> FunnelResult:
    return funnel(pipeline(1500, 1, owners={"Ann": 0.8, "Bob": 0.4}), FunnelParams())


def test_the_answer_comes_first(result: FunnelResult) -> None:
    page = funnel_page(result, "deals.csv")
    headline = page.blocks[0]
    assert isinstance(headline, Headline)
    assert headline.text.startswith(f"{result.summary['win_rate']:.2%} of the closed deals were won (")
    assert "open ones are expected to bring" in headline.text
    titles = [block.title for block in page.blocks if isinstance(block, Grid) and block.rows]
    assert titles[:3] == [
        "The funnel",
        "To call first: open deals by what they are expected to bring",
        "What the open deals will bring",
    ]


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_every_line_fits(result: FunnelResult, language: str, width: int) -> None:
    messages.use(language)
    page = render(funnel_page(result), width=width, plain=False, colour=False)
    assert max(map(cell_len, page.splitlines())) <= width
    assert "{" not in page


def test_answers_have_their_own_part() -> None:
    base = funnel(deals(*ROWS, customer_id=WHO), FunnelParams(), TABLES)
    page = render(funnel_page(base), width=100, plain=True, colour=False)
    assert "first answers later than 24 h" in page
    assert "Still waiting for a first answer" in page
    assert "silent" in page
    assert '--fail-on "answers_late_share>0.1"' in page


def test_lost_reasons_and_a_range_where_nobody_knows() -> None:
    rows = [
        ("a", "Won", "won", MADE, "2024-02-10"),
        ("b", "Lost", "lost", MADE, "2024-02-10"),
        ("c", "1 New", "open", MADE),
        ("d", "2 Talk", "open", MADE),
    ]
    base = funnel(deals(*rows, lost_reason=[None, "price", None, None]), FunnelParams())
    page = render(funnel_page(base), width=120, plain=True, colour=False)
    assert "2 to 3" in page
    assert "Why deals are lost" in page
    assert "no chances: 2 deals with a known end, 50 needed" in page


def test_where_nobody_loses_the_share_is_of_all() -> None:
    rows = [(f"d{k}", "W" if k < 10 else "S", "won" if k < 10 else "open", MADE, "2024-02-10") for k in range(100)]
    page = render(funnel_page(funnel(deals(*rows), FunnelParams())), width=100, plain=True, colour=False)
    assert page.startswith("10 of 100 deals were won: 10.00% (")
