from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import polars as pl

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.prepared import Trial
from acrm.analysis.churn.trials import tried


def test_the_latest_trial_is_told_whole(made: Callable[..., Case]) -> None:
    trials = []
    for month in (5, 4):
        train = replace(made(400, month), cutoff=date(2024, month - 2, 1))
        test = replace(made(400, month + 7), cutoff=date(2024, month, 1))
        away = test.table["days_since_last"].fill_null(0.0).alias("recency")
        rules = test.table.select("customer_id").with_columns(away, nothing=pl.lit(None, pl.Float64))
        trials.append(Trial(train=train, test=test, rules=rules))
    names = {feature.name for feature in trials[0].train.features}
    found = tried(trials, names)
    alone = tried(trials, {"x_shop"})
    assert (alone.table["roc_auc"] < found.table["roc_auc"]).all()
    assert found.table["test"].to_list() == [date(2024, 5, 1), date(2024, 4, 1)]
    assert found.table["roc_auc_nothing"].null_count() == 2
    assert found.latest is not None
    assert found.latest.outcome.tolist() == trials[0].test.outcome.to_list()
    assert list(found.latest.rules) == ["recency"]
    assert (found.table["roc_auc"] > found.table["roc_auc_recency"]).all()
    assert "learned until 2024-03-01" in str(next(iter(found.notes)))


def test_nothing_to_try_is_said() -> None:
    found = tried([], set())
    assert found.table.is_empty()
    assert found.latest is None
    assert "too short" in str(next(iter(found.notes)))
