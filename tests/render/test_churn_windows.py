"""The choice of windows and the early warnings as they stand on a page."""

import polars as pl
import pytest

from acrm.analysis.churn.records import read_records
from acrm.analysis.churn.warning import Warnings, warnings
from acrm.analysis.churn.windows import windows
from acrm.messages import use
from acrm.render.blocks import Block, Page
from acrm.render.churn_windows import SHOWN, warning_blocks, windows_block
from acrm.render.terminal import render
from tests.analysis.churn.conftest import build, buyers


def drawn(*blocks: Block, width: int = 100) -> str:
    return render(Page(blocks), width=width, plain=True, colour=False)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_chosen_window_is_marked_and_others_say_why_not(language: str) -> None:
    use(language)
    found = windows(read_records(build(buyers()), {}))
    block = windows_block(found)
    assert [row[0] for row in block.rows if "←" in str(row[0])] == [f"{found.window} ←"]
    assert len(block.rows) + block.more == found.table.height
    page = drawn(windows_block(windows(read_records(build(buyers()), {}), given=300)), width=120)
    assert {"en": "history too short", "ru": "история коротка"}[language] in page
    assert max(map(len, page.splitlines())) <= 120


def test_a_window_that_cannot_be_had_is_not_marked() -> None:
    found = windows(read_records(build(buyers()), {}), given=300)
    block = windows_block(found)
    assert not any("←" in str(row[0]) for row in block.rows)
    assert block.rows[-1][1:4] == [None, None, None]
    assert not block.more


def test_the_latest_customers_first() -> None:
    past = read_records(build(buyers()), {}).past
    found = warnings(past, past.days.select("customer_id").unique())
    page = drawn(*warning_blocks(found))
    assert found.overdue["customer_id"][0] in page
    assert "times usual" in " ".join(page.split())
    assert found.overdue["customer_id"][SHOWN] not in page


def test_nobody_late_and_nobody_watched() -> None:
    empty = pl.DataFrame()
    assert not list(warning_blocks(Warnings(rhythm=empty, overdue=empty, watched=0)))
    assert "nobody of 7" in drawn(*warning_blocks(Warnings(rhythm=empty, overdue=empty, watched=7)))
