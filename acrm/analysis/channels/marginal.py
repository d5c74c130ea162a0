"""What one more unit of spend brings in each channel, beside what a unit brought on average."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.params import LEVEL
from acrm.analysis.clv.acquisition import key, step

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.spend import Spent

WEEK, MONTH = "1w", "1mo"
PERIODS, EVENTS, STEADY = 26, 20, 0.1
"""Periods with figures, outcomes in them, and variation of spend that a marginal return needs at least."""
TWO_YEARS = {WEEK: 104, MONTH: 24}
YEAR = {WEEK: 365.25 / 7, MONTH: 12.0}
NUMBERS = ("spend", "variation", "average", "marginal", "marginal_low", "marginal_high")


def marginal_table(match: Spent) -> pl.DataFrame:
    """`marginal` as a table, most spend first, then by channel and outcome."""
    import polars as pl

    texts = dict.fromkeys(("channel", "_key", "outcome"), pl.String)
    schema = {**texts, "periods": pl.Int64, **dict.fromkeys(NUMBERS, pl.Float64), "verdict": pl.String}
    table = pl.DataFrame(list(marginal(match)), schema=schema)
    return table.sort(-pl.col("spend").fill_null(0.0), "_key", "outcome")


def marginal(match: Spent) -> Iterator[dict[str, Any]]:
    """What one more unit of spend brought in each channel, beside the average, or why that cannot be told.

    Whole weeks (months, where spend is told more rarely than weekly) are compared; trend, and from two years on a
    yearly wave, are held. A row per channel and outcome: `channel`, `outcome`, `periods`, `spend` (mean of a period),
    `variation`, `average` and `marginal` with `marginal_low`, `marginal_high` (outcomes per unit of money), `verdict`:
    `less` (than the average, surely), `more`, `same`, `nothing` (not surely above 0), `few`, `steady`, `rare`.
    """
    import numpy as np
    import polars as pl

    from acrm.models.response import response, variation

    every = WEEK if step(match.rows["date"].unique().sort().to_list()) <= 7 else MONTH
    first = pl.select(pl.lit(match.since).dt.truncate(every)).item()
    # A period that the days cut is not a whole one.
    first = first if first == match.since else pl.select(pl.lit(first).dt.offset_by(every)).item()
    end = pl.select(pl.lit(match.until + timedelta(days=1)).dt.truncate(every)).item()
    periods = pl.date_range(first, end, every, closed="left", eager=True).alias("period") if first < end else None
    count = 0 if periods is None else len(periods)
    clock = np.arange(count) / max(count, 1)
    wave = 2 * np.pi * np.arange(count) / YEAR[every]
    season = [np.sin(wave), np.cos(wave)] if count >= TWO_YEARS[every] else []
    controls = np.column_stack([clock, *season])
    units = match.found.units.select(key(match.column).alias("_key"), pl.col("day").dt.truncate(every), "converted")
    names = match.rows.group_by("_key").agg(pl.col("channel").min()).sort("_key").rows()
    outcomes = {match.found.of: pl.lit(True)} | ({"won": pl.col("converted")} if match.found.of == "leads" else {})
    for channel, name in names:
        for outcome, counts in outcomes.items():
            row: dict[str, Any] = {"channel": name, "_key": channel, "outcome": outcome, "periods": count}
            if periods is None or count < PERIODS:
                yield row | {"verdict": "few"}
                continue
            paid = match.rows.filter(pl.col("_key") == channel)
            paid = paid.group_by(pl.col("date").dt.truncate(every).alias("period")).agg(pl.col("spend").sum())
            came = units.filter((pl.col("_key") == channel) & counts).group_by(pl.col("day").alias("period")).len()
            both = periods.to_frame().join(paid, on="period", how="left").join(came, on="period", how="left")
            both = both.sort("period").fill_null(0)
            spend = np.maximum(both["spend"].cast(pl.Float64).to_numpy(), 0.0)
            outcome_of = both["len"].cast(pl.Float64).to_numpy()
            row |= {"spend": float(spend.mean()), "variation": variation(spend, controls)}
            if row["variation"] < STEADY:
                yield row | {"verdict": "steady"}
                continue
            if outcome_of.sum() < EVENTS:
                yield row | {"verdict": "rare"}
                continue
            told = response(spend, outcome_of, controls, LEVEL)
            verdict = (
                "same" if told.low <= told.average <= told.high else "less" if told.high < told.average else "more"
            )
            figures = {"average": told.average, "marginal": told.marginal}
            limits = {"marginal_low": told.low, "marginal_high": told.high}
            yield row | figures | limits | {"verdict": "nothing" if told.low <= 0 else verdict}
