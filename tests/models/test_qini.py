"""Effects, Qini curves and effects among the first: figures of scikit-uplift, hand-made cases, coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.models.qini import average_effect, coefficients, curves, effect_among, first, resampled


@pytest.fixture(scope="module")
def womens(data: Path) -> pl.DataFrame:
    table = pl.read_csv(data / "marketing" / "hillstrom_data.csv", infer_schema_length=None)
    return table.filter(pl.col("segment").is_in(["Womens E-Mail", "No E-Mail"]))


def arms(table: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return table["visit"].cast(pl.Float64).to_numpy(), (table["segment"] == "Womens E-Mail").to_numpy()


def test_average_effects_of_hillstrom(womens: pl.DataFrame) -> None:
    visit, treated = arms(womens)
    effect = average_effect(visit, treated)
    assert [effect.value, effect.error] == pytest.approx([0.04523, 0.00323], abs=5e-6)
    spend = average_effect(womens["spend"].cast(pl.Float64).to_numpy(), treated)
    # Published, three digits: 0.42441 (0.169 to 0.680).
    assert spend.value == pytest.approx(0.42441, abs=5e-6)
    assert [spend.low, spend.high] == pytest.approx([0.169, 0.680], abs=5e-4)


@pytest.mark.parametrize(
    ("score", "qini", "uplift", "top"),
    [
        ("womens", 0.0605747, 0.0279667, 0.0666551),
        ("history", 0.00262151, 0.00104763, 0.0479424),
    ],
)
def test_figures_of_scikit_uplift(womens: pl.DataFrame, score: str, qini: float, uplift: float, top: float) -> None:
    visit, treated = arms(womens)
    told = womens["womens"] - womens["recency"] / 1000 if score == "womens" else womens["history"]
    values = told.cast(pl.Float64).to_numpy()
    assert coefficients(values, visit, treated) == pytest.approx((qini, uplift), rel=2e-5)
    # There equal scores are told apart by the order of rows: that order as a score gives the same figure.
    rows = np.empty(len(values))
    rows[np.argsort(values, kind="mergesort")[::-1]] = -np.arange(len(values))
    share = int(0.3 * len(values)) / len(values)
    assert effect_among(first(rows, share), visit, treated) == pytest.approx(top, abs=1e-7)


def test_curve_by_hand() -> None:
    # Treated with, control without, control with, treated without.
    found = curves(np.array([4.0, 3.0, 2.0, 1.0]), np.array([1.0, 0, 1, 0]), np.array([True, False, False, True]))
    assert found.share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.qini.tolist() == [0, 0.5, 0.5, 0.25, 0]
    assert found.uplift.tolist() == [0, 0.25, 0.5, 0.375, 0]
    assert found.qini_area == pytest.approx(312.5)


def test_equal_scores_say_nothing() -> None:
    rng = np.random.default_rng(1)
    outcome, treated = rng.integers(0, 2, 500).astype(float), rng.random(500) < 0.5
    assert curves(np.zeros(500), outcome, treated).qini_area == pytest.approx(0, abs=1e-9)


def test_an_arm_without_anybody_has_no_effect() -> None:
    assert np.isnan(effect_among(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.array([True, False])))


def test_resamples_vary_as_new_customers_would() -> None:
    rng = np.random.default_rng(2)

    def draw() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        score, treated = rng.random(1500), rng.random(1500) < 0.5
        return score, (rng.random(1500) < 0.2 + 0.3 * score * treated).astype(float), treated

    areas = [curves(*draw()).qini_area for _ in range(300)]
    score, outcome, treated = draw()
    found = resampled(score[None], outcome, treated, 0.3, 200, np.random.default_rng(0))
    assert found.area.std() == pytest.approx(np.std(areas), rel=0.2)
    assert found.area.mean() == pytest.approx(curves(score, outcome, treated).qini_area, abs=3)
    again = resampled(score[None], outcome, treated, 0.3, 200, np.random.default_rng(0))
    assert np.array_equal(found.area, again.area)
