"""Pull: nothing by chance, however large the baskets are; something where a product is what baskets are made around."""

import numpy as np
import pytest

from acrm.models.pull import by_chance, pull


def baskets(seed: int, count: int = 3000, items: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Baskets of 1 to 12 items, each drawn by popularity, with prices that do not depend on the basket."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, items + 1)
    prices = rng.uniform(1, 9, items)
    item, basket = [], []
    for number in range(count):
        size = min(1 + rng.geometric(0.35), 12)
        drawn = np.unique(rng.choice(items, size, p=weights / weights.sum()))
        item.append(drawn)
        basket.append(np.full(len(drawn), number))
    return np.concatenate(item), np.concatenate(basket), prices[np.concatenate(item)]


def test_items_by_chance_have_a_pull_of_one() -> None:
    inside, ratios = [], []
    for seed in range(4):
        item, basket, value = baskets(seed)
        found = pull(item, basket, value, np.arange(3000), 40)
        inside.append((found.low <= 1) & (found.high >= 1))
        ratios.append(found.ratio)
    assert np.mean(inside) > 0.92
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)


def test_an_item_that_baskets_are_made_around_pulls() -> None:
    rng = np.random.default_rng(1)
    item, basket, value = baskets(1)
    # A leader comes into every tenth basket with five dear items more.
    led = np.arange(0, 3000, 10)
    more = np.concatenate([rng.choice(np.arange(41, 60), 5, replace=False) for _ in led])
    item = np.concatenate([item, np.full(len(led), 40), more])
    basket = np.concatenate([basket, led, np.repeat(led, 5)])
    value = np.concatenate([value, np.full(len(led), 0.5), np.full(len(more), 8.0)])
    found = pull(item, basket, value, np.arange(3000), 60)
    assert found.low[40] > 1.5
    assert found.ratio[:40].max() < 1.25


def test_an_item_of_every_basket_stands_beside_the_average_and_a_rare_one_in_large_baskets() -> None:
    size, worth = np.array([2, 4, 8]), np.array([10.0, 20, 80])
    mean, spread = by_chance(size, worth, np.array([3, *[1] * 11]), 1000.0)
    assert mean[0] == pytest.approx((5 + 15 + 70) / 3)
    assert spread[0] == pytest.approx(np.var([5, 15, 70]))
    rare, _ = by_chance(np.tile(size, 1000), np.tile(worth, 1000), np.ones(14_000, dtype=np.int64), 1000.0)
    assert rare[0] == pytest.approx((2 * 5 + 4 * 15 + 8 * 70) / 14, rel=1e-3)


def test_a_giant_basket_counts_for_no_more_than_the_others() -> None:
    item = np.concatenate([np.tile([0, 1], 200), np.arange(1000)])
    basket = np.concatenate([np.repeat(np.arange(200), 2), np.full(1000, 200)])
    found = pull(item, basket, np.ones(len(item)), np.arange(201), 1000)
    assert found.cap == 2
    assert found.beside.max() <= 2
    assert found.ratio.max() < 2.1


def test_baskets_of_one_customer_are_one_observation() -> None:
    item, basket, value = baskets(5, 600)
    apart = pull(item, basket, value, np.arange(600), 40)
    together = pull(item, basket, value, np.arange(600) // 100, 40)
    assert np.array_equal(apart.ratio, together.ratio)
    assert np.nanmedian(together.high / together.low) > np.nanmedian(apart.high / apart.low)
    alone = pull(item, basket, value, np.zeros(600, dtype=np.int64), 40)
    assert np.isnan(alone.low).all()


def test_baskets_of_one_item_pull_nothing() -> None:
    with np.errstate(all="raise"):
        found = pull(np.array([0, 0, 1]), np.arange(3), np.ones(3), np.arange(3), 2)
    assert found.beside.tolist() == [0, 0]
    assert np.isnan(found.ratio).all()
