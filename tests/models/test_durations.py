from __future__ import annotations

import numpy as np
import pytest

from acrm.models.durations import Durations


def test_a_cohort_is_the_sum_of_its_customers() -> None:
    table = Durations.of_cohorts(np.array([6.0, 4.0, 3.0]))
    time = np.array([1.0, 1, 2, 2, 2, 2])
    left = np.array([True, True, True, False, False, False])
    customers = Durations.of_customers(time, left)
    assert customers.time.tolist() == table.time.tolist()[1:]
    assert customers.lost.tolist() == table.lost.tolist()[1:]
    assert customers.kept.tolist() == table.kept.tolist()[1:]
    grouped = Durations.of_customers(time[[0, 2, 3]], left[[0, 2, 3]], np.array([2.0, 1, 3]))
    assert grouped.lost.tolist() == customers.lost.tolist()
    assert grouped.at_risk().tolist() == [6, 4]


def test_a_cohort_without_a_period_is_kept_at_the_start() -> None:
    young = Durations.of_cohorts(np.array([10.0, 5.0]), np.array([7.0]))
    assert young.kept.tolist() == [7, 5]
    assert young.at_risk().tolist() == [17, 10]


def test_impossible_tables() -> None:
    with pytest.raises(ValueError, match="grow"):
        Durations.of_cohorts(np.array([5.0, 6.0]))
    with pytest.raises(ValueError, match="grow"):
        Durations.of_cohorts(np.array([]))
    with pytest.raises(ValueError, match="ascend"):
        Durations(time=np.array([2.0, 1.0]), lost=np.ones(2), kept=np.ones(2))
    with pytest.raises(ValueError, match="one length"):
        Durations(time=np.array([1.0]), lost=np.ones(2), kept=np.ones(2))
