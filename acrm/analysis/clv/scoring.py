"""Every customer's expected orders and value, with limits that take in parameters, purchases and spend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from acrm.analysis.clv.fitting import Spend
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.purchases import Grouped, Known
    from acrm.models.histories import FloatArray
    from acrm.models.optimise import Fit
    from acrm.models.purchases import PurchaseModel

DRAWS = 200
MONEY = ("spend", "expected_order_value", "clv", "clv_low", "clv_high", "residual_value")
_AT_ONCE = 25_000
"""Groups whose draws are in memory at once."""


@dataclass(frozen=True, kw_only=True)
class Valued:
    """The model and what it was fitted to, ready to score."""

    model: PurchaseModel
    fit: Fit
    spend: Spend
    known: Known
    grouped: Grouped
    kept: float
    fitted: bool = True
    """Whether the model was fitted to these customers; else its own certificate alone says how sure it is."""

    def units(self, days: float) -> float:
        """So many days in the unit of the model; opportunities are whole."""
        units = days / self.known.unit
        return max(1, round(units)) if self.model.name == "bg-bb" else units

    def rate(self, params: ClvParams) -> float:
        """The continuous discount rate per unit."""
        return params.rate * self.known.unit


def scored(ids: pl.Series, valued: Valued, params: ClvParams) -> pl.DataFrame:
    """One row per customer, sorted by `customer_id`.

    Args:
        ids: All customers.
        valued: What was fitted.
        params: Horizon, rates and interval.
    """
    import numpy as np
    import polars as pl

    known, of = valued.known, valued.grouped.group
    histories, model = valued.grouped.histories, valued.model
    ahead, rate = valued.units(params.horizon), valued.rate(params)
    worth = valued.kept * params.margin
    value = valued.spend.expected(known.frequency, known.mean)
    orders = model.expected_orders(histories, ahead)
    discounted = model.discounted_orders(histories, ahead, rate)
    residual = model.expected_residual(histories, rate) if rate > 0 else np.full(len(orders), np.inf)
    low, high = _limits(valued, params, np.divide(discounted, orders, out=np.ones_like(orders), where=orders > 0))
    scale = _scale(valued.spend, known.frequency, known.mean) * worth
    left = residual[of] * value * worth
    exact = pl.Decimal(38, 4)
    return pl.DataFrame(
        {
            "customer_id": ids.gather(known.customer),
            "frequency": known.frequency.astype(np.int64),
            "recency_days": known.recency.astype(np.int64),
            "age_days": known.age.astype(np.int64),
            "spend": (known.spend * valued.kept).round(4),
            "expected_orders": orders[of].round(6),
            "p_order": model.p_order(histories, ahead)[of].round(6),
            "p_alive": model.p_alive(histories)[of].round(6),
            "expected_order_value": (value * valued.kept).round(4),
            "clv": (discounted[of] * value * worth).round(4),
            "clv_low": (low[of] * scale).round(4),
            "clv_high": (high[of] * scale).round(4),
            "residual_value": np.where(np.isfinite(left), left, np.nan).round(4),
        }
    ).with_columns(pl.col(MONEY).fill_nan(None).cast(exact))


def expected_value(ids: pl.Series, valued: Valued, params: ClvParams) -> pl.DataFrame:
    """`customer_id` and `clv` as `scored` has it, sorted; without limits it takes a fraction of the time."""
    import polars as pl

    known, of = valued.known, valued.grouped.group
    orders = valued.model.discounted_orders(valued.grouped.histories, valued.units(params.horizon), valued.rate(params))
    value = valued.spend.expected(known.frequency, known.mean)
    clv = (
        pl.Series((orders[of] * value * (valued.kept * params.margin)).round(4)).fill_nan(None).cast(pl.Decimal(38, 4))
    )
    return pl.DataFrame({"customer_id": ids.gather(known.customer), "clv": clv})


def _scale(spend: Spend, frequency: FloatArray, mean: FloatArray) -> FloatArray:
    """What the money of a customer's next orders is proportional to, given how many there are."""
    import numpy as np

    if spend.model is None:
        return np.full(len(frequency), spend.mean)
    return spend.model.gamma + frequency * np.where(frequency > 0, mean, 0.0)


def _limits(valued: Valued, params: ClvParams, discounting: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Quantiles of each group's discounted money by `_scale`, over draws of parameters, orders and spend."""
    import numpy as np

    alike = valued.grouped.alike()
    coarse = replace(valued, grouped=alike)
    count = len(alike.histories.count)
    tail = (1 - params.interval) / 2
    low, high = np.empty(count), np.empty(count)
    for start in range(0, count, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        # The same draws for every part, so that its size leaves no trace in whom they fall to.
        rng = np.random.default_rng([params.seed, start])
        drawn = money(coarse, valued.units(params.horizon), some, rng, DRAWS, params.seed)
        low[some], high[some] = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return low[alike.group] * discounting, high[alike.group] * discounting


def money(valued: Valued, ahead: float, some: slice, rng: np.random.Generator, draws: int, seed: int) -> FloatArray:
    """Draws of what a customer of each group spends within the horizon, by `_scale`: shape (draws, groups).

    The parameters drawn depend on the seed alone, so that all groups are drawn with the same ones.
    """
    import numpy as np

    from acrm.models import purchases as models
    from acrm.models.gamma_gamma import GammaGamma

    histories = valued.grouped.histories.some(some)
    groups = len(histories.count)
    mean = (valued.grouped.total_mean / valued.grouped.histories.count)[some]
    spend = valued.spend
    # Of groups alone: the scale at the group's mean stands for that of its customers.
    scale = _scale(spend, histories.frequency, mean)
    drawn = np.zeros((draws, groups))
    purchase = valued.fit.draw(draws, np.random.default_rng([seed, 0, 0]))
    worths = spend.fit.draw(draws, np.random.default_rng([seed, 0, 1])) if spend.model and spend.fit else None
    for place in range(draws):
        orders = models.load(valued.model.name, purchase[place]).draw(histories, ahead, rng)
        if worths is None:
            drawn[place] = orders
        else:
            worth = GammaGamma(**worths[place])
            drawn[place] = worth.draw(histories.frequency, mean, orders.astype(float), rng) / scale
    return drawn
