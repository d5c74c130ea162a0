from __future__ import annotations

from collections.abc import Callable

import polars as pl

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.metrics import measure, rules_of, told_by_folds
from acrm.analysis.churn.training import train


def test_the_model_is_held_against_the_rule(made: Callable[..., Case]) -> None:
    case = made()
    trained = train(case)
    rules = rules_of(case)
    assert list(rules) == ["recency"]
    perfect = rules | {"oracle": case.outcome.cast(pl.Float64)}
    measured = measure(told_by_folds(trained, perfect))
    assert measured.metrics["verdict"].to_list() == [None, "better", "worse"]
    assert [str(note).partition(":")[0] for note in measured.notes] == [
        "worse than the oracle rule",
        "better than the recency rule",
    ]
    assert measured.metrics["brier"].null_count() == 2
    row = measured.metrics.row(0, named=True)
    assert row["roc_auc_low"] < row["roc_auc"] < row["roc_auc_high"]
    assert row["ece_low"] > 0


def test_a_model_that_knows_too_much_is_said_to(made: Callable[..., Case]) -> None:
    case = made()
    told = case.table.with_columns(
        days_since_last=case.outcome.cast(pl.Float64) + pl.int_range(case.table.height) / 1e4
    )
    trained = train(Case(table=told, features=case.features, outcome=case.outcome))
    measured = measure(told_by_folds(trained, {}))
    assert "too good to be true" in str(measured.notes[0])


def test_unknown_customers_come_in_the_middle_of_a_rule(made: Callable[..., Case]) -> None:
    case = made(200)
    rule = rules_of(case)["recency"]
    unknown = case.table["days_since_last"].is_null()
    assert rule.filter(unknown).to_list() == [case.table["days_since_last"].median()] * int(unknown.sum())
