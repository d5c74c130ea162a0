"""Sequences: what customers do next, how surely and how soon, and whether the order of it means anything."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from acrm.analysis.sequence.events import Read, read_events
from acrm.analysis.sequence.params import SequenceParams, SequenceResult
from acrm.analysis.sequence.paths import paths
from acrm.analysis.sequence.support import least_count, pairs_at, suggest
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from acrm.models.sequences import Element, Events, Found, Limits, Pairs, Pattern

MOST = 20_000
"""Patterns that are counted before the support is called too low."""
NARROW = (2, 1)
"""Items of one step that are told where more of them make too many patterns."""
SHUFFLES = 20
ROUNDS = 10_000
"""Patterns counted anew by shuffling, in all; with many patterns there are fewer shuffles, 5 at least."""
HORIZON = 365
"""Days within which a next step is foreseen, where the data reach twice as far."""
JOIN = " + "


def sequence(lines: pl.LazyFrame | None, interactions: pl.LazyFrame | None, params: SequenceParams) -> SequenceResult:
    """Find the patterns of two steps or more that enough customers have.

    A step is a set of items at one moment (of orders: one day); a customer has a pattern when their moments have its
    steps in this order, within the gaps and the window; what else lies between does not matter. Method:
    docs/methods/sequence.md.

    Args:
        lines: Canonical order lines, as of `acrm.summaries.items.item_days`; None where there are none.
        interactions: Canonical interactions, for `params.of` other than orders.
        params: See `SequenceParams`.

    Returns:
        Table `sequences`, most customers first, then by pattern:

        | column | type | unit, range |
        |---|---|---|
        | `pattern` | List(String) | one text per step, items joined by ` + ` |
        | `customers` | Int64 | who have it |
        | `support` | Float64 | of all customers |
        | `confidence` | Float64 | of the customers who have all steps but the last (`before_customers`) |
        | `lift` | Float64 | confidence / share of all customers who have the last step at any time |
        | `days_median`, `days_p25`, `days_p75` | Float64 | days of the last step after the one before |
        | `within_30`, `within_90` | Float64 | share of these customers whose last step came so soon |
        | `confidence_followed`, `followed_low`, `followed_high` | Float64 | Kaplan-Meier: share who take the last step
          within `horizon_days` after they first had the others, 95% interval |
        | `before_customers` | Int64 | who have all steps but the last |
        | `reversed_customers`, `lift_reversed` | Int64, Float64 | who have the steps in reversed order; ratio to that |
        | `order_p`, `order_q` | Float64 | sign test of one order against the other; by Benjamini and Hochberg |
        | `lift_shuffled` | Float64 | ratio to the mean when each customer's moments are dealt out anew;
          null where all steps are the same |
        | `days_total` | Float64 | median days from the first step to the last |
        | `text`, `before_text`, `next_text` | String | in names; all steps, all but the last, the last |

        Table `steps`: the sets of one moment (`items`, `customers`, `support`, `text`). Table `paths`: see
        `acrm.analysis.sequence.paths`. Table `left_out`: what is no goods.

    Raises:
        InputError: No event to work on; more patterns than can be told.
    """
    from acrm.models.sequences import Limits, mine

    read = read_events(lines, interactions, params)
    limits = Limits(
        min_gap=max(1, round((params.min_gap or 0) * read.units)),
        max_gap=None if params.max_gap is None else round(params.max_gap * read.units),
        window=None if params.window is None else round(params.window * read.units),
        max_length=params.max_length,
        max_size=params.max_size,
    )
    if params.min_support is None:
        least, reason = suggest(read.events, limits.min_gap)
    else:
        least = least_count(params.min_support, read.events.customers)
        reason = Message("sequence.support_given", {"support": params.min_support, "customers": least})
    frequent, sieve = pairs_at(read.events, least, limits.min_gap)
    # Without a longest gap and a window the sieve's pairs are the pairs: what is too much is known before it is mined.
    certain = accumulate(len(sieve.follows(one)) for one in sieve.items)
    if params.max_gap is None and params.window is None and any(pairs > MOST for pairs in certain):
        raise _too_many(least, read)
    limits, narrowed = _narrowed(frequent, sieve, least, limits, read)
    table = _Table(read, frequent, limits, params, least)
    for found in mine(frequent, sieve, least, limits, MOST):
        table.add(found)
    sequences, steps = table.sequences(), table.steps()
    tables = {"sequences": sequences, "steps": steps}
    if params.of != "orders":
        tables["paths"] = paths(read, params.max_length, least, limits.max_gap)
    if read.left_out is not None:
        tables["left_out"] = read.left_out
    return SequenceResult(
        params=params,
        tables=tables,
        summary={
            **read.figures,
            "customers": read.events.customers,
            "items": len(read.items),
            "items_frequent": len(table.items),
            "min_customers": least,
            "min_support": round(min(1.0, least / read.events.customers), 6),
            "patterns": sequences.height,
            "pairs": sum(map(table.is_pair, table.patterns)),
            "longest": max(map(len, table.patterns), default=0),
            "horizon_days": table.horizon / read.units,
            "shuffles": table.rounds,
        },
        notes=(*read.notes, reason, *narrowed, *_notes(sequences, params, read)),
    )


def _narrowed(
    events: Events, sieve: Pairs, least: int, limits: Limits, read: Read
) -> tuple[Limits, tuple[Message, ...]]:
    """The limits under which there are patterns no more than can be told, and a word on it where they are tighter.

    Counting patterns costs little beside what is told of each.
    """
    from acrm.models.sequences import TooMany, mine

    wide = limits.max_size
    for size in (wide, *(size for size in NARROW if wide is None or size < wide)):
        limits = replace(limits, max_size=size)
        try:
            deque(mine(events, sieve, least, limits, MOST), maxlen=0)
        except TooMany:
            continue
        return limits, () if size == wide else (Message("sequence.narrow", {"most": MOST, "items": size}),)
    raise _too_many(least, read)


def _too_many(least: int, read: Read) -> InputError:
    support = min(1.0, round(2 * least / read.events.customers + 0.0005, 3))
    return InputError("sequence_too_many", most=MOST, support=support)


class _Table:
    """Rows of patterns as they are found; nothing of an occurrence is kept."""

    def __init__(self, read: Read, events: Events, limits: Limits, params: SequenceParams, least: int) -> None:
        import numpy as np

        self._read, self._events, self._limits, self._params = read, events, limits, params
        # Items are numbered anew among the frequent ones.
        self.items = read.items.gather(np.flatnonzero(read.events.reach >= least))
        self._ids = self.items.to_list()
        bounds = [read.until // 2, HORIZON * read.units, *(b for b in (limits.max_gap, limits.window) if b is not None)]
        shortest = max(min(bounds), 1)
        # Whole days, where there are any.
        self.horizon = shortest // read.units * read.units or shortest
        self._counts: dict[Pattern, int] = {}
        self._ends: dict[Element, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self.patterns: list[Pattern] = []
        self.rounds = 0

    def is_pair(self, pattern: Pattern) -> bool:
        return len(pattern) == 2 and all(len(element) == 1 for element in pattern)

    def add(self, found: Found) -> None:
        self._counts[found.pattern] = found.customers
        if len(found.pattern) < 2:
            return
        before = self._counts[found.pattern[:-1]]
        if found.customers / before >= self._params.min_confidence:
            self.patterns.append(found.pattern)
            self._rows.append(self._row(found, before))

    def ends(self, element: Element) -> Any:
        if element not in self._ends:
            self._ends[element] = self._events.ends(element)
        return self._ends[element]

    def _row(self, found: Found, before: int) -> dict[str, Any]:
        import numpy as np

        from acrm.models.durations import Durations
        from acrm.models.kaplan_meier import kaplan_meier
        from acrm.models.sequences import customers_with, first_occurrence, waits

        everybody, day = self._events.customers, self._read.units
        moments = first_occurrence(self._events, found, self._limits)
        last = (moments[:, -1] - moments[:, -2]) / day
        p25, median, p75 = np.percentile(last, [25, 50, 75]).tolist()
        overall = self._events.reached(self.ends(found.pattern[-1])) / everybody
        time, came = waits(self._events, found, self.ends(found.pattern[-1]), self._limits, self._read.until)
        curve = kaplan_meier(
            Durations.of_customers(np.minimum(time, self.horizon + 1.0), came & (time <= self.horizon))
        )
        place = int(np.searchsorted(curve.time, self.horizon, side="right")) - 1
        followed = (
            (0.0, 0.0, 1.0) if place < 0 else (1 - curve.survival[place], 1 - curve.high[place], 1 - curve.low[place])
        )
        back = found.pattern[::-1]
        turned: dict[str, Any] = {"reversed_customers": None, "lift_reversed": None, "order_p": None}
        if back != found.pattern:
            there = moments[:, 0] // self._events.span
            again = customers_with(self._events, [self.ends(element) for element in back], self._limits)
            both = len(np.intersect1d(there, again, assume_unique=True))
            turned = {
                "reversed_customers": len(again),
                "lift_reversed": len(there) / len(again) if len(again) else None,
                "order_p": _sign_test(len(there) - both, len(again) - both),
            }
        return {
            "customers": found.customers,
            "support": found.customers / everybody,
            "confidence": found.customers / before,
            "lift": found.customers / before / overall,
            "days_median": median,
            "days_p25": p25,
            "days_p75": p75,
            "within_30": float(np.mean(last <= 30)),
            "within_90": float(np.mean(last <= 90)),
            "confidence_followed": float(followed[0]),
            "followed_low": float(followed[1]),
            "followed_high": float(followed[2]),
            "before_customers": before,
            **turned,
            "days_total": float(np.median(moments[:, -1] - moments[:, 0]) / day),
        }

    def _shuffled(self) -> np.ndarray[Any, Any]:
        """Mean customers of each pattern when every customer's moments are dealt out anew."""
        import numpy as np

        from acrm.models.sequences import customers_of

        sums = np.zeros(len(self.patterns))
        if not self.patterns:
            return sums
        self.rounds = max(5, min(SHUFFLES, ROUNDS // len(self.patterns)))
        rng = np.random.default_rng(self._params.seed)
        moments = self._read.events.moments
        used = {element for pattern in self.patterns for element in pattern}
        places = {element: np.searchsorted(moments, self.ends(element)) for element in sorted(used)}
        for _ in range(self.rounds):
            dealt = self._read.events.shuffled(rng)
            ends = {element: np.sort(dealt[place]) for element, place in places.items()}
            sums += customers_of(self._events, ends, self.patterns, self._limits)
        return sums / self.rounds

    def sequences(self) -> pl.DataFrame:
        import numpy as np
        import polars as pl

        from acrm.models.rule_tests import benjamini_hochberg

        figures = (
            *("customers", "support", "confidence", "lift", "days_median", "days_p25", "days_p75"),
            *("within_30", "within_90", "confidence_followed", "followed_low", "followed_high"),
            *("before_customers", "reversed_customers", "lift_reversed", "order_p", "days_total"),
        )
        counts = ("customers", "before_customers", "reversed_customers")
        schema = {name: pl.Int64 if name in counts else pl.Float64 for name in figures}
        texts = [self.text(pattern) for pattern in self.patterns]
        frame = pl.DataFrame(self._rows, schema=schema).with_columns(
            pl.Series("pattern", [self._written(pattern) for pattern in self.patterns], pl.List(pl.String)),
            pl.Series("_shuffled", self._shuffled(), pl.Float64),
            pl.Series("text", texts, pl.String),
            pl.Series("before_text", [self.text(pattern[:-1]) for pattern in self.patterns], pl.String),
            pl.Series("next_text", [self.text(pattern[-1:]) for pattern in self.patterns], pl.String),
        )
        values = frame["order_p"].to_numpy()
        known = ~np.isnan(values)
        adjusted = np.full(len(values), np.nan)
        if known.any():
            adjusted[known] = benjamini_hochberg(values[known])
        # One step again and again has no order that shuffling could break.
        ordered = pl.col("pattern").list.n_unique() > 1
        shuffled = pl.when(ordered, pl.col("_shuffled") > 0).then(pl.col("customers") / pl.col("_shuffled"))
        frame = frame.with_columns(
            pl.Series("order_q", adjusted, pl.Float64).fill_nan(None), shuffled.alias("lift_shuffled")
        )
        order = [*figures[:-1], "order_q", "lift_shuffled", "days_total", "text", "before_text", "next_text"]
        return frame.select("pattern", *order).sort(-pl.col("customers"), pl.col("pattern").list.join("\x00"))

    def steps(self) -> pl.DataFrame:
        import polars as pl

        found = [(one[0], count) for one, count in self._counts.items() if len(one) == 1]
        frame = pl.DataFrame(
            {
                "items": pl.Series(
                    [[self._ids[item] for item in element] for element, _ in found], dtype=pl.List(pl.String)
                ),
                "customers": pl.Series([count for _, count in found], dtype=pl.Int64),
                "text": pl.Series([self.text((element,)) for element, _ in found], dtype=pl.String),
            }
        )
        support = (pl.col("customers") / self._events.customers).alias("support")
        return frame.select("items", "customers", support, "text").sort(
            -pl.col("customers"), pl.col("items").list.join("\x00")
        )

    def _written(self, pattern: Pattern) -> list[str]:
        return [JOIN.join(self._ids[item] for item in element) for element in pattern]

    def text(self, pattern: Pattern) -> str:
        """The pattern in names."""
        names = self._read.names
        return " → ".join(JOIN.join(names.get(self._ids[item], self._ids[item]) for item in one) for one in pattern)


def _sign_test(one: int, other: int) -> float | None:
    """Two-sided: how often a fair coin would part the customers who did it in one order only at least so unevenly."""
    from scipy.special import betainc

    if not one + other:
        return None
    more, less = max(one, other), min(one, other)
    return min(1.0, 2 * float(betainc(more, less + 1, 0.5)))


def _notes(sequences: pl.DataFrame, params: SequenceParams, read: Read) -> Iterator[Message]:
    import polars as pl

    if sequences.is_empty():
        yield Message("sequence.none")
        return
    once = sequences.filter(pl.col("lift_shuffled") <= 1).height
    if once:
        ordered = sequences.drop_nulls("lift_shuffled").height
        yield Message("sequence.no_order", {"patterns": once, "of": ordered})
    if params.of == "orders" and params.max_gap is None and params.window is None:
        days: Any = sequences["days_median"].median()
        yield Message("sequence.no_gap", {"days": days})
    if params.of != "orders" and not read.figures["purchases"]:
        yield Message("sequence.no_purchases")
