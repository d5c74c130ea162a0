from __future__ import annotations

import numpy as np
import pytest

from acrm.models.additive import Additive
from acrm.models.boosting import Boosting
from acrm.models.classification_metrics import roc_auc
from acrm.models.contributions import contributions
from acrm.models.cross_fit import CrossFit, cross_fit, probability
from acrm.models.folds import stratified


def fitted(n: int, seed: int, *, together: float) -> tuple[CrossFit, np.ndarray, np.ndarray]:
    """Customers, the first two columns acting together as far as asked for, and their true probabilities."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(n, 4)).astype(np.float32)
    table[:, 3] = table[:, 3] > 0
    z = 0.8 * table[:, 2] + 0.7 * table[:, 3] + together * np.sign(table[:, 0] * table[:, 1]) - 1
    truth = 1 / (1 + np.exp(-z))
    outcome = random.random(n) < truth
    fold = stratified(outcome, np.arange(n), folds=5, seed=0)[None, :]
    return cross_fit(table, outcome, fold, seed=0), table, truth


def test_the_additive_model_is_taken_where_nothing_acts_together() -> None:
    found, table, truth = fitted(2000, 0, together=0.0)
    assert isinstance(found.classifier.whole, Additive)
    assert not found.chosen.any()
    assert found.gain[0] < 2 * found.gain[1]
    # Nine in ten, but for what a model of few customers has wrong everywhere.
    told, low, high = found.classifier.interval(table)
    assert 0.8 < ((low <= truth) & (truth <= high)).mean() < 0.99
    assert told == pytest.approx(probability(found.classifier.logits(table)), abs=1e-12)
    assert ((low <= told) & (told <= high)).all()
    # What was foretold without a customer is no better than what is true.
    assert roc_auc(truth > np.median(truth), found.probability) < 1


def test_contributions_of_the_additive_model_sum_to_its_log_odds() -> None:
    found, table, _ = fitted(1000, 1, together=0.0)
    feature = np.array([0, 1, 2, 2])
    parts = contributions(found.classifier, table, feature, np.zeros(4, np.float32))
    assert parts.exact
    assert np.abs(parts.base + parts.added.sum(axis=1) - found.classifier.logits(table)).max() < 1e-9


def test_interactions_are_taken_where_they_foretell_clearly_better() -> None:
    found, table, _ = fitted(2000, 2, together=1.5)
    assert isinstance(found.classifier.whole, Boosting)
    assert found.chosen.all()
    assert found.gain[0] > 2 * found.gain[1] > 0
    typical = np.zeros(4, np.float32)
    parts = contributions(found.classifier, table[:50], np.array([0, 1, 2, 2]), typical)
    assert not parts.exact
    replaced = table[:50].copy()
    replaced[:, 2:] = 0
    whole = found.classifier.whole
    change = whole.logits(table[:50]) - whole.logits(replaced)
    assert parts.added[:, 2] == pytest.approx(found.classifier.calibration.slope * change)


def test_columns_that_tell_nothing_give_everybody_nearly_the_same() -> None:
    random = np.random.default_rng(3)
    table = random.normal(size=(600, 3)).astype(np.float32)
    outcome = random.random(600) < 0.3
    fold = stratified(outcome, np.arange(600), folds=5, seed=0)[None, :]
    found = cross_fit(table, outcome, fold, seed=0)
    assert np.ptp(probability(found.classifier.logits(table))) < 0.35
    _, low, high = found.classifier.interval(table)
    assert np.median(low) < outcome.mean() < np.median(high)
