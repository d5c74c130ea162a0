"""Does the model tell who buys next? Forecasts of a held-out time beside what came and beside two naive rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.params import WEEK
from acrm.analysis.clv.purchases import day_of
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.fitting import Candidate, Spend, Trial
    from acrm.analysis.clv.purchases import Purchases
    from acrm.models.histories import FloatArray
    from acrm.models.purchases import PurchaseModel

OWN_RATE, LAST_TIME = "own_rate", "last_time"
"""Naive rules: customers go on at their own past rate; they do in the next span what they did in the last one."""
_FAR = 0.2
"""Share by which the buying of early and late customers must differ to be said."""
_CORRELATED = 0.2


def errors(held: Trial, found: list[Candidate]) -> pl.DataFrame:
    """One row per candidate and naive rule: the held-out time's total and each customer's orders, forecast and real.

    Returns:
        `rule`, `held_out_log_likelihood`, `forecast`, `actual`, `bias` (forecast / actual - 1), `mae`, `rmse`,
        `correlation`, `top_decile` (the share of all orders that the tenth of customers with the highest forecast
        made),
        `gini` (of the orders, customers ranked by forecast, against the best ranking there can be).
    """
    import numpy as np
    import polars as pl

    rules: list[tuple[str, float | None, FloatArray]] = [(one.model.name, one.held_out, one.forecast) for one in found]
    rate = held.known.frequency / np.maximum(held.known.age, 1.0)
    rules += [(OWN_RATE, None, rate * held.days), (LAST_TIME, None, held.before)]
    return pl.DataFrame(
        [{"rule": name, "held_out_log_likelihood": score} | _measured(held.orders, of) for name, score, of in rules],
        infer_schema_length=None,
    )


def _measured(actual: FloatArray, forecast: FloatArray) -> dict[str, Any]:
    import numpy as np

    came, told = float(actual.sum()), float(forecast.sum())
    off = forecast - actual
    varied = actual.std() > 0 and forecast.std() > 0
    best = _captured(actual, actual)
    return {
        "forecast": told,
        "actual": came,
        "bias": told / came - 1 if came else None,
        "mae": float(np.abs(off).mean()),
        "rmse": float(np.sqrt((off**2).mean())),
        "correlation": float(np.corrcoef(actual, forecast)[0, 1]) if varied else None,
        "top_decile": _top(actual, forecast) if came else None,
        "gini": _captured(actual, forecast) / best if came and best else None,
    }


def _shared(forecast: FloatArray, actual: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Customers by distinct forecast, the highest first: how many, and what they did. Ties leave no order of rows."""
    import numpy as np

    _, of = np.unique(-forecast, return_inverse=True)
    return np.bincount(of).astype(float), np.bincount(of, actual).astype(float)


def _top(actual: FloatArray, forecast: FloatArray, share: float = 0.1) -> float:
    import numpy as np

    people, orders = _shared(forecast, actual)
    reached = np.concatenate(([0.0], people.cumsum())) / len(actual)
    return float(np.interp(share, reached, np.concatenate(([0.0], orders.cumsum())) / actual.sum()))


def _captured(actual: FloatArray, forecast: FloatArray) -> float:
    """Twice the area between the curve of captured orders and the diagonal."""
    import numpy as np

    people, orders = _shared(forecast, actual)
    if not actual.sum():
        return 0.0
    x = np.concatenate(([0.0], people.cumsum())) / len(actual)
    y = np.concatenate(([0.0], orders.cumsum())) / actual.sum()
    return float(((x[1:] - x[:-1]) * (y[1:] + y[:-1])).sum() - 1)


def forecast_deciles(held: Trial, best: Candidate) -> pl.DataFrame:
    """The held-out time by tenths of customers, the highest forecast first: forecast and real orders."""
    import numpy as np
    import polars as pl

    order = np.lexsort((held.known.customer, -best.forecast))
    tenth = np.empty(len(order), dtype=np.int64)
    tenth[order] = np.arange(len(order)) * 10 // len(order) + 1
    frame = pl.DataFrame({"decile": tenth, "forecast": best.forecast, "actual": held.orders})
    sums = frame.group_by("decile").agg(pl.len().cast(pl.Int64).alias("customers"), pl.col("forecast", "actual").sum())
    return sums.sort("decile").with_columns(
        lift=pl.col("actual") / pl.col("customers") / max(held.orders.mean(), 1e-12)
    )


def tracking(purchases: Purchases, model: PurchaseModel, cut: float) -> pl.DataFrame:
    """Repeat orders of each week since the first order of all, real and expected of the model fitted before `cut`.

    Customers of whom nothing was known before `cut` are left out. A week ends with the day of `cut`; the first and the
    last may be shorter, so that the weeks hold all orders, and the held-out ones all that came in the held-out time.
    Returns `week`, `ends_on`, `held_out`, `actual`, `expected` and both cumulated.
    """
    import numpy as np
    import polars as pl

    first = purchases.day[purchases.start[:-1]]
    origin = float(first.min())
    days = int(purchases.end - origin) + 1
    edges = np.unique(np.clip(np.arange((cut - origin + 1) % 7 - 7, days + 7, 7), 0, days)).astype(np.int64)
    known = np.repeat(first <= cut, np.diff(purchases.start))
    repeat = np.ones(len(purchases.day), dtype=bool)
    repeat[purchases.start[:-1]] = False
    actual = np.histogram(purchases.day[repeat & known] - origin, bins=edges)[0].astype(float)
    joined = np.bincount((first[first <= cut] - origin).astype(np.int64))
    times = np.arange(days // purchases.unit + 2)
    daily = np.interp(np.arange(days) / purchases.unit, times, model.expected_new(times))
    # Up to the last day of each week, as ages are counted.
    cumulative = np.convolve(joined, daily)[edges[1:] - 1]
    last = origin + edges[1:] - 1
    return pl.DataFrame(
        {
            "week": np.arange(1, len(edges)),
            "ends_on": pl.Series([day_of(day) for day in last], dtype=pl.Date),
            "held_out": last > cut,
            "actual": actual,
            "expected": np.diff(cumulative, prepend=0.0),
            "actual_cumulative": actual.cumsum(),
            "expected_cumulative": cumulative,
        }
    )


def verdict(table: pl.DataFrame, name: str) -> Message:
    """Whether the chosen model beats the naive rules where it counts: each customer's orders, and who comes first."""
    rows = {row["rule"]: row for row in table.iter_rows(named=True)}
    ours, naive = rows[name], [rows[OWN_RATE], rows[LAST_TIME]]
    values = {
        "model": name,
        "mae": ours["mae"],
        "naive": min(row["mae"] for row in naive),
        "rmse": ours["rmse"],
        "naive_rmse": min(row["rmse"] for row in naive),
        "bias": ours["bias"] or 0.0,
        "top": ours["top_decile"] or 0.0,
        "naive_top": max(row["top_decile"] or 0.0 for row in naive),
    }
    if not ours["actual"]:
        return Message("clv.held_out_empty", values)
    if not wins(table, name):
        return Message("clv.worse", values)
    return Message("clv.better" if ours["mae"] < values["naive"] else "clv.better_square", values)


def wins(table: pl.DataFrame, name: str) -> bool:
    """Whether a model errs less than both naive rules, in the mean or in the square."""
    rows = {row["rule"]: row for row in table.iter_rows(named=True)}
    naive = [rows[OWN_RATE], rows[LAST_TIME]]
    return any(rows[name][error] < min(row[error] for row in naive) for error in ("mae", "rmse"))


def assumptions(purchases: Purchases, spend: Spend) -> Iterator[Message]:
    """What the models take for granted and the data contradicts."""
    if spend.model is None:
        fitted = spend.fit is not None and (spend.fit.converged or spend.fit.flat)
        yield Message("clv.no_mean" if fitted else "clv.no_spend_model", {"mean": spend.mean})
    if abs(spend.correlation) > _CORRELATED:
        kind = "richer" if spend.correlation > 0 else "poorer"
        yield Message(f"clv.correlated_{kind}", {"correlation": spend.correlation})
    yield from _stationary(purchases)


def _stationary(purchases: Purchases) -> Iterator[Message]:
    """Early and late customers, each watched for equally long after their first order."""
    import numpy as np

    first = purchases.day[purchases.start[:-1]]
    watched = purchases.span // 3
    old = first <= purchases.end - 2 * watched
    new = (first > purchases.end - 2 * watched) & (first <= purchases.end - watched)
    if watched < 4 * WEEK or min(old.sum(), new.sum()) < 100:
        return
    customer = np.repeat(np.arange(len(first)), np.diff(purchases.start))
    since = purchases.day - first[customer]
    repeats = np.bincount(customer[(since > 0) & (since <= watched)], minlength=len(first)).astype(float)
    one, other = repeats[old], repeats[new]
    error = np.sqrt(one.var() / len(one) + other.var() / len(other))
    if one.mean() > 0 and abs(other.mean() - one.mean()) > max(_FAR * one.mean(), 3 * error):
        values = {"days": watched, "early": float(one.mean()), "late": float(other.mean())}
        yield Message("clv.not_stationary", values)
