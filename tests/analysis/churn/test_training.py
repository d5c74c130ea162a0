from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.guards import guarded, guards
from acrm.analysis.churn.label import Labelled
from acrm.analysis.churn.metrics import measure, rules_of
from acrm.analysis.churn.reasons import contributions, reasons
from acrm.analysis.churn.training import score, train
from acrm.analysis.people.features import Feature
from acrm.messages import use


def test_telco(labelled_file: Callable[..., Labelled]) -> None:
    label = labelled_file("telco")
    assert (label.column, label.left, label.case.outcome.sum()) == ("x_churn", "Yes", 1869)
    assert label.case.table["x_totalcharges"].null_count() == 11
    case = guarded(label.case, guards(label.case)).case
    trained = train(case)
    measured = measure(trained, rules_of(case))
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
    scored = score(trained, case.table)
    p = scored["churn_probability"].to_numpy()
    parts = contributions(trained, case.table).drop("customer_id").to_numpy()
    assert np.abs(parts.sum(axis=1) - np.log(p / (1 - p))).max() < 1e-9
    assert p.mean() == pytest.approx(1869 / 7043, abs=0.003)
    assert set(scored["risk_band"]) == {"low", "medium", "high"}
    assert scored.select((pl.col("low") <= pl.col("churn_probability")).all()).item()
    told = reasons(trained, case.table).row(int(p.argmax()), named=True)
    assert told["reason_1"] == "tenure 1 (usually 29)"
    assert told["reason_2"] == "contract: Month-to-month"
    assert 0 < told["share_3"] < told["share_2"] < told["share_1"] < 1


def made(n: int = 600, seed: int = 0) -> Case:
    """Who has been away for long leaves, and who dislikes the shop; chess players stay."""
    random = np.random.default_rng(seed)
    away, shop = random.integers(1, 200, n).astype(float), random.choice(["north", "south", "west"], n)
    chess = random.random(n) < 0.4
    angry = random.choice(["yes", "no"], n, p=[0.2, 0.8])
    z = away / 40 + (angry == "yes") * 2 + (shop == "west") - 1.2 * chess - 4
    table = pl.DataFrame(
        {
            "customer_id": [f"c{at:05}" for at in range(n)],
            "days_since_last": away,
            "x_shop": shop,
            "x_complained": angry,
            "tags": [["chess", "tea"] if player else ["tea"] for player in chess],
        }
    ).with_columns(days_since_last=pl.when(pl.int_range(n) % 40 != 0).then("days_since_last"))
    kinds = {"days_since_last": "number", "x_shop": "category", "x_complained": "category", "tags": "multi"}
    features = tuple(Feature(name=name, axis="extra", kind=kind) for name, kind in kinds.items())  # type: ignore[arg-type]
    return Case(table=table, features=features, outcome=pl.Series(random.random(n) < 1 / (1 + np.exp(-z))))


def test_two_runs_are_equal_and_new_customers_can_be_scored() -> None:
    case = made()
    one, other = train(case), train(case)
    assert score(one, case.table).equals(score(other, case.table))
    assert reasons(one, case.table).equals(reasons(other, case.table))
    # A row does not depend on the others; a shop not seen, nothing known.
    assert score(one, case.table[:7]).equals(score(one, case.table)[:7])
    odd = case.table[:2].with_columns(
        x_shop=pl.lit("east"), days_since_last=pl.lit(None, pl.Float64), tags=pl.lit(None, pl.List(pl.String))
    )
    assert score(one, odd)["churn_probability"].is_between(0, 1).all()
    assert score(one, case.table[:0]).height == reasons(one, case.table[:0]).height == 0


def test_reasons_are_in_words_of_either_language() -> None:
    case = made()
    trained = train(case)
    customer = pl.DataFrame(
        {
            "customer_id": ["x"],
            "days_since_last": [190.0],
            "x_shop": ["west"],
            "x_complained": ["yes"],
            "tags": [["tea"]],
        }
    )
    told = reasons(trained, customer).row(0)
    assert set(told[1:3]) == {"190 days since the last order (usually 100)", "complained"} or "complained" in told
    assert any(str(word).startswith("190 days since the last order (usually ") for word in told)
    use("ru")
    assert any(
        str(word).startswith("дней с последнего заказа: 190 (обычно ") for word in reasons(trained, customer).row(0)
    )
    unknown = customer.with_columns(days_since_last=pl.lit(None, pl.Float64), x_complained=pl.lit("no"))
    assert "complained: нет" not in reasons(trained, unknown).row(0)


def test_duplicates_are_never_on_both_sides() -> None:
    case = made(300)
    twice = pl.concat([case.table, case.table.with_columns(customer_id="d" + pl.col("customer_id"))])
    doubled = Case(table=twice, features=case.features, outcome=pl.concat([case.outcome, case.outcome]))
    fold = train(doubled).fit.fold
    assert (fold[:, :300] == fold[:, 300:]).all()


def test_the_model_is_held_against_the_rule() -> None:
    case = made()
    trained = train(case)
    rules = rules_of(case)
    assert list(rules) == ["recency"]
    perfect = rules | {"oracle": case.outcome.cast(pl.Float64)}
    measured = measure(trained, perfect)
    assert measured.metrics["verdict"].to_list() == [None, "better", "worse"]
    assert "worse than the oracle rule" in str(measured.notes[-1])
    assert measured.metrics["brier"].null_count() == 2
    row = measured.metrics.row(0, named=True)
    assert row["roc_auc_low"] < row["roc_auc"] < row["roc_auc_high"]
