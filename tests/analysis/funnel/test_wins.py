"""Change of the win rate: found where it is, and not where only the time to lose makes young cohorts look better."""

from __future__ import annotations

import numpy as np
import polars as pl

from acrm.analysis.funnel.followed import followed
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from acrm.analysis.funnel.wins import Cohorts, cohorts
from tests.analysis.funnel.conftest import pipeline


def of(frame: pl.LazyFrame) -> Cohorts:
    base = ground(frame, FunnelParams(), {})
    return cohorts(base, followed(base))


def test_slow_losers_make_no_change() -> None:
    found = of(pipeline(4000, 3, win=0.5, days=25, slow_losers=4))
    table = found.table.filter(pl.col("win_rate").is_not_null())
    # Of what has closed so far the young cohorts seem to win far more.
    assert table["win_rate"][-2] > table["win_rate"][0] + 0.2
    assert found.trend is not None
    assert found.trend.p > 0.05
    assert set(table.filter(pl.col("comparable") == "young")["within"]) == {None}


def test_a_true_fall_is_found() -> None:
    whole = pipeline(6000, 4, win=0.9, days=15).collect()
    month = whole["created_at"].dt.month().cast(pl.Int64)
    turned = np.random.default_rng(0).random(whole.height) < 0.04 * month.to_numpy()
    fallen = whole.with_columns(
        status=pl.when(pl.Series(turned) & (pl.col("status") == "won")).then(pl.lit("lost")).otherwise("status"),
    ).with_columns(stage=pl.when(pl.col("status") == "lost").then(pl.lit("Lost")).otherwise("stage"))
    found = of(fallen.lazy())
    assert found.trend is not None
    assert found.trend.p < 0.01
    assert found.trend.slope < -0.02


def test_every_deal_is_in_one_cohort() -> None:
    table = of(pipeline(500, 5)).table
    assert table["deals"].sum() == 500
    assert (table["won"] + table["lost"] + table["open"] == table["deals"]).all()
