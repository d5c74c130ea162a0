from __future__ import annotations

import numpy as np
import pytest

from acrm.models.additive import Spline, fit_additive
from acrm.models.classification_metrics import roc_auc


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A smooth effect, a step, a flag, a column that is the same for all, and gaps that tell something."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(n, 4)).astype(np.float32)
    table[:, 2] = table[:, 2] > 0.5
    table[:, 3] = 7
    z = np.sin(2 * table[:, 0]) + (table[:, 1] > 0.3) + 0.8 * table[:, 2] - 1.5
    gap = random.random(n) < 0.1
    z[gap] += 1
    table[gap, 1] = np.nan
    return table, random.random(n) < 1 / (1 + np.exp(-z))


def test_parts_sum_to_the_log_odds_and_are_centred() -> None:
    table, outcome = drawn(1500, 1)
    model = fit_additive(table, outcome, seed=0)
    parts = model.parts(table)
    assert np.abs(model.intercept + parts.sum(axis=1) - model.logits(table)).max() < 1e-12
    assert parts.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)
    assert (parts[:, 3] == 0).all()
    # Customers not seen: beyond all values, and unknown where nobody was.
    odd = np.array([[1e9, -1e9, 1, 7], [np.nan, np.nan, np.nan, np.nan]], np.float32)
    assert np.isfinite(model.logits(odd)).all()


def test_effects_are_found() -> None:
    table, outcome = drawn(6000, 2)
    model = fit_additive(table, outcome, seed=0)
    later, truth = drawn(6000, 3)
    assert roc_auc(truth, model.logits(later)) > 0.72
    step = model.curves[1](np.array([-1.0, 1.0, np.nan], np.float32))
    assert step[1] - step[0] == pytest.approx(1, abs=0.3)
    assert fit_additive(table, outcome, seed=0).logits(later).tolist() == model.logits(later).tolist()


def test_splines_do_not_depend_on_the_scale() -> None:
    values = np.random.default_rng(0).lognormal(0, 2, 500).astype(np.float32)
    one, other = Spline.over(values), Spline.over(np.log(values))
    assert one.knots == pytest.approx(other.knots, abs=1e-3)
    plain = one.basis(values.astype(float)).toarray()
    logged = other.basis(np.log(values).astype(float)).toarray()
    # Only between the quantiles is a straight line on one scale none on the other.
    assert np.abs(plain - logged).mean() < 0.01
