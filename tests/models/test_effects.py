from __future__ import annotations

import numpy as np
import pytest

from acrm.models.effects import absorbed, absorbed_parameters, group_effects, nested
from acrm.models.histories import FloatArray, IndexArray


def dummies(*groupings: IndexArray) -> FloatArray:
    return np.column_stack([np.eye(int(levels.max()) + 1)[levels] for levels in groupings])


def made(seed: int, *sizes: int, rows: int = 300) -> list[IndexArray]:
    random = np.random.default_rng(seed)
    return [np.unique(random.integers(0, size, rows), return_inverse=True)[1] for size in sizes]


@pytest.mark.parametrize("sizes", [(5,), (40, 7), (30, 20, 4)])
def test_absorbing_is_regression_on_indicators(sizes: tuple[int, ...]) -> None:
    groupings = made(1, *sizes)
    columns = np.random.default_rng(2).normal(size=(300, 3)) * [1, 1e4, 1e-3] + 7
    every = dummies(*groupings)
    left = columns - every @ np.linalg.lstsq(every, columns, rcond=None)[0]
    assert absorbed(columns, groupings) == pytest.approx(left, rel=1e-6, abs=1e-9 * columns.std())
    added = sum(effects[levels] for effects, levels in zip(group_effects(columns, groupings), groupings, strict=True))
    assert columns.mean(axis=0) + added + left == pytest.approx(columns)


@pytest.mark.parametrize("sizes", [(5,), (40, 7)])
def test_parameters_are_the_rank_of_the_indicators(sizes: tuple[int, ...]) -> None:
    groupings = made(3, *sizes)
    assert absorbed_parameters(groupings) == np.linalg.matrix_rank(dummies(*groupings))


def test_parts_that_do_not_hang_together_have_a_mean_each() -> None:
    shops, towns = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 0, 1, 1])
    assert absorbed_parameters([shops, towns]) == np.linalg.matrix_rank(dummies(shops, towns)) == 3
    assert nested(shops, towns)
    assert not nested(towns, shops)
