"""What all customers together will bring, and how unevenly: totals with intervals, deciles, the matrix of value."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

from acrm.analysis.clv.params import YEAR
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
    from acrm.models.optimise import Objective
    from acrm.models.purchases import PurchaseModel

_GREAT = 1000
"""Groups of the greatest value, in which most of the chance lies: a single one may decide."""
_DRAWN = 400_000
"""Histories drawn of these, and of all others, to tell how far sums vary by chance."""
QUADRANTS = ("keep", "win_back", "grow", "leave")
"""By value so far and to come, each against the median: high and high, high and low, low and high, low and low."""


def totals(valued: Valued, params: ClvParams) -> dict[str, Scalar]:
    """Orders and revenue of the present customers in the next 12 months, and their value for good, with limits.

    What draws of other customers would have made of the parameters comes from a weighted bootstrap of the groups; what
    each direction of it does to the sums, from going one standard deviation either way. To that comes the chance in
    the orders and order values themselves, whose sum over many customers is normal. Sums are above 0 and skewed to the
    right, their logarithms hardly.
    """
    import numpy as np

    rng = np.random.default_rng([params.seed, 1])
    reach = NormalDist().inv_cdf((1 + params.interval) / 2)
    ahead, value = _ahead(valued, params, valued.model), _values(valued, valued.spend.model)
    expected = _sums(ahead, value, valued)
    variance = np.zeros(3)
    for one, other in _sides(valued, params, ahead, value, rng):
        with np.errstate(divide="ignore", invalid="ignore"):
            variance += np.nan_to_num((np.log(one / other) / 2) ** 2, nan=0.0)
    chance = _deviation(valued, ahead[0] * value, rng)
    found: dict[str, Scalar] = {}
    for place, name in enumerate(("year_orders", "year_revenue", "equity")):
        centre = float(expected[place])
        by_chance = chance[place] / centre if 0 < centre < np.inf else 0.0
        factor = float(np.exp(reach * np.sqrt(variance[place] + np.log1p(by_chance**2))))
        limits = {name: centre, f"{name}_low": centre / factor, f"{name}_high": centre * factor}
        found |= {key: round(limit, 4) if np.isfinite(limit) else None for key, limit in limits.items()}
    return found


def _sides(
    valued: Valued, params: ClvParams, ahead: tuple[FloatArray, FloatArray], value: FloatArray, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """The sums at the two ends of every axis of the parameters' uncertainty, of orders first and then of spend."""
    from acrm.models import purchases as models
    from acrm.models.bootstrap import covariance, ends
    from acrm.models.gamma_gamma import GammaGamma

    histories, spend, fit = valued.grouped.histories, valued.spend, valued.fit

    def orders(count: FloatArray) -> Objective:
        return valued.model.likelihood(histories.weighted(count))

    # A model that was fitted to others is as uncertain as they left it.
    known = covariance(fit, orders, histories.count, rng) if valued.fitted else fit.covariance
    for pair in ends(fit, known):
        one, other = (_ahead(valued, params, models.load(valued.model.name, found)) for found in pair)
        yield _sums(one, value, valued), _sums(other, value, valued)
    if spend.model is None or spend.fit is None:
        return
    for pair in ends(spend.fit, spend.fit.covariance):
        low, high = (_values(valued, GammaGamma(**found)) for found in pair)
        yield _sums(ahead, low, valued), _sums(ahead, high, valued)


def _ahead(valued: Valued, params: ClvParams, model: PurchaseModel) -> tuple[FloatArray, FloatArray]:
    """Of a customer of each group: orders expected in a year, and discounted ones without horizon."""
    import numpy as np

    histories, rate = valued.grouped.histories, valued.rate(params)
    orders = model.expected_orders(histories, valued.units(YEAR))
    return orders, model.expected_residual(histories, rate) * params.margin if rate else np.full(len(orders), np.inf)


def _sums(ahead: tuple[FloatArray, FloatArray], value: FloatArray, valued: Valued) -> FloatArray:
    """Orders and revenue of a year, and the discounted margin of all orders to come."""
    import numpy as np

    orders, residual = ahead
    return np.array([orders @ valued.grouped.histories.count, orders @ value, residual @ value])


def _values(valued: Valued, worth: GammaGamma | None) -> FloatArray:
    """Expected value of an order, refunds taken off, summed over the customers of each group."""
    import numpy as np

    histories = valued.grouped.histories
    if worth is None:
        return histories.count * valued.spend.mean * valued.kept
    x, count = histories.frequency, histories.count
    total: FloatArray = count * worth.gamma + x * np.where(x > 0, valued.grouped.total_mean, 0.0)
    # Other parameters may give no finite mean; it then counts as barely one.
    return worth.p * total * valued.kept / np.maximum(worth.p * x + worth.q - 1, 0.05)


def _deviation(valued: Valued, revenue: FloatArray, rng: np.random.Generator) -> tuple[float, float, float]:
    """Standard deviation of the sums by chance alone; the value for good is an expectation, in which there is none.

    Half the squared difference of two draws is a variance. `revenue` is what each group is expected to bring.
    """
    import numpy as np

    model, worth = valued.model, valued.spend.model
    mean = valued.grouped.total_mean / valued.grouped.histories.count
    variance = np.zeros(2)
    for groups in np.split(np.argsort(-revenue, kind="stable"), [_GREAT]):
        if not len(groups):
            continue
        times = 1 + _DRAWN // max(len(groups), _GREAT)
        some = np.tile(groups, times)
        histories = valued.grouped.histories.some(some)
        orders = [model.draw(histories, valued.units(YEAR), rng).astype(float) for _ in range(2)]
        money = [
            number * valued.spend.mean if worth is None else worth.draw(histories.frequency, mean[some], number, rng)
            for number in orders
        ]
        variance += [(one - other) ** 2 @ histories.count / (2 * times) for one, other in (orders, money)]
    deviation = np.sqrt(variance)
    return float(deviation[0]), float(deviation[1]) * valued.kept, 0.0


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
