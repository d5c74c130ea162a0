"""Cuts: groups that differ are told so, those that do not are not, and what is recorded at the end is not compared."""

from __future__ import annotations

import numpy as np
import polars as pl

from acrm.analysis.funnel.cuts import cuts
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals, pipeline


def test_the_better_owner_is_found_and_intervals_cover() -> None:
    chances = {"Ann": 0.7, "Bob": 0.5, "Cid": 0.5}
    covered = []
    for seed in range(30):
        found = cuts(ground(pipeline(900, seed, owners=chances, days=10), FunnelParams(), {}))
        rows = {row["group"]: row for row in found.table.iter_rows(named=True)}
        covered += [rows[name]["win_rate_low"] <= chances[name] <= rows[name]["win_rate_high"] for name in chances]
        assert found.tests["verdict"].to_list() == ["differ"]
        assert rows["Ann"]["verdict"] == "higher"
    assert np.mean(covered) > 0.9


def test_equal_owners_seldom_differ() -> None:
    equal = {f"o{k}": 0.6 for k in range(10)}
    verdicts = [
        cuts(ground(pipeline(800, seed, owners=equal, days=10), FunnelParams(), {})).tests["verdict"][0]
        for seed in range(100)
    ]
    assert verdicts.count("differ") <= 11


def test_a_missing_value_is_a_group_and_one_recorded_at_the_end_no_cut() -> None:
    rows = [
        (f"d{k}", "Won" if k % 2 else "Lost", "won" if k % 2 else "lost", "2024-01-01", "2024-01-09") for k in range(80)
    ]
    missing = [None if k % 4 < 2 else "web" for k in range(80)]
    late = ["Ann" if k % 2 else None for k in range(80)]
    found = cuts(ground(deals(*rows, source=missing, owner=late), FunnelParams(), {}))
    assert found.table.filter(cut="source")["group"].to_list() == ["web", None]
    assert dict(found.tests.select("cut", "verdict").rows()) == {"owner": "late", "source": "none"}


def test_small_groups_are_one_in_the_test() -> None:
    owners = [f"o{k}" if k < 10 else "Ann" if k % 2 else "Bob" for k in range(200)]
    rows = [(f"d{k}", "W", "won" if k % 3 else "lost", "2024-01-01", "2024-01-09") for k in range(200)]
    test = cuts(ground(deals(*rows, owner=owners), FunnelParams(), {})).tests.row(0, named=True)
    assert (test["groups"], test["pooled"], test["df"]) == (12, 10, 2)


def test_where_nobody_loses_all_deals_count() -> None:
    rows = [(f"d{k}", "S", "won" if k % 5 == 0 else "open", "2024-01-01", "2024-01-09") for k in range(100)]
    found = cuts(ground(deals(*rows, source=["web"] * 50 + ["fair"] * 50), FunnelParams(), {}))
    assert found.of == "all"
    assert found.table["win_rate"].to_list() == [0.2, 0.2]


def test_no_cuts_at_all() -> None:
    base = ground(deals(("a", "Talk", "open", "2024-01-01")), FunnelParams(), {})
    assert cuts(base).table.is_empty()
    assert isinstance(cuts(base).table, pl.DataFrame)
