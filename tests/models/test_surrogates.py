from __future__ import annotations

import numpy as np
import pytest

from acrm.models.surrogates import Surrogates


def correlated_table(rng: np.random.Generator, rows: int = 3000) -> tuple[np.ndarray, list[int]]:
    """Two numbers, one of few values, and a category of three levels, all depending on one thing."""
    thing = rng.standard_normal(rows)
    near = thing + 0.5 * rng.standard_normal(rows)
    visits = np.floor(2 * np.abs(thing + 0.5 * rng.standard_normal(rows)) * (thing > 0))
    level = np.digitize(thing + 0.5 * rng.standard_normal(rows), [-0.5, 0.8])
    return np.column_stack([near, visits, np.eye(3)[level]]), [0, 1, 2, 2, 2]


@pytest.mark.parametrize("kind", ["shuffled", "correlated"])
def test_every_block_keeps_its_values(kind: str) -> None:
    table, blocks = correlated_table(np.random.default_rng(0))
    made = getattr(Surrogates(table, blocks, np.random.default_rng(1)), kind)(np.random.default_rng(2))
    assert not np.array_equal(made, table)
    for block in range(3):
        mine = [place for place, which in enumerate(blocks) if which == block]
        was, now = (np.sort([tuple(row) for row in one[:, mine]], axis=0) for one in (table, made))
        assert np.array_equal(was, now)
    assert np.all(made[:, 2:].sum(axis=1) == 1)


def test_shuffled_blocks_are_independent_and_correlated_ones_are_not() -> None:
    table, blocks = correlated_table(np.random.default_rng(0))
    surrogates = Surrogates(table, blocks, np.random.default_rng(1))
    wanted = np.corrcoef(table.T)
    apart = np.corrcoef(surrogates.shuffled(np.random.default_rng(2)).T)
    together = np.corrcoef(surrogates.correlated(np.random.default_rng(2)).T)
    between = np.ix_([0, 1], [1, 2, 4])
    assert np.abs(wanted[between][0]).min() > 0.35
    assert np.abs(apart[0, 1:]).max() < 0.06
    assert together[between][0] == pytest.approx(wanted[between][0], abs=0.1)


def test_ties_do_not_weaken_correlations() -> None:
    rng = np.random.default_rng(3)
    flags = ((rng.standard_normal((4000, 1)) + 0.4 * rng.standard_normal((4000, 4))) > [0, 0.5, 1, -0.5]).astype(float)
    made = Surrogates(flags, range(4), rng).correlated(rng)
    assert np.corrcoef(made.T) == pytest.approx(np.corrcoef(flags.T), abs=0.06)


def test_constant_and_single_columns() -> None:
    rng = np.random.default_rng(4)
    table = np.column_stack([np.ones(50), rng.standard_normal(50)])
    made = Surrogates(table, range(2), rng).correlated(rng)
    assert np.all(made[:, 0] == 1)
    assert np.array_equal(np.sort(made[:, 1]), np.sort(table[:, 1]))
    alone = Surrogates(table[:, 1:], [0], rng).shuffled(rng)
    assert np.array_equal(np.sort(alone[:, 0]), np.sort(table[:, 1]))
