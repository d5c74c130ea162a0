from __future__ import annotations

import math

import numpy as np
import pytest

from acrm.models.durations import Durations
from acrm.models.kaplan_meier import kaplan_meier

# Weeks of remission under 6-MP, Freireich et al. (1963), until a relapse or until last seen: the example of most
# textbooks (Kleinbaum & Klein, Survival Analysis, chapter 2).
LEFT = np.array([6.0, 6, 6, 7, 10, 13, 16, 22, 23])
SEEN = np.array([6.0, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])


def test_published_curve() -> None:
    curve = kaplan_meier(
        Durations.of_customers(np.concatenate((LEFT, SEEN)), np.arange(LEFT.size + SEEN.size) < LEFT.size)
    )
    step = curve.lost > 0
    assert curve.time[step].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk[step].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival[step] == pytest.approx([0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=5e-5)
    assert curve.median == 23
    assert curve.retention[step][0] == pytest.approx(18 / 21)


def test_greenwood_interval_by_hand() -> None:
    # After 10 leave of 100 and 9 of 90: S = .81, Greenwood's sum = 10/(100 x 90) + 9/(90 x 81) = .0023457.
    curve = kaplan_meier(Durations.of_cohorts(np.array([100.0, 90.0, 81.0])), 0.9)
    spread = 1.6448536 * math.sqrt(10 / 9000 + 9 / 7290) / math.log(0.81)
    assert curve.low[-1] == pytest.approx(0.81 ** math.exp(-spread))
    assert curve.high[-1] == pytest.approx(0.81 ** math.exp(spread))
    assert curve.low[-1] < 0.81 < curve.high[-1]


def test_ends_of_the_curve() -> None:
    curve = kaplan_meier(Durations.of_cohorts(np.array([20.0, 20.0, 10.0, 0.0, 0.0])), 0.95)
    assert curve.time.tolist() == [0, 1, 2, 3]
    assert curve.survival.tolist() == [1, 1, 0.5, 0]
    # Nobody of 20 has left: 2.5% of such samples come from a survival of .8316 (Clopper-Pearson).
    assert curve.low[:2] == pytest.approx([0.8316, 0.8316], abs=5e-5)
    assert curve.high[:2].tolist() == [1, 1]
    assert (curve.low[3], curve.high[3]) == (0, curve.high[2])
    assert curve.retention.tolist() == [1, 1, 0.5, 0]
    assert curve.median == 2
    gone = kaplan_meier(Durations.of_cohorts(np.array([5.0, 0.0])))
    assert (gone.low[-1], gone.high[-1]) == (0, 1)


def test_nobody_leaves() -> None:
    curve = kaplan_meier(Durations.of_cohorts(np.array([5.0, 5.0]), np.array([4.0])))
    assert curve.survival.tolist() == [1, 1]
    assert curve.median == math.inf


def test_customers_of_no_weight_change_nothing() -> None:
    time, left = np.array([1.0, 2, 3]), np.array([True, False, True])
    curve = kaplan_meier(Durations.of_customers(time, left, np.array([1.0, 3, 0])))
    assert curve.time.tolist() == [1, 2]
    assert curve.survival.tolist() == [0.75, 0.75]


def test_interval_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    truth, held = 0.9**6, 0
    for _ in range(300):
        leaves = rng.geometric(0.1, 60).astype(np.float64)
        seen = rng.integers(4, 12, 60).astype(np.float64)
        curve = kaplan_meier(Durations.of_customers(np.minimum(leaves, seen), leaves <= seen), 0.8)
        place = np.flatnonzero(curve.time <= 6)[-1]
        held += int(curve.low[place] <= truth <= curve.high[place])
    assert 0.74 <= held / 300 <= 0.86
