"""The log-rank test: a published figure of Telco, ties, many groups, and its level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.models.durations import Durations
from acrm.models.log_rank import log_rank


def test_contracts_of_telco(data: Path) -> None:
    table = pl.read_csv(data / "churn" / "Telco-Customer-Churn.csv", infer_schema_length=None)
    groups = [
        Durations.of_customers(one["tenure"].cast(pl.Float64).to_numpy(), (one["Churn"] == "Yes").to_numpy())
        for one in table.partition_by("Contract")
    ]
    found = log_rank(groups)
    assert found.statistic == pytest.approx(2352.8725, abs=5e-5)
    assert found.freedom == 2


def test_freireich_6mp() -> None:
    # 6-MP against placebo in leukaemia (Freireich et al. 1963): chi-square 16.79 in every textbook.
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    left = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    drug = Durations.of_customers(np.array(time, dtype=float), np.array(left) > 0)
    none = Durations.of_customers(np.array(placebo, dtype=float), np.ones(21, dtype=bool))
    assert log_rank([drug, none]).statistic == pytest.approx(16.79, abs=0.005)


def test_a_group_without_anybody_at_risk_counts_for_nothing() -> None:
    some = Durations.of_customers(np.array([1.0, 2, 3]), np.array([True, True, False]))
    early = Durations.of_customers(np.array([0.5]), np.array([False]))
    other = Durations.of_customers(np.array([1.0, 4, 5]), np.array([False, True, True]))
    assert log_rank([some, early, other]).statistic == pytest.approx(log_rank([some, other]).statistic)
    assert log_rank([some, early]).freedom == 0


def test_one_test_of_twenty_is_wrong() -> None:
    rng, wrong = np.random.default_rng(9), 0
    for _ in range(400):
        groups = []
        for rows in (60, 40, 50):
            leaves, seen = rng.geometric(0.1, rows).astype(float), rng.integers(2, 20, rows).astype(float)
            groups.append(Durations.of_customers(np.minimum(leaves, seen), leaves <= seen))
        wrong += log_rank(groups).p < 0.05
    assert 0.02 < wrong / 400 < 0.08
