"""The page of groups: headline, names kept apart, the criteria, who moved, what to type next; nothing of the data is
markup."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.analysis.people.people import people
from acrm.analysis.segment.joined import with_moves
from acrm.analysis.segment.segment import SegmentParams, SegmentResult, segment
from acrm.render.blocks import Grid, Headline, Lines, Steps
from acrm.render.segment import segment_page


def made(customers: int = 120, k: int | None = None) -> SegmentResult:
    tables = {
        "customers": pl.LazyFrame(
            {
                "customer_id": [f"c{place:03}" for place in range(customers)],
                "city": ["[red]Perm[/red]" if place % 2 else "=Tver" for place in range(customers)],
                "x_points": [str(place % 2 * 500 + place % 11) for place in range(customers)],
            }
        )
    }
    return segment(people(tables, lines=None), tables, SegmentParams(k=k))


@pytest.fixture(scope="module")
def found() -> SegmentResult:
    return made(k=4)


def test_the_headline_names_the_largest_and_keeps_names_apart(found: SegmentResult) -> None:
    head = segment_page(found).blocks[0]
    assert isinstance(head, Headline)
    names = found.tables["segments"].sort("customers", descending=True)["segment"].to_list()
    assert "; ".join(names[:3]) in head.text
    assert "(1 more)" in head.text


def test_one_group_has_no_map_and_nothing_to_compare() -> None:
    for customers, words in ((1, "1 customer"), (40, "40 customers")):
        page = segment_page(made(customers))
        head, steps = page.blocks[0], page.blocks[-1]
        assert isinstance(head, Headline)
        assert head.text.endswith(words)
        assert isinstance(steps, Steps)
        assert not steps.steps


def test_the_criteria_mark_what_was_chosen(found: SegmentResult) -> None:
    grids = {block.title: block for block in segment_page(found).blocks if isinstance(block, Grid)}
    rows = grids["How many groups: the criteria"].rows
    assert [row[0] for row in rows] == found.tables["criteria"]["k"].to_list()
    assert [row[0] for row in rows if "chosen" in str(row[-1])] == [4]


def test_few_who_moved_are_shown_and_all_are_counted(found: SegmentResult) -> None:
    schema = dict.fromkeys(("customer_id", "before", "now", "why"), pl.String)
    rows = [(f"c{place}", "one", "two", None) for place in range(7)] + [("new", None, "two", None)]
    moved = with_moves(found, pl.DataFrame(rows, schema=schema, orient="row"), 100)
    grid = next(one for one in segment_page(moved).blocks if isinstance(one, Grid) and one.more)
    assert (len(grid.rows), grid.more) == (5, 2)
    assert "7 customers moved, 1 new, 0 gone" in grid.title
    nobody = with_moves(found, pl.DataFrame(schema=schema), 100)
    told = [line for one in segment_page(nobody).blocks if isinstance(one, Lines) for line in one.lines]
    assert any("0 customers moved" in line for line in told)


def test_names_of_the_data_are_plain(found: SegmentResult) -> None:
    for name in found.tables["segments"]["segment"]:
        assert not set(name) & set("[]<>=")
