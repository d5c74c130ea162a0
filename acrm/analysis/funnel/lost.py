"""Why deals are lost, as far as anybody wrote it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.funnel.ground import Ground
from acrm.analysis.holdout import wilson

if TYPE_CHECKING:
    import polars as pl


def lost_table(ground: Ground) -> pl.DataFrame:
    """Reasons, most frequent first; null is a lost deal without one.

    | column | type | unit, range |
    |---|---|---|
    | `lost_reason` | String | |
    | `deals`, `share`, `share_low`, `share_high` | Int64, Float64 | of the lost deals (Wilson, 95%) |
    | `amount` | Decimal | of those that have one |
    | `median_days` | Float64 | from creation to the end |
    """
    import polars as pl

    lost = ground.deals.filter(status="lost")
    reason = pl.col("lost_reason").str.strip_chars()
    reason = pl.when(reason != "").then(reason)
    known = pl.when(pl.col("days") >= 0).then("days")
    rows = lost.group_by(reason.alias("lost_reason")).agg(
        pl.len().cast(pl.Int64).alias("deals"),
        pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()).alias("amount"),
        known.median().alias("median_days"),
    )
    rows = rows.sort(-pl.col("deals"), "lost_reason", nulls_last=True)
    limits = [wilson(count, lost.height) for count in rows["deals"]]
    return rows.select(
        "lost_reason",
        "deals",
        (pl.col("deals") / max(lost.height, 1)).alias("share"),
        pl.Series("share_low", [low for low, _ in limits], dtype=pl.Float64),
        pl.Series("share_high", [high for _, high in limits], dtype=pl.Float64),
        pl.col("amount").cast(pl.Decimal(38, 4)),
        "median_days",
    )
