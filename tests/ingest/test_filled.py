"""Columns that no row fills."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.ingest.filled import without_unfilled

LINES = {
    "order_id": ["1"],
    "customer_id": [None],
    "currency": [None],
    "channel": [None],
    "coupon": [None],
    "x_a": [None],
}


def left(tables: dict[str, pl.DataFrame], columns: dict[str, frozenset[str]] | None = None, *asked: str) -> list[str]:
    found = without_unfilled({name: frame.lazy() for name, frame in tables.items()}, columns, frozenset(asked))
    (names,) = (frame.collect_schema().names() for frame in found.values())
    return names


def test_unfilled_columns_go_but_for_what_every_table_of_exports_has() -> None:
    assert left({"transactions": pl.DataFrame(LINES)}) == ["order_id", "customer_id", "currency", "x_a"]


def test_what_was_named_stays() -> None:
    assert "channel" in left({"transactions": pl.DataFrame(LINES)}, None, "channel")


@pytest.mark.parametrize("other", ["customers", "other_things"])
def test_what_was_named_is_meant_where_it_is_filled(other: str) -> None:
    told: dict[str, dict[str, list[str | None]]] = {
        "deals": {"deal_id": ["1"], "owner": [None]},
        other: {"customer_id": ["7"], "owner": ["Ann"]},
    }
    tables = {name: pl.LazyFrame(rows) for name, rows in told.items()}
    found = without_unfilled(tables, None, frozenset({"owner"}))
    assert [name for name, frame in found.items() if "owner" in frame.collect_schema().names()] == [other]


def test_only_wanted_columns_are_looked_at() -> None:
    names = left({"transactions": pl.DataFrame(LINES)}, {"transactions": frozenset({"coupon"})})
    assert "coupon" not in names
    assert "channel" in names


def test_a_value_far_down_counts() -> None:
    rows = pl.DataFrame({"order_id": ["1"] * 5000, "coupon": [None] * 4999 + ["A"], "channel": [None] * 5000})
    assert left({"transactions": rows}) == ["order_id", "coupon"]


def test_a_table_without_rows_and_tables_of_others_stay() -> None:
    assert left({"transactions": pl.DataFrame(LINES).clear()}) == [*LINES]
    assert left({"other_things": pl.DataFrame(LINES)}) == [*LINES]
    assert left({"decisions": pl.DataFrame({"decision_id": ["1"], "owner": [None]})}) == ["decision_id", "owner"]
