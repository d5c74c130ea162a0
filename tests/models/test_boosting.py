from __future__ import annotations

import numpy as np

from acrm.models.boosting import Coding, boosted, boosted_logits, boosted_steps


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
    assert np.abs(total - boosted_logits(model, codes)).max() < 1e-9


def test_many_values_are_coded_by_quantiles() -> None:
    values = np.random.default_rng(0).normal(size=(5000, 1)).astype(np.float32)
    coding = Coding.of(values)
    assert len(coding.edges[0]) <= 254
    codes = np.bincount(coding.codes(values)[:, 0])
    assert codes.max() < 60
