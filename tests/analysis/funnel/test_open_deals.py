"""Deals as they were open earlier: nothing that was known later only."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.open_deals import looks_before, open_at, seen_until
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals

ROWS = (
    ("a", "Won", "won", "2024-01-01", "2024-02-01"),
    ("b", "Lost", "lost", "2024-01-05", "2024-03-01"),
    ("c", "Talk", "open", "2024-01-20"),
    ("d", "Talk", "open", "2024-05-01"),
)


def test_open_at_a_moment() -> None:
    base = ground(deals(*ROWS), FunnelParams(), {})
    rows = open_at(base, datetime(2024, 1, 11), datetime(2024, 2, 10))
    assert rows.select("deal_id", "age", "left", "cause").rows() == [("a", 10.0, 31.0, 0), ("b", 6.0, 36.0, -1)]


def test_what_ended_later_is_not_known() -> None:
    base = ground(deals(*ROWS), FunnelParams(), {})
    rows = seen_until(base, datetime(2024, 1, 3), datetime(2024, 2, 10), None)
    assert rows.select("deal_id", "age", "left", "cause").sort("deal_id").rows() == [
        ("a", 2.0, 31.0, 0),
        ("b", 0.0, 36.0, -1),
        ("c", 0.0, 21.0, -1),
    ]


def test_with_a_history_every_look_has_the_stage_of_then() -> None:
    stages = pl.LazyFrame(
        {"deal_id": ["b", "b"], "stage": ["New", "Demo"], "entered_at": [datetime(2024, 1, 5), datetime(2024, 2, 1)]},
        schema_overrides={"entered_at": pl.Datetime("us", "UTC")},
    )
    base = ground(deals(*ROWS), FunnelParams(), {"deal_stages": stages})
    rows = seen_until(base, None, datetime(2024, 3, 10), 20.0).filter(deal_id="b").sort("age")
    assert rows.select("stage", "age", "cause").rows() == [("New", 5.0, 1), ("New", 25.0, 1), ("Demo", 45.0, 1)]
    assert rows["left"].to_list() == pytest.approx([56.0] * rows.height)


def test_looks_go_back_to_the_first_deals() -> None:
    base = ground(deals(*ROWS), FunnelParams(), {})
    assert looks_before(base, None, datetime(2024, 1, 31), 10.0) == [datetime(2024, 1, 21), datetime(2024, 1, 11)]
