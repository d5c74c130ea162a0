from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.models.baskets import Baskets, min_count

lines = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=40)


@given(lines)
def test_order_and_repetition_do_not_matter(rows: list[tuple[int, int]]) -> None:
    basket, item = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    order = np.random.default_rng(0).permutation(np.tile(np.arange(len(rows)), 2))
    baskets, again = Baskets.of(basket, item), Baskets.of(basket[order], item[order])
    held = [set(baskets.items[slice(*baskets.starts[at : at + 2])].tolist()) for at in range(baskets.n_baskets)]
    assert held == [{item for at, item in rows if at == number} for number in range(len(held))]
    assert again.starts.tolist() == baskets.starts.tolist()
    assert again.items.tolist() == baskets.items.tolist()
    assert baskets.item_counts.sum() == len(set(rows))


@pytest.mark.parametrize("kind", [np.uint8, np.uint32, np.int32, np.int64])
def test_any_kind_of_whole_numbers(kind: type[np.integer]) -> None:
    baskets = Baskets.of(np.array([200, 0], dtype=kind), np.array([250, 250], dtype=kind))
    assert baskets.item_counts[250] == 2
    assert baskets.n_baskets == 201


def test_empty_baskets_count() -> None:
    baskets = Baskets.of(np.array([1]), np.array([0]), n_baskets=4, n_items=3)
    assert baskets.n_baskets == 4
    assert baskets.item_counts.tolist() == [1, 0, 0]


def test_nothing_at_all() -> None:
    none = np.empty(0, dtype=np.uint32)
    baskets = Baskets.of(none, none)
    assert (baskets.n_baskets, baskets.n_items, len(baskets.items)) == (0, 0, 0)
    assert baskets.without_giants()[0] is baskets


def test_no_codes_below_0_and_no_row_without_a_partner() -> None:
    with pytest.raises(ValueError, match="numbered from 0"):
        Baskets.of(np.array([0, -1]), np.array([0, 0]))
    with pytest.raises(ValueError, match="one length"):
        Baskets.of(np.array([0, 1]), np.array([0]))


def test_giants_leave_the_other_baskets_as_they_were() -> None:
    basket = np.concatenate([np.zeros(20_000), [1, 1, 3]]).astype(np.int64)
    item = np.concatenate([np.arange(20_000), [3, 5, 5]]).astype(np.int64)
    kept, giants = Baskets.of(basket, item).without_giants()
    assert (giants.limit, giants.baskets.tolist(), giants.lines) == (2_000, [0], 20_000)
    assert (kept.n_baskets, kept.starts.tolist(), kept.items.tolist()) == (3, [0, 2, 2, 3], [3, 5, 5])
    assert kept.n_items == 20_000


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_set_at_the_very_support_is_frequent(part: int, whole: int) -> None:
    # Two decimals, as they are typed.
    share = round(min(part / whole, 1), 2)
    hundredths = round(share * 100)
    assert min_count(share, whole) == max(-(-hundredths * whole // 100), 1)


def test_support_below_one_basket_is_one_basket() -> None:
    assert min_count(0, 10) == min_count(1e-9, 10) == min_count(0.5, 0) == 1
    with pytest.raises(ValueError, match="share"):
        min_count(1.5, 10)
