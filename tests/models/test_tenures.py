"""Contracts with hidden last periods: counts by hand, and the published forecasts of two cohorts."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.bdw import BetaDiscreteWeibull
from acrm.models.sbg import ShiftedBetaGeometric
from acrm.models.tenures import Tenures, held_out

# Fader & Hardie (2007): of 1,000 customers, those still there after each year.
HIGH_END = np.array([1000.0, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394])
REGULAR = np.array([1000.0, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173])


@pytest.mark.parametrize(
    ("alive", "family", "hidden", "error"),
    [
        (HIGH_END, ShiftedBetaGeometric, 5, 0.0119),
        (REGULAR, ShiftedBetaGeometric, 5, 0.0029),
        (HIGH_END, BetaDiscreteWeibull, 5, 0.0052),
        (REGULAR, BetaDiscreteWeibull, 5, 0.0026),
        (HIGH_END, ShiftedBetaGeometric, 7, 0.0325),
        (REGULAR, ShiftedBetaGeometric, 7, 0.0078),
        (HIGH_END, BetaDiscreteWeibull, 7, 0.0025),
        (REGULAR, BetaDiscreteWeibull, 7, 0.0012),
    ],
)
def test_the_last_years_of_two_cohorts(
    alive: np.ndarray, family: type[ShiftedBetaGeometric | BetaDiscreteWeibull], hidden: int, error: float
) -> None:
    tenures = Tenures.of_cohorts(alive)
    model, _ = family.fit(tenures.until(hidden).durations())
    assert held_out(tenures, hidden, model.log_retention).survival_error == pytest.approx(error, abs=5.1e-5)


def test_what_was_known_before() -> None:
    # Left at 2 of 5, left at 4 of 5, still there after 3 of 3, started in the last period.
    now = Tenures(
        time=np.array([2.0, 4, 3, 0]),
        left=np.array([True, True, False, False]),
        age=np.array([5.0, 5, 3, 0]),
        count=np.ones(4),
    )
    before = now.until(2)
    assert before.time.tolist() == [2, 3, 1]
    assert before.left.tolist() == [True, False, False]
    assert before.age.tolist() == [3, 3, 1]
    assert now.until(4).time.tolist() == [1, 1]
    assert not now.until(4).left.any()


def test_held_out_renewals_by_hand() -> None:
    # Two cohorts; hidden are period 3 of the older (70 of 80 stay) and periods 1 and 2 of nobody else's past.
    tenures = Tenures.of_cohorts(np.array([100.0, 90, 80, 70]), np.array([50.0, 40]))
    test = held_out(tenures, 1, lambda period: np.log(np.array([0.9, 0.8, 0.5])[: period.size]))
    likelihood = 70 * np.log(0.5) + 10 * np.log(0.5) + 40 * np.log(0.9) + 10 * np.log(0.1)
    assert test.log_likelihood == pytest.approx(likelihood)
    # 150 had started; 100 x .9 x .8 x .5 + 50 x .9 expected, 110 there. Of the 130 there before: 80 x .5 + 50 x .9.
    assert test.survival_error == pytest.approx(abs(36 + 45 - 110) / 150)
    assert test.staying_error == pytest.approx(abs(40 + 45 - 110) / 130)


def test_the_last_retention() -> None:
    assert Tenures.of_cohorts(np.array([100.0, 90, 72]), np.array([50.0, 40])).last_retention() == pytest.approx(
        112 / 140
    )
    # All of ten, none of ten: neither is taken for certain.
    assert Tenures.of_cohorts(np.array([20.0, 10, 10])).last_retention() == pytest.approx(10.5 / 11)
    assert Tenures.of_cohorts(np.array([20.0, 10, 0])).last_retention() == pytest.approx(0.5 / 11)
    started = Tenures(time=np.zeros(1), left=np.zeros(1, dtype=bool), age=np.zeros(1), count=np.ones(1))
    assert np.isnan(started.last_retention())


def test_grouping_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    age = rng.integers(0, 9, 500).astype(float)
    end = rng.geometric(0.2, 500).astype(float)
    each = Tenures(time=np.minimum(end, age), left=end <= age, age=age, count=np.ones(500))
    grouped = each.grouped()
    assert grouped.time.size < 100
    assert grouped.count.sum() == 500
    for one, other in ((each, grouped), (each.until(3), grouped.until(3))):
        for name in ("time", "lost", "kept"):
            assert getattr(one.durations(), name) == pytest.approx(getattr(other.durations(), name))
    assert each.last_retention() == grouped.last_retention()


def test_cohorts_that_grow_are_refused() -> None:
    with pytest.raises(ValueError, match="does not grow"):
        Tenures.of_cohorts(np.array([10.0, 11]))
