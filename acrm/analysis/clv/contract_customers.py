"""Every customer of a contract: payments expected, value with its interval, and the totals of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.clv.spells import counted, periods_begun

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.contract_groups import ContractParams, Group
    from acrm.analysis.clv.spells import Spells
    from acrm.models.contract_fit import Candidate
    from acrm.models.histories import FloatArray
    from acrm.models.lifetimes import BetaLifetime

TOTALS = ("payments_12_months", "revenue_12_months", "equity")
"""Payments due within a year, their money, and the discounted margin of all payments to come."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """Customers of a group with their values; `TOTALS` as expected, and as drawn, shape (3, draws)."""

    customers: pl.DataFrame
    expected: FloatArray
    drawn: FloatArray


def score(spells: Spells, group: Group, chosen: Candidate, params: ContractParams) -> Scored:
    """Value the customers of a group by its chosen model.

    Whoever is under contract decides at the next renewal; one whose end was announced with a reason pays until then and
    no longer; one whose contract ended pays nothing. Value = price x margin x discounted payments expected: those due
    within the horizon for `clv`, all for `residual_value`; payments are discounted from `as_of` to the day they are
    due. The interval of `clv` holds lifetime and parameters: quantiles of the number of payments, averaged over drawn
    parameters. In the totals lifetimes are independent given the parameters, and their sum is taken as normal.
    """
    import numpy as np
    import polars as pl

    from acrm.models import contract_worth as worth

    frame = _placed(spells, group)
    discount = group.rate(params.discount)
    wait, price, left = (frame[name].to_numpy() for name in ("wait", "price_now", "remaining"))
    due = np.where(left > 0, np.floor(params.horizon_months / group.months - wait + 1e-9) + 1, 0.0).clip(0)
    year = np.where(left > 0, 12.0 / group.months, 0.0)
    ever = np.where(left > 0, float(worth.endless(discount)), 0.0)
    # What payments depend on; customers who share it are reckoned once.
    keys, place = np.unique(np.stack([frame["asked"].to_numpy(), due, year, ever, left]), axis=1, return_inverse=True)
    alive, due, year, ever, left = keys
    place = place.ravel()
    announced = np.isfinite(left)[:, None]
    now = price * (1 + discount) ** -wait

    def makes(model: BetaLifetime, payments: FloatArray) -> FloatArray:
        certain = np.arange(1, int(payments.max()) + 1) <= np.minimum(left, payments)[:, None]
        return np.where(announced, certain, worth.to_come(model, alive, payments))

    counts = [np.bincount(place, weight, left.size) for weight in (np.ones(price.size), price, now)]
    squares = [np.bincount(place, weight**2, left.size) for weight in (np.ones(price.size), price, now)]

    def totals(model: BetaLifetime, noise: FloatArray) -> FloatArray:
        payments, whole = worth.moments(makes(model, year), 0.0), worth.moments(makes(model, ever), discount)
        of_each = (payments, payments, whole)
        means = np.array([count @ one.mean for count, one in zip(counts, of_each, strict=True)])
        spread = np.sqrt([square @ one.variance for square, one in zip(squares, of_each, strict=True)])
        found: FloatArray = (means + spread * noise) * (1, 1, params.margin)
        return found

    rng = np.random.default_rng(params.seed)
    model, models = chosen.model, chosen.draw(params.draws, rng)
    ahead = makes(model, due)
    unsure = np.mean([makes(drawn, due) for drawn in models], axis=0)
    ends = [worth.quantile(unsure, (1 + side * params.interval) / 2) for side in (-1, 1)]
    low, high = (worth.annuity(end, discount)[place] * now * params.margin for end in ends)
    known = pl.col("price").is_not_null()
    residual = worth.moments(makes(model, ever), discount).mean[place] * now * params.margin
    values = {
        "p_payment": ahead[:, 0][place] if ahead.size else 0.0 * wait,
        "expected_payments": ahead.sum(axis=1)[place],
        "clv": worth.moments(ahead, discount).mean[place] * now * params.margin,
        "clv_low": low,
        "clv_high": high,
        "residual_value": residual,
    }
    scored = frame.with_columns(**{name: pl.Series(column) for name, column in values.items()}).with_columns(
        pl.when(known).then(pl.col("clv", "clv_low", "clv_high", "residual_value"))
    )
    if not discount:
        scored = scored.with_columns(residual_value=pl.lit(None, dtype=pl.Float64))
    return Scored(
        customers=scored.select(
            "customer_id",
            "group",
            pl.lit(group.period).alias("period"),
            "age_days",
            pl.col("stayed").cast(pl.Int64).alias("age_periods"),
            pl.when(pl.col("ended")).then(0.0).otherwise(1.0).alias("p_alive"),
            "next_payment_at",
            *list(values)[:2],
            "price",
            *list(values)[2:],
        ),
        expected=totals(model, np.zeros(3)),
        # One number moves payments and revenue of the same year alike.
        drawn=np.array([totals(drawn, rng.standard_normal(2)[[0, 0, 1]]) for drawn in models]).T,
    )


def _placed(spells: Spells, group: Group) -> pl.DataFrame:
    """The current customers of a group, sorted by `customer_id`, with where they stand.

    `stayed` whole periods, `asked` the same of those whose future a model tells, else 0; `wait` periods until the next
    renewal (above 0, at most 1); `remaining` payments still to be made: inf where nobody knows, 0 after the end, what
    is left until an announced one.
    """
    import polars as pl

    months, today = group.months, pl.lit(spells.as_of)
    frame = counted(spells.frame.filter(pl.col("current") & (pl.col("group") == group.name)), spells.as_of, months)
    due = pl.col("start_at").dt.offset_by(pl.format("{}mo", (pl.col("age") + 1) * months))
    begun = periods_begun(pl.col("start_at"), pl.col("end_at"), months)
    staying = ~pl.col("ended")
    return frame.sort("customer_id").with_columns(
        asked=pl.when(staying & ~pl.col("announced")).then(pl.col("age")).otherwise(0).cast(pl.Float64),
        stayed=pl.when("ended").then(begun - 1).otherwise(pl.col("age")),
        age_days=(today - pl.col("start_at")).dt.total_days(),
        next_payment_at=pl.when(staying).then(due),
        wait=((due - today).dt.total_days() / (365.25 / 12 * months)).clip(0.0, 1.0),
        price_now=pl.col("price").cast(pl.Float64).fill_null(0.0),
        remaining=pl.when("ended")
        .then(0.0)
        .when("announced")
        .then((begun - pl.col("age") - 1).clip(0).cast(pl.Float64))
        .otherwise(float("inf")),
    )
