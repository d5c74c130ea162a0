"""Win rates that can be compared over time: of deals that were all followed as long, from their beginning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.ground import Ground
from acrm.analysis.holdout import wilson
from acrm.models.proportions import ChiSquare, chi_square
from acrm.models.share_trend import ShareTrend, share_trend

if TYPE_CHECKING:
    import polars as pl

_SPANS = (("1mo", 24), ("1q", 32), ("1y", 1000))
"""Cohorts are as short as leaves no more of them than that."""
SURE = 0.05


@dataclass(frozen=True, kw_only=True)
class Cohorts:
    """Deals by when they began: the table; whether those that can be compared differ, and whether they rise or fall."""

    table: pl.DataFrame
    test: ChiSquare | None
    trend: ShareTrend | None


def cohorts(ground: Ground, known: Followed) -> Cohorts:
    """Win rates by when deals began.

    The share won of the closed deals is no measure of change: it depends on which deals had time to close. Compared
    are the ends within the days by which 95% of all ends come, in cohorts of which every deal was followed so long
    and from its beginning. Where no deal is ever lost it is the share won of all deals.

    | column | type | unit, range |
    |---|---|---|
    | `begun` | Date | first day of the month, quarter or year |
    | `deals`, `won`, `lost`, `open` | Int64 | |
    | `win_rate`, `win_rate_low`, `win_rate_high` | Float64 | of the closed ones so far (Wilson, 95%) |
    | `within`, `within_low`, `within_high` | Float64 | of those that ended within the days; null: not comparable |
    | `ended_within` | Float64 | share of all deals that did |
    | `comparable` | String | `yes`; `young`: not followed so long; `cut`: begun before ends were recorded |
    """
    import polars as pl

    counts = ["deals", "won", "lost", "open"]
    shares = [f"{name}{end}" for name in ("win_rate", "within") for end in ("", "_low", "_high")]
    schema = {"begun": pl.Date(), **dict.fromkeys(counts, pl.Int64()), **dict.fromkeys(shares, pl.Float64())}
    schema |= {"ended_within": pl.Float64(), "comparable": pl.String()}
    rows = ground.deals.drop_nulls("created_at")
    enough = known.long_enough
    if rows.is_empty():
        return Cohorts(table=pl.DataFrame(schema=schema), test=None, trend=None)
    none_lost = not (rows["status"] == "lost").any()
    span = _span(rows["created_at"].dt.date())
    soon = pl.col("days").is_between(0, enough or 0.0)
    wins, ends = soon & (pl.col("status") == "won"), soon & (pl.col("status") != "open")
    sides = [(pl.col("status") == side).sum().alias(side) for side in counts[1:]]
    inside = [wins.sum().alias("_wins"), ends.sum().alias("_ends"), pl.col("created_at").max().alias("_last")]
    begun = pl.col("created_at").dt.date().dt.truncate(span).alias("begun")
    grouped = rows.group_by(begun).agg(pl.len().alias("deals"), *sides, *inside).sort("begun")
    made: list[list[Any]] = []
    compared = []
    for place, (first, deals, won, lost, still, won_soon, ended_soon, last) in enumerate(grouped.rows()):
        why = "yes"
        if known.since is not None and first < known.since.date():
            why = "cut"
        elif enough is None or last + timedelta(days=enough) > ground.until:
            why = "young"
        rate = won / (won + lost) if won + lost else None
        of = deals if none_lost else ended_soon
        share: list[Any] = [None] * 4
        if why == "yes":
            share = [won_soon / of if of else None, *wilson(won_soon, of), ended_soon / deals]
            compared.append((place, won_soon, of))
        made.append([first, deals, won, lost, still, rate, *wilson(won, won + lost), *share, why])
    at, having, sizes = np.array(compared, dtype=np.int64).reshape(-1, 3).T
    return Cohorts(
        table=pl.DataFrame(made, schema=schema, orient="row"),
        test=chi_square(having, sizes),
        trend=share_trend(at.astype(float), having, sizes),
    )


def _span(days: pl.Series) -> str:
    return next(span for span, most in _SPANS if days.dt.truncate(span).n_unique() <= most)
