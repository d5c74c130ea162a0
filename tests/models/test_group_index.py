"""The index of groups: chance is not found, and what is planted is, as far as the counts go."""

import numpy as np

from acrm.models.group_index import Index, index


def made(effects: np.ndarray, sizes: tuple[int, ...], seed: int = 0) -> tuple[Index, np.ndarray]:
    """Groups of such sizes that buy items of one popularity, times their effect."""
    rng = np.random.default_rng(seed)
    groups, items = effects.shape
    popularity = rng.dirichlet(np.full(items, 2.0))
    shares = effects * popularity
    counts = np.array([rng.multinomial(n, row / row.sum()) for n, row in zip(sizes, shares, strict=True)])
    counts[0] += 1
    group, item = np.divmod(np.arange(groups * items), items)
    return index(counts.ravel(), group, item), counts


def test_groups_that_buy_alike_have_an_index_near_one() -> None:
    found, _ = made(np.ones((3, 80)), (20_000, 2000, 60))
    assert (found.p < 0.05).mean() < 0.07
    assert (np.abs(found.mean - 1) < 0.35).all()
    assert found.raw.max() > 3
    assert ((found.low <= 1) & (found.high >= 1)).mean() > 0.95


def test_what_is_planted_is_found_and_small_groups_are_drawn_in() -> None:
    effects = np.ones((3, 40))
    effects[1:, 5] = 4
    found, counts = made(effects, (20_000, 3000, 30))
    large, small = 40 + 5, 80 + 5
    assert found.low[large] > 2
    assert found.p[large] < 1e-6
    assert counts[1, 5] > 50
    assert abs(found.mean[small] - 1) < abs(found.raw[small] - 1)


def test_a_cell_without_a_sale_has_limits_too() -> None:
    found = index(np.array([50, 50, 0, 40]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert found.raw[2] == 0
    assert 0 < found.low[2] < found.mean[2] < 1
    assert found.p[2] < 0.001
    assert np.all((found.p >= 0) & (found.p <= 1))
