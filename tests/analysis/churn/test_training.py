from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.guards import guarded, guards
from acrm.analysis.churn.label import Labelled
from acrm.analysis.churn.metrics import measure, rules_of, told_by_folds
from acrm.analysis.churn.reasons import contributions, reasons
from acrm.analysis.churn.training import score, train


def test_telco(labelled_file: Callable[..., Labelled]) -> None:
    label = labelled_file("telco")
    assert (label.column, label.left, label.case.outcome.sum()) == ("x_churn", "Yes", 1869)
    assert label.case.table["x_totalcharges"].null_count() == 11
    case = guarded(label.case, guards(label.case)).case
    trained = train(case)
    measured = measure(told_by_folds(trained, rules_of(case)))
    figures = measured.summary
    # Fourteen kinds of model come to .850 on these data; more than .86 would be a leak.
    assert 0.845 <= figures["roc_auc"] <= 0.86
    assert figures["pr_auc"] >= 0.66
    assert figures["brier"] <= 0.136
    assert figures["lift_10"] >= 2.85
    assert figures["ece"] <= 0.03
    assert not trained.fit.interactions
    assert measured.metrics.select("score", "verdict").rows() == [("model", None), ("tenure", "better")]
    bins = measured.reliability
    assert bins["customers"].sum() == 7043
    assert (bins["left"] - bins["foretold"]).abs().max() < 0.05  # type: ignore[operator]
    # Contributions sum to the log-odds of what is written.
    scored = score(trained.scorer, case.table)
    p = scored["churn_probability"].to_numpy()
    parts = contributions(trained.scorer, case.table).drop("customer_id").to_numpy()
    assert np.abs(parts.sum(axis=1) - np.log(p / (1 - p))).max() < 1e-9
    assert p.mean() == pytest.approx(1869 / 7043, abs=0.003)
    assert set(scored["risk_band"]) == {"low", "medium", "high"}
    assert scored.select((pl.col("low") <= pl.col("churn_probability")).all()).item()
    told = reasons(trained.scorer, case.table).row(int(p.argmax()), named=True)
    assert told["reason_1"] == "tenure 1, usually 29"
    assert told["reason_2"] == "contract: Month-to-month"
    assert 0 < told["share_3"] < told["share_2"] < told["share_1"] < 1


def test_two_runs_are_equal_and_new_customers_can_be_scored(made: Callable[..., Case]) -> None:
    case = made()
    one, other = train(case), train(case)
    assert score(one.scorer, case.table).equals(score(other.scorer, case.table))
    assert reasons(one.scorer, case.table).equals(reasons(other.scorer, case.table))
    # A row does not depend on the others; a shop not seen, nothing known.
    assert score(one.scorer, case.table[:7]).equals(score(one.scorer, case.table)[:7])
    odd = case.table[:2].with_columns(
        x_shop=pl.lit("east"), days_since_last=pl.lit(None, pl.Float64), tags=pl.lit(None, pl.List(pl.String))
    )
    assert score(one.scorer, odd)["churn_probability"].is_between(0, 1).all()
    assert score(one.scorer, case.table[:0]).height == reasons(one.scorer, case.table[:0]).height == 0


def test_duplicates_are_never_on_both_sides(made: Callable[..., Case]) -> None:
    case = made(300)
    twice = pl.concat([case.table, case.table.with_columns(customer_id="d" + pl.col("customer_id"))])
    doubled = Case(table=twice, features=case.features, outcome=pl.concat([case.outcome, case.outcome]))
    fold = train(doubled).fit.fold
    assert (fold[:, :300] == fold[:, 300:]).all()
