"""The campaign: who is worth a contact, the profit curve, the score beside rules, everybody and nobody."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.economics import Economics, EconomicsParams, economics
from acrm.errors import UsageError

TERMS = EconomicsParams(contact=1, incentive=10)


def base(rows: int = 2000, *, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    probability = rng.beta(1.2, 3, rows)
    return pl.DataFrame(
        {
            "customer_id": [f"c{row:05}" for row in range(rows)],
            "churn_probability": probability,
            "value": rng.gamma(2, 100, rows),
            "left": rng.random(rows) < probability,
        }
    )


def ids(found: Economics) -> list[str]:
    return [note.id.partition(".")[2] for note in found.notes]


def test_each_customer_has_a_threshold_by_value() -> None:
    table = pl.DataFrame(
        {"customer_id": ["dear", "cheap", "sure"], "churn_probability": [0.2, 0.2, 0.02], "value": [400.0, 20.0, 400.0]}
    )
    customers = economics(table, TERMS).tables["customers"]
    assert customers.select("customer_id", "contact").rows() == [("cheap", False), ("dear", True), ("sure", False)]
    assert customers["expected_loss"].to_list() == pytest.approx([4, 80, 8])
    # 0.2 x 0.3 x (400 - 10) - 0.8 x 10 - 1.
    assert customers["expected_gain"][1] == pytest.approx(14.4)
    assert customers["threshold"][1] == pytest.approx(11 / (0.3 * 390 + 10))


def test_the_curve_peaks_where_gains_end_and_holds_what_happened() -> None:
    found = economics(base(), TERMS)
    curve, figures = found.tables["profit_curve"], found.figures
    best = curve.filter("best").row(0, named=True)
    assert curve["profit"].max() == best["profit"] == pytest.approx(figures["campaign_profit"])
    assert best["customers"] == figures["contacts"]
    assert curve["profit"][-1] == pytest.approx(figures["profit_of_all"])
    assert (curve["low"] < curve["profit"]).all()
    assert (curve["profit"] < curve["high"]).all()
    # The probabilities are the true ones: what happened is near, given the success.
    assert best["counted"] == pytest.approx(best["profit"], rel=0.15)


def test_probabilities_that_are_right_give_an_interval_that_holds() -> None:
    held = 0
    for seed in range(60):
        table = base(300, seed=seed)
        found = economics(table, EconomicsParams(contact=1, incentive=10, interval=0.9))
        rng = np.random.default_rng(1000 + seed)
        joined = found.tables["customers"].join(table, on="customer_id").filter("contact")
        kept = (rng.random(joined.height) < rng.beta(6, 14)) & joined["left"].to_numpy()
        profit = (kept * (joined["value"].to_numpy() - 10)).sum() - 10 * (~joined["left"]).sum() - joined.height
        held += found.figures["campaign_profit_low"] <= profit <= found.figures["campaign_profit_high"]
    assert 0.78 <= held / 60 <= 0.99


def test_the_model_is_set_beside_rules_everybody_and_nobody() -> None:
    table = base()
    rules = {"recency": np.random.default_rng(0).random(table.height)}
    scores = economics(table, TERMS, rules=rules).tables["scores"]
    assert scores["score"].to_list() == ["model", "recency", "everybody", "nobody"]
    empc = dict(scores.select("score", "empc").rows())
    assert empc["model"] > max(empc["recency"], empc["everybody"], 0)
    backwards = economics(table.with_columns(churn_probability=1 - pl.col("churn_probability")), TERMS, rules=rules)
    assert any(note.startswith("worse_") for note in ids(backwards))


def test_row_order_does_not_matter() -> None:
    table = base(300)
    rule = table["value"].to_numpy()
    order = np.random.default_rng(2).permutation(300)
    one = economics(table, TERMS, rules={"value": rule})
    other = economics(table[order.tolist()], TERMS, rules={"value": rule[order]})
    assert one.figures == other.figures
    assert all(one.tables[name].equals(other.tables[name]) for name in one.tables)


def test_without_values_the_literature_stands_in_and_that_is_said() -> None:
    found = economics(base().drop("value", "left"), EconomicsParams())
    assert (found.figures["value_mean"], found.figures["contact_cost"], found.figures["incentive"]) == (200, 1, 10)
    assert found.figures["expected_loss"] is None
    assert ids(found)[:3] == ["no_value", "assumed_contact", "assumed_incentive"]
    assert "scores" not in found.tables
    assert found.tables["profit_curve"]["counted"].null_count() == found.tables["profit_curve"].height
    asked = economics(base().drop("value"), EconomicsParams(value=50, contact=1, incentive=0))
    assert ids(asked)[0] == "one_value"


def test_a_control_group_large_enough_or_none() -> None:
    figures = economics(base(), TERMS).figures
    assert 0 < figures["control_needed"] < figures["contacts"] / 2  # type: ignore[operator]
    assert 0 < figures["smallest_effect"] < 1  # type: ignore[operator]
    few = economics(base(12), TERMS)
    assert few.figures["control_needed"] is None
    assert "control_few" in ids(few)


def test_nobody_is_worth_it() -> None:
    found = economics(base(50), EconomicsParams(contact=10_000, incentive=0))
    assert found.figures["contacts"] == 0
    assert found.figures["campaign_profit"] == 0
    assert "nobody" in ids(found)
    dear = economics(base(50), EconomicsParams(contact=0, incentive=10_000))
    assert dear.figures["contacts"] == 0


def test_values_of_nothing_and_nobody_at_all() -> None:
    found = economics(base(50).with_columns(value=0.0), TERMS)
    assert (found.figures["value_mean"], found.figures["contacts"], found.figures["expected_loss"]) == (0, 0, 0)
    nobody = economics(base(50).head(0), TERMS)
    assert nobody.tables["profit_curve"].is_empty()
    assert nobody.figures["campaign_profit"] == 0


def test_customers_without_a_score_or_value() -> None:
    table = base(100).with_columns(
        churn_probability=pl.when(pl.col("customer_id") == "c00001").then(None).otherwise("churn_probability"),
        value=pl.when(pl.col("customer_id") == "c00002").then(None).otherwise("value"),
    )
    found = economics(table, TERMS)
    assert "c00001" not in found.tables["customers"]["customer_id"]
    assert found.tables["customers"].filter(customer_id="c00002")["expected_loss"].item() is None
    assert "some_value" in ids(found)


def test_costs_that_make_no_sense() -> None:
    with pytest.raises(UsageError, match=r"--success 1\.5"):
        EconomicsParams(success=1.5)
    with pytest.raises(UsageError, match="--contact inf"):
        EconomicsParams(contact=float("inf"))
    with pytest.raises(UsageError, match="--contact -1"):
        EconomicsParams(contact=-1)
