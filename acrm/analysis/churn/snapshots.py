"""Customers as they were known on a day, and whether they bought in the window after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.features import contact_features, deal_features, purchase_features, traits
from acrm.analysis.people.features import Feature

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from acrm.analysis.churn.records import Past, Records
    from acrm.analysis.people.features import Kind

ACTIVE = 2
"""Windows: who bought in as many until a day is active on it, all others are lost already."""
MOST_ORIGINS = 5
STEPS = 3
"""Steps in a window: origins roll by a third of it."""
LOOKS = 4
"""Cutoffs that are learnt from together, at most."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Two days at least a window apart: what is learnt at `train` is tried on what came after `test`."""

    train: date
    test: date


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Customers on a day.

    Attributes:
        past: What was known.
        table: Of the active customers, sorted by `customer_id`: the features.
        features: Its columns.
        lost: Ids of the customers lost already, sorted; they are not scored.
    """

    past: Past
    table: pl.DataFrame
    features: tuple[Feature, ...]
    lost: pl.Series


def origins(first: date, last: date, window: int, settled: int = 0) -> tuple[Origin, ...]:
    """Pairs of days to learn at and to try at, the latest first, as many as the time allows but five at most.

    The label of the latest ends on the last day; others are each a third of a window earlier. The days of learning have
    at least a window of history.

    Args:
        first: Day of the first purchase.
        last: Last day observed.
        window: Days.
        settled: Further days until a label is certain: they are waited for before anything is tried.

    Examples:
        >>> from datetime import date
        >>> found = origins(date(2010, 12, 1), date(2011, 12, 9), 90)
        >>> [f"{one.train} {one.test}" for one in found]
        ['2011-06-12 2011-09-10', '2011-05-13 2011-08-11', '2011-04-13 2011-07-12', '2011-03-14 2011-06-12']
    """
    step, history, whole = _step(window), timedelta(days=window), timedelta(days=window + settled)
    tests = [last - whole - timedelta(days=step * place) for place in range(MOST_ORIGINS)]
    found = [Origin(train=day - whole, test=day) for day in tests]
    return tuple(one for one in found if one.train - history >= first - timedelta(days=1))


def snapshot(records: Records, cutoff: date, window: int, kinds: Mapping[str, Kind] | None = None) -> Snapshot:
    """The customers on a day, told from nothing but what was known at the end of it.

    Args:
        records: What there is.
        cutoff: The day.
        window: Days.
        kinds: What columns that are not ours were to an earlier model; of others it is found.
    """
    return _seen(records.past.until(cutoff), window, kinds)


def case(records: Records, cutoff: date, window: int) -> Case:
    """The active customers on a day, and whether each bought nothing in the window days after it.

    Raises:
        ValueError: The window is not over on the last day observed.
    """
    import polars as pl

    end = cutoff + timedelta(days=window)
    if end > records.last:
        raise ValueError(f"the window ends on {end}, after {records.last}")
    seen = snapshot(records, cutoff, window)
    later = records.past.days.filter((pl.col("day") > cutoff) & (pl.col("day") <= end))
    stayed = seen.table["customer_id"].is_in(later["customer_id"].unique().implode())
    return Case(table=seen.table, features=seen.features, outcome=(~stayed).alias("left"), cutoff=cutoff)


def learning(seen_at: Callable[[date], Case], cutoff: date, window: int, first: date) -> Case:
    """The cases of a cutoff and of up to three before it, each a third of a window earlier, as one to learn from.

    A shop has few customers and many days: seen on several of them, a flexible model learns what a season or a sale of
    one cutoff would drown. The cutoffs have a window of history, but for the given one.

    Args:
        seen_at: The case of a cutoff, see `case`.
        cutoff: The latest.
        window: Days.
        first: The first day of the history.

    Returns:
        `cutoff` is the latest. A customer has a row for every cutoff on which he was active, one after the other, the
        latest first: folds must keep them together.
    """
    import polars as pl

    step = _step(window)
    days = [cutoff - timedelta(days=step * place) for place in range(LOOKS)]
    enough = first + timedelta(days=window - 1)
    cases = [seen_at(day) for day in days if day == cutoff or day >= enough]
    # What nobody had yet at an earlier cutoff is unknown then.
    columns = pl.selectors.by_name(cases[0].table.columns, require_all=False)
    rows = pl.concat(
        (one.table.select(columns, one.outcome, pl.lit(place).alias("_place")) for place, one in enumerate(cases)),
        how="diagonal",
    ).sort("customer_id", "_place")
    return replace(cases[0], table=rows.drop("left", "_place"), outcome=rows["left"])


def _step(window: int) -> int:
    return max(window // STEPS, 1)


def _seen(past: Past, window: int, kinds: Mapping[str, Kind] | None) -> Snapshot:
    """The features; this function and all it calls have no other source than `past`."""
    import polars as pl

    last = past.days.group_by("customer_id").agg(pl.col("day").max())
    since = last.with_columns(since=(pl.lit(past.cutoff) - pl.col("day")).dt.total_days())
    active = since.filter(pl.col("since") < ACTIVE * window).select("customer_id").sort("customer_id")
    lost = since.filter(pl.col("since") >= ACTIVE * window)["customer_id"].sort()
    table, features = described(past, active, (purchase_features(past, window),), kinds)
    return Snapshot(past=past, table=table, features=features, lost=lost)


def described(
    past: Past, everyone: pl.DataFrame, parts: Iterable[pl.DataFrame], kinds: Mapping[str, Kind] | None = None
) -> tuple[pl.DataFrame, tuple[Feature, ...]]:
    """Everyone with some parts (by `customer_id`, features), then contacts, deals and traits; and the columns."""
    parts = [*parts]
    parts += [part for part in (contact_features(past, everyone), deal_features(past, everyone)) if part is not None]
    features = [
        Feature(name=name, axis="behaviour", kind="number" if part[name].dtype.is_numeric() else "category")
        for part in parts
        for name in part.columns[1:]
    ]
    who = traits(past, everyone, kinds)
    if who is not None:
        parts.append(who[0])
        features += who[1]
    table = everyone
    for part in parts:
        table = table.join(part, on="customer_id", how="left", maintain_order="left")
    return table, tuple(features)
