"""A series of equal periods without its season: classical decomposition with trimmed means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acrm.models.histories import FloatArray


@dataclass(frozen=True, kw_only=True)
class Seasonal:
    """A series taken apart; `value` = `adjusted` times (or plus) `season`."""

    adjusted: FloatArray
    """The series without its season."""
    level: FloatArray
    """What is left of it when the accidents of single periods are smoothed out, too."""
    season: FloatArray
    """The factor (1: as usual) or summand (0) of each period's place in the season."""
    cycle: FloatArray
    """Of the places 0, 1, ... of a season; the first element of the series is at place 0."""
    multiplicative: bool

    def seasonal(self, places: FloatArray, first: int) -> FloatArray:
        """Values without season at periods `first`, `first` + 1, ... with it."""
        at = self.cycle[np.arange(first, first + len(places)) % len(self.cycle)]
        return places * at if self.multiplicative else places + at


def on_logs(values: FloatArray) -> bool:
    """Whether a series is looked at on the scale of the logarithm: its values are above a tenth of their median.

    >>> on_logs(np.array([80.0, 100.0, 120.0])), on_logs(np.array([1.0, 100.0, 120.0]))
    (True, False)
    """
    return bool(values.min() > max(0.1 * float(np.median(values)), 0.0))


def seasonality(values: FloatArray, cycle: int, smooth: int = 3) -> Seasonal:
    """Take the season out of a series.

    A centred moving average over one cycle (of an even number of periods the outermost two count half) is the trend;
    what each value is of its trend, averaged over the years place by place, is the season, scaled so that it leaves the
    sum of a whole cycle as it is. Averages leave out the highest and the lowest of five or more and are medians of
    three or four, so that one extraordinary period moves no season. The season is a factor where `on_logs` says so,
    else a summand. With a cycle of 1, or fewer than two whole cycles, there is none. The level is a moving mean of
    `smooth` adjusted values, of fewer at the ends.

    >>> four = np.array([10.0, 20.0, 30.0, 40.0] * 3)
    >>> found = seasonality(four, 4)
    >>> found.adjusted.round(6).tolist() == [found.adjusted[0].round(6)] * 12
    True

    Args:
        values: At least one, equally spaced.
        cycle: Periods of a season: 12 of months, 7 of days.
        smooth: Odd number of periods in the level.
    """
    multiplicative = on_logs(values)
    series = np.log(values) if multiplicative else values.astype(float)
    season = np.zeros(cycle)
    if cycle > 1 and len(values) >= 2 * cycle:
        away = series - _centred(series, cycle)
        season = np.array([_usual(away[place::cycle]) for place in range(cycle)])
        season -= season.mean()
    at = season[np.arange(len(values)) % cycle]
    adjusted = series - at
    if multiplicative:
        mean = np.exp(season).mean()
        adjusted, at, season = np.exp(adjusted) * mean, np.exp(at) / mean, np.exp(season) / mean
    return Seasonal(
        adjusted=adjusted, level=_rolling(adjusted, smooth), season=at, cycle=season, multiplicative=multiplicative
    )


def _centred(series: FloatArray, cycle: int) -> FloatArray:
    """Moving average over a cycle, nan where it does not fit."""
    weights = np.ones(cycle) if cycle % 2 else np.concatenate(([0.5], np.ones(cycle - 1), [0.5]))
    half = len(weights) // 2
    found = np.full(len(series), np.nan)
    found[half : len(series) - half] = np.convolve(series, weights / cycle, "valid")
    return found


def _usual(values: FloatArray) -> float:
    known = np.sort(values[~np.isnan(values)])
    if len(known) >= 5:
        known = known[1:-1]
    elif len(known) >= 3:
        return float(np.median(known))
    return float(known.mean())


def _rolling(values: FloatArray, width: int) -> FloatArray:
    half = width // 2
    return np.array([values[max(k - half, 0) : k + half + 1].mean() for k in range(len(values))])
