"""Expected maximum profit: published terms on the Telco file, the integral by brute force, and its limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta

from acrm.models.empc import Offer, empc, profit_of_all


def by_grid(score: np.ndarray, left: np.ndarray, offer: Offer, points: int = 4000) -> float:
    """The definition: for each share kept the best of all thresholds."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    leavers, stayers = np.cumsum(left[order])[ends] / len(left), np.cumsum(~left[order])[ends] / len(left)
    kept = beta.ppf((np.arange(points) + 0.5) / points, offer.alpha, offer.beta)[:, None]
    profit = leavers * (kept * (offer.value - offer.incentive) - offer.contact)
    profit = profit - stayers * (offer.incentive + offer.contact)
    return float(np.maximum(profit.max(axis=1), 0).mean())


def test_telco_goldens(data: Path) -> None:
    table = pl.read_csv(data / "churn" / "Telco-Customer-Churn.csv", infer_schema_length=None)
    left = (table["Churn"] == "Yes").to_numpy()
    tenure, charges = (table[name].cast(pl.Float64).to_numpy() for name in ("tenure", "MonthlyCharges"))
    assert empc(-tenure, left).profit == pytest.approx(8.512911, abs=1e-6)
    assert empc(-tenure, left).share == pytest.approx(0.640, abs=5e-4)
    assert empc(charges, left).profit == pytest.approx(7.964064, abs=1e-6)
    assert empc(charges, left).share == pytest.approx(0.728, abs=5e-4)
    assert profit_of_all(float(left.mean())) == pytest.approx(6.779781, abs=1e-6)


@pytest.mark.parametrize("offer", [Offer(), Offer(value=50, incentive=5, contact=2, alpha=2, beta=3)])
def test_corners_give_the_integral(offer: Offer) -> None:
    rng = np.random.default_rng(4)
    score = rng.integers(0, 30, 400).astype(float)
    left = rng.random(400) < 0.05 + score / 60
    assert empc(score, left, offer).profit == pytest.approx(by_grid(score, left, offer), rel=1e-4)


def test_a_score_is_its_order_alone() -> None:
    rng = np.random.default_rng(5)
    score, left = rng.normal(size=200), rng.random(200) < 0.3
    shuffled = rng.permutation(200)
    assert empc(np.exp(score), left) == empc(score, left)
    assert empc(score[shuffled], left[shuffled]).profit == pytest.approx(empc(score, left).profit)


def test_a_contact_that_costs_nothing_reaches_all_who_leave() -> None:
    found = empc(np.array([2.0, 1.0]), np.array([True, False]), Offer(value=100, incentive=0, contact=0))
    assert found.profit == pytest.approx(0.5 * 0.3 * 100)


def test_one_kind_of_customer_has_no_curve() -> None:
    with pytest.raises(ValueError, match="some leave"):
        empc(np.arange(3.0), np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="value above"):
        Offer(value=5, incentive=10)
