"""Payments to come, by hand and by drawing lifetimes."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.bdw import BetaDiscreteWeibull
from acrm.models.contract_worth import annuity, endless, moments, quantile, to_come
from acrm.models.sbg import ShiftedBetaGeometric


def test_probabilities_by_hand() -> None:
    model = ShiftedBetaGeometric(alpha=1.0, beta=3.0)
    makes = to_come(model, np.array([0.0, 1.0, 5.0]), np.array([2.0, 3.0, 0.0]))
    # Retention is 3/4, 4/5, 5/6, 6/7.
    assert makes[0] == pytest.approx([0.75, 0.6, 0.0])
    assert makes[1] == pytest.approx([4 / 5, 4 / 6, 4 / 7])
    assert not makes[2].any()


@pytest.mark.parametrize("discount", [0.0, 0.1])
def test_moments_and_quantiles_against_drawn_lifetimes(discount: float) -> None:
    model = BetaDiscreteWeibull(alpha=0.7, beta=2.5, c=1.3)
    alive = np.full(200_000, 3.0)
    payments = np.minimum(model.draw(alive, np.random.default_rng(5)) - 1, 12)
    worth = annuity(payments, discount)
    makes = to_come(model, np.array([3.0]), np.array([12.0]))
    found = moments(makes, discount)
    assert found.mean[0] == pytest.approx(worth.mean(), rel=0.005)
    assert found.variance[0] == pytest.approx(worth.var(), rel=0.01)
    for probability in (0.1, 0.3, 0.5):
        assert quantile(makes, probability)[0] == np.quantile(payments, probability)


def test_endless_payments_are_those_of_the_model() -> None:
    model = ShiftedBetaGeometric(alpha=0.668, beta=3.806)
    number = endless(0.1)
    makes = to_come(model, np.array([7.0]), np.array([float(number)]))
    assert moments(makes, 0.1).mean == pytest.approx(model.residual_lifetime(np.array([7.0]), 0.1), rel=1e-5)
    assert endless(0.0001) == 1200
