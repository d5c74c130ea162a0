"""Win rates that can be compared: of closed deals, and by when the deals began only where all were followed as long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.ground import Ground
from acrm.analysis.holdout import wilson
from acrm.models.proportions import ChiSquare, chi_square

if TYPE_CHECKING:
    import polars as pl

_SPANS = (("1mo", 24), ("1q", 32), ("1y", 1000))
"""Cohorts are as short as leaves no more of them than that."""
SURE = 0.05


@dataclass(frozen=True, kw_only=True)
class Cohorts:
    """Deals by when they began: the table, and the test whether those that can be compared differ."""

    table: pl.DataFrame
    test: ChiSquare | None


def cohorts(ground: Ground, known: Followed) -> Cohorts:
    """Win rates by when deals began.

    The share won of the closed deals is no measure of change: it depends on which deals had time to close. Compared is
    the share of all deals won within the days by which 95% of the ends come, in cohorts of which every deal was
    followed so long and from its beginning.

    | column | type | unit, range |
    |---|---|---|
    | `begun` | Date | first day of the month, quarter or year |
    | `deals`, `won`, `lost`, `open` | Int64 | |
    | `win_rate`, `win_rate_low`, `win_rate_high` | Float64 | of the closed ones (Wilson, 95%) |
    | `within`, `within_low`, `within_high` | Float64 | won within the days, of all; null where not comparable |
    | `comparable` | String | `yes`; `young`: not followed so long; `cut`: begun before ends were recorded |
    """
    import numpy as np
    import polars as pl

    counts = ["deals", "won", "lost", "open"]
    shares = [f"{name}{end}" for name in ("win_rate", "within") for end in ("", "_low", "_high")]
    schema = {"begun": pl.Date(), **dict.fromkeys(counts, pl.Int64()), **dict.fromkeys(shares, pl.Float64())}
    schema |= {"comparable": pl.String()}
    rows = ground.deals.drop_nulls("created_at")
    enough = known.long_enough
    if rows.is_empty():
        return Cohorts(table=pl.DataFrame(schema=schema), test=None)
    span = _span(rows["created_at"].dt.date())
    within = (pl.col("status") == "won") & (pl.col("days") >= 0) & (pl.col("days") <= (enough or 0.0))
    sides = [(pl.col("status") == side).sum().alias(side) for side in counts[1:]]
    grouped = (
        rows.group_by(pl.col("created_at").dt.date().dt.truncate(span).alias("begun"))
        .agg(pl.len().alias("deals"), *sides, within.sum().alias("_within"), pl.col("created_at").max().alias("_last"))
        .sort("begun")
    )
    made: list[list[Any]] = []
    compared = []
    for begun, deals, won, lost, still, soon, last in grouped.rows():
        why = "yes"
        if known.since is not None and begun < known.since.date():
            why = "cut"
        elif enough is None or last + timedelta(days=enough) > ground.now:
            why = "young"
        rate = won / (won + lost) if won + lost else None
        share = [soon / deals, *wilson(soon, deals)] if why == "yes" else [None] * 3
        made.append([begun, deals, won, lost, still, rate, *wilson(won, won + lost), *share, why])
        compared += [(soon, deals)] if why == "yes" else []
    pairs = np.array(compared, dtype=np.int64).reshape(-1, 2)
    table = pl.DataFrame(made, schema=schema, orient="row")
    return Cohorts(table=table, test=chi_square(pairs[:, 0], pairs[:, 1]))


def _span(days: pl.Series) -> str:
    return next(span for span, most in _SPANS if days.dt.truncate(span).n_unique() <= most)
