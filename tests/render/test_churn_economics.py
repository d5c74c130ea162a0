"""The page's part on the worth of keeping customers."""

from __future__ import annotations

import numpy as np
import polars as pl

from acrm.analysis.churn.economics import EconomicsParams, economics
from acrm.render.blocks import Facts, Grid
from acrm.render.churn_economics import economics_blocks


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
    facts, curve, scores = economics_blocks(economics(scored(), EconomicsParams(contact=1, incentive=10)), "EUR")
    assert isinstance(facts, Facts)
    told = dict(facts.rows)
    assert told["terms"] == "contact 1.00, incentive 10.00, success 30%"
    assert told["mean value of a customer"] == "200.00\u00a0EUR"
    assert told["worth a contact from"].startswith("a probability of 16.4%")
    assert isinstance(curve, Grid)
    assert [row[-1] for row in curve.rows].count("best") == 1
    assert all(len(row) == len(curve.columns) for row in curve.rows)
    assert isinstance(scores, Grid)
    assert [row[0] for row in scores.rows] == ["model", "everybody", "nobody"]


def test_no_contact_pays_and_nothing_was_seen() -> None:
    found = economics(scored().drop("left", "value"), EconomicsParams(contact=10_000))
    facts, curve = economics_blocks(found)
    assert isinstance(facts, Facts)
    assert "expected profit of the campaign" not in dict(facts.rows)
    assert dict(facts.rows)["worth a contact from"] == "nobody of the mean value"
    assert isinstance(curve, Grid)
    assert all(len(row) == len(curve.columns) for row in curve.rows)
