"""Rhythm: known parameters come back, probabilities agree with draws, the gradient with differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from acrm.models.histories import FloatArray
from acrm.models.rhythm import Gaps, Rhythm, _likelihood

TRUE = Rhythm(shape=2.5, a=4.0, b=30.0)


def draw(customers: int, seed: int = 1) -> tuple[Gaps, FloatArray]:
    """Gaps of customers of TRUE, and the next gap of each."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, 9, customers)
    rate = rng.gamma(TRUE.a, 1 / TRUE.b, customers)
    gaps = [rng.gamma(TRUE.shape, 1 / each, count) for each, count in zip(rate, number, strict=True)]
    known = Gaps(
        number=number.astype(float),
        total=np.array([one.sum() for one in gaps]),
        log_total=np.array([np.log(one).sum() for one in gaps]),
    )
    return known, rng.gamma(TRUE.shape, 1 / rate)


def test_known_parameters_come_back() -> None:
    model, fit = Rhythm.fit(draw(6000)[0])
    assert fit.converged
    assert [model.shape, model.a, model.b] == pytest.approx([2.5, 4.0, 30.0], rel=0.08)


def test_probabilities_are_those_of_the_next_gap() -> None:
    known, ahead = draw(20_000, seed=2)
    reached = TRUE.longer(known, ahead)
    for share in (0.05, 0.1, 0.5, 0.9):
        assert np.mean(reached <= share) == pytest.approx(share, abs=0.01)
    assert np.mean(ahead <= TRUE.exceeded(known, 0.5)) == pytest.approx(0.5, abs=0.01)


def test_the_days_exceeded_are_where_the_probability_is_reached() -> None:
    known, _ = draw(50)
    share = np.geomspace(1e-12, 0.999, 50)
    assert TRUE.longer(known, TRUE.exceeded(known, share)) == pytest.approx(share)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    known, _ = draw(200)
    given = {"number": known.number, "total": known.total, "log_total": known.log_total}
    for at in ([0.1, 0.5, 3.0], [1.0, 2.0, 4.0]):
        error = check_grad(lambda x: _likelihood(x, **given)[0], lambda x: _likelihood(x, **given)[1], np.array(at))
        assert error < 1e-2


def test_without_gaps_there_is_no_rhythm() -> None:
    nothing = np.zeros(3)
    with pytest.raises(ValueError, match="no gaps"):
        Rhythm.fit(Gaps(number=nothing, total=nothing, log_total=nothing))
