from __future__ import annotations

import numpy as np
import pytest

from acrm.models.bdw import BetaDiscreteWeibull
from acrm.models.durations import Durations
from acrm.models.lifetimes import BetaLifetime, renewals
from acrm.models.npv import Annuity
from acrm.models.sbg import ShiftedBetaGeometric

MODELS = [
    ShiftedBetaGeometric(alpha=0.668, beta=3.806),
    BetaDiscreteWeibull(alpha=0.214, beta=1.427, c=1.724),
    BetaDiscreteWeibull(alpha=2.0, beta=3.0, c=0.6),
]
models = pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name} {model.power}")


@models
def test_survival_is_the_product_of_retentions(model: BetaLifetime) -> None:
    period = np.arange(1.0, 30)
    assert np.cumprod(model.retention(period)) == pytest.approx(model.survival(period))
    assert model.survival(np.zeros(1))[0] == 1


@models
def test_residual_lifetime_is_the_sum_of_discounted_survival(model: BetaLifetime) -> None:
    ahead = np.arange(1.0, 2000)
    by_hand = np.sum(model.survival(4 + ahead) / model.survival(np.array([4.0])) * 1.08 ** (1 - ahead))
    assert model.residual_lifetime(np.array([4.0]), 0.08)[0] == pytest.approx(by_hand)
    three = np.sum(model.survival(4 + ahead[:3]) / model.survival(np.array([4.0])) * 1.08 ** (1 - ahead[:3]))
    assert model.residual_lifetime(np.array([0.0, 4, 4]), 0.08, 3)[1:] == pytest.approx([three, three])
    assert model.residual_lifetime(np.array([4.0]), 0.08, 1999)[0] == pytest.approx(by_hand)
    undiscounted = model.survival(np.array([1.0, 2.0])).sum()
    assert model.residual_lifetime(np.zeros(1), 0.0, 2)[0] == pytest.approx(undiscounted)


@models
def test_lifetimes_are_annuities(model: BetaLifetime) -> None:
    # The same two figures by way of the retentions: existing customers a year from their next payment, prospects now.
    retention = model.retention(np.arange(1.0, 1500))
    new = Annuity(margin=1, retention=retention, discount=0.1).value
    old = Annuity(margin=1, retention=retention[7:], discount=0.1, convention="existing").value
    assert model.new_lifetime(0.1) == pytest.approx(new)
    assert model.residual_lifetime(np.array([7.0]), 0.1)[0] / 1.1 == pytest.approx(old)


@models
@pytest.mark.parametrize("alive", [0.0, 6.0])
def test_draws_follow_the_survival_curve(model: BetaLifetime, alive: float) -> None:
    rng = np.random.default_rng(9)
    drawn = model.draw(np.full(40_000, alive), rng)
    assert drawn.min() == 1
    for period in (1.0, 2, 5, 20):
        expected = model.survival(np.array([alive + period])) / model.survival(np.array([alive]))
        assert (drawn > period).mean() == pytest.approx(expected[0], abs=0.01)


def test_a_customer_who_never_leaves_is_drawn_as_such() -> None:
    drawn = ShiftedBetaGeometric(alpha=1e-9, beta=5.0).draw(np.zeros(100), np.random.default_rng(0))
    assert not np.isnan(drawn).any()
    assert drawn.min() >= 1


def test_a_model_is_its_parameters() -> None:
    for model in MODELS:
        assert type(model)(**model.parameters()) == model


def test_periods_without_anyone_count_as_stayed() -> None:
    period, lost, stayed = renewals(
        Durations(time=np.array([0.0, 2, 5]), lost=np.array([0.0, 3, 1]), kept=np.array([4.0, 0, 6]))
    )
    assert period.tolist() == [1, 2, 3, 4, 5]
    assert lost.tolist() == [0, 3, 0, 0, 1]
    assert stayed.tolist() == [10, 7, 7, 7, 6]


def test_what_is_no_lifetime() -> None:
    with pytest.raises(ValueError, match="whole periods"):
        renewals(Durations(time=np.array([1.5]), lost=np.ones(1), kept=np.ones(1)))
    with pytest.raises(ValueError, match="whole periods"):
        renewals(Durations(time=np.array([0.0, 1]), lost=np.ones(2), kept=np.ones(2)))
    with pytest.raises(ValueError, match="discount"):
        MODELS[0].residual_lifetime(np.zeros(1), 0.0)
    with pytest.raises(ValueError, match="discount"):
        MODELS[0].residual_lifetime(np.zeros(1), -0.1, 5)
