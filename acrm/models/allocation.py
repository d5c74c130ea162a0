"""Which contacts to buy with a budget: the best set there is, with a proof, not the best that greed finds.

Contacts of one cost and one channel make a lane, in which the better contact is always bought first; what is to be
found is how many of each lane. Prices for money and for room in a channel (the dual of the linear relaxation) bound
what any set can bring. A choice loses against that bound where it buys what costs more than it brings at these prices,
leaves what brings more, or leaves money and room unused. Branches that lose no less than the best set found are cut.

H. Kellerer, U. Pferschy, D. Pisinger, Knapsack Problems, Springer 2004, chapters 5 and 9 (dual bounds, cores).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import gcd

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NODES = 100_000
"""Choices that are looked at before the best one so far is taken, with what it may lack."""
_FINE = 1 << 20
"""Prices are whole numbers of this part of a unit, so that all comparisons are exact."""


@dataclass(frozen=True)
class Allocation:
    """The contacts bought, as a mask; what they bring and cost; and how much more any other set could bring at most.

    `gap` of 0: no set within budget and caps brings more. `marginal`: about what one more unit of money would bring.
    """

    chosen: npt.NDArray[np.bool_]
    gain: int
    cost: int
    gap: int
    marginal: float


@dataclass(frozen=True)
class _Lane:
    cost: int
    channel: int
    contacts: Ints
    """Places of its contacts, the best first, of equals the first."""
    falling: Ints
    """Their gains, negated: ascending."""
    sums: Ints
    """What the first n bring."""


def allocate(
    gain: Ints,
    segment: npt.NDArray[np.intp],
    costs: Sequence[int],
    channels: Sequence[int],
    budget: int | None,
    caps: Sequence[int | None],
    rooms: Mapping[int, int],
) -> Allocation:
    """Choose contacts that together bring most, within a budget.

    Whole numbers throughout. A contact that brings nothing is never bought. Of contacts that bring the same in one
    segment the first is taken. More budget never brings less as long as `gap` is 0.

    >>> found = allocate(np.array([60, 100, 120]), np.arange(3), [10, 20, 30], [0, 0, 0], 50, [None] * 3, {})
    >>> found.chosen.tolist(), found.gain, found.cost, found.gap
    ([False, True, True], 220, 50, 0)

    Args:
        gain: What each contact brings after its cost, in the smallest unit of money.
        segment: The segment of each contact, from 0.
        costs: The cost of a contact of each segment, 0 or more.
        channels: The channel of each segment.
        budget: What all contacts together may cost; None: as much as it takes.
        caps: Contacts of each segment at most.
        rooms: Contacts of a channel at most, where there is such a limit.
    """
    lanes = _lanes(gain, segment, costs, channels, caps, rooms)
    step = gcd(*(lane.cost for lane in lanes)) or 1
    whole = sum(lane.cost * len(lane.contacts) for lane in lanes)
    money = whole if budget is None else min(whole, budget // step * step)
    search = _Search(lanes, money, {lane.channel: rooms[lane.channel] for lane in lanes if lane.channel in rooms})
    counts = search.best()
    chosen = np.zeros(len(gain), dtype=np.bool_)
    for lane, bought in zip(search.lanes, counts, strict=True):
        chosen[lane.contacts[:bought]] = True
    return Allocation(
        chosen=chosen,
        gain=sum(int(lane.sums[bought]) for lane, bought in zip(search.lanes, counts, strict=True)),
        cost=sum(lane.cost * bought for lane, bought in zip(search.lanes, counts, strict=True)),
        gap=search.gap,
        marginal=search.price / _FINE,
    )


def _lanes(
    gain: Ints,
    segment: npt.NDArray[np.intp],
    costs: Sequence[int],
    channels: Sequence[int],
    caps: Sequence[int | None],
    rooms: Mapping[int, int],
) -> list[_Lane]:
    """The contacts that may be bought, by channel and cost: of a segment no more than its best up to the cap."""
    order = np.lexsort((np.arange(len(gain)), -gain, segment))
    order = order[gain[order] > 0]
    start = np.searchsorted(segment[order], segment[order])
    most = np.array([len(gain) if cap is None else cap for cap in caps], dtype=np.int64)
    order = order[np.arange(len(order)) - start < most[segment[order]]]
    kinds = sorted({(channels[one], costs[one]) for one in np.unique(segment[order])})
    lanes = []
    for channel, cost in kinds:
        own = np.array([(channels[at], costs[at]) == (channel, cost) for at in range(len(costs))], dtype=np.bool_)
        mine = np.sort(order[own[segment[order]]])
        mine = mine[np.argsort(-gain[mine], kind="stable")]
        mine = mine[: rooms.get(channel)]
        if len(mine):
            lanes.append(_Lane(cost, channel, mine, -gain[mine], np.concatenate(([0], np.cumsum(gain[mine])))))
    return lanes


class _Search:
    """Depth first over the lanes, the number bought nearest to what the prices say first."""

    def __init__(self, lanes: list[_Lane], budget: int, rooms: Mapping[int, int]) -> None:
        self._budget, self._rooms = budget, rooms
        self.price, self._rents = _prices(lanes, budget, rooms)
        starts = (_greedy(lanes, budget, rooms), self._filled(lanes))
        self._lost, counts = min((self._loss_of(lanes, start), start) for start in starts)
        # The widest choice comes last, where it need not be tried: as many as there is money for.
        order = sorted(range(len(lanes)), key=lambda at: self._width(lanes[at]))
        self.lanes, self._counts = [lanes[at] for at in order], [counts[at] for at in order]
        self._nodes = 0

    def best(self) -> list[int]:
        """How many of each lane; `gap` is known afterwards."""
        if self.lanes:
            self._visit([], self._budget, dict(self._rooms), 0)
        return self._counts

    @property
    def gap(self) -> int:
        """What the bound leaves open, in whole units; 0 where every branch was looked at or cut."""
        return self._lost // _FINE if self._nodes >= NODES else 0

    def _filled(self, lanes: list[_Lane]) -> list[int]:
        """What the prices ask for; then what they are indifferent to, then anything, as far as it fits."""
        money, rooms, counts = self._budget, dict(self._rooms), [0] * len(lanes)
        asked = [self._wanted(lane) for lane in lanes]
        equal = [int(np.searchsorted(lane.falling, -(self._charge(lane) // _FINE), side="right")) for lane in lanes]
        for upto in (asked, equal, [len(lane.contacts) for lane in lanes]):
            for at, lane in enumerate(lanes):
                more = min(max(0, upto[at] - counts[at]), _most(lane, money, rooms))
                counts[at] += more
                money -= lane.cost * more
                if lane.channel in rooms:
                    rooms[lane.channel] -= more
        return counts

    def _visit(self, counts: list[int], money: int, rooms: dict[int, int], lost: int) -> None:
        lane = self.lanes[len(counts)]
        most = _most(lane, money, rooms)
        last = len(counts) + 1 == len(self.lanes)
        for bought in (most,) if last else self._near(lane, most):
            self._nodes += 1
            now = lost + self._loss(lane, bought)
            # Only a set that brings a whole unit more is better.
            if now > self._lost - _FINE or self._nodes > NODES:
                return
            left = money - lane.cost * bought
            room = dict(rooms)
            if lane.channel in room:
                room[lane.channel] -= bought
            if not last:
                self._visit([*counts, bought], left, room, now)
                continue
            now += self._unused(left, room)
            if now <= self._lost - _FINE:
                self._lost, self._counts = now, [*counts, bought]

    def _near(self, lane: _Lane, most: int) -> Iterator[int]:
        """Numbers from 0 to `most`, those that lose least first: the loss is convex in the number."""
        at = min(self._wanted(lane), most)
        yield at
        below, above = at - 1, at + 1
        while below >= 0 or above <= most:
            down = self._loss(lane, below) if below >= 0 else None
            up = self._loss(lane, above) if above <= most else None
            if up is None or (down is not None and down <= up):
                yield below
                below -= 1
            else:
                yield above
                above += 1

    def _charge(self, lane: _Lane) -> int:
        return self.price * lane.cost + self._rents.get(lane.channel, 0)

    def _wanted(self, lane: _Lane) -> int:
        return _above(lane, self._charge(lane))

    def _loss(self, lane: _Lane, bought: int) -> int:
        """What a number of a lane lacks against the number that its prices ask for."""
        wanted, charge = self._wanted(lane), self._charge(lane)
        lacks = _FINE * (int(lane.sums[wanted]) - int(lane.sums[bought]))
        return lacks - (wanted - bought) * charge

    def _unused(self, money: int, rooms: Mapping[int, int]) -> int:
        return self.price * money + sum(self._rents[channel] * room for channel, room in rooms.items())

    def _loss_of(self, lanes: list[_Lane], counts: list[int]) -> int:
        money, rooms, lost = self._budget, dict(self._rooms), 0
        for lane, bought in zip(lanes, counts, strict=True):
            lost += self._loss(lane, bought)
            money -= lane.cost * bought
            if lane.channel in rooms:
                rooms[lane.channel] -= bought
        return lost + self._unused(money, rooms)

    def _width(self, lane: _Lane) -> tuple[int, int, int]:
        """How many numbers of a lane lose less than the best set so far, doubling the steps."""
        wanted, width = self._wanted(lane), 0
        for sign, most in ((1, len(lane.contacts) - wanted), (-1, wanted)):
            for power in count():
                reach = min(1 << power, most)
                if reach == 0 or self._loss(lane, wanted + sign * reach) > self._lost:
                    break
                width += reach
                if reach == most:
                    break
        return width, -lane.cost, lane.channel


def _most(lane: _Lane, money: int, rooms: Mapping[int, int]) -> int:
    fits = money // lane.cost if lane.cost else len(lane.contacts)
    return min(len(lane.contacts), fits, rooms.get(lane.channel, fits))


def _greedy(lanes: list[_Lane], budget: int, rooms: Mapping[int, int]) -> list[int]:
    """As many of each lane as fit, the lane whose average contact brings most for its money first."""
    left, counts = dict(rooms), dict.fromkeys(range(len(lanes)), 0)
    average = [int(lane.sums[-1]) / len(lane.contacts) / max(lane.cost, 1) for lane in lanes]
    for at in sorted(counts, key=lambda place: (-average[place], place)):
        counts[at] = _most(lanes[at], budget, left)
        budget -= counts[at] * lanes[at].cost
        if lanes[at].channel in left:
            left[lanes[at].channel] -= counts[at]
    return list(counts.values())


def _above(lane: _Lane, charge: int) -> int:
    """How many contacts of a lane bring more than what is charged for them."""
    return int(np.searchsorted(lane.falling, -(charge // _FINE), side="left"))


def _prices(lanes: list[_Lane], budget: int, rooms: Mapping[int, int]) -> tuple[int, dict[int, int]]:
    """The lowest price of money, and of room in each channel, at which what is wanted fits."""
    top = max((-int(lane.falling[0]) for lane in lanes), default=0) * _FINE + _FINE

    def rent_of(channel: int, price: int) -> int:
        own = [lane for lane in lanes if lane.channel == channel]
        return _lowest(top, lambda rent: sum(_above(lane, price * lane.cost + rent) for lane in own) <= rooms[channel])

    def fits(price: int) -> bool:
        rent = {channel: rent_of(channel, price) for channel in rooms}
        spent = (lane.cost * _above(lane, price * lane.cost + rent.get(lane.channel, 0)) for lane in lanes)
        return sum(spent) <= budget

    price = _lowest(top, fits)
    return price, {channel: rent_of(channel, price) for channel in rooms}


def _lowest(top: int, holds: Callable[[int], bool]) -> int:
    """The lowest whole number from 0 to `top` for which something holds that holds from some number on."""
    low, high = 0, top
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
