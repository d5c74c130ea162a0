"""Where a figure is going: its course without the season, and the next periods with what chance may do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.periods import SEASONS, Period, moved
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.forecast import Forecast

AHEAD: dict[Period, int] = {"day": 14, "week": 8, "month": 3}
"""Periods that are forecast."""
_SMOOTH: dict[Period, int] = {"day": 7, "week": 5, "month": 3}
_GROUPS = 12
"""Groups of a cut that get a trend: the largest."""
_FEW = 6
"""Held-out values below which their share inside the limits says little."""
_LONGEST = 200
"""Periods that are looked at: the last."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """The course of one measure.

    Attributes:
        trend: By the cut and period: `period`, `value`, `season` (factor, or summand where values are not all above 0),
            `adjusted` (without the season), `level` (smoothed).
        forecast: `period`, `value`, `low`, `high`, `naive` (the same season a year or week ago), `so_far` (what the
            period has already, where it has begun).
        methods: One row per method: `method`, `error` (mean absolute, on held-out periods), `mape`, `mase`, `chosen`,
            and of the chosen one `coverage` of `held_out` values by limits for `interval`.
        figures: `forecast`, its limits and period, its error and that of the seasonal naive; without a cut.
        notes: Refusals included.
    """

    trend: pl.DataFrame
    forecast: pl.DataFrame
    methods: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def trend(
    periods: pl.DataFrame,
    period: Period,
    measure: str = "revenue",
    *,
    by: Sequence[str] = (),
    ahead: int | None = None,
    interval: float = 0.9,
) -> Trend:
    """Take the season out of a measure and forecast it, beside the seasonal naive.

    Incomplete periods are neither part of the course nor of the forecast's ground; an unfinished last one is forecast.
    Weekdays on which nearly nothing is ever sold are left out. Without two years of months (weeks, two weeks of days)
    no season is told apart.

    Args:
        periods: Table of `acrm.analysis.report.kpis`.
        period: What its periods are.
        measure: A column of it.
        by: The columns that cut it; the largest groups get a trend each, periods without a row count as 0.
        ahead: Periods to forecast; None: `AHEAD`.
        interval: Probability that the limits shall enclose each value.
    """
    import polars as pl

    from acrm.models.forecast import FEWEST, forecast

    ahead = ahead or AHEAD[period]
    whole = periods.filter("complete")["period"].unique().sort()
    empty = Trend(
        trend=periods.clear().select("period"), forecast=pl.DataFrame(), methods=pl.DataFrame(), figures={}, notes=()
    )
    # A hole of incomplete periods can be at the ends alone.
    weekdays = _open_weekdays(periods, measure) if period == "day" else frozenset(range(7))
    starts: list[date] = [start for start in whole.to_list() if period != "day" or start.weekday() in weekdays][
        -_LONGEST:
    ]
    cycle = len(weekdays) if period == "day" else SEASONS[period]
    if len(starts) < FEWEST:
        values = {"periods": len(starts), "needed": FEWEST}
        return Trend(**{**vars(empty), "notes": (Message(f"report.trend_short_{period}", values),)})
    groups = _groups(periods.filter("complete"), measure, by)
    found, notes = [], []
    for group in groups:
        series = _series(periods, measure, group, starts)
        made = forecast(series["value"].to_numpy(), cycle, ahead, interval=interval, smooth=_SMOOTH[period])
        found.append((group, series, made))
        if not by:
            notes += _notes(made, period, cycle, len(starts), interval)
    tables = [
        pl.concat([pl.DataFrame([group]).join(part, how="cross") if by else part for group, part in parts])
        for parts in (
            [(group, _course(series, made)) for group, series, made in found],
            [
                (group, _next(periods, measure, group, _after(starts[-1], period, ahead, weekdays), made))
                for group, _, made in found
            ],
            [(group, _errors(made, interval)) for group, _, made in found],
        )
    ]
    figures = {} if by else _figures(tables[1], found[0][2], measure)
    return Trend(trend=tables[0], forecast=tables[1], methods=tables[2], figures=figures, notes=tuple(notes))


def _open_weekdays(periods: pl.DataFrame, measure: str) -> frozenset[int]:
    """Weekdays (0 Monday) on a tenth of which, at least, there is anything: a week has as many days as are open."""
    import polars as pl

    days = periods.filter("complete").group_by("period").agg((pl.col(measure).cast(pl.Float64).fill_null(0) != 0).any())
    busy = days.group_by(pl.col("period").dt.weekday() - 1).agg(pl.col(measure).mean()).filter(pl.col(measure) >= 0.1)
    return frozenset(busy["period"].to_list())


def _after(last: date, period: Period, count: int, weekdays: frozenset[int]) -> list[date]:
    """The next periods, closed days passed over."""
    found: list[date] = []
    while len(found) < count:
        last = moved(last, period, 1)
        if period != "day" or last.weekday() in weekdays:
            found.append(last)
    return found


def _groups(periods: pl.DataFrame, measure: str, by: Sequence[str]) -> list[dict[str, Any]]:
    import polars as pl

    if not by:
        return [{}]
    sums = periods.group_by(by).agg(pl.col(measure).cast(pl.Float64).abs().sum().round(6).alias("_size"))
    top = sums.sort("_size", *by, descending=[True, *[False] * len(by)], nulls_last=True).head(_GROUPS)
    return top.sort(by, nulls_last=True).select(by).to_dicts()


def _series(periods: pl.DataFrame, measure: str, group: dict[str, Any], starts: list[date]) -> pl.DataFrame:
    """The group's values at all starts, 0 where it has none."""
    import polars as pl

    mine = periods.filter(pl.col(name).eq_missing(value) for name, value in group.items()) if group else periods
    values = mine.select("period", pl.col(measure).cast(pl.Float64).alias("value"))
    grid = pl.DataFrame({"period": starts}, schema={"period": pl.Date})
    return grid.join(values, on="period", how="left", maintain_order="left").with_columns(
        pl.col("value").fill_null(0.0)
    )


def _course(series: pl.DataFrame, made: Forecast) -> pl.DataFrame:
    import polars as pl

    parts = made.seasonal
    columns = {"season": parts.season, "adjusted": parts.adjusted, "level": parts.level}
    return series.with_columns(pl.Series(name, values) for name, values in columns.items())


def _next(
    periods: pl.DataFrame, measure: str, group: dict[str, Any], starts: list[date], made: Forecast
) -> pl.DataFrame:
    import polars as pl

    table = pl.DataFrame(
        {"period": starts, "value": made.values, "low": made.low, "high": made.high, "naive": made.naive},
        schema_overrides={"period": pl.Date},
    )
    begun = periods.filter(~pl.col("complete"), pl.col("period") >= starts[0])
    if group:
        begun = begun.filter(pl.col(name).eq_missing(value) for name, value in group.items())
    so_far = begun.select("period", pl.col(measure).cast(pl.Float64).alias("so_far"))
    return table.join(so_far, on="period", how="left", maintain_order="left")


def _errors(made: Forecast, interval: float) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    rows = []
    for name, errors in made.errors.items():
        chosen = name == made.method
        rows.append(
            {
                "method": name,
                "error": float(np.nanmean(errors)),
                "mape": made.relative[name],
                "mase": made.scaled[name],
                "chosen": chosen,
                "held_out": made.held_out,
                "interval": interval if chosen else None,
                "coverage": made.coverage if chosen else None,
            }
        )
    schema = {"method": pl.String, **dict.fromkeys(("error", "mape", "mase"), pl.Float64), "chosen": pl.Boolean}
    schema |= {"held_out": pl.Int64, "interval": pl.Float64, "coverage": pl.Float64}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("mape", "mase").fill_nan(None))


def _figures(ahead: pl.DataFrame, made: Forecast, measure: str) -> dict[str, Scalar]:
    first = ahead.row(0, named=True)
    found: dict[str, Scalar] = {f"forecast_{name}": first[name] for name in ("period", "value", "low", "high", "naive")}
    found |= {"forecast_measure": measure, "forecast_method": made.method, "forecast_coverage": made.coverage}
    for name, method in (("forecast_mase", made.method), ("forecast_naive_mase", "naive")):
        scaled = made.scaled[method]
        found[name] = scaled if scaled == scaled else None  # noqa: PLR0124  # not a number
    return found


def _notes(made: Forecast, period: Period, cycle: int, have: int, interval: float) -> list[Message]:
    notes = []
    if have < 2 * cycle:
        notes.append(Message(f"report.no_season_{period}", {"periods": have, "needed": 2 * cycle}))
    if not made.beaten:
        notes.append(Message("report.naive_best", {"held_out": made.held_out}))
    else:
        gain = 1 - made.scaled[made.method] / made.scaled["naive"]
        values = {"method": Message(f"report.method.{made.method}"), "gain": gain, "held_out": made.held_out}
        notes.append(Message("report.naive_beaten", values))
    if made.held_out < _FEW:
        notes.append(Message("report.few_held_out", {"held_out": made.held_out}))
    elif made.widened > 1:
        values = {"coverage": made.coverage, "interval": interval, "widened": made.widened}
        notes.append(Message("report.widened", values))
    return notes
