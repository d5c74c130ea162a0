from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acrm.models.baskets import Baskets
from acrm.models.set_sums import set_sums


@given(st.integers(0, 2**32), st.lists(st.sets(st.integers(0, 5), min_size=1), max_size=8))
def test_counts_and_sums_are_those_of_each_basket(seed: int, sets: list[set[int]]) -> None:
    random = np.random.default_rng(seed)
    held = random.random((random.integers(0, 30), 6)) < 0.5
    baskets = Baskets.of(*np.nonzero(held), n_baskets=len(held), n_items=6)
    worth = random.integers(0, 100, held.shape)
    found = set_sums(baskets, [np.array(sorted(one)) for one in sets], worth[held][:, None])
    for row, one in enumerate(sets):
        whole = held[:, sorted(one)].all(axis=1)
        assert found.baskets[row] == whole.sum()
        assert found.sums[row, 0] == worth[whole][:, sorted(one)].sum()


def test_without_amounts_there_are_counts_alone() -> None:
    found = set_sums(Baskets.of(np.array([0]), np.array([0])), [np.array([0])])
    assert (found.baskets.tolist(), found.sums.shape) == ([1], (1, 0))
