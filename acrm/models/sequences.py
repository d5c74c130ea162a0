"""Ordered patterns of what customers do, elements of one moment being sets: mined depth first from pairs that survive.

The vertical way of SPADE (Zaki 2001) with the time limits of cSPADE (Zaki 2000) and the candidate rule of SPAM (Ayres
and others 2002): a pattern is the sorted moments at which it may end, and grows by joining them with those of an item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Element = tuple[int, ...]
Pattern = tuple[Element, ...]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a pattern may be; times are whole units of the events' `time`.

    Attributes:
        min_gap: Least time from an element to the next one, 1 or more.
        max_gap: Most time from an element to the next one.
        window: Most time from the first element to the last one.
        max_length: Most elements.
        max_size: Most items of one element.
    """

    min_gap: int = 1
    max_gap: int | None = None
    window: int | None = None
    max_length: int | None = None
    max_size: int | None = None


@dataclass(frozen=True, eq=False)
class Events:
    """What happened to whom and when: one row per customer, time and item, sorted so, each once.

    Customers and items are codes from 0; `customers` is how many there are, those without a row included. A moment is
    a customer and a time in one number, `customer * span + time`, so that sorted moments are grouped by customer.
    """

    customer: Ints
    moment: Ints
    item: Ints
    span: int
    customers: int

    @classmethod
    def of(cls, customer: Ints, time: Ints, item: Ints, customers: int | None = None) -> Events:
        """Events from rows in any order, of which equal ones count once.

        >>> Events.of(np.array([1, 0, 0]), np.array([7, 5, 5]), np.array([2, 3, 3])).item
        array([3, 2])
        """
        if not len(customer):
            return cls(customer, customer, customer, 1, customers or 0)
        time = time - time.min()
        span = int(time.max()) + 1
        moment = customer * span + time
        rows = np.lexsort((item, moment))
        customer, moment, item = customer[rows], moment[rows], item[rows]
        new = np.ones(len(rows), dtype=bool)
        new[1:] = (np.diff(moment) != 0) | (np.diff(item) != 0)
        return cls(customer[new], moment[new], item[new], span, customers or int(customer[-1]) + 1)

    @cached_property
    def moments(self) -> Ints:
        """All moments, each once, ascending."""
        return _once(self.moment)

    @cached_property
    def reach(self) -> Ints:
        """Customers by item."""
        own = _once(self.customer * self._items + self.item) % self._items if len(self.item) else self.item
        return np.bincount(own, minlength=self._items).astype(np.int64)

    @property
    def _items(self) -> int:
        return int(self.item.max()) + 1 if len(self.item) else 0

    def only(self, items: Ints) -> Events:
        """The events of these items (ascending), which are numbered anew in this order."""
        kept = np.isin(self.item, items)
        codes = np.searchsorted(items, self.item[kept])
        return Events(self.customer[kept], self.moment[kept], codes, self.span, self.customers)

    @cached_property
    def _by_item(self) -> tuple[Ints, Ints]:
        rows = np.argsort(self.item, kind="stable")
        return self.moment[rows], np.searchsorted(self.item[rows], np.arange(self._items + 1))

    def ends(self, element: Sequence[int]) -> Ints:
        """The moments that have all items of an element, ascending."""
        moments, bounds = self._by_item
        found = moments[bounds[element[0]] : bounds[element[0] + 1]]
        for item in element[1:]:
            found = found[_within(found, moments[bounds[item] : bounds[item + 1]])]
        return found

    def reached(self, ends: Ints) -> int:
        """Customers that some ascending moments belong to."""
        return int(np.count_nonzero(np.diff(ends // self.span))) + 1 if len(ends) else 0

    def first(self, ends: Ints) -> Ints:
        """The first of the ascending moments of each customer."""
        new = np.ones(len(ends), dtype=bool)
        new[1:] = np.diff(ends // self.span) != 0
        return ends[new]

    def shuffled(self, rng: np.random.Generator) -> Ints:
        """For each of `moments` the one that takes its place when every customer's moments are dealt out anew."""
        return self.moments[np.lexsort((rng.random(len(self.moments)), self.moments // self.span))]


@dataclass(frozen=True, eq=False)
class State:
    """Where a pattern may end, and the latest moment where an occurrence with that end may begin (with a window)."""

    events: Events
    ends: Ints
    starts: Ints

    @cached_property
    def begun(self) -> Ints:
        """By customer the first end, or what no moment comes after: looked up for every element that may follow."""
        found = np.full(self.events.customers, np.iinfo(np.int64).max // 2)
        first = self.events.first(self.ends)
        found[first // self.events.span] = first
        return found


@dataclass(frozen=True, eq=False)
class Found:
    """A frequent pattern, the customers who have it, and the state after each of its elements."""

    pattern: Pattern
    customers: int
    states: tuple[State, ...]


class TooMany(Exception):
    """More patterns than were allowed for."""


class Pairs:
    """Which items can follow, or stand beside, each item often enough; the first sieve, which looks at no occurrence.

    An item follows another in a customer who has its last moment late enough after the other's first one: true of every
    pattern that has both in this order, whatever the limits.
    """

    def __init__(self, events: Events, min_count: int, min_gap: int = 1) -> None:
        self._events, self._min_count, self._min_gap = events, min_count, min_gap
        self._count = int(events.item.max()) + 1 if len(events.item) else 0
        # Those of one customer and item stay in the order of their moments.
        rows = np.argsort(events.customer * self._count + events.item, kind="stable")
        customer, item, moment = events.customer[rows], events.item[rows], events.moment[rows]
        new = np.ones(len(rows) + 1, dtype=bool)
        new[1:-1] = (np.diff(customer) != 0) | (np.diff(item) != 0)
        starts = np.flatnonzero(new[:-1])
        self._item, self._first, self._last = item[starts], moment[starts], moment[np.flatnonzero(new[1:])]
        self._bounds = np.searchsorted(customer[starts], np.arange(events.customers + 1))
        self._owner = customer[starts]
        self._of_item = np.argsort(self._item, kind="stable")
        self._item_bounds = np.searchsorted(self._item[self._of_item], np.arange(self._count + 1))
        self._moment_bounds = np.append(np.searchsorted(events.moment, events.moments), len(events.moment))
        self._follows: dict[int, Ints] = {}
        self._beside: dict[int, Ints] = {}

    @property
    def items(self) -> list[int]:
        """The items of the events, ascending."""
        return list(range(self._count))

    @property
    def work(self) -> int:
        """Comparisons that all of `follows` takes."""
        return int((np.diff(self._bounds).astype(np.int64) ** 2).sum())

    def follows(self, item: int) -> Ints:
        """Items that come after `item` in at least the least count of customers, ascending."""
        if item not in self._follows:
            own = self._of_item[self._item_bounds[item] : self._item_bounds[item + 1]]
            rows, group = _ranges(self._bounds[self._owner[own]], self._bounds[self._owner[own] + 1])
            late = self._last[rows] - self._first[own][group] >= self._min_gap
            counts = np.bincount(self._item[rows[late]], minlength=self._count)
            self._follows[item] = np.flatnonzero(counts >= self._min_count)
        return self._follows[item]

    def beside(self, item: int) -> Ints:
        """Later items that stand at one moment with `item` in at least the least count of customers, ascending."""
        if item not in self._beside:
            events = self._events
            at = np.searchsorted(events.moments, events.ends((item,)))
            rows, _ = _ranges(self._moment_bounds[at], self._moment_bounds[at + 1])
            rows = rows[events.item[rows] > item]
            once = _once(events.customer[rows] * self._count + events.item[rows])
            counts = np.bincount(once % max(self._count, 1), minlength=self._count)
            self._beside[item] = np.flatnonzero(counts >= self._min_count)
        return self._beside[item]


def mine(events: Events, pairs: Pairs, min_count: int, limits: Limits, most: int = 100_000) -> Iterator[Found]:
    """Every pattern that at least `min_count` customers have, in lexicographic order of a depth-first walk.

    A customer has a pattern when its elements are subsets of moments of theirs, in this order, within the limits. Items
    of an element are ascending. Memory holds one path of the walk.

    >>> basket = Events.of(np.array([0, 0, 1, 1]), np.array([1, 4, 2, 9]), np.array([0, 1, 0, 1]))
    >>> [(one.pattern, one.customers) for one in mine(basket, Pairs(basket, 2), 2, Limits())]
    [(((0,),), 2), (((0,), (1,)), 2), (((1,),), 2)]

    Args:
        events: Of items that are frequent themselves, or of all.
        pairs: Of the same events, least count and `min_gap`.
        min_count: Customers, 1 or more.
        limits: See `Limits`.
        most: Patterns after which `TooMany` is raised.

    Raises:
        TooMany: There are more than `most` patterns.
    """
    counted = 0
    for item in np.flatnonzero(events.reach >= min_count).tolist():
        ends = events.ends((item,))
        root = Found(((item,),), events.reached(ends), (State(events, ends, ends),))
        for found in _grow(events, pairs, min_count, limits, root, pairs.follows(item), pairs.beside(item)):
            counted += 1
            if counted > most:
                raise TooMany
            yield found


def _grow(
    events: Events, pairs: Pairs, least: int, limits: Limits, found: Found, after: Ints, beside: Ints
) -> Iterator[Found]:
    yield found
    pattern, states = found.pattern, found.states
    steps: dict[int, Found] = {}
    if limits.max_length is None or len(pattern) < limits.max_length:
        for item in after.tolist():
            state = follow(states[-1], events.ends((item,)), limits)
            if (count := events.reached(state.ends)) >= least:
                steps[item] = Found((*pattern, (item,)), count, (*states, state))
    wider: dict[int, Found] = {}
    if limits.max_size is None or len(pattern[-1]) < limits.max_size:
        for item in beside.tolist():
            both = _within(states[-1].ends, events.ends((item,)))
            ends = states[-1].ends[both]
            if (count := events.reached(ends)) >= least:
                grown = (*pattern[:-1], (*pattern[-1], item))
                wider[item] = Found(grown, count, (*states[:-1], State(events, ends, states[-1].starts[both])))
    stepped, widened = np.array([*steps], dtype=np.int64), np.array([*wider], dtype=np.int64)
    # With a longest gap, what cannot follow the pattern may still follow it when one more element lies between.
    later = after if limits.max_gap is not None else stepped
    while wider:
        item = next(iter(wider))
        next_after, next_beside = _both(stepped, pairs.follows(item)), _both(widened, pairs.beside(item))
        yield from _grow(events, pairs, least, limits, wider.pop(item), next_after, next_beside)
    while steps:
        item = next(iter(steps))
        next_after, next_beside = _both(later, pairs.follows(item)), _both(stepped, pairs.beside(item))
        yield from _grow(events, pairs, least, limits, steps.pop(item), next_after, next_beside)


def follow(state: State, ends: Ints, limits: Limits) -> State:
    """The state of a pattern with one more element, which has the moments `ends`."""
    events = state.events
    if limits.max_gap is None and limits.window is None:
        # Only the first end of each customer matters, and looking it up costs less than a search.
        ends = ends[ends - state.begun[ends // events.span] >= limits.min_gap]
        return State(events, ends, ends)
    low, high = _before(events, state.ends, ends, limits)
    fits = high > low
    ends, low, high = ends[fits], low[fits], high[fits]
    if limits.window is None or not len(ends):
        return State(events, ends, ends)
    # reduceat takes [low, high) in turn with what lies between, which is dropped; its last index must be a place.
    bounds = np.column_stack((low, high)).ravel()
    starts = np.maximum.reduceat(np.append(state.starts, np.int64(-1)), bounds)[::2]
    near = ends - starts <= limits.window
    return State(events, ends[near], starts[near])


def customers_with(events: Events, elements: Sequence[Ints], limits: Limits) -> Ints:
    """The customers (ascending codes) who have a pattern whose elements have these moments."""
    state = State(events, elements[0], elements[0])
    for ends in elements[1:]:
        state = follow(state, ends, limits)
    return events.first(state.ends) // events.span


def customers_of(
    events: Events, ends: Mapping[Element, Ints], patterns: Sequence[Pattern], limits: Limits
) -> list[int]:
    """How many customers have each pattern, when its elements have these moments.

    What a pattern has in common with the one before is not looked at anew.
    """
    counts: list[int] = []
    path: Pattern = ()
    states: list[State] = []
    for pattern in patterns:
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(pattern, path, strict=False)))
        states, path = states[:kept], pattern
        for element in pattern[kept:]:
            at = ends[element]
            states.append(follow(states[-1], at, limits) if states else State(events, at, at))
        counts.append(events.reached(states[-1].ends))
    return counts


def first_occurrence(events: Events, found: Found, limits: Limits) -> Ints:
    """The moments of each customer's occurrence that ends first, of several the one whose elements are earliest.

    Returns:
        One row per customer of the pattern, one column per element.
    """
    last = events.first(found.states[-1].ends)
    columns = [last]
    for state in reversed(found.states[:-1]):
        low, high = _before(events, state.ends, columns[0], limits)
        if limits.window is not None:
            rows, group = _ranges(low, high)
            rows = rows[state.starts[rows] >= last[group] - limits.window]
            low = rows[np.searchsorted(rows, low)]
        columns.insert(0, state.ends[low])
    return np.column_stack(columns)


def waits(events: Events, found: Found, ends: Ints, limits: Limits, until: int) -> tuple[Ints, NDArray[np.bool_]]:
    """How long after the first time they had all but the last element customers had it, or were watched in vain.

    Args:
        events: Of which the pattern was found.
        found: A pattern of two elements or more.
        ends: The moments of its last element.
        limits: Only `min_gap` counts here: what comes sooner is passed over.
        until: The time at which watching ends, on the events' scale.

    Returns:
        One time per customer of the pattern but for its last element; and whether the element came.
    """
    begun = events.first(found.states[-2].ends)
    place = np.searchsorted(ends, begun + limits.min_gap)
    after = np.append(ends, np.int64(np.iinfo(np.int64).max))[place]
    came = after // events.span == begun // events.span
    return np.where(came, after - begun, until - begun % events.span), came


def _before(events: Events, ends: Ints, later: Ints, limits: Limits) -> tuple[Ints, Ints]:
    """The range of places in `ends` from which each later moment can be reached; empty where high <= low."""
    earliest = later - later % events.span
    if limits.max_gap is not None:
        earliest = np.maximum(earliest, later - limits.max_gap)
    return np.searchsorted(ends, earliest), np.searchsorted(ends, later - limits.min_gap, side="right")


def _once(numbers: Ints) -> Ints:
    """The numbers, each once, ascending; `np.unique` hashes them, which takes many times as long as to sort them."""
    ordered = np.sort(numbers)
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def _within(some: Ints, others: Ints) -> Any:
    """Whether each of some ascending numbers is among others, ascending too."""
    if not len(others):
        return np.zeros(len(some), dtype=bool)
    return others[np.minimum(np.searchsorted(others, some), len(others) - 1)] == some


def _both(some: Ints, others: Ints) -> Ints:
    both: Ints = some[_within(some, others)]
    return both


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All places of some ranges [low, high), one after the other, and the number of the range of each."""
    lengths = np.maximum(high - low, 0)
    group = np.repeat(np.arange(len(low)), lengths)
    offset = np.cumsum(lengths) - lengths
    return np.arange(len(group)) - offset[group] + low[group], group
