"""The setting without a label: who buys nothing within a window of days after a cutoff has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from acrm.analysis.churn.prepared import Prepared, Trial
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.churn.records import Records

DRAWN = 60_000
"""Customers that are learned from and tried on, at most: all others are scored."""
TRIALS = 3
"""Earlier cutoffs on which the model is tried, at most."""


def transactional(
    lines: pl.LazyFrame,
    tables: Mapping[str, pl.LazyFrame],
    *,
    window: int | None = None,
    as_of: date | None = None,
    saved: SavedChurn | None = None,
    seed: int = 0,
) -> Prepared:
    """Purchases as cases to learn from: features before a day, no purchase in the window after it.

    Days of learning, of trying and today lie a window apart, so that no label overlaps what another is learned from.
    Customers who bought nothing in the last two windows are lost already: they are counted and not scored.

    Args:
        lines: Canonical transactions.
        tables: `interactions`, `deals`, `customers`, if there are any.
        window: Days. None: proposed from the customers' own gaps.
        as_of: Last day that counts.
        saved: A model learned before: customers are made ready for it, and nothing to learn from.
        seed: Of the customers drawn from many to learn from and to try on.

    Returns:
        Among the tables `windows`, `overdue` and `lost`; `windows` and `overdue` are shown, too.

    Raises:
        InputError: The history carries no window; why is said.
    """
    from acrm.analysis.churn.records import read_records
    from acrm.analysis.churn.snapshots import case, learning, snapshot
    from acrm.analysis.churn.warning import warnings
    from acrm.analysis.churn.windows import windows

    records = read_records(lines, tables, as_of=as_of)
    span = None if saved else windows(records, window)
    chosen = (saved.window if saved else None) or (span.window if span else None)
    if chosen is None:
        raise InputError("churn_no_window", reasons="; ".join(map(str, span.notes if span else ())))
    today = snapshot(records, records.past.cutoff, chosen, saved.kinds if saved else None)
    overdue = warnings(records.past, today.table.select("customer_id"))
    lost = today.lost.to_frame("customer_id")
    some = records if saved else records.drawn(DRAWN, seed)
    # Cutoffs to learn from and to try on are steps of one grid: many are asked for several times.
    seen_at = cache(partial(case, some, window=chosen))
    notes = records.notes
    if some is not records:
        notes = (*notes, Message("churn_transactional.drawn", {"drawn": DRAWN}))
    return Prepared(
        setting="transactional",
        everyone=today.table,
        features=today.features,
        case=None if saved else learning(seen_at, records.last - timedelta(days=chosen), chosen, records.first),
        window=chosen,
        trials=() if saved else _trials(some, seen_at, chosen),
        figures={**records.figures, "window_days": chosen, "lost_customers": lost.height},
        tables={**({"windows": span.table} if span else {}), "overdue": overdue.overdue, "lost": lost},
        notes=(Message("churn.setting.transactional"), *(span.notes if span else ()), *overdue.notes, *notes),
        shown={**({"windows": span} if span else {}), "overdue": overdue},
    )


def _trials(records: Records, seen_at: Callable[[date], Case], window: int) -> Iterator[Trial]:
    from acrm.analysis.churn.rules import rule_scores
    from acrm.analysis.churn.snapshots import learning, origins

    for one in origins(records.first, records.last, window)[:TRIALS]:
        test = seen_at(one.test)
        rules = rule_scores(records.past.until(one.test), test.table.select("customer_id"), window)
        yield Trial(train=learning(seen_at, one.train, window, records.first), test=test, rules=rules)
