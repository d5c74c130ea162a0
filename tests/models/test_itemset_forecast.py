from __future__ import annotations

import numpy as np
import pytest

from acrm.models import itemset_forecast
from acrm.models.baskets import Baskets, min_count
from acrm.models.frequent_pairs import frequent_pairs
from acrm.models.itemset_forecast import forecast_itemsets
from acrm.models.itemset_mining import frequent_itemsets


def alike(n_items: int, n_baskets: int = 10) -> Baskets:
    """Baskets that all hold the same items: 2^n_items - 1 sets."""
    return Baskets.of(np.repeat(np.arange(n_baskets), n_items), np.tile(np.arange(n_items), n_baskets))


def test_singles_and_pairs_are_counted() -> None:
    forecast = forecast_itemsets(frequent_pairs(alike(20), 10), max_length=2)
    assert forecast.by_size.tolist() == [20, 190]
    assert forecast_itemsets(frequent_pairs(alike(20), 10), max_length=1).by_size.tolist() == [20]


def test_an_explosion_is_told_after_a_moment() -> None:
    forecast = forecast_itemsets(frequent_pairs(alike(60), 10))
    assert forecast.at_least
    assert forecast.total > 20_000


@pytest.mark.parametrize("support", [0.01, 0.005, 0.002, 0.001])
def test_groceries_within_a_quarter(groceries: Baskets, support: float) -> None:
    count = min_count(support, groceries.n_baskets)
    itemsets, forecast = frequent_itemsets(groceries, count)
    assert forecast.total == pytest.approx(len(itemsets), rel=0.25)
    assert forecast.sampled <= min(forecast.pairs, 200)
    assert not forecast.at_least


def test_every_pair_drawn_once_counts_everything(groceries: Baskets, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = frequent_pairs(groceries, 50)
    monkeypatch.setattr(itemset_forecast, "_SAMPLE", 1_000_000)
    forecast = forecast_itemsets(pairs)
    assert forecast.sampled == forecast.pairs
    assert forecast.by_size == pytest.approx([120, 605, 264, 12], rel=1e-2)
