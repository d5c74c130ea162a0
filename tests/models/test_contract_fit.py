"""Which model is chosen, and whether parameters come back from data that they made."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.bdw import BetaDiscreteWeibull
from acrm.models.contract_fit import choose
from acrm.models.sbg import ShiftedBetaGeometric
from acrm.models.tenures import Tenures
from tests.models.test_tenures import HIGH_END, REGULAR


def simulated(chance: np.ndarray, seed: int) -> Tenures:
    """Customers who started within the last 24 periods, each with a chance of leaving per renewal."""
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 25, chance.size).astype(float)
    end = rng.geometric(chance).astype(float)
    return Tenures(time=np.minimum(end, age), left=end <= age, age=age, count=np.ones(chance.size)).grouped()


def test_the_two_cohorts_of_the_paper() -> None:
    high_end = choose(Tenures.of_cohorts(HIGH_END), 5)
    assert high_end.chosen
    assert isinstance(high_end.chosen.model, BetaDiscreteWeibull)
    assert high_end.held_periods == 5
    # Closer by a third, though the likelihoods cannot tell.
    assert high_end.verdict == "same"
    assert high_end.naive_retention == pytest.approx(491 / 517)
    regular = choose(Tenures.of_cohorts(REGULAR), 5)
    assert regular.chosen
    assert isinstance(regular.chosen.model, ShiftedBetaGeometric)
    assert regular.verdict == "better"
    assert all(one.usable and one.test for one in (*high_end.candidates, *regular.candidates))


def test_parameters_that_made_the_data_are_found() -> None:
    choice = choose(simulated(np.random.default_rng(0).beta(0.8, 4.0, 20_000), seed=1))
    sbg = choice.candidates[0]
    assert sbg.fit.converged
    assert choice.verdict == "better"
    away = np.log([sbg.model.alpha, sbg.model.beta]) - np.log([0.8, 4.0])
    assert away @ np.linalg.solve(sbg.fit.covariance, away) < 13.8
    drawn = np.log([[one.alpha, one.beta] for one in sbg.draw(400, np.random.default_rng(2))])
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(sbg.fit.covariance)), rel=0.15)


def test_customers_who_do_not_differ() -> None:
    choice = choose(Tenures.of_cohorts(5000 * 0.8 ** np.arange(13.0)))
    sbg = choice.candidates[0]
    assert not sbg.fit.converged
    assert sbg.alike
    assert sbg.usable
    assert sbg.model.retention(np.array([1.0, 12.0])) == pytest.approx([0.8, 0.8], abs=1e-3)
    # The retention is known as well as a share of so many renewals is.
    renewals = sbg.durations.at_risk()[1:].sum()
    retained = [float(one.retention(np.ones(1))[0]) for one in sbg.draw(400, np.random.default_rng(1))]
    assert np.std(retained) == pytest.approx(np.sqrt(0.8 * 0.2 / renewals), rel=0.15)


def test_a_model_that_loses_is_not_recommended() -> None:
    # Retention rises for seven periods, then half of all leave in each.
    alive = [1000.0, 700, 550, 460, 400, 360, 330, 310]
    broken = choose(Tenures.of_cohorts(np.array([*alive, 150, 70, 30])), 2)
    assert broken.naive_retention == pytest.approx(150 / 310)
    assert broken.verdict == "worse"


@pytest.mark.parametrize(
    "alive", [[100, 70, 56, 48], [100, 100, 100, 100, 100, 100, 70, 56], [100, 70, 30, 10, 0, 0, 0]]
)
def test_nothing_to_hold_out(alive: list[int]) -> None:
    # Too few periods, nobody gone before the last ones, nobody left to forecast.
    choice = choose(Tenures.of_cohorts(np.array(alive, dtype=float)))
    assert choice.held_periods == 0
    assert choice.verdict is None
    assert choice.chosen is not None
    assert choice.chosen.penalised == max(one.penalised for one in choice.candidates if one.usable)
