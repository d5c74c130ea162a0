"""Columns offered for what a source lacks."""

from __future__ import annotations

from acrm.ingest import suggest
from tests.ingest.conftest import Load


def test_nearest_columns_for_what_is_missing(load: Load) -> None:
    raw = load("order no,order dt,sum of order,who\n1,2024-01-13,5,ann\n").inputs[0].raw
    found = suggest.nearest(raw, "transactions")
    assert ("ordered_at", "order dt") in found
    assert all(header in {None, *raw.header} for _, header in found)
    # A column of words is never offered as a date.
    assert suggest.nearest(load("when,order id,amount\nspring,1,5\n").inputs[0].raw, "transactions") == [
        ("ordered_at", None)
    ]
