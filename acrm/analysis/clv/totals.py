"""What all customers together will bring, and how unevenly: totals with intervals, deciles, the matrix of value."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from acrm.analysis.clv.params import YEAR
from acrm.analysis.clv.purchases import WEEK
from acrm.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import polars as pl

    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.scoring import Valued
    from acrm.analysis.result import Scalar
    from acrm.models.gamma_gamma import GammaGamma
    from acrm.models.histories import FloatArray
    from acrm.models.purchases import PurchaseModel

REPEATS = 40
_FEW = 20_000
"""Up to so many distinct histories customers are drawn anew; beyond, which is the same then, parameters are drawn."""
QUADRANTS = ("keep", "win_back", "grow", "leave")
"""By value so far and to come, each against the median: high and high, high and low, low and high, low and low."""


def totals(valued: Valued, params: ClvParams) -> dict[str, Scalar]:
    """Orders and revenue of the present customers in the next 12 months, and their value for good, with limits.

    Each repeat fits the model to customers drawn anew (a weighted bootstrap of the groups), and adds the chance in the
    orders and order values themselves, whose sum over many customers is normal.
    """
    import numpy as np

    spread = [np.array(sums) for sums in zip(*_repeats(valued, params), strict=True)]
    reach = NormalDist().inv_cdf((1 + params.interval) / 2)
    expected = _expected(valued, params, valued.model, valued.spend.model)
    found: dict[str, Scalar] = {}
    for name, centre, sums in zip(("year_orders", "year_revenue", "equity"), expected, spread, strict=True):
        # Sums are above 0 and skewed to the right, their logarithms hardly.
        factor = float(np.exp(reach * np.log(np.maximum(sums, centre * 1e-3)).std())) if 0 < centre < np.inf else 1.0
        limits = {name: centre, f"{name}_low": centre / factor, f"{name}_high": centre * factor}
        found |= {key: round(limit, 4) if np.isfinite(limit) else None for key, limit in limits.items()}
    return found


def _repeats(valued: Valued, params: ClvParams) -> Iterator[tuple[float, float, float]]:
    import numpy as np

    from acrm.models import purchases as models
    from acrm.models.gamma_gamma import GammaGamma

    rng = np.random.default_rng([params.seed, 1])
    histories, spend = valued.grouped.histories, valued.spend
    count = histories.count
    drawn = None if valued.fitted and len(count) <= _FEW else valued.fit.draw(REPEATS, rng)
    worths = spend.fit.draw(REPEATS, rng) if spend.model and spend.fit else [None] * REPEATS
    for place in range(REPEATS):
        if drawn is None:
            again = rng.multinomial(int(count.sum()), count / count.sum()).astype(float)
            some = replace(histories, count=again)
            model = valued.model
            if histories.frequency @ again > 0:
                model, _ = models.fit(valued.model.name, some, start=valued.model, starts=1)
        else:
            model = models.load(valued.model.name, drawn[place])
        worth = worths[place]
        value = GammaGamma(**worth) if worth else None
        orders, revenue, equity = _expected(valued, params, model, value)
        deviation = _deviation(valued, model, value, rng)
        yield (
            max(0.0, orders + float(rng.standard_normal()) * deviation[0]),
            max(0.0, revenue + float(rng.standard_normal()) * deviation[1]),
            equity,
        )


def _expected(
    valued: Valued, params: ClvParams, model: PurchaseModel, worth: GammaGamma | None
) -> tuple[float, float, float]:
    """Orders and revenue of a year, and the discounted margin of all orders to come."""
    import numpy as np

    histories = valued.grouped.histories
    orders = model.expected_orders(histories, YEAR / WEEK)
    rate = params.rate * WEEK
    residual = model.expected_residual(histories, rate) if rate else np.full(len(orders), np.inf)
    values = _values(valued, worth) * valued.kept
    return float(orders @ histories.count), float(orders @ values), float(residual @ values * params.margin)


def _values(valued: Valued, worth: GammaGamma | None) -> FloatArray:
    """Expected value of an order, summed over the customers of each group."""
    import numpy as np

    histories = valued.grouped.histories
    if worth is None:
        return histories.count * valued.spend.mean
    x, count = histories.frequency, histories.count
    total: FloatArray = count * worth.gamma + x * np.where(x > 0, valued.grouped.total_mean, 0.0)
    # A draw of the parameters may have no finite mean; it then counts as barely having one.
    return worth.p * total / np.maximum(worth.p * x + worth.q - 1, 0.05)


def _deviation(
    valued: Valued, model: PurchaseModel, worth: GammaGamma | None, rng: np.random.Generator
) -> tuple[float, float]:
    """Standard deviation of the sums by chance alone: half the squared difference of two draws is a variance."""
    import numpy as np

    histories = valued.grouped.histories
    mean = valued.grouped.total_mean / histories.count
    orders = [model.draw(histories, YEAR / WEEK, rng).astype(float) for _ in range(2)]
    money = [n * valued.spend.mean if worth is None else worth.draw(histories.frequency, mean, n, rng) for n in orders]
    found = (np.sqrt(float((one - other) ** 2 @ histories.count) / 2) for one, other in (orders, money))
    deviation = tuple(map(float, found))
    return deviation[0], deviation[1] * valued.kept


def concentration(customers: pl.DataFrame) -> dict[str, Scalar]:
    """How unevenly value to come is spread: Gini coefficient, and the share of the best tenth of the customers."""
    import numpy as np
    import polars as pl

    from acrm.models.concentration import gini, top_share

    value = customers["clv"].cast(pl.Float64).to_numpy()
    if not value.sum() > 0:
        return {"gini": None, "top_decile_share": None}
    count = np.ones(len(value))
    return {"gini": gini(value, count), "top_decile_share": top_share(value, count)}


def lorenz_curve(customers: pl.DataFrame) -> pl.DataFrame:
    """The share of all value that the least valuable share of customers brings, at every twentieth."""
    import numpy as np
    import polars as pl

    from acrm.models.concentration import lorenz

    value = customers["clv"].cast(pl.Float64).to_numpy()
    shares = np.linspace(0, 1, 21)
    if not value.sum() > 0:
        return pl.DataFrame(schema={"customers_share": pl.Float64, "value_share": pl.Float64})
    people, money = lorenz(value, np.ones(len(value)))
    return pl.DataFrame({"customers_share": shares, "value_share": np.interp(shares, people, money)})


def with_ranks(customers: pl.DataFrame) -> pl.DataFrame:
    """The customers with `decile`, 1 the most valuable, and `quadrant`."""
    import polars as pl

    from acrm.analysis.clv.rollup import deciles

    now, later = (pl.col(name) >= pl.col(name).median() for name in ("spend", "clv"))
    names = [pl.lit(name) for name in QUADRANTS]
    quadrant = pl.when(now & later).then(names[0]).when(now).then(names[1]).when(later).then(names[2])
    return customers.with_columns(
        deciles(customers["clv"]).alias("decile"), quadrant.otherwise(names[3]).alias("quadrant")
    )


def decile_table(customers: pl.DataFrame) -> pl.DataFrame:
    """Customers by decile: what they spent, what is expected of them."""
    import polars as pl

    whole = customers["clv"].sum()
    return (
        customers.group_by("decile")
        .agg(
            pl.len().cast(pl.Int64).alias("customers"),
            pl.col("spend", "expected_orders", "clv").sum(),
            pl.col("p_alive").mean(),
            pl.col("clv").min().alias("from"),
        )
        .with_columns(
            pl.col("expected_orders", "p_alive").round(6),
            share=pl.col("clv").cast(pl.Float64) / float(whole) if whole else None,
        )
        .sort("decile")
    )


def matrix(customers: pl.DataFrame) -> pl.DataFrame:
    """The four kinds of customers by value so far and to come, with what to do about each."""
    import polars as pl

    sums = customers.group_by("quadrant").agg(pl.len().cast(pl.Int64).alias("customers"), pl.col("spend", "clv").sum())
    names = pl.DataFrame(
        [(name, text(f"clv.quadrant.{name}"), text(f"clv.action.{name}")) for name in QUADRANTS],
        schema=["quadrant", "label", "next_step"],
        orient="row",
    )
    joined = names.join(sums, on="quadrant", how="left", maintain_order="left")
    return joined.with_columns(pl.col("customers", "spend", "clv").fill_null(0)).select(
        "quadrant", "label", "customers", "spend", "clv", "next_step"
    )
