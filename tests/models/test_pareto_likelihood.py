from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from acrm.models import pareto_likelihood
from acrm.models.optimise import maximise
from acrm.models.pareto_likelihood import Likelihood

if TYPE_CHECKING:
    from tests.models.conftest import Buyers, Seen


def test_the_gradient_is_that_of_the_likelihood(seen: Seen) -> None:
    likelihood = Likelihood(
        seen([0, 1, 3, 12, 60, 2], [0, 2, 30, 38, 39, 39], [20, 30, 39, 39, 39, 39], [50, 20, 9, 2, 1, 1])
    )
    for point in np.log([[0.6, 7.0, 0.9, 30.0], [2.0, 30.0, 0.3, 0.5]]):
        slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in 1e-5 * np.eye(4)]
        assert likelihood(point)[1] == pytest.approx(slopes, rel=1e-6, abs=1e-6)


def test_random_starts_reach_one_optimum(sample: Buyers) -> None:
    rng = np.random.default_rng(1)
    likelihood = Likelihood(sample.grouped)
    for _ in range(12):
        start = dict(zip("rlsb", map(float, np.exp(rng.normal(0, 1.5, 4))), strict=True))
        assert maximise(likelihood, start, starts=1).log_likelihood == pytest.approx(-9594.976179, abs=1e-4)


def test_many_frequencies_are_taken_in_parts(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frequency = rng.integers(0, 40, 300).astype(float)
    histories = seen(frequency, np.where(frequency > 0, rng.integers(1, 200, 300), 0), 200, rng.random(300))
    point = np.log([0.6, 7.0, 0.9, 30.0])
    value, gradient = Likelihood(histories)(point)
    monkeypatch.setattr(pareto_likelihood, "_CELLS", 1000)
    parts = Likelihood(histories)(point)
    assert parts[0] == pytest.approx(value, rel=1e-13)
    assert parts[1] == pytest.approx(gradient, rel=1e-10)
