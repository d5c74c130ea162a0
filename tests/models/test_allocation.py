"""The allocation is the best there is: equal to trying everything, never above the budget, never less for more."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.models import allocation
from acrm.models.allocation import Allocation, allocate


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Up to nine contacts of three segments in two channels, with costs, caps and rooms of all kinds."""
    contacts = draw(st.integers(0, 9))
    return {
        "gain": np.array(draw(st.lists(st.integers(-3, 60), min_size=contacts, max_size=contacts)), dtype=np.int64),
        "segment": np.array(draw(st.lists(st.integers(0, 2), min_size=contacts, max_size=contacts)), dtype=np.intp),
        "costs": draw(st.lists(st.integers(0, 17), min_size=3, max_size=3)),
        "channels": draw(st.lists(st.integers(0, 1), min_size=3, max_size=3)),
        "caps": draw(st.lists(st.none() | st.integers(0, 3), min_size=3, max_size=3)),
        "rooms": draw(st.dictionaries(st.integers(0, 1), st.integers(0, 4), max_size=2)),
    }


def best(case: dict[str, Any], budget: int | None) -> int:
    """The most that any set within the limits brings, by trying every one."""
    gain, segment = case["gain"].tolist(), case["segment"].tolist()
    found = 0
    for size in range(len(gain) + 1):
        for chosen in combinations(range(len(gain)), size):
            of = [segment[contact] for contact in chosen]
            through = [case["channels"][one] for one in of]
            if (
                (budget is None or sum(case["costs"][one] for one in of) <= budget)
                and all(cap is None or of.count(one) <= cap for one, cap in enumerate(case["caps"]))
                and all(through.count(channel) <= room for channel, room in case["rooms"].items())
            ):
                found = max(found, sum(gain[contact] for contact in chosen))
    return found


@settings(max_examples=150, deadline=None)
@given(case=cases(), budget=st.none() | st.integers(0, 80))
def test_it_equals_trying_every_set(case: dict[str, Any], budget: int | None) -> None:
    found = allocate(**case, budget=budget)
    assert (found.gain, found.gap) == (best(case, budget), 0)
    of = case["segment"][found.chosen]
    assert found.gain == case["gain"][found.chosen].sum()
    assert found.cost == sum(case["costs"][one] for one in of)
    assert budget is None or found.cost <= budget
    assert all(cap is None or (of == one).sum() <= cap for one, cap in enumerate(case["caps"]))


def many(seed: int, contacts: int, segments: int = 8) -> dict[str, Any]:
    """Contacts of segments with costs that share no divisor, two of which have one channel with little room."""
    rng = np.random.default_rng(seed)
    segment = np.sort(rng.integers(0, segments, contacts))
    worth = rng.lognormal(8, 1, contacts) * rng.uniform(0.2, 3, segments)[segment]
    return {
        "gain": worth.astype(np.int64) - 500,
        "segment": segment,
        "costs": [int(cost) for cost in rng.integers(50, 20_000, segments)],
        "channels": [one // 2 for one in range(segments)],
        "caps": [None, *[contacts // 10] * (segments - 1)],
        "rooms": {1: contacts // 20, 2: contacts // 7},
    }


@pytest.mark.parametrize("seed", range(3))
def test_more_budget_never_brings_less(seed: int) -> None:
    case = many(seed, 2_000)
    before = Allocation(np.zeros(0, np.bool_), 0, 0, 0, 0.0)
    for budget in range(0, 3_000_000, 111_111):
        found = allocate(**case, budget=budget)
        assert found.gap == 0
        assert found.cost <= budget
        assert found.gain >= before.gain
        before = found


def test_a_hundred_thousand_contacts_are_proven_best_or_told_from_it() -> None:
    found = allocate(**many(5, 100_000), budget=100_000_000)
    assert 0 <= found.gap <= found.gain / 1_000_000
    assert found.cost <= 100_000_000


def test_what_the_proof_leaves_open_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    # Even costs at one ratio, with an odd one that no sum of them meets: greed leaves money that a search would use.
    case: dict[str, Any] = {
        "gain": np.array([1001] * 7 + [1502] * 7 + [2503] * 7, dtype=np.int64),
        "segment": np.repeat(np.arange(3), 7),
        "costs": [10, 15, 25],
        "channels": [0, 1, 2],
        "caps": [None] * 3,
        "rooms": {},
    }
    exact = allocate(**case, budget=165)
    monkeypatch.setattr(allocation, "NODES", 1)
    found = allocate(**case, budget=165)
    assert exact.gap == 0
    assert found.gain <= exact.gain <= found.gain + found.gap


def test_of_equals_the_first_is_bought() -> None:
    found = allocate(np.array([5, 5, 5]), np.zeros(3, np.intp), [4], [0], 8, [None], {})
    assert found.chosen.tolist() == [True, True, False]


def test_the_next_unit_of_money_brings_what_the_first_left_out_would() -> None:
    found = allocate(np.array([50, 30, 20]), np.zeros(3, np.intp), [10], [0], 20, [None], {})
    assert found.marginal == pytest.approx(2, rel=1e-5)
