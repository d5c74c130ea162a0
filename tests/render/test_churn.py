"""The page of churn as a whole: what stands where, what is not said twice, what may be typed next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from acrm.analysis.churn.churn import ChurnParams, ChurnResult, churn
from acrm.analysis.churn.economics import EconomicsParams
from acrm.analysis.churn.transactional import transactional
from acrm.messages import Message, use
from acrm.render.blocks import Grid, Lines, Steps
from acrm.render.churn import SAID, churn_page
from acrm.render.terminal import render
from tests.analysis.churn.conftest import build, buyers


@pytest.fixture(scope="module")
def result() -> ChurnResult:
    prepared = transactional(build(buyers(days=500)), {}, as_of=date(2025, 5, 15))
    worth = prepared.everyone.select("customer_id", value=pl.lit(25_000.0))
    return churn(prepared, ChurnParams(costs=EconomicsParams(contact=30)), worth)


def drawn(result: ChurnResult, width: int = 80) -> str:
    return render(churn_page(result), width=width, plain=True, colour=False)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_who_why_when_and_worth_in_this_order(result: ChurnResult, language: str, width: int) -> None:
    use(language)
    page = drawn(result, width)
    first = {
        "en": ("Who:", "Why:", "When:", "Worth:", "How sure:"),
        "ru": ("Кто:", "Почему:", "Когда:", "Сколько:", "Насколько надёжно:"),
    }
    places = [page.index(f"\n{word}") for word in first[language]]
    assert places == sorted(places)
    assert {"en": "what to do", "ru": "что делать"}[language] in page.replace("\n", " ")
    assert max(map(len, page.splitlines())) <= width
    assert len(page.splitlines()) <= 125
    assert "x_" not in page


def test_what_to_do_stays_where_there_is_no_room_for_reasons(result: ChurnResult) -> None:
    who = drawn(result).split("\n\n")[1]
    assert who.startswith("Who: most to lose")
    assert "what to do" in who
    assert "not shown" not in who


def test_causes_are_those_of_high_risks(result: ChurnResult) -> None:
    grid = next(block for block in churn_page(result).blocks if isinstance(block, Grid) and "Why" in block.title)
    table = result.tables["causes"]
    assert [row[1] for row in grid.rows] == table["customers"].head(len(grid.rows)).to_list()
    assert len(grid.rows) + grid.more == table.height > 0
    nobody = replace(result, tables={**result.tables, "causes": table.clear()})
    assert "Why:" not in drawn(nobody)


def test_notes_do_not_repeat_the_blocks(result: ChurnResult) -> None:
    assert all(Message(id).exists for id in SAID)
    notes = [block for block in churn_page(result).blocks if isinstance(block, Lines)][-1].lines
    ids = {note.id for note in result.notes}
    assert ids & SAID
    assert list(notes) == [str(note) for note in result.notes if note.id not in SAID]


def test_steps_name_only_the_costs_that_were_assumed(result: ChurnResult) -> None:
    steps = churn_page(result, "shop", {"transactions": pl.LazyFrame()}, "made here").blocks[-1]
    assert isinstance(steps, Steps)
    assert [command for command, _ in steps.steps] == [
        "acrm churn shop --incentive 1250",
        "acrm churn shop --by segment",
        "acrm churn shop --compare 'made here'",
        "acrm churn shop -o - | head",
    ]
