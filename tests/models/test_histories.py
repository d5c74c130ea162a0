from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from acrm.models.betageo_likelihood import Likelihood
from acrm.models.histories import Histories
from acrm.models.optimise import maximise

if TYPE_CHECKING:
    from tests.models.conftest import Seen


def test_pairs_of_frequency_and_age_lead_back_to_the_groups(seen: Seen) -> None:
    histories = seen([2, 0, 2, 0, 1], [3, 0, 4, 0, 1], [9, 7, 9, 9, 7])
    frequencies, ages, pair_of = histories.pairs
    assert list(zip(frequencies.tolist(), ages.tolist(), strict=True)) == [(0, 7), (0, 9), (1, 7), (2, 9)]
    assert np.array_equal(frequencies[pair_of], histories.frequency)
    assert np.array_equal(ages[pair_of], histories.age)


def test_a_sample_of_many_groups_leads_to_the_same_optimum() -> None:
    rng = np.random.default_rng(0)
    n = 25_000
    age = rng.uniform(20, 60, n)
    rate, drop = rng.gamma(0.5, 0.2, n), rng.beta(1, 3, n)
    frequency = np.minimum(rng.poisson(rate * age), rng.geometric(drop)).astype(float)
    recency = np.where(frequency > 0, age * rng.random(n), 0.0)
    whole = Histories(frequency=frequency, recency=recency, age=age, count=np.ones(n))
    some = whole.sample()
    assert some is not None
    assert len(some.age) == n // 2
    assert some.sample() is None
    likelihood, start = Likelihood(whole, 1, False), {"r": 0.5, "alpha": 5.0, "a": 1.0, "b": 2.0}
    fast = maximise(likelihood, start, sample=Likelihood(some, 1, False))
    slow = maximise(likelihood, start)
    assert fast.log_likelihood == pytest.approx(slow.log_likelihood, abs=1e-4)
    assert (fast.converged, fast.agreeing, fast.starts) == (True, 3, 3)
