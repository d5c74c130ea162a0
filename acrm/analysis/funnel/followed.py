"""Which deals were followed from their beginning, and for how long: what makes times and shares comparable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.analysis.funnel.ground import Ground
from acrm.models.competing_risks import Incidence, cumulative_incidence

if TYPE_CHECKING:
    import polars as pl

ENDS = {"won": 0, "lost": 1}
_MISSED = 5.0
"""Ends that must be missing before the first one, by the times of later deals, for records to have begun with it."""
_EARLY = 0.002
"""Share of ends that may be earlier than that: days that were mistyped."""
_DONE = 0.95
"""Share of all ends to come after which a deal counts as followed long enough."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Deals with known days, all of them seen from their beginning, and by when they end.

    `deals`: `deal_id`, `created_at`, `days`, `cause` (0 won, 1 lost, -1 open).
    """

    deals: pl.DataFrame
    since: datetime | None
    """When ends began to be recorded, where older deals are only those that were open then; else None."""
    incidence: Incidence | None
    """Of the deals followed; None without any that ended."""
    long_enough: float | None
    """Days within which 95% of those deals end that end at all."""


def followed(ground: Ground) -> Followed:
    """The deals seen from their beginning.

    An export that begins at some day has, of older deals, only those that were still open then: quick ones are
    missing, and they are won less often or more often than slow ones. Such deals are left out here.
    """
    import polars as pl

    rows = ground.deals.filter(pl.col("days") >= 0).with_columns(
        cause=pl.col("status").replace_strict(ENDS, default=-1, return_dtype=pl.Int64)
    )
    rows = rows.select("deal_id", "created_at", "closed_at", "days", "cause")
    since = _since(rows)
    if since is not None:
        rows = rows.filter(pl.col("created_at") >= since)
    rows = rows.drop("closed_at")
    if not (rows["cause"] >= 0).any():
        return Followed(deals=rows, since=since, incidence=None, long_enough=None)
    incidence = cumulative_incidence(rows["days"].to_numpy(), rows["cause"].to_numpy(), len(ENDS))
    ended = incidence.share.sum(axis=0)
    enough = float(incidence.time[np.argmax(ended >= _DONE * ended[-1])])
    return Followed(deals=rows, since=since, incidence=incidence, long_enough=max(1.0, float(np.ceil(enough))))


def _since(rows: pl.DataFrame) -> datetime | None:
    """The day of the first end, if the deals that began before should have had ends before it and had none."""
    import polars as pl

    ends = rows.filter(pl.col("cause") >= 0)["closed_at"].drop_nulls().sort()
    if ends.is_empty():
        return None
    day: Any = ends[int(_EARLY * ends.len())]
    first = day.replace(hour=0, minute=0, second=0, microsecond=0)
    after, before = rows.filter(pl.col("created_at") >= first), rows.filter(pl.col("created_at") < first)
    if before.is_empty() or (after["cause"] >= 0).sum() < 20:
        return None
    curve = cumulative_incidence(after["days"].to_numpy(), after["cause"].to_numpy(), len(ENDS))
    ages = before.select((pl.lit(first) - pl.col("created_at")) / timedelta(days=1)).to_series().to_numpy()
    place = np.searchsorted(curve.time, ages, side="right") - 1
    still = np.where(place >= 0, curve.survival[np.maximum(place, 0)], 1.0)
    missed = float(((1 - still) / np.maximum(still, 0.01)).sum())
    earlier = int((before["closed_at"] < first).fill_null(value=False).sum())
    return first if missed - earlier > _MISSED and earlier < missed / 10 else None
