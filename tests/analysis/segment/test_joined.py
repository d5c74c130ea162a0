"""Results joined: what moved is counted, and groups are found by number, name or condition."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.analysis.people.people import People, people
from acrm.analysis.segment.joined import compared, members, with_moves
from acrm.analysis.segment.segment import SegmentParams, SegmentResult, segment
from acrm.errors import UsageError

TABLES = {
    "customers": pl.LazyFrame(
        {
            "customer_id": [f"c{place:03}" for place in range(120)],
            "city": ["Perm", "Tver", "Omsk"] * 40,
            "x_points": [str(place % 3 * 50 + place % 7) for place in range(120)],
        }
    )
}
RULES = {
    "segment": [
        {"id": "perm", "where": "city = 'Perm'", "label": "From Perm"},
        {"id": "tver", "where": "city = 'Tver'", "label": "From Tver"},
    ]
}


@pytest.fixture(scope="module")
def known() -> People:
    return people(TABLES, lines=None)


@pytest.fixture(scope="module")
def found(known: People) -> SegmentResult:
    return segment(known, TABLES, SegmentParams(), rules=RULES)


def test_a_segment_by_its_number_its_name_or_a_part_that_no_other_has(found: SegmentResult) -> None:
    for words in ("1", "From Perm", "perm"):
        chosen = members(found, words)
        assert chosen is not None
        assert chosen.to_list() == [f"c{place:03}" for place in range(0, 120, 3)]
    assert members(found, "From") is None
    assert members(found, "9") is None


def test_groups_by_conditions_too(known: People, found: SegmentResult) -> None:
    rows = compared(known, found, "1", "x_points > 90")
    points = rows.row(by_predicate=pl.col("feature") == "x_points", named=True)
    assert (points["value"], points["rest"]) == (3.0, 103.0)
    with pytest.raises(UsageError, match="From Perm"):
        compared(known, found, "1", "no such words")
    with pytest.raises(UsageError):
        compared(known, found, "1", "x_points > 900")


def test_moves_are_counted_by_who_is_in_both(found: SegmentResult) -> None:
    moved = pl.DataFrame({"customer_id": ["a", "b", "c"], "before": ["x", None, "x"], "now": ["y", "y", None]})
    summary = with_moves(found, moved, 10).summary
    assert [summary[name] for name in ("moved", "moved_share", "joined", "gone")] == [1, 0.1, 1, 1]
    assert with_moves(found, moved.head(0), 0).summary["moved_share"] is None
