"""Chances: those that made the deals come back, tried on later ones; a lie is found out."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from acrm.analysis.funnel.chances import Chances, chances
from acrm.analysis.funnel.followed import followed
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import END, deals, pipeline


def of(frame: pl.LazyFrame) -> Chances:
    base = ground(frame, FunnelParams(as_of=END.date()), {})
    return chances(base, followed(base), seed=0)


def test_known_chances_come_back() -> None:
    owners = {"Ann": 0.85, "Bob": 0.3}
    found = of(pipeline(4000, 7, owners=owners, days=60))
    assert (found.kind, found.trial and found.trial.verdict) == ("traits", "better")
    rows = found.rows.with_columns(p=pl.Series(found.p), low=pl.Series(found.low), high=pl.Series(found.high))
    # Won within the days: the chance of the owner times that of an end so soon.
    soon = 1 - np.exp(-found.told.days / 60)
    for owner, chance in owners.items():
        mean = rows.filter(owner=owner)["p"].mean()
        assert mean == pytest.approx(chance * soon, abs=0.05)
    assert (rows["low"] <= rows["p"]).all()
    assert (rows["p"] <= rows["high"]).all()


def test_the_trial_counts_what_came_true() -> None:
    inside = []
    for seed in range(12):
        trial = of(pipeline(1500, seed, owners={"Ann": 0.8, "Bob": 0.4}, days=50)).trial
        assert trial is not None
        inside.append(trial.expected_low - 10 <= trial.won <= trial.expected_high + 10)
        assert trial.bins["deals"].sum() == trial.deals
    assert sum(inside) >= 10


def test_what_says_nothing_is_no_better_than_the_base_rate() -> None:
    worse = []
    for seed in range(10):
        found = of(pipeline(900, 100 + seed, owners={f"o{k}": 0.5 for k in range(6)}, days=40))
        assert found.trial is not None
        worse.append(found.trial.verdict)
    assert worse.count("better") <= 2


def test_a_world_that_turns_makes_chances_worse_than_the_base_rate_or_owns_it() -> None:
    turn = pl.lit(datetime(2024, 8, 1)).dt.replace_time_zone("UTC")
    whole = pipeline(4000, 9, owners={"Ann": 0.95, "Bob": 0.1}, days=30).collect()
    other = pl.when(pl.col("status") == "won").then(pl.lit("lost")).when(pl.col("status") == "lost").then(pl.lit("won"))
    status = pl.when(pl.col("closed_at") >= turn).then(other.otherwise("status")).otherwise("status")
    found = of(whole.with_columns(status=status).with_columns(stage=pl.col("status")).lazy())
    assert found.trial is not None
    assert found.trial.verdict != "better"


def test_too_few_ends_tell_nothing() -> None:
    found = of(pipeline(40, 1))
    assert (found.kind, found.model, found.trial) == ("", None, None)
    assert np.isnan(found.p).all()


def test_a_trait_recorded_at_the_end_is_not_used() -> None:
    frame = pipeline(1500, 2).with_columns(owner=pl.when(pl.col("status") == "won").then(pl.lit("Ann")))
    assert "owner" in of(frame).told.ground.late
    zeros = pipeline(1500, 2).with_columns(amount=pl.when(pl.col("status") != "lost").then("amount").otherwise(0))
    assert of(zeros).told.ground.late == ("amount",)


def test_history_of_stages_tells_more() -> None:
    rng = np.random.default_rng(5)
    frame = pipeline(2500, 11, win=0.5, days=60).collect()
    far = pl.Series(rng.random(frame.height) < frame["status"].eq("lost").to_numpy() * -0.8 + 0.9)
    entries = pl.concat(
        [
            frame.select("deal_id", stage=pl.lit("New"), entered_at="created_at"),
            frame.filter(far).select(
                "deal_id", stage=pl.lit("Offer"), entered_at=pl.col("created_at").dt.offset_by("2d")
            ),
        ]
    )
    base = ground(frame.lazy(), FunnelParams(as_of=END.date()), {"deal_stages": entries.lazy()})
    found = chances(base, followed(base), seed=0)
    assert found.kind == "traits"
    rows = found.rows.with_columns(p=pl.Series(found.p))
    new, offer = (rows.filter(stage=stage)["p"].mean() for stage in ("New", "Offer"))
    assert isinstance(new, float)
    assert isinstance(offer, float)
    assert offer > new + 0.1


def test_no_open_deals() -> None:
    rows = [(f"d{k}", "W", "won" if k % 2 else "lost", "2024-01-01", f"2024-02-{1 + k % 28:02}") for k in range(200)]
    found = of(deals(*rows))
    assert found.p.size == 0
