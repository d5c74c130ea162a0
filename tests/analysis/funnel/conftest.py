"""Pipelines with known rates: every test says what it simulates, and what the funnel must find again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

UTC = pl.Datetime("us", "UTC")
SCHEMA: dict[str, Any] = {
    "deal_id": pl.String,
    "stage": pl.String,
    "status": pl.String,
    "created_at": UTC,
    "closed_at": UTC,
    "amount": pl.Decimal(38, 4),
    "owner": pl.String,
}
END = datetime(2025, 1, 1)


def deals(*rows: tuple[Any, ...], **columns: list[Any]) -> pl.LazyFrame:
    """Rows of `deal_id, stage, status, created, closed, amount, owner`, the last ones optional; days as ISO texts."""
    filled = [(*row, *([None] * (len(SCHEMA) - len(row)))) for row in rows]
    texts = {name: pl.String if name in ("created_at", "closed_at") else kind for name, kind in SCHEMA.items()}
    frame = pl.DataFrame(filled, schema=texts, orient="row", strict=False)
    times = [pl.col(name).str.to_datetime(time_zone="UTC", time_unit="us") for name in ("created_at", "closed_at")]
    return frame.with_columns(times).with_columns(**{k: pl.Series(v) for k, v in columns.items()}).lazy()


def pipeline(
    n: int = 1500,
    seed: int = 0,
    *,
    win: float = 0.6,
    days: float = 40.0,
    slow_losers: float = 1.0,
    owners: dict[str, float] | None = None,
    start: datetime = datetime(2024, 1, 1),
) -> pl.LazyFrame:
    """Deals begun evenly over a year, each won with a known chance; what ends after `END` is still open.

    Args:
        n: Deals.
        seed: Of the draw.
        win: Chance to be won, of deals without owners of their own chance.
        days: Mean time to the end, exponential.
        slow_losers: How many times longer it takes to lose.
        owners: Chance to be won by owner.
        start: When the first deal begins.
    """
    rng = np.random.default_rng(seed)
    span = (END - start).total_seconds() / 86_400
    begun = rng.uniform(0, span, n)
    names = list(owners or {"Ann": win})
    owner = [names[k] for k in rng.integers(0, len(names), n)]
    chance = np.array([(owners or {"Ann": win})[name] for name in owner])
    won = rng.random(n) < chance
    took = rng.exponential(days, n) * np.where(won, 1.0, slow_losers)
    ended = begun + took < span
    rows = []
    for k in range(n):
        status = ("won" if won[k] else "lost") if ended[k] else "open"
        closed = (start + timedelta(days=begun[k] + took[k])) if ended[k] else None
        created = start + timedelta(days=begun[k])
        stage = {"won": "Won", "lost": "Lost", "open": "Talk"}[status]
        amount = round(float(rng.gamma(4, 250)), 2)
        rows.append((f"d{k:05}", stage, status, created, closed, amount, owner[k]))
    columns = list(zip(*rows, strict=True))
    frame = pl.DataFrame(
        {
            name: pl.Series(column, dtype=pl.Datetime("us") if "_at" in name else None)
            for name, column in zip(SCHEMA, columns, strict=True)
        }
    )
    return frame.with_columns(
        pl.col("created_at", "closed_at").dt.replace_time_zone("UTC"), pl.col("amount").cast(pl.Decimal(38, 4))
    ).lazy()
