"""The section of segments."""

from __future__ import annotations

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.people.people import people
from acrm.analysis.segment.segment import SegmentParams, SegmentResult, segment
from acrm.render.pictures import Bars, Stack
from acrm.render.report.segment import segment_section
from tests.analysis.clv.conftest import build, buyers
from tests.render.report.shown import charts, grids, headline, sound, words


def made(k: int | None = None, customers: int = 200, orders: bool = True) -> SegmentResult:
    lines = build(buyers(customers, 400)) if orders else None
    names = [f"c{place:03}" for place in range(customers)]
    tables = {
        "customers": pl.LazyFrame(
            {
                "customer_id": names,
                "city": ["Perm" if place % 2 else "Tver" for place in range(customers)],
                "x_points": [str(place % 2 * 500 + place % 11) for place in range(customers)],
            }
        )
    }
    if lines is not None:
        tables["transactions"] = lines
    return segment(people(tables, lines=lines), tables, SegmentParams(k=k))


@pytest.fixture(scope="module")
def result() -> SegmentResult:
    return made(4)


def test_sizes_are_those_of_the_result(result: SegmentResult) -> None:
    section = sound(segment_section(result))
    table = result.profiles.segments.sort("customers", "segment_id", descending=[True, False])
    assert headline(section).startswith(f"{table.height} ")
    stack, spend = (chart.picture for chart in charts(section))
    assert isinstance(stack, Stack)
    assert list(stack.parts) == table["segment"].to_list()
    assert list(stack.rows[0][1]) == table["customers"].to_list()
    assert list(stack.rows[1][1]) == table["spend_share"].to_list()
    assert isinstance(spend, Bars)
    assert [row.value for row in spend.rows] == sorted(
        table.filter(pl.col("median_spend") > 0)["median_spend"], reverse=True
    )
    cards = grids(section)["What sets the groups apart"]
    assert [row[:2] for row in cards.rows] == [[*row] for row in table.select("segment", "customers").rows()]


def test_without_orders_there_is_no_money() -> None:
    section = sound(segment_section(made(3, orders=False)))
    (stack,) = (chart.picture for chart in charts(section))
    assert isinstance(stack, Stack)
    assert [name for name, _ in stack.rows] == ["customers"]


def test_one_group_is_nothing_to_say() -> None:
    assert segment_section(made(customers=8, orders=False)) is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(result: SegmentResult, language: str) -> None:
    messages.use(language)
    said = words(sound(segment_section(result, personal=False)))
    assert not [who for who in result.tables["customers"]["customer_id"] if who in said]
