from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.models.conftest import Seen


def test_pairs_of_frequency_and_age_lead_back_to_the_groups(seen: Seen) -> None:
    histories = seen([2, 0, 2, 0, 1], [3, 0, 4, 0, 1], [9, 7, 9, 9, 7])
    frequencies, ages, pair_of = histories.pairs
    assert list(zip(frequencies.tolist(), ages.tolist(), strict=True)) == [(0, 7), (0, 9), (1, 7), (2, 9)]
    assert np.array_equal(frequencies[pair_of], histories.frequency)
    assert np.array_equal(ages[pair_of], histories.age)
