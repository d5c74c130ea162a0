"""What one more unit of spend brings in each channel, beside what a unit brought on average."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.params import LEVEL
from acrm.analysis.clv.acquisition import key, step

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.spend import Spent

PERIODS, EVENTS, STEADY = 26, 20, 0.1
"""Periods with figures, outcomes in them, and variation of spend that a marginal return needs at least."""
NUMBERS = ("spend", "variation", "average", "marginal", "marginal_low", "marginal_high")


def marginal(match: Spent) -> pl.DataFrame:
    """What one more unit of spend brought in each channel, beside the average, or why that cannot be told.

    Whole weeks are compared, from the first day of spend on; months, where spend is told more rarely than weekly.
    Trend, and from two years on a yearly wave, are held.

    Returns:
        A row per channel and outcome (the units, of leads also `won` and `revenue`), most spend first: `channel`,
        `_key`, `outcome`, `periods`, `spend` (mean of a period), `variation`, `average` and `marginal` with
        `marginal_low`, `marginal_high` (outcomes per unit of money), `verdict`: `less` (than the average, surely),
        `more`, `same`, `nothing` (not surely above 0), or why not: `few`, `steady`, `rare`.
    """
    import polars as pl

    texts = dict.fromkeys(("channel", "_key", "outcome"), pl.String)
    schema = {**texts, "periods": pl.Int64, **dict.fromkeys(NUMBERS, pl.Float64), "verdict": pl.String}
    table = pl.DataFrame(list(_rows(match)), schema=schema)
    return table.sort(-pl.col("spend").fill_null(0.0), "_key", "outcome")


def _rows(match: Spent) -> Iterator[dict[str, Any]]:
    import numpy as np
    import polars as pl

    monthly = step(match.rows["date"].unique().sort().to_list()) > 7
    count, period = _months(match) if monthly else _weeks(match)
    clock = np.arange(count) / max(count, 1)
    year = 12.0 if monthly else 365.25 / 7
    wave = 2 * np.pi * np.arange(count) / year
    controls = np.column_stack([clock, *([np.sin(wave), np.cos(wave)] if count >= 2 * year - 1 else [])])
    paid = match.rows.select("_key", period("date"), value="spend")
    one, won = pl.lit(1), pl.col("converted").cast(pl.Int64)
    outcomes = {match.found.of: (one, one)}
    if match.found.of == "leads":
        outcomes |= {"won": (won, won), "revenue": (pl.col("amount"), won)}
    names = match.rows.group_by("_key").agg(pl.col("channel").min()).sort("_key").rows()
    came = match.found.units.with_columns(key(match.column).alias("_key"), period("day"))

    def series(rows: pl.DataFrame, channel: str, value: pl.Expr) -> Any:
        own = rows.filter(pl.col("_key") == channel).select("period", value.alias("value"))
        sums = own.group_by("period").agg(pl.col("value").sum().cast(pl.Float64))
        whole = pl.DataFrame({"period": range(count)}, schema={"period": pl.Int64}).join(sums, on="period", how="left")
        return whole.sort("period")["value"].fill_null(0.0).to_numpy()

    for channel, name in names:
        spend = np.maximum(series(paid, channel, pl.col("value")), 0.0)
        for outcome, (value, counts) in outcomes.items():
            row = {"channel": name, "_key": channel, "outcome": outcome, "periods": count}
            enough = int(series(came, channel, counts).sum()) >= EVENTS
            yield row | _told(spend, series(came, channel, value), controls, enough=enough)


def _told(spend: Any, outcome: Any, controls: Any, *, enough: bool) -> dict[str, Any]:
    """The figures of one channel and outcome."""
    from acrm.models.response import response, variation

    if len(spend) < PERIODS or not spend.any():
        return {"verdict": "few"}
    known = {"spend": float(spend.mean()), "variation": variation(spend, controls)}
    if known["variation"] < STEADY:
        return known | {"verdict": "steady"}
    if not enough:
        return known | {"verdict": "rare"}
    told = response(spend, outcome, controls, LEVEL)
    known |= {"average": told.average, "marginal": told.marginal}
    known |= {"marginal_low": told.low, "marginal_high": told.high}
    if told.low <= 0:
        return known | {"verdict": "nothing"}
    within = told.low <= told.average <= told.high
    return known | {"verdict": "same" if within else "less" if told.high < told.average else "more"}


def _weeks(match: Spent) -> tuple[int, Callable[[str], pl.Expr]]:
    """Whole weeks from the first day of spend on: how many, and of a column of days which one."""
    import polars as pl

    first = match.rows["date"].sort()[0]
    count = ((match.until - first).days + 1) // 7
    return count, lambda day: ((pl.col(day) - first).dt.total_days() // 7).alias("period")


def _months(match: Spent) -> tuple[int, Callable[[str], pl.Expr]]:
    """Whole calendar months: how many, and of a column of days which one."""
    import polars as pl

    begun = 0 if match.since.day == 1 else 1
    first, last = (day.year * 12 + day.month for day in (match.since, match.until + timedelta(days=1)))

    def period(day: str) -> pl.Expr:
        year, month = (part.cast(pl.Int64) for part in (pl.col(day).dt.year(), pl.col(day).dt.month()))
        return (year * 12 + month - first - begun).alias("period")

    return max(0, last - first - begun), period
