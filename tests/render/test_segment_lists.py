"""The parts of the page of segments that are stages and lists."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.lifecycle.lifecycle import lifecycle
from acrm.analysis.lists.bins import banded
from acrm.analysis.lists.call_list import CallList
from acrm.analysis.lists.lookalike import Lookalike
from acrm.analysis.lists.reminder_rules import reminder_rules
from acrm.analysis.lists.reminders import reminders
from acrm.analysis.lists.sample import sample
from acrm.analysis.segment.rules import rule_segments
from acrm.render.blocks import Block, Grid, Page
from acrm.render.segment_lists import (
    bins_block,
    call_blocks,
    lifecycle_blocks,
    lookalike_blocks,
    reminder_blocks,
    rules_block,
    sample_blocks,
)
from acrm.render.terminal import render

TODAY = date(2025, 12, 28)
GIVEN = {"active": 30, "lapsed": 60, "loyal": 4}
SHOP = {"ada": (10, 0, 360), "bob": (20, 0, 180), "cleo": (30, 280, 330), "dan": (400, 350, 351), "eve": (100, 0, 350)}


def bought() -> pl.DataFrame:
    start = date(2025, 1, 1)
    rows = [
        (name, start + timedelta(days=day), Decimal(50), 1)
        for name, (every, first, last) in SHOP.items()
        for day in range(first, last, every)
    ]
    schema: dict[str, Any] = {"customer_id": pl.String, "day": pl.Date, "amount": pl.Decimal(38, 4), "orders": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def people() -> pl.DataFrame:
    sums = bought().group_by("customer_id").agg(spend=pl.col("amount").sum().cast(pl.Float64))
    return sums.sort("customer_id").with_columns(region=pl.Series(["North", "South", None, "North", "North"]))


def blocks() -> list[Block]:
    rank = {"rank": [1], "customer_id": ["zoe"], "reason": ["city Ufa (66% there, 20% of the others)"]}
    near = Lookalike(
        table=pl.DataFrame({**rank, "distance": [0.25], "known": [1.0]}), features=people(), figures={}, notes=()
    )
    call = CallList(
        table=pl.DataFrame({**rank, "probability": [0.5], "expected_value": [Decimal("50.00")]}), figures={}, notes=()
    )
    rules = {"segment": [{"id": "big", "where": "spend > 500"}]}
    orders = bought().join(people(), on="customer_id")
    return [
        *lifecycle_blocks(lifecycle(bought(), {}, as_of=TODAY, given=GIVEN)),
        *reminder_blocks(reminders(reminder_rules(), bought(), {}, as_of=TODAY)),
        *sample_blocks(sample(people(), by=["region"])),
        *lookalike_blocks(near),
        *call_blocks(call),
        bins_block(banded(orders, "region", [Decimal(40), Decimal(1000)]), "region"),
        rules_block(rule_segments(people(), rules)),
    ]


def shown(width: int = 80) -> str:
    return render(Page(blocks()), width=width, plain=True, colour=False)


def test_stages_limits_and_changes_stand_together() -> None:
    said = shown()
    for part in ("Lifecycle", "Loyal", "30 (given)", "60 (given)", "1 New", "no customer yet"):
        assert part in said, part
    assert "more than 60 days without a purchase" in said
    grid = next(block for block in blocks() if isinstance(block, Grid) and block.columns[0].label == "")
    stages = {str(row[0]): row for row in grid.rows}
    for label, row in stages.items():
        known = [cell for cell in row[2:] if isinstance(cell, float)]
        assert sum(known) == pytest.approx(1 if row[1] else 0), label


def test_numbers_of_the_matrix_name_the_rows() -> None:
    grid = next(block for block in blocks() if isinstance(block, Grid) and block.columns[0].label == "")
    numbered = [str(row[0]).split()[0] for row in grid.rows]
    assert [col.label for col in grid.columns[2:]] == [label for label in numbered if label.isdigit()][
        : len(grid.columns) - 2
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_line_fits(width: int, language: str) -> None:
    messages.use(language)
    assert max(cell_len(line) for line in shown(width).splitlines()) <= width


def test_lists_show_whom_and_why() -> None:
    said = shown(120)
    for part in ("zoe", "city Ufa (66% there, 20% of the others)", "50.0%", "big", "unknown", "40+", "1,000+", "< 40"):
        assert part in said, part
    assert "discount for many orders" in said


def test_bands_add_up() -> None:
    grid = next(block for block in blocks() if isinstance(block, Grid) and block.columns[0].label == "region")
    counts = [row[1:] for row in grid.rows]
    assert [row[-1] for row in counts] == [sum(cell for cell in row[:-1] if isinstance(cell, int)) for row in counts]
    assert sum(row[-1] for row in counts if isinstance(row[-1], int)) == bought().height
    one = bins_block(banded(pl.DataFrame({"amount": [Decimal(0)]}), None), None)
    assert [col.label for col in one.columns] == ["", "any amount", "orders"]


def test_nothing_is_drawn_of_what_there_is_not() -> None:
    assert list(lifecycle_blocks(lifecycle(bought().head(1), {}, as_of=TODAY))) == []
    empty = pl.DataFrame(schema={"customer_id": pl.String})
    assert list(lookalike_blocks(Lookalike(table=empty, features=empty, figures={}, notes=()))) == []
    assert list(call_blocks(CallList(table=empty, figures={}, notes=()))) == []
