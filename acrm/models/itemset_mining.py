"""From baskets to frequent itemsets, forecast first; and a support for those who name none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from acrm.models.baskets import Baskets, CountArray, ItemArray, min_count
from acrm.models.eclat import grow
from acrm.models.frequent_pairs import TooManyItemsets, frequent_pairs
from acrm.models.itemset_forecast import Forecast, forecast_itemsets
from acrm.models.itemsets import Itemsets, canonical

MOST = 2_000_000
"""Sets that are looked for: nobody reads more, and they take some hundred megabytes."""
ENOUGH = 20_000
"""Sets that a suggested support may give."""
FEWEST = 5
"""Baskets on which a suggested support lets a rule rest."""
_SAMPLE = 100_000
"""Baskets among which a support is looked for first, if there are many more."""


def frequent_itemsets(
    baskets: Baskets,
    min_count: int,
    *,
    max_length: int | None = None,
    most: int = MOST,
    apart: CountArray | None = None,
) -> tuple[Itemsets, Forecast]:
    """All sets of items that `min_count` baskets or more hold, and how many were forecast.

    Args:
        baskets: Without giants.
        min_count: 1 or more; see `baskets.min_count`.
        max_length: Items of the largest sets, 1 or more.
        most: Sets that may be found.
        apart: See `frequent_pairs`.

    Raises:
        TooManyItemsets: The forecast, or what was found, is above `most`. The result is all or nothing.

    Examples:
        Two baskets of bread (0) and milk (1), one of milk alone.

        >>> sets, _ = frequent_itemsets(Baskets.of(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])), 2)
        >>> [rows.tolist() for rows in sets.sets], sets.counts, sets.closed
        ([[[0], [1]], [[0, 1]]], array([2, 3, 2]), array([False,  True,  True]))
    """
    if max_length is not None and max_length < 1:
        raise ValueError("a set has at least one item")
    pairs = frequent_pairs(baskets, min_count, None if max_length == 1 else most, apart)
    forecast = forecast_itemsets(pairs, max_length=max_length)
    if forecast.total > most:
        raise TooManyItemsets(expected=forecast.total, at_least=forecast.at_least, found=0, most=most)
    pieces: dict[int, list[tuple[ItemArray, CountArray]]] = {}
    found = 0

    def add(sets: ItemArray, counts: CountArray) -> None:
        nonlocal found
        pieces.setdefault(sets.shape[1], []).append((pairs.items[sets], counts))
        found += len(sets)
        if found > most:
            expected = max(forecast.total, found)
            raise TooManyItemsets(expected=expected, at_least=True, found=found, most=most)

    add(np.arange(len(pairs.items), dtype=np.int32)[:, None], pairs.item_counts)
    if max_length != 1:
        add(np.column_stack([pairs.owners, pairs.partners]), pairs.pair_counts)
    grow(pairs, add, max_length=max_length)
    levels = [tuple(map(np.concatenate, zip(*pieces[size], strict=True))) for size in sorted(pieces)]
    ordered = [canonical(sets, counts) for sets, counts in levels if len(sets)]
    itemsets = Itemsets(
        n_baskets=baskets.n_baskets,
        min_count=min_count,
        max_length=max_length,
        sets=tuple(sets for sets, _ in ordered),
        set_counts=tuple(counts for _, counts in ordered),
    )
    return itemsets, forecast


@dataclass(frozen=True, kw_only=True, eq=False)
class Suggestion:
    """A support, what it would give, and what speaks against a lower one."""

    support: float
    min_count: int
    forecast: Forecast
    because: Literal["sets", "baskets"]
    """A lower one gives more than `enough` sets, or lets a rule rest on fewer than `fewest` baskets."""


def suggest_support(
    baskets: Baskets,
    *,
    enough: int = ENOUGH,
    fewest: int = FEWEST,
    max_length: int | None = None,
    apart: CountArray | None = None,
) -> Suggestion:
    """The lowest round support that gives at most `enough` sets, each in `fewest` baskets or more.

    Tried from above: 90%, 80%, ... 10%, 5%, 2%, 1%, 0.5%, and so on. If the first with two frequent items gives too
    many sets already, it is that one; if there is none, as there are few baskets, the share that `fewest` are.

    Args:
        baskets: Without giants.
        enough: Sets by the forecast.
        fewest: Baskets of the rarest set.
        max_length: Items of the largest sets.
        apart: See `frequent_pairs`.
    """
    n_baskets = baskets.n_baskets
    second = int(np.sort(baskets.item_counts)[-2:][0]) if baskets.n_items > 1 else 0
    sound = itertools.takewhile(lambda support: min_count(support, n_baskets) >= fewest, _supports())
    # Rounded down, so that it still stands for `fewest` baskets.
    few = int(1e9 * min(fewest / max(n_baskets, 1), 1)) / 1e9
    supports = [support for support in sound if min_count(support, n_baskets) <= second] or [few]

    @cache
    def forecast(at: int) -> Forecast:
        count = min_count(supports[at], n_baskets)
        try:
            pairs = frequent_pairs(baskets, count, None if max_length == 1 else enough, apart)
        except TooManyItemsets as told:
            return Forecast(by_size=np.array([told.expected]), sampled=0, pairs=told.found, at_least=True)
        return forecast_itemsets(pairs, max_length=max_length)

    at = 0
    if n_baskets >= 2 * _SAMPLE:
        some = baskets.only(np.arange(n_baskets) % (n_baskets // _SAMPLE) == 0)
        near = suggest_support(some, enough=enough, fewest=fewest, max_length=max_length, apart=apart).support
        at = max(sum(support >= near for support in supports) - 1, 0)
    while at > 0 and forecast(at).total > enough:
        at -= 1
    while at + 1 < len(supports) and forecast(at).total <= enough and forecast(at + 1).total <= enough:
        at += 1
    return Suggestion(
        support=supports[at],
        min_count=min_count(supports[at], n_baskets),
        forecast=forecast(at),
        because="sets" if at + 1 < len(supports) or forecast(at).total > enough else "baskets",
    )


def _supports() -> Iterator[float]:
    """0.9, 0.8, ... 0.1, 0.05, 0.02, 0.01, ..."""
    yield from (number / 10 for number in range(9, 0, -1))
    for scale in itertools.count(2):
        yield from (number / 10**scale for number in (5, 2, 1))
