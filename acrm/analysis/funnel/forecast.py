"""What the open deals will bring by month, with an interval; tried at earlier months beside the mean of months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from acrm.analysis.funnel.chances import Chances
from acrm.analysis.funnel.foretelling import enough_by, learn
from acrm.analysis.funnel.ground import Ground

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MONTHS = 6
ORIGINS, AHEAD, LAST = 6, 3, 3
"""Months at which the forecast is tried, how far ahead, and of how many months the naive rule is the mean."""
_OWN = 0.5
"""Share of open deals with an amount from which on amounts are taken to be known while a deal is open."""
_FEW = 10
_RATES, _RUNS = 50, 20


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """`table` by month; what each open deal is worth if won; errors of the trial as shares of what came."""

    table: pl.DataFrame
    worth: Floats
    own: NDArray[np.bool_]
    """Whether that is the deal's own amount."""
    error: float | None
    naive_error: float | None
    tried: int
    """Forecasts of a month that were tried."""


def forecast(ground: Ground, found: Chances, seed: int) -> Forecast:
    """Expected amounts won from the deals that are open now, month by month.

    A deal without an amount is worth what won deals of its product brought on average (of all, where there are few).
    Limits are from repeated draws of the rates, of the ends, and of amounts that are not known. New deals are none
    of it. The naive rule: what the open deals of the last months brought in the same month after.

    | column | type | unit, range |
    |---|---|---|
    | `month` | Date | first day; the current month is what is left of it |
    | `won`, `won_low`, `won_high` | Float64 | deals (95%) |
    | `amount`, `amount_low`, `amount_high` | Float64 | in the deals' currency (95%) |
    | `naive_amount` | Float64 | by the naive rule; null for what is left of a month |
    """
    import polars as pl

    names = [f"{name}{end}" for name in ("won", "amount") for end in ("", "_low", "_high")]
    schema = {"month": pl.Date(), **dict.fromkeys([*names, "naive_amount"], pl.Float64())}
    worth, own, pools = _worth(ground, found.rows, ground.until)
    nothing = Forecast(table=pl.DataFrame(schema=schema), worth=worth, own=own, error=None, naive_error=None, tried=0)
    if found.model is None or found.rows.is_empty():
        return nothing
    months = [_month(ground.until.date(), ahead) for ahead in range(MONTHS + 1)]
    ahead = _days(ground.until, months[1:])
    chances = _by_month(found, found.model.won(found.rows, ahead))
    rng = np.random.default_rng(seed)
    counts, sums = _drawn(found, ahead, worth, own, pools, rng)
    naive = [_naive(ground, ground.until, step) for step in range(1, MONTHS + 1)]
    if ground.until.day > 1:
        naive[0] = None
    rows = []
    for place in range(MONTHS):
        cells: list[object] = [months[place]]
        limits = (np.quantile(side[:, place], [0.025, 0.975]) for side in (counts, sums))
        expected = (float(chances[:, place].sum()), float(chances[:, place] @ worth))
        for value, (low, high) in zip(expected, limits, strict=True):
            cells += [value, min(float(low), value), max(float(high), value)]
        rows.append([*cells, naive[place]])
    error, naive_error, tried = _trial(ground, found)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    if "amount" not in ground.told:
        money = ("amount", "amount_low", "amount_high", "naive_amount")
        table = table.with_columns(pl.lit(None, pl.Float64).alias(name) for name in money)
    return Forecast(table=table, worth=worth, own=own, error=error, naive_error=naive_error, tried=tried)


def _month(day: date, ahead: int) -> date:
    number = day.year * 12 + day.month - 1 + ahead
    return date(number // 12, number % 12 + 1, 1)


def _days(now: datetime, months: list[date]) -> Floats:
    return np.array([(datetime.combine(month, time()) - now).days for month in months], dtype=float)


def _by_month(found: Chances, won: Floats) -> Floats:
    """Chances of each month; where the base rate is used, the model's months stretched to it."""
    each = np.diff(won, axis=1, prepend=0.0)
    if found.kind == "base" and found.model is not None:
        told = found.model.won(found.rows, np.array([found.told.days]))[:, 0]
        each = each * np.minimum(found.p / np.maximum(told, 1e-9), 1 / np.maximum(won[:, -1], 1e-9))[:, None]
    return each


def _worth(
    ground: Ground, rows: pl.DataFrame, at: datetime
) -> tuple[Floats, NDArray[np.bool_], list[NDArray[np.float64]]]:
    """What each open deal brings if won, whether that is its own amount, and the amounts that it may be else."""
    import polars as pl

    won = ground.deals.filter((pl.col("status") == "won") & (pl.col("closed_at") < at) & (pl.col("amount") > 0))
    won = won.select("product_id", pl.col("amount").cast(pl.Float64))
    every = won["amount"].sort().to_numpy()
    pools = _pools(won)
    told = ground.deals.filter(status="open")["amount"]
    known = told.len() > 0 and told.is_not_null().sum() / told.len() >= _OWN
    amounts = rows["amount"].cast(pl.Float64).fill_null(0.0).to_numpy()
    own = (amounts > 0) & known
    mine = [pools.get(product, every) for product in rows["product_id"]]
    usual = np.array([float(pool.mean()) if pool.size else 0.0 for pool in mine])
    return np.where(own, amounts, usual), own, mine


def _pools(won: pl.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Amounts of won deals by product, of products with enough of them."""
    found = {}
    for (product,), rows in won.drop_nulls("product_id").group_by(["product_id"]):
        if rows.height >= _FEW:
            found[str(product)] = rows["amount"].sort().to_numpy()
    return found


def _drawn(
    found: Chances, ahead: Floats, worth: Floats, own: NDArray[np.bool_], pools: list[Floats], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Deals won and sums by month, in each of many runs."""
    if found.model is None:
        return np.zeros((1, ahead.size)), np.zeros((1, ahead.size))
    counts, sums = [], []
    for won_by in found.model.drawn(found.rows, ahead, rng, _RATES):
        each = _by_month(found, won_by)
        until = np.cumsum(each, axis=1)
        for _ in range(_RUNS):
            month = (rng.random(len(until))[:, None] > until).sum(axis=1)
            won = np.flatnonzero(month < ahead.size)
            amount = worth[won].copy()
            for place in np.flatnonzero(~own[won]):
                pool = pools[won[place]]
                amount[place] = pool[rng.integers(pool.size)] if pool.size else 0.0
            counts.append(np.bincount(month[won], minlength=ahead.size))
            sums.append(np.bincount(month[won], amount, minlength=ahead.size))
    return np.array(counts, dtype=float), np.array(sums)


def _actual(ground: Ground, origin: date, ahead: int) -> float:
    """What deals open at the start of a month brought in the month `ahead` (1: that very month)."""
    import polars as pl

    at = datetime.combine(origin, time())
    begin, end = (datetime.combine(_month(origin, step), time()) for step in (ahead - 1, ahead))
    some = ground.deals.filter(
        (pl.col("status") == "won")
        & (pl.col("created_at") < at)
        & (pl.col("closed_at") >= begin)
        & (pl.col("closed_at") < end)
    )
    return float(some["amount"].sum() or 0)


def _naive(ground: Ground, now: datetime, ahead: int) -> float | None:
    """The mean of what the open deals of the last months brought in the month `ahead`."""
    first = ground.deals["closed_at"].min()
    origins = [_month(now.date(), -ahead - back) for back in range(LAST)]
    if not isinstance(first, datetime) or datetime.combine(origins[-1], time()) < first:
        return None
    return sum(_actual(ground, origin, ahead) for origin in origins) / LAST


def _trial(ground: Ground, found: Chances) -> tuple[float | None, float | None, int]:
    """Errors of the forecast and of the naive rule at earlier months: sums of distances, as shares of what came."""
    if found.kind == "base" or "amount" not in ground.told:
        return None, None, 0
    missed = naive_missed = came = 0.0
    tried = 0
    for back in range(1, ORIGINS + 1):
        origin = _month(ground.until.date(), -back)
        at = datetime.combine(origin, time())
        naive = [_naive(ground, at, ahead) for ahead in range(1, min(AHEAD, back) + 1)]
        rows = found.told.open_at(at, ground.until)
        if naive[0] is None or rows.is_empty() or not enough_by(found.told, at):
            continue
        months = _days(at, [_month(origin, ahead) for ahead in range(1, len(naive) + 1)])
        won = np.diff(learn(found.told, at).won(rows, months), axis=1, prepend=0.0)
        worth, _, _ = _worth(ground, rows, at)
        for place, other in enumerate(naive):
            if other is not None:
                actual = _actual(ground, origin, place + 1)
                missed += abs(float(won[:, place] @ worth) - actual)
                naive_missed += abs(other - actual)
                came += actual
                tried += 1
    return (missed / came, naive_missed / came, tried) if came else (None, None, tried)
