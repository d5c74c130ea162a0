"""How many customers a pattern needs, when nobody says."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from acrm.messages import Message

if TYPE_CHECKING:
    from acrm.models.sequences import Events, Pairs

LADDER = ("0.2", "0.1", "0.05", "0.03", "0.02", "0.01", "0.005", "0.002", "0.001")
"""Shares of customers that are tried."""
ENOUGH = 20
"""Customers below whom the days between two steps say little."""
PAIRS = 1_000
"""More pairs than that nobody reads."""
WORK = 200_000_000


def least_count(share: float, customers: int) -> int:
    """The least whole number of customers that is at least a share of all, the share taken as it is written.

    >>> least_count(0.28, 25)
    7
    """
    return max(1, ceil(Fraction(str(share)) * customers))


def pairs_at(events: Events, least: int, min_gap: int) -> tuple[Events, Pairs]:
    """The events of items that at least so many customers have, and the sieve for pairs of them."""
    import numpy as np

    from acrm.models.sequences import Pairs

    frequent = events.only(np.flatnonzero(events.reach >= least))
    return frequent, Pairs(frequent, least, min_gap)


def suggest(events: Events, min_gap: int) -> tuple[int, Message]:
    """The least count of customers that gives a rich but readable result, and why it is this one.

    The lowest rung of `LADDER` that still means `ENOUGH` customers (with few customers: half of them, 2 at least), and
    at which no more than `PAIRS` ordered pairs pass the sieve; the next rung is named with the reason it was not taken.
    """
    floor = max(2, min(ENOUGH, events.customers // 2))
    taken, told = floor, Message("sequence.support_few", {"customers": floor, "of": events.customers})
    for rung in LADDER:
        least = least_count(float(rung), events.customers)
        known = {"support": taken / events.customers, "customers": taken, "next": float(rung)}
        if least < floor:
            return taken, told if rung == LADDER[0] else Message("sequence.support_floor", known | {"floor": floor})
        _, pairs = pairs_at(events, least, min_gap)
        if pairs.work > WORK and rung != LADDER[0]:
            return taken, Message("sequence.support_work", known)
        count = sum(len(pairs.follows(item)) for item in pairs.items)
        if count > PAIRS and rung != LADDER[0]:
            return taken, Message("sequence.support_pairs", known | {"pairs": count})
        taken = least
    return taken, Message("sequence.support_lowest", {"support": taken / events.customers, "customers": taken})
