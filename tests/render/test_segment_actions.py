"""What to do, on paper: the budget, what is left of it, how unsure it is, in English and Russian."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.actions.actions import ActionParams, ActionsResult, plan
from acrm.analysis.actions.scenarios import load_scenarios
from acrm.render.blocks import Facts, Grid, Headline, Page
from acrm.render.segment_actions import MOST, actions_blocks, actions_steps
from acrm.render.terminal import render


def planned(budget: int | None, segments: int = 3) -> ActionsResult:
    count = 400 * segments
    rows = pl.DataFrame(
        {
            "customer_id": [f"c{number:05}" for number in range(count)],
            "segment_id": [number % segments for number in range(count)],
            "segment": [f"lapsed [{number % segments}] =x" for number in range(count)],
            "spend": [Decimal(100 + number % 700) for number in range(count)],
        }
    )
    money = None if budget is None else Decimal(budget)
    params = ActionParams(as_of=date(2026, 3, 1), budget=money, currency="EUR")
    return plan(rows, load_scenarios(), None, params)


def test_the_budget_and_the_doubt_are_told() -> None:
    result = planned(100)
    headline, grid, facts, lines = actions_blocks(result)
    assert isinstance(headline, Headline)
    assert f"{result.summary['contacts']} contacts for" in headline.text
    assert isinstance(grid, Grid)
    assert [len(row) for row in grid.rows] == [len(grid.columns)] * 3
    assert sum(float(row[3]) for row in grid.rows) == pytest.approx(1)  # type: ignore[arg-type, misc]
    assert isinstance(facts, Facts)
    told = dict(facts.rows)
    assert "of 100.00" in told["spent"]
    assert "worth a contact" in told["not bought"]
    assert "of 3 segments contacted, 3 have too small" in told["unproven"]
    assert lines


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits(lang: str, width: int) -> None:
    messages.use(lang)
    for result in (planned(100), planned(None), planned(0)):
        shown = render(Page(actions_blocks(result)), width=width, plain=False, colour=False)
        assert all(cell_len(line) <= width for line in shown.splitlines())
        assert "{" not in shown


def test_of_many_segments_the_best_are_shown() -> None:
    grid = actions_blocks(planned(None, 15))[1]
    assert isinstance(grid, Grid)
    assert (len(grid.rows), grid.more) == (MOST, 3)


def test_without_contacts_there_is_nothing_to_show_but_why() -> None:
    result = planned(0)
    headline, lines = actions_blocks(result)
    assert isinstance(headline, Headline)
    assert "no contact to buy for 1,200 customers" in headline.text
    assert lines
    assert list(actions_steps(result, "shop")) == []


def test_what_to_type_next() -> None:
    assert [step for step, _ in actions_steps(planned(100), "shop", "shop")] == [
        "acrm segment shop --budget 200",
        "acrm segment shop --budget 100 --record shop",
        "acrm segment shop --budget 100 --export csv",
    ]
    assert [step for step, _ in actions_steps(planned(None), "a.csv")] == ["acrm segment a.csv --export csv"]


def test_contacts_without_a_price_are_told_as_such() -> None:
    rows = pl.DataFrame({"customer_id": ["a", "b"], "segment_id": [0, 0], "segment": ["new", "new"]})
    result = plan(rows, load_scenarios(), None, ActionParams(as_of=date(2026, 3, 1)))
    headline, grid, *_ = actions_blocks(result)
    assert isinstance(headline, Headline)
    assert headline.text == "2 contacts, 0 customers kept apart; their cost and value are unknown"
    assert isinstance(grid, Grid)
    assert grid.rows[0][3:7] == [None] * 4
    assert "{" not in render(Page(actions_blocks(result)), width=80, plain=False, colour=False)
