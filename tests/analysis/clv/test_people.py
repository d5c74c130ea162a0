"""Sources told by deals, and segments of an earlier result."""

from datetime import date
from typing import Any

import polars as pl

from acrm.analysis.clv.people import with_deal_sources, with_segments

DEALS = pl.LazyFrame(
    [
        ("2", "ada", "won", date(2025, 2, 1), "ads"),
        ("1", "ada", "won", date(2025, 3, 1), "fair"),
        ("3", "ada", "lost", date(2025, 1, 1), "spam"),
        ("4", "bob", "won", date(2025, 1, 1), None),
        ("5", None, "won", date(2025, 1, 1), "ads"),
        ("6", "eve", "won", date(2025, 1, 1), "fair"),
    ],
    schema=["deal_id", "customer_id", "status", "created_at", "source"],
    orient="row",
)


def rows(frame: pl.LazyFrame | None) -> list[tuple[Any, ...]]:
    return [] if frame is None else frame.select("customer_id", "source").sort("customer_id").collect().rows()


def test_the_first_won_deal_tells_where_a_customer_came_from() -> None:
    people = pl.LazyFrame({"customer_id": ["ada", "bob"], "source": pl.Series([None, None], dtype=pl.String)})
    told, notes = with_deal_sources(people, DEALS)
    assert rows(told) == [("ada", "ads"), ("bob", None), ("eve", "fair")]
    assert [dict(note.values) for note in notes] == [{"customers": 2}]
    assert rows(with_deal_sources(None, DEALS)[0]) == [("ada", "ads"), ("eve", "fair")]


def test_sources_of_the_customers_themselves_stand() -> None:
    people = pl.LazyFrame({"customer_id": ["ada", "bob"], "source": [None, "radio"]})
    for deals in (DEALS, None, DEALS.drop("source")):
        told, notes = with_deal_sources(people, deals)
        assert rows(told) == [("ada", None), ("bob", "radio")]
        assert notes == ()


def test_segments_of_an_earlier_result_stand() -> None:
    people = pl.LazyFrame({"customer_id": ["ada", "bob"], "segment": ["old", "old"], "city": ["Ufa", "Kazan"]})
    segments = pl.DataFrame({"customer_id": ["ada", "eve"], "segment": ["loyal", "new"]})
    told = with_segments(people, segments).sort("customer_id").collect()
    assert told.rows() == [("ada", "Ufa", "loyal"), ("bob", "Kazan", None), ("eve", None, "new")]
    assert with_segments(None, segments).collect().height == 2
