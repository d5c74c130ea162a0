"""The stability index: its figure by hand, and how often chance exceeds its level."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.drift import chance_index, stability_index


def test_by_hand() -> None:
    # Shares .5/.5 then and .8/.2 now: .3 ln 1.6 + .3 ln 2.5 = .41589.
    many = 1e9
    found = stability_index(np.array([0.5, 0.5]) * many, np.array([0.8, 0.2]) * many)
    assert found == pytest.approx(0.41589, abs=1e-5)
    assert np.isfinite(stability_index(np.array([10.0, 0.0]), np.array([0.0, 10.0])))


def test_chance_exceeds_its_level_as_often_as_it_says() -> None:
    rng, shares = np.random.default_rng(7), np.array([0.1, 0.2, 0.3, 0.4])
    over = []
    for _ in range(2000):
        then, later = (rng.multinomial(rows, shares).astype(float) for rows in (800, 500))
        over.append(stability_index(then, later) > chance_index(then, later, 0.1))
    assert np.mean(over) == pytest.approx(0.1, abs=0.02)


def test_one_class_cannot_move() -> None:
    assert chance_index(np.array([5.0, 0.0]), np.array([6.0, 0.0]), 0.05) == 0
