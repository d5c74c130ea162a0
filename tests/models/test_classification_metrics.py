from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from acrm.models import classification_metrics
from acrm.models.classification_metrics import Scores, intervals, mean_measures, reliability_bins


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with many ties, and outcomes that follow them."""
    random = np.random.default_rng(seed)
    p = np.round(random.beta(2, 5, n), 2).clip(0.01, 0.99)
    return random.random(n) < p, p


def test_measures_are_those_of_scikit_learn() -> None:
    outcome, p = drawn(3000, 0)
    found = Scores.of(outcome, p, probable=True).measured()
    assert found["roc_auc"] == pytest.approx(roc_auc_score(outcome, p), abs=1e-12)
    assert found["pr_auc"] == pytest.approx(average_precision_score(outcome, p), abs=1e-12)
    assert found["brier"] == pytest.approx(brier_score_loss(outcome, p), abs=1e-12)
    assert found["log_loss"] == pytest.approx(log_loss(outcome, p), abs=1e-12)
    assert found["ece"] < 0.03


def test_weights_count_customers_several_times() -> None:
    outcome, p = drawn(400, 1)
    weight = np.random.default_rng(2).integers(0, 4, 400)
    rows = np.repeat(np.arange(400), weight)
    scores = Scores.of(outcome, p, probable=False)
    found = scores.weighted(np.array([weight.astype(float), np.zeros(400)]))
    assert np.isnan(found["roc_auc"][1])
    one = {name: values[0] for name, values in found.items()}
    other = Scores.of(outcome[rows], p[rows], probable=False).measured()
    assert one == pytest.approx(other, abs=1e-12)


def test_equal_scores_are_one_step_whatever_the_order_of_rows() -> None:
    outcome = np.array([True] * 10 + [False] * 30)
    assert Scores.of(outcome, np.ones(40), probable=False).measured() == {
        "roc_auc": 0.5,
        "pr_auc": 0.25,
        "lift_10": 1.0,
    }
    assert Scores.of(outcome, outcome.astype(float), probable=False).measured()["lift_10"] == 4.0


def test_folds_are_ranked_one_by_one() -> None:
    # Either fold is perfectly ranked, though the scores of one are all above those of the other.
    outcome, score = np.array([True, False, True, False]), np.array([9.0, 8.0, 2.0, 1.0])
    assert Scores.of(outcome, score, probable=False).measured()["roc_auc"] == 0.75
    folds = np.array([0, 0, 1, 1])
    assert Scores.of(outcome, score, probable=False, fold=folds).measured()["roc_auc"] == 1.0


def test_without_one_side_there_is_no_ranking() -> None:
    found = Scores.of(np.ones(4, bool), np.arange(4.0), probable=False).measured()
    assert np.isnan(list(found.values())).all()


def test_intervals_hold_the_figure_and_tell_scores_apart() -> None:
    outcome, p = drawn(800, 3)
    noise = np.random.default_rng(4).random(800)
    scores = {
        "model": [Scores.of(outcome, p, probable=True)],
        "same": [Scores.of(outcome, 2 * p, probable=False)],
        "noise": [Scores.of(outcome, noise, probable=False)],
    }
    ends, gains = intervals(scores, repeats=100, seed=0)
    for key, value in mean_measures(scores["model"]).items():
        # Samples have more ties than customers, so that the calibration error is above that of all.
        assert key == "ece" or ends["model"][key][0] < value < ends["model"][key][1]
    assert gains["same"] == (0.0, 0.0)
    assert gains["noise"][0] > 0.1
    assert intervals(scores, repeats=100, seed=0) == (ends, gains)


def test_bins_keep_equal_probabilities_together() -> None:
    p = np.array([0.1] * 50 + [0.2] * 30 + [0.9] * 20)
    assert np.unique(np.column_stack([p, reliability_bins(p)]), axis=0).shape == (3, 2)


def test_some_of_the_customers_are_measured_as_if_there_were_no_others() -> None:
    outcome, p = drawn(400, 3)
    fold = np.arange(400) % 3
    rows = np.flatnonzero(np.random.default_rng(4).random(400) < 0.3)
    some = Scores.of(outcome, p.round(1), probable=False, fold=fold).among(rows)
    assert some.measured() == Scores.of(outcome[rows], p[rows].round(1), probable=False, fold=fold[rows]).measured()


def test_samples_of_some_of_many_customers_give_the_intervals_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, p = drawn(4000, 5)
    scores = {
        "model": [Scores.of(outcome, p, probable=True)],
        "rule": [Scores.of(outcome, p.round(1), probable=False)],
    }
    whole, gain = intervals(scores, repeats=200, seed=0)
    monkeypatch.setattr(classification_metrics, "MANY", 1000)
    some, of_some = intervals(scores, repeats=200, seed=0)
    for measure in ("roc_auc", "pr_auc", "brier"):
        low, high = whole["model"][measure]
        assert some["model"][measure] == pytest.approx((low, high), abs=(high - low) / 3)
    assert of_some["rule"] == pytest.approx(gain["rule"], abs=gain["rule"][1] - gain["rule"][0])
