"""Which deals were seen from their beginning: an export that begins at some day lacks the quick ones of before."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from acrm.analysis.funnel.followed import followed
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals, pipeline


def test_all_are_when_the_records_begin_with_the_deals() -> None:
    found = followed(ground(pipeline(), FunnelParams(), {}))
    assert found.since is None
    assert found.deals.height == 1500
    assert found.incidence is not None
    # 95% of exponential times of 40 days: 120.
    assert found.long_enough == pytest.approx(120, abs=15)


def test_older_deals_are_left_out_where_ends_are_recorded_from_a_day_on() -> None:
    first = datetime(2024, 6, 1)
    frame = pipeline(slow_losers=0.3).filter(
        pl.col("closed_at").is_null() | (pl.col("closed_at") >= pl.lit(first).dt.replace_time_zone("UTC"))
    )
    found = followed(ground(frame, FunnelParams(), {}))
    assert found.since is not None
    assert abs((found.since - first).days) <= 3
    assert found.incidence is not None
    # With them, quick losers are missing and far too many are won.
    assert found.incidence.share[0, -1] == pytest.approx(0.6, abs=0.05)


def test_nothing_ended() -> None:
    found = followed(ground(deals(("a", "Talk", "open", "2024-01-01")), FunnelParams(), {}))
    assert (found.incidence, found.long_enough, found.since) == (None, None, None)
