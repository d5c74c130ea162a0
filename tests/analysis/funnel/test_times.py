"""Times: open deals count as long as they were seen, so that the median is that of all deals, not of the quick ones."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from acrm.analysis.funnel.followed import followed
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from acrm.analysis.funnel.stages import stages_of
from acrm.analysis.funnel.times import incidence_table, times_table
from tests.analysis.funnel.conftest import deals, pipeline


def test_the_median_comes_back_where_many_deals_are_open() -> None:
    covered, closed = [], []
    for seed in range(20):
        base = ground(pipeline(300, seed, days=150), FunnelParams(), {})
        row = times_table(base, stages_of(base, ()), followed(base)).row(0, named=True)
        covered.append(row["median_low"] <= 150 * np.log(2) <= row["median_high"])
        closed.append(float(np.median(base.deals.filter(pl.col("status") != "open")["days"].to_numpy())))
    assert sum(covered) >= 17
    assert np.mean(closed) < 0.7 * 150 * np.log(2)


def test_the_share_won_in_the_end_is_not_that_of_the_quick() -> None:
    base = ground(pipeline(3000, 1, win=0.5, slow_losers=4), FunnelParams(), {})
    table = incidence_table(followed(base))
    last = table.row(-1, named=True)
    assert last["won"] + last["lost"] + last["open"] == pytest.approx(1)
    closed = base.deals.filter(pl.col("status") != "open")
    assert int((closed["status"] == "won").sum()) > 0.56 * closed.height
    assert abs(last["won"] - 0.5) < 0.04
    assert table["won"].is_sorted()


def test_no_limits_where_none_or_all_ended_so() -> None:
    base = ground(
        deals(*((f"{k}", "Won", "won", "2024-01-01", f"2024-01-{9 + k:02}") for k in range(9))), FunnelParams(), {}
    )
    limits = incidence_table(followed(base)).select("days", "won", "won_low", "won_high", "lost_high").rows()
    assert limits[0] == (7, 0.0, None, None, None)
    assert limits[1][:2] == (14, pytest.approx(7 / 9))
    assert limits[1][2] < 7 / 9 < limits[1][3]
    assert limits[-1] == (16, 1.0, None, None, None)


def test_days_in_a_stage_end_with_the_next_the_leaving_or_the_deal() -> None:
    moments = [("a", "New", 1, None), ("a", "Demo", 5, 8), ("b", "New", 2, None), ("c", "New", 3, None)]
    stages = pl.LazyFrame(
        [(deal, stage, datetime(2024, 1, at), left and datetime(2024, 1, left)) for deal, stage, at, left in moments],
        schema={"deal_id": pl.String, "stage": pl.String, "entered_at": pl.Datetime, "left_at": pl.Datetime},
        orient="row",
    ).with_columns(pl.col("entered_at", "left_at").dt.replace_time_zone("UTC"))
    frame = deals(
        ("a", "Demo", "open", "2024-01-01"),
        ("b", "New", "lost", "2024-01-02", "2024-01-12"),
        ("c", "New", "open", "2024-01-03"),
    )
    base = ground(frame, FunnelParams(), {"deal_stages": stages})
    table = times_table(base, stages_of(base, ()), followed(base))
    assert table.select("stage", "entries", "left", "there", "median").rows() == [
        ("all", 3, 1, 2, None),
        ("New", 3, 2, 1, 10.0),
        ("Demo", 1, 1, 0, 3.0),
    ]
