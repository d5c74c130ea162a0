from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from acrm.models.boosting import Boosting, Coding, as_trees, boosted, boosted_steps
from acrm.models.trees import UNKNOWN


def test_staircases_are_the_boosting() -> None:
    random = np.random.default_rng(0)
    table = random.normal(size=(1500, 3)).astype(np.float32)
    table[random.random(1500) < 0.1, 1] = np.nan
    outcome = random.random(1500) < 1 / (1 + np.exp(1 - table[:, 0]))
    coding = Coding.of(table)
    codes = coding.codes(table)
    model = boosted(codes, outcome, additive=True, seed=0)
    base, steps = boosted_steps(coding, model)
    # Code 255 is unknown, the last step.
    own = [np.where(codes[:, place] == 255, len(stair) - 1, codes[:, place]) for place, stair in enumerate(steps)]
    total = base + sum(stair[at] for stair, at in zip(steps, own, strict=True))
    assert np.abs(total - model.logits(codes)).max() < 1e-9


def test_many_values_are_coded_by_quantiles() -> None:
    values = np.random.default_rng(0).normal(size=(5000, 1)).astype(np.float32)
    coding = Coding.of(values)
    assert len(coding.edges[0]) <= 254
    codes = np.bincount(coding.codes(values)[:, 0])
    assert codes.max() < 60


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("additive", [True, False])
def test_trees_add_up_to_what_scikit_learn_says(seed: int, additive: bool) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    random = np.random.default_rng(seed)
    numbers: Any = random.normal(size=(1200, 6))
    numbers[:, 3] = random.integers(0, 3, 1200)
    numbers[:, 4] = 1.0
    z = numbers[:, 0] * numbers[:, 1] + numbers[:, 2]
    # Who is unknown is like those with much, with little, or like nobody else.
    numbers[numbers[:, 0] > 1, 0] = np.nan
    numbers[numbers[:, 2] < -1, 2] = np.nan
    numbers[random.random(1200) < 0.3, 3] = np.nan
    outcome = random.random(1200) < 1 / (1 + np.exp(-z - 2 * np.isnan(numbers[:, 3])))
    table = numbers.astype(np.float32)
    coding = Coding.of(table)
    model = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, interaction_cst="no_interactions" if additive else None, early_stopping=False
    )
    codes = coding.codes(table)
    wide = np.where(codes == UNKNOWN, np.nan, codes)
    model.fit(wide, outcome)
    trees = as_trees(model)
    assert {split.unknown_low for split in trees.splits()} == {True, False}
    # Codes that were never unknown, or never so high.
    odd = np.where(random.random(wide.shape) < 0.2, np.nan, random.integers(0, 255, wide.shape))
    for rows in (wide, odd):
        found = trees.logits(np.where(np.isnan(rows), UNKNOWN, rows).astype(np.uint8))
        assert np.abs(found - model.decision_function(rows)).max() < 1e-12
    # Without the edges that no split asks for nothing changes.
    short = Boosting.of(coding, trees)
    assert sum(map(len, short.coding.edges)) < sum(map(len, coding.edges)) / 2
    assert (short.logits(table) == trees.logits(codes)).all()
