"""The next values of a series: damped exponential smoothing and the seasonal naive, and which of them to believe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from acrm.models.histories import FloatArray
from acrm.models.seasonality import Seasonal, on_logs, seasonality

Method = Literal["damped", "drift", "naive"]
METHODS: tuple[Method, ...] = ("naive", "drift", "damped")
FEWEST = 8
"""Periods below which nothing is forecast."""
_ALPHA = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.99])
_BETA = np.array([0.0, 0.05, 0.15, 0.35, 0.7])
"""Of the slope, as a share of alpha; 0: the level stays."""
_PHI = np.array([0.8, 0.9, 0.98])
_NO_SEASON = 1
_BETTER = 0.95
"""What the error of another method must be below, as a share of the seasonal naive's."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """Values for the next periods, each with a standard deviation on the scale on which it is normal."""

    centre: FloatArray
    spread: FloatArray
    degrees: int
    """Degrees of freedom of the spread."""
    log: bool
    """Whether the scale is that of the logarithm."""

    def values(self) -> FloatArray:
        """The forecast: the median."""
        return np.exp(self.centre) if self.log else self.centre

    def limits(self, interval: float, widen: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """Limits that enclose each value with a probability; Student's t, as the spread itself is estimated."""
        reach = float(stdtrit(max(self.degrees, 1), (1 + interval) / 2)) * self.spread * widen
        low, high = self.centre - reach, self.centre + reach
        return (np.exp(low), np.exp(high)) if self.log else (low, high)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The next values, and how each method did on periods that it had not seen."""

    method: Method
    """What is to be believed: the seasonal naive, unless another did better."""
    values: FloatArray
    low: FloatArray
    high: FloatArray
    naive: FloatArray
    errors: dict[Method, FloatArray]
    """Absolute errors on held-out periods, shape (origins, horizon); nan beyond the end of the series."""
    relative: dict[Method, float]
    """Mean absolute error in shares of the value (MAPE) over all held-out periods; nan where a value is 0."""
    scaled: dict[Method, float]
    """Mean absolute error over that of the seasonal naive one step ahead in the series itself (MASE)."""
    coverage: float
    """Share of the held-out values inside the chosen method's limits as first found."""
    held_out: int
    """How many values these are."""
    widened: float
    """What the limits were widened by to enclose as many of them as they should; 1: not at all."""
    seasonal: Seasonal

    @property
    def beaten(self) -> bool:
        """Whether something did better than the seasonal naive."""
        return self.method != "naive"


def forecast(values: FloatArray, cycle: int, horizon: int, *, interval: float = 0.9, smooth: int = 3) -> Forecast:
    """Forecast a series by the method that forecast its own last periods best.

    From each of the last origins (at most twice the horizon, two thirds of the series staying known) every method
    forecasts `horizon` periods from what was known then, its season and parameters included. The lowest mean absolute
    error wins; the seasonal naive is what the others have to beat, by a twentieth at least. Where the held-out values
    lie outside the winner's limits more often than they should, the limits are widened until they would not. Nothing is
    expected below 0 where nothing ever was.

    Args:
        values: `FEWEST` at least, equally spaced, all complete.
        cycle: Periods of a season; it counts where two whole cycles are there, and else there is none.
        horizon: How many to forecast.
        interval: Probability that the limits of each value shall enclose.
        smooth: See `seasonality`.

    Raises:
        ValueError: The series is too short.
    """
    if len(values) < FEWEST:
        raise ValueError(len(values))
    cycle = cycle if len(values) >= 2 * cycle else _NO_SEASON
    origins = _origins(len(values), cycle, horizon)
    ways: dict[Method, Callable[[FloatArray], Path]] = {
        "naive": lambda past: _naive(past, cycle, horizon),
        "drift": lambda past: _naive(past, cycle, horizon, drift=True),
        "damped": lambda past: _damped(seasonality(past, cycle, smooth), horizon),
    }
    truth = np.full((len(origins), horizon), np.nan)
    for row, origin in enumerate(origins):
        ahead = values[origin : origin + horizon]
        truth[row, : len(ahead)] = ahead
    tried = {name: [way(values[:origin]) for origin in origins] for name, way in ways.items()}
    errors = {name: np.abs(np.array([path.values() for path in paths]) - truth) for name, paths in tried.items()}
    mean = {name: float(np.nanmean(error)) for name, error in errors.items()}
    best = min(METHODS, key=lambda name: mean[name])
    method = best if mean[best] < _BETTER * mean["naive"] else "naive"
    inside, held = _inside(tried[method], truth, interval, 1.0)
    widened = _widening(tried[method], truth, interval)
    path = ways[method](values)
    low, high = path.limits(interval, widened)
    floor = 0.0 if values.min() >= 0 else -np.inf
    steps = np.abs(values[cycle:] - values[:-cycle])
    usual = float(steps.mean()) or float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = {name: error / np.abs(truth) for name, error in errors.items()}
    # Where all that came is 0, and was foretold to be, there is no share.
    known = {name: share[~np.isnan(share)] for name, share in shares.items()}
    relative = {name: float(share.mean()) if share.size else float("nan") for name, share in known.items()}
    return Forecast(
        method=method,
        values=np.maximum(path.values(), floor),
        low=np.maximum(low, floor),
        high=np.maximum(high, floor),
        naive=ways["naive"](values).values(),
        errors=errors,
        relative={name: share if np.isfinite(share) else float("nan") for name, share in relative.items()},
        scaled={name: error / usual for name, error in mean.items()},
        coverage=inside / held,
        held_out=held,
        widened=widened,
        seasonal=seasonality(values, cycle, smooth),
    )


def _origins(length: int, cycle: int, horizon: int) -> list[int]:
    """How much of the series is known at each origin; the last leaves one value to forecast.

    Two whole cycles stay known where that leaves a horizon to forecast: with fewer the season cannot be told.
    """
    seasonal = 2 * cycle if cycle > 1 and length - 2 * cycle >= horizon else 0
    least = max(seasonal, 5, (2 * length) // 3)
    return list(range(max(least, length - 2 * horizon), length))


def _inside(paths: list[Path], truth: FloatArray, interval: float, widen: float) -> tuple[int, int]:
    low, high = (np.array(ends) for ends in zip(*(path.limits(interval, widen) for path in paths), strict=True))
    known = ~np.isnan(truth)
    return int(np.count_nonzero(known & (truth >= low) & (truth <= high))), int(np.count_nonzero(known))


def _widening(paths: list[Path], truth: FloatArray, interval: float) -> float:
    """The factor by which limits must be wider for `interval` of the held-out values to lie inside; 1 or more.

    The held-out values are few and hang together, so the share must be missed by more than one value in ten before it
    counts, and no more than twice the width is believed.
    """
    for widen in np.linspace(1.0, 2.0, 11):
        inside, held = _inside(paths, truth, interval, float(widen))
        if inside >= (interval - 0.1) * held:
            return float(widen)
    return 2.0


def _scale(values: FloatArray) -> tuple[FloatArray, bool]:
    log = on_logs(values)
    return (np.log(values) if log else values.astype(float)), log


def _naive(values: FloatArray, cycle: int, horizon: int, *, drift: bool = False) -> Path:
    """The values of the last season again, with the mean change per season on top where there is `drift`."""
    series, log = _scale(values)
    steps = series[cycle:] - series[:-cycle]
    mean = float(steps.mean()) if drift else 0.0
    spare = len(steps) - 1 if drift else len(steps)
    sigma = float(np.sqrt(np.sum((steps - mean) ** 2) / max(spare, 1)))
    ahead = np.arange(horizon)
    seasons = ahead // cycle + 1
    centre = series[len(series) - cycle + ahead % cycle] + mean * seasons
    # The mean change is uncertain, too.
    grown = seasons + (seasons**2 / len(steps) if drift else 0)
    return Path(centre=centre, spread=sigma * np.sqrt(grown), degrees=max(spare, 1), log=log)


def _damped(parts: Seasonal, horizon: int) -> Path:
    """Holt's smoothing with a damped slope (Gardner & McKenzie, 1985) of the adjusted series, the season put back.

    The three parameters are the best of a grid by the squared errors one step ahead; spreads are those of the model
    with additive errors, ETS(A,Ad,N): sigma^2 (1 + sum of c_j^2), c_j = alpha (1 + beta (phi + ... + phi^j)).
    """
    series = np.log(parts.adjusted) if parts.multiplicative else parts.adjusted
    alpha, beta, phi = (axis.ravel() for axis in np.meshgrid(_ALPHA, _BETA, _PHI, indexing="ij"))
    begin = max(2, min(len(series) // 2, 6))
    level = np.full(alpha.shape, float(series[:begin].mean()))
    slope = np.where(beta > 0, float((series[begin - 1] - series[0]) / (begin - 1)), 0.0)
    level = level - slope * (begin + 1) / 2
    squares = np.zeros(alpha.shape)
    for value in series:
        ahead = level + phi * slope
        error = value - ahead
        squares += error**2
        level = ahead + alpha * error
        slope = phi * slope + alpha * beta * error
    best = int(np.argmin(squares))
    a, b, f = float(alpha[best]), float(beta[best]), float(phi[best])
    # What was fitted: the start, alpha, and the slope with its damping where there is one.
    fitted = 2 + (2 if b else 0)
    degrees = max(len(series) - fitted, 1)
    sigma = float(np.sqrt(squares[best] / degrees))
    powers = np.cumsum(f ** np.arange(1, horizon + 1))
    centre = float(level[best]) + float(slope[best]) * powers
    weights = a * (1 + b * np.concatenate(([0.0], powers[:-1])))
    spread = sigma * np.sqrt(1 + np.concatenate(([0.0], np.cumsum(weights[1:] ** 2))))
    season = np.log(parts.cycle) if parts.multiplicative else parts.cycle
    at = season[np.arange(len(series), len(series) + horizon) % len(season)]
    if len(season) > 1:
        # A season found from few cycles is uncertain, and its places have taken their part of the errors with them.
        spread = spread * np.sqrt((1 + len(season) / len(series)) * len(series) / (len(series) - len(season) + 1))
    return Path(centre=centre + at, spread=spread, degrees=degrees, log=parts.multiplicative)
