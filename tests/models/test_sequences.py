"""Sequences against the published zaki example, a slow definition-by-definition search, and each other."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.models.sequences import (
    Events,
    Found,
    Limits,
    Pairs,
    Pattern,
    TooMany,
    customers_of,
    customers_with,
    first_occurrence,
    mine,
    waits,
)

# The example of Zaki (2001), table 1: customer, time, items.
ZAKI = """
1 10 CD
1 15 ABC
1 20 ABF
1 25 ACDF
2 15 ABF
2 20 E
3 10 ABF
4 10 DGH
4 20 BF
4 25 AGH
"""
# What cSPADE of the R package arulesSequences finds at support 0.4 (its tests/zaki.Rout.save).
PUBLISHED = """
A 4 B 4 F 4 BF 4 AF 3 AB 3 ABF 3 D 2 D>F 2 D>BF 2 D>B 2 B>A 2 D>A 2 F>A 2 D>F>A 2 BF>A 2 D>BF>A 2 D>B>A 2
"""


def zaki() -> Events:
    rows = [
        (int(customer) - 1, int(time), ord(item) - ord("A"))
        for customer, time, items in map(str.split, ZAKI.strip().splitlines())
        for item in items
    ]
    return Events.of(*np.array(rows).T)


def found(events: Events, least: int, **limits: Any) -> dict[Pattern, int]:
    bounds = Limits(**limits)
    return {one.pattern: one.customers for one in mine(events, Pairs(events, least, bounds.min_gap), least, bounds)}


def written(pattern: Pattern) -> str:
    return ">".join("".join(chr(ord("A") + item) for item in element) for element in pattern)


def test_zaki_as_published() -> None:
    words = PUBLISHED.split()
    expected = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    assert {written(pattern): count for pattern, count in found(zaki(), 2).items()} == expected


@pytest.mark.parametrize(
    ("limits", "patterns", "rules"),
    [
        ({}, 18, 10),
        ({"max_size": 2, "max_length": 2}, 14, 7),
        ({"max_gap": 5}, 11, None),
        ({"max_gap": 10}, 17, None),
        ({"window": 5}, 11, None),
        ({"min_gap": 10}, 12, None),
    ],
)
def test_zaki_within_limits(limits: dict[str, int], patterns: int, rules: int | None) -> None:
    counts = found(zaki(), 2, **limits)
    assert len(counts) == patterns
    sure = [one for one, count in counts.items() if len(one) > 1 and count / counts[one[:-1]] >= 0.5]
    assert rules is None or len(sure) == rules


def slow(events: Events, limits: Limits, pattern: Pattern) -> dict[int, list[tuple[int, ...]]]:
    """Every occurrence of a pattern, customer by customer, straight from the definition."""
    moments: dict[int, dict[int, set[int]]] = {}
    for customer, moment, item in zip(
        events.customer.tolist(), events.moment.tolist(), events.item.tolist(), strict=True
    ):
        moments.setdefault(customer, {}).setdefault(moment, set()).add(item)
    matches = {}
    for customer, baskets in moments.items():
        fitting = [[moment for moment, items in baskets.items() if items >= {*element}] for element in pattern]
        matches[customer] = [
            chosen
            for chosen in product(*fitting)
            if all(limits.min_gap <= b - a <= (limits.max_gap or 10**9) for a, b in pairwise(chosen))
            and chosen[-1] - chosen[0] <= (limits.window if limits.window is not None else 10**9)
        ]
    return {customer: chosen for customer, chosen in matches.items() if chosen}


def everything(items: int, limits: Limits) -> list[Pattern]:
    elements = [one for size in (1, 2) for one in combinations(range(items), size)]
    return [pattern for length in (1, 2, 3) for pattern in product(elements, repeat=length)]


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 7), st.integers(0, 2)), min_size=1, max_size=30)
bounds = st.builds(
    Limits,
    min_gap=st.integers(1, 3),
    max_gap=st.none() | st.integers(1, 5),
    window=st.none() | st.integers(1, 6),
    max_length=st.just(3),
    max_size=st.just(2),
)


@settings(max_examples=60, deadline=None)
@given(rows, bounds, st.integers(1, 3))
def test_the_same_as_a_slow_search(rows: list[tuple[int, int, int]], limits: Limits, least: int) -> None:
    events = Events.of(*np.array(rows).T)
    expected = {
        pattern: occurrences
        for pattern in everything(3, limits)
        if len(occurrences := slow(events, limits, pattern)) >= least
    }
    patterns = list(mine(events, Pairs(events, least, limits.min_gap), least, limits))
    assert {one.pattern: one.customers for one in patterns} == {one: len(who) for one, who in expected.items()}
    for one in patterns:
        occurrences = expected[one.pattern]
        earliest = [min(chosen, key=lambda times: (times[-1], times[::-1])) for chosen in occurrences.values()]
        assert [tuple(row) for row in first_occurrence(events, one, limits).tolist()] == sorted(earliest)
        elements = [events.ends(element) for element in one.pattern]
        assert customers_with(events, elements, limits).tolist() == sorted(occurrences)
    ends = {element: events.ends(element) for one in patterns for element in one.pattern}
    told = [one.pattern for one in patterns]
    assert customers_of(events, ends, told, limits) == [one.customers for one in patterns]
    assert customers_of(events, ends, told[::-1], limits) == [one.customers for one in patterns][::-1]


def test_the_order_of_rows_makes_no_difference() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 6, (3, 200))
    once, again = Events.of(*rows), Events.of(*rows[:, rng.permutation(200)])
    assert [*found(once, 3, max_length=2).items()] == [*found(again, 3, max_length=2).items()]


def pair(events: Events, pattern: Pattern) -> Found:
    return next(one for one in mine(events, Pairs(events, 1), 1, Limits()) if one.pattern == pattern)


def test_waiting_ends_with_the_next_or_with_watching() -> None:
    # 0 bought 1 after three days, 1 before and never after, 2 only on the day itself.
    events = Events.of(*np.array([(0, 0, 0), (0, 3, 1), (1, 2, 1), (1, 4, 0), (2, 5, 0), (2, 5, 1)]).T)
    time, came = waits(events, pair(events, ((0,), (1,))), events.ends((1,)), Limits(), 10)
    assert (time.tolist(), came.tolist()) == ([3, 6, 5], [True, False, False])


def test_shuffling_keeps_every_customers_moments() -> None:
    events = zaki()
    shuffled = events.shuffled(np.random.default_rng(0))
    assert np.array_equal(np.sort(shuffled), events.moments)
    assert np.array_equal(shuffled // events.span, events.moments // events.span)
    assert not np.array_equal(shuffled, events.moments)


def test_fewer_items_leave_the_rest_as_it_was() -> None:
    events = zaki()
    kept = events.only(np.flatnonzero(events.reach >= 4))
    assert [*kept.reach] == [4, 4, 4]
    assert found(kept, 2) == {one: count for one, count in found(kept, 1).items() if count >= 2}


def test_more_than_allowed_is_no_result() -> None:
    events = zaki()
    with pytest.raises(TooMany):
        list(mine(events, Pairs(events, 2), 2, Limits(), most=17))
    assert len(list(mine(events, Pairs(events, 2), 2, Limits(), most=18))) == 18


def test_nothing_comes_of_nothing() -> None:
    none = np.array([], dtype=np.int64)
    assert found(Events.of(none, none, none, 4), 1) == {}


def test_the_shipped_file_is_the_published_example(data: Path) -> None:
    lines = [line.split() for line in (data / "basket" / "zaki.txt").read_text().splitlines()]
    assert "\n".join(f"{one[0]} {one[1]} {''.join(one[3:])}" for one in lines) == ZAKI.strip()
