"""The deals that were open at a moment, as they were known then: their age, their stage, and how they went on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from acrm.analysis.funnel.followed import ENDS
from acrm.analysis.funnel.ground import Ground

if TYPE_CHECKING:
    import polars as pl

LEAST = 0.01
"""Days that a deal was seen at least: of those that end on the day they begin, dates tell none."""


def open_at(ground: Ground, at: datetime, until: datetime) -> pl.DataFrame:
    """Deals open at a moment with their age and stage then, and how they had ended by a later one.

    Returns:
        `deal_id`, `stage` (by history, else null), `age` at the moment, `left` (age at the end or when seen last),
        `cause` (0 won, 1 lost, -1 not ended by then); sorted by `deal_id`.
    """
    import polars as pl

    day = timedelta(days=1)
    rows = ground.deals.filter((pl.col("created_at") < at) & (pl.col("days") >= 0))
    over = pl.when((pl.col("status") != "open") & (pl.col("closed_at") < until)).then("closed_at")
    rows = rows.with_columns(_over=over).filter(pl.col("_over").is_null() | (pl.col("_over") >= at))
    then = ground.stages.filter(pl.col("entered_at") < at).group_by("deal_id")
    rows = rows.drop("stage").join(then.agg(pl.col("stage").last()), on="deal_id", how="left")
    cause = pl.col("status").replace_strict(ENDS, default=-1, return_dtype=pl.Int64)
    return rows.select(
        "deal_id",
        "stage",
        ((pl.lit(at) - pl.col("created_at")) / day).cast(pl.Float64).alias("age"),
        ((pl.coalesce("_over", pl.lit(until)) - pl.col("created_at")) / day).cast(pl.Float64).alias("left"),
        pl.when(pl.col("_over").is_null()).then(-1).otherwise(cause).cast(pl.Int64).alias("cause"),
    ).sort("deal_id")


def seen_until(ground: Ground, since: datetime | None, until: datetime, step: float | None) -> pl.DataFrame:
    """What can be learned from at a moment: spans of time in which deals were seen open.

    Without a history of stages each deal is one span, from its beginning or from when records began. With one a deal
    is a span from every look at it, `step` days apart, in the stage that it was in then.
    """
    import polars as pl

    day = timedelta(days=1)
    if step is None:
        past = ground.deals.filter((pl.col("created_at") < until) & (pl.col("days") >= 0))
        over = pl.when((pl.col("status") != "open") & (pl.col("closed_at") < until)).then("closed_at")
        begun = (pl.lit(since) - pl.col("created_at")) / day if since else pl.lit(0.0)
        cause = pl.col("status").replace_strict(ENDS, default=-1, return_dtype=pl.Int64)
        rows = past.with_columns(_over=over).select(
            "deal_id",
            pl.lit(None, pl.String).alias("stage"),
            pl.max_horizontal(begun, pl.lit(0.0)).cast(pl.Float64).alias("age"),
            ((pl.coalesce("_over", pl.lit(until)) - pl.col("created_at")) / day).cast(pl.Float64).alias("left"),
            pl.when(pl.col("_over").is_null()).then(-1).otherwise(cause).cast(pl.Int64).alias("cause"),
        )
        rows = rows.filter(pl.col("left") >= pl.col("age"))
    else:
        looks = [open_at(ground, at, until) for at in looks_before(ground, since, until, step)]
        rows = pl.concat(looks) if looks else open_at(ground, until, until)
    return rows.with_columns(left=pl.max_horizontal("left", pl.col("age") + LEAST))


def looks_before(
    ground: Ground, since: datetime | None, until: datetime, step: float, most: int = 24
) -> list[datetime]:
    """Moments `step` days apart before a moment, none before the first deals, at most so many."""
    first = since or ground.deals["created_at"].min()
    found: list[datetime] = []
    at = until - timedelta(days=step)
    while isinstance(first, datetime) and at > first and len(found) < most:
        found.append(at)
        at -= timedelta(days=step)
    return found
