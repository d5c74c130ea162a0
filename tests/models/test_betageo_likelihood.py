from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from acrm.models.betageo import BetaGeometric
from acrm.models.betageo_likelihood import Likelihood
from acrm.models.histories import Histories
from acrm.models.optimise import maximise

if TYPE_CHECKING:
    from tests.models.conftest import Buyers, Seen


@pytest.mark.parametrize("dropout_at_zero", [False, True])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_gradient_is_that_of_the_likelihood(k: int, dropout_at_zero: bool, seen: Seen) -> None:
    base = seen([0, 1, 3, 12, 60], [0, 2, 30, 38, 39], [20, 30, 39, 39, 39], [50, 20, 9, 2, 1])
    histories = Histories(
        frequency=base.frequency, recency=base.recency, age=base.age, count=base.count, log_gaps=base.frequency / 2
    )
    likelihood = Likelihood(histories, k, dropout_at_zero)
    point = np.log([0.6, 7.0, 0.9, 1.7])
    steps = 1e-5 * np.eye(4)
    slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in steps]
    assert likelihood(point)[1] == pytest.approx(slopes, rel=1e-6, abs=1e-6)


def test_fifty_random_starts_reach_one_optimum(sample: Buyers) -> None:
    rng = np.random.default_rng(1)
    for dropout_at_zero, best in ((False, -9582.429207), (True, -9582.135716)):
        likelihood = Likelihood(sample.grouped, 1, dropout_at_zero)
        for _ in range(50):
            start = dict(zip("rlab", map(float, np.exp(rng.normal(0, 1.5, 4))), strict=True))
            assert maximise(likelihood, start, starts=1).log_likelihood == pytest.approx(best, abs=1e-5)


def test_logarithms_do_not_overflow(seen: Seen) -> None:
    # Hardie's note 027, as pymc-marketing's tests have it: 200 orders in 38 weeks.
    model = BetaGeometric(r=0.25, alpha=4.0, a=0.8, b=2.5)
    assert model.log_likelihood(seen(0, 0, 40)) == pytest.approx(-0.59947382, abs=1e-8)
    assert model.log_likelihood(seen(200, 38, 40)) == pytest.approx(100.7957, abs=5e-5)


def test_regular_buying_needs_the_times_between_orders(seen: Seen) -> None:
    with pytest.raises(ValueError, match="log_gaps"):
        BetaGeometric(r=1, alpha=1, a=1, b=1, k=2).log_likelihood(seen(1, 2, 3))
