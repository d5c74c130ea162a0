"""The page's part on the worth of keeping customers."""

from __future__ import annotations

import numpy as np
import polars as pl

from acrm.analysis.churn.economics import EconomicsParams, economics
from acrm.render.blocks import Facts, Grid
from acrm.render.churn_economics import economics_blocks, loss_column


def scored(rows: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    probability = rng.beta(1.2, 3, rows)
    return pl.DataFrame(
        {
            "customer_id": [f"c{row:04}" for row in range(rows)],
            "churn_probability": probability,
            "value": np.full(rows, 200.0),
            "left": rng.random(rows) < probability,
        }
    )


def test_figures_curve_and_scores() -> None:
    costs = EconomicsParams(contact=1, incentive=10)
    facts, curve, scores = economics_blocks(economics(scored(), costs), costs, "EUR")
    assert isinstance(facts, Facts)
    told = dict(facts.rows)
    assert told["terms"] == "contact 1.00, incentive 10.00, success 30%"
    assert told["a customer is worth"] == "200.00\u00a0EUR"
    assert told["worth a contact from"].startswith("a probability of 16.4%")
    assert isinstance(curve, Grid)
    assert [row[-1] for row in curve.rows].count("best") == 1
    assert all(len(row) == len(curve.columns) for row in curve.rows)
    assert isinstance(scores, Grid)
    assert [row[0] for row in scores.rows] == ["model", "everybody", "nobody"]
    # The terms are those of the literature, which need no column of their own.
    assert [column.label for column in scores.columns] == ["score", "profit", "contacted"]
    dear = EconomicsParams(contact=2, incentive=10)
    others = list(economics_blocks(economics(scored(), dear), dear))[-1]
    assert isinstance(others, Grid)
    assert others.columns[-1].label == "literature's terms"


def test_losses_of_a_thousand_are_whole() -> None:
    assert loss_column(pl.Series([3.25, None])).kind == "number"
    column = loss_column(pl.Series([1000.25, 3.0]), "RUB")
    assert (column.kind, column.label) == ("int", "expected loss,\u00a0RUB")
    assert loss_column(pl.Series([], dtype=pl.Float64)).kind == "number"


def test_no_contact_pays_and_nothing_was_seen() -> None:
    costs = EconomicsParams(contact=10_000)
    facts, curve = economics_blocks(economics(scored().drop("left", "value"), costs), costs)
    assert isinstance(facts, Facts)
    assert not any(label.startswith("profit of") for label, _ in facts.rows)
    assert dict(facts.rows)["terms"] == "contact 10,000.00, incentive 10.00 (assumed), success 30%"
    assert dict(facts.rows)["worth a contact from"] == "nobody of the mean value"
    assert isinstance(curve, Grid)
    assert all(len(row) == len(curve.columns) for row in curve.rows)
