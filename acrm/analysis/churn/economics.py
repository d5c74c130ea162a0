"""What it is worth to keep customers: whom a campaign should contact, what it brings, and how that could be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from acrm.analysis.result import Scalar
from acrm.errors import UsageError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.empc import Offer
    from acrm.models.histories import FloatArray

CONTROL = 0.1
"""Share of those worth a contact who are kept apart, so that the effect can be seen."""
POINTS = 20
"""Steps of the profit curve."""
STRENGTH = 20.0
"""Of the distribution of the success, as alpha + beta in the literature's 6 + 14."""
EVERYBODY, NOBODY, MODEL = "everybody", "nobody", "model"
_INCENTIVE, _CONTACT, _VALUE = 0.05, 0.005, 200.0
"""Shares of the mean value in the literature, and that value."""


@dataclass(frozen=True, kw_only=True)
class EconomicsParams:
    """What a retention campaign costs, and how well it works.

    Attributes:
        contact: Cost of one contact. None: 0.5% of the mean value, as in the literature.
        incentive: Paid to those who accept, among them all who would have stayed. None: 5% of the mean value.
        success: Share of those about to leave whom the offer keeps.
        value: Of a customer kept, where the table tells none. None: 200, the literature's.
        interval: Probability of the intervals.
    """

    contact: float | None = None
    incentive: float | None = None
    success: float = 0.3
    value: float | None = None
    interval: float = 0.95

    def __post_init__(self) -> None:
        limits = {"contact": (0, inf), "incentive": (0, inf), "success": (0.001, 0.999), "value": (0, inf)}
        for name, (low, high) in limits.items():
            given = getattr(self, name)
            if given is not None and not (low <= given <= high and given < inf):
                raise UsageError("economics_range", name=name.replace("_", "-"), value=given)


@dataclass(frozen=True, kw_only=True)
class Economics:
    """What `economics` found.

    Attributes:
        tables: `customers`, `profit_curve`, `scores`.
        figures: Flat figures for the summary, see `economics`.
        notes: What was assumed, and the verdicts.
    """

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def economics(
    scored: pl.DataFrame, params: EconomicsParams, *, rules: Mapping[str, FloatArray] | None = None
) -> Economics:
    """Weigh for each customer what a contact costs and what it may keep.

    A customer is worth a contact where p x success x (value - incentive) > (1 - p) x incentive + contact: each has a
    threshold by their own value. Formulas and sources: docs/methods/churn-economics.md.

    Args:
        scored: `customer_id`, `churn_probability` (null: not scored), where they are known `value` (money of the time
            to come, negative ones count as 0) and `left` (Boolean, of customers whom the model had not seen).
        params: See `EconomicsParams`.
        rules: Other scores of the same rows, higher for those more likely to leave, to set beside the model.

    Returns:
        Table `customers`, sorted by `customer_id`: `customer_id`, `value` (null: not told), `expected_loss`
        (probability x value, null without one), `threshold`, `expected_gain` of a contact, `contact` (whether it pays).
        Table `profit_curve`, from the most worthwhile customer on: `share` contacted, `customers`, `lowest` (gain of
        the last one), `profit`, `low`, `high` expected, `counted` with those who did leave (null without `left`),
        `in_order` (share of the expected loss reached), `best`. Table `scores` (with `left`): `score`, `empc` (profit
        per customer of the base), `share` (contacted at the best thresholds), `default_empc`, `default_share` (the
        same for the literature's 200, 10 and 1), for the model, the rules, everybody and nobody.
        Figures `value_mean`, `contact_cost`, `incentive`, `success`, `expected_loss`, `threshold` (of a customer of
        mean value), `contacts`, `campaign_profit` with `_low` and `_high`, `campaign_cost`, `profit_of_all`, `empc`,
        `default_empc`, `control_group`, `control_needed`, `smallest_effect`, `expected_effect`.
    """
    import numpy as np
    import polars as pl

    from acrm.models.campaign import gains, profit_interval, thresholds

    known = scored.drop_nulls("churn_probability").sort("customer_id")
    probability = known["churn_probability"].to_numpy()
    told = (
        known["value"].cast(pl.Float64)
        if "value" in known.columns
        else pl.Series([None] * known.height, dtype=pl.Float64)
    )
    told = told.fill_nan(None).clip(0.0).alias("value")
    usual = _VALUE if params.value is None else params.value
    mean = float(told.drop_nulls().to_numpy().mean()) if told.count() else usual
    offer = offer_of(mean, params)
    value = told.fill_null(mean).to_numpy()
    gain = gains(probability, value, offer)
    limit = thresholds(value, offer)
    contact = gain > 0
    chosen = np.flatnonzero(contact)
    low, high = profit_interval(probability[chosen], value[chosen], offer, params.interval)
    customers = known.select("customer_id").with_columns(
        told,
        expected_loss=pl.Series(probability) * told,
        threshold=pl.Series(np.where(np.isfinite(limit), limit, np.nan)).fill_nan(None),
        expected_gain=pl.Series(gain),
        contact=pl.Series(contact),
    )
    figures: dict[str, Scalar] = {
        "value_mean": mean,
        "value_known": told.count(),
        "contact_cost": offer.contact,
        "incentive": offer.incentive,
        "success": params.success,
        "expected_loss": customers["expected_loss"].sum() if told.count() else None,
        "threshold": _threshold(mean, offer),
        "contacts": int(contact.sum()),
        "campaign_profit": float(gain[contact].sum()),
        "campaign_profit_low": low,
        "campaign_profit_high": high,
        "campaign_cost": float(
            (offer.contact + (1 - probability[chosen] * (1 - params.success)) * offer.incentive).sum()
        ),
        "profit_of_all": float(gain.sum()),
        **_control(probability[chosen], params.success),
    }
    tables = {"customers": customers, "profit_curve": _curve(known, probability, value, gain, offer, params)}
    if "left" in known.columns:
        place = scored.with_row_index("_at").drop_nulls("churn_probability").sort("customer_id")["_at"].to_numpy()
        others = {name: score[place] for name, score in (rules or {}).items()}
        tables["scores"] = _scores(known, {MODEL: probability, **others}, offer)
        first = tables["scores"].row(0, named=True) if tables["scores"].height else {}
        figures |= {"empc": first.get("empc"), "default_empc": first.get("default_empc")}
    return Economics(tables=tables, figures=figures, notes=tuple(_notes(known.height, params, figures, tables)))


def offer_of(mean: float, params: EconomicsParams) -> Offer:
    """What a campaign offers, by the mean value of the customers where the parameters do not say it."""
    from acrm.models.empc import Offer

    # An incentive above the mean value is allowed: then nobody of that value is worth it.
    incentive = _INCENTIVE * mean if params.incentive is None else params.incentive
    return Offer(
        value=max(mean, incentive * (1 + 1e-9) + 1e-12),
        incentive=incentive,
        contact=_CONTACT * mean if params.contact is None else params.contact,
        alpha=STRENGTH * params.success,
        beta=STRENGTH * (1 - params.success),
    )


def _threshold(mean: float, offer: Offer) -> float | None:
    import numpy as np

    from acrm.models.campaign import thresholds

    found = float(thresholds(np.array([mean]), offer)[0])
    return found if np.isfinite(found) else None


def _control(probability: FloatArray, success: float) -> dict[str, Scalar]:
    """A control group out of those worth a contact, what is needed to see the expected effect, and what can be seen."""
    from acrm.models.power import smallest_effect

    if not probability.size:
        return dict.fromkeys(("control_group", "control_needed", "smallest_effect", "expected_effect"))
    leaving = float(probability.mean())
    apart = round(CONTROL * probability.size)
    effect = success * leaving
    return {
        "control_group": apart,
        "control_needed": least_control(probability.size, 1 - leaving, effect),
        "smallest_effect": smallest_effect(probability.size - apart, apart, 1 - leaving),
        "expected_effect": effect,
    }


def least_control(people: int, base: float, effect: float) -> int | None:
    """Of so many people in both groups together: the least control group, the others being contacted."""
    from acrm.models.power import control_needed

    low, high = 1, people // 2

    def shows(control: int) -> bool:
        found = control_needed(people - control, base, effect)
        return found is not None and found <= control

    if high < 1 or not shows(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle + 1, high)
    return low


def _curve(
    known: pl.DataFrame,
    probability: FloatArray,
    value: FloatArray,
    gain: FloatArray,
    offer: Offer,
    params: EconomicsParams,
) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    from acrm.models.campaign import gains, profit_interval

    order = np.argsort(-gain, kind="stable")
    profit = np.cumsum(gain[order])
    loss = np.cumsum((probability * value)[order])
    if "left" in known.columns:
        counted = np.cumsum(gains(known["left"].cast(pl.Float64).to_numpy(), value, offer)[order])
    else:
        counted = np.full(len(order), np.nan)
    worth = int((gain > 0).sum())
    steps = np.ceil(np.arange(1, POINTS + 1) * len(order) / POINTS).astype(int)
    rows = []
    for size in sorted({*steps.tolist(), worth} - {0}):
        low, high = profit_interval(probability[order[:size]], value[order[:size]], offer, params.interval)
        rows.append(
            {
                "share": size / len(order),
                "customers": size,
                "lowest": gain[order[size - 1]],
                "profit": profit[size - 1],
                "low": low,
                "high": high,
                "counted": counted[size - 1],
                "in_order": loss[size - 1] / loss[-1] if loss[-1] > 0 else None,
                "best": size == worth,
            }
        )
    number = ("lowest", "profit", "low", "high", "counted", "in_order")
    schema = {"share": pl.Float64, "customers": pl.Int64, **dict.fromkeys(number, pl.Float64), "best": pl.Boolean}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("counted").fill_nan(None))


def _scores(known: pl.DataFrame, scores: Mapping[str, FloatArray], offer: Offer) -> pl.DataFrame:
    """The expected maximum profit of each score: on the user's terms, and on those of the literature."""
    import polars as pl

    from acrm.models.empc import Offer, empc, profit_of_all

    seen = known["left"].is_not_null().to_numpy()
    left = known["left"].fill_null(False).to_numpy()[seen]
    schema: dict[str, Any] = {"score": pl.String}
    schema |= dict.fromkeys(("empc", "share", "default_empc", "default_share"), pl.Float64)
    rows: list[dict[str, Any]] = []
    if left.any() and not left.all():
        for name, score in scores.items():
            own, usual = empc(score[seen], left, offer), empc(score[seen], left, Offer())
            figures = {"empc": own.profit, "share": own.share, "default_empc": usual.profit}
            rows.append({"score": name, **figures, "default_share": usual.share})
        everybody = {"empc": profit_of_all(float(left.mean()), offer), "share": 1.0}
        everybody |= {"default_empc": profit_of_all(float(left.mean())), "default_share": 1.0}
        rows += [{"score": EVERYBODY, **everybody}, {"score": NOBODY, **dict.fromkeys(everybody, 0.0)}]
    return pl.DataFrame(rows, schema=schema)


def _notes(
    customers: int, params: EconomicsParams, figures: dict[str, Scalar], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Message]:
    values: dict[str, Any] = dict(figures)
    assumed = [name for name in ("contact", "incentive") if getattr(params, name) is None]
    if not values["value_known"]:
        yield Message("churn_economics.no_value" if params.value is None else "churn_economics.one_value", values)
    elif values["value_known"] < customers:
        yield Message("churn_economics.some_value", values | {"missing": customers - values["value_known"]})
    for name in assumed:
        yield Message(f"churn_economics.assumed_{name}", values)
    if not values["contacts"]:
        yield Message("churn_economics.nobody", values)
    else:
        yield Message("churn_economics.campaign", values)
        if values["campaign_profit_low"] <= 0:
            yield Message("churn_economics.unsure", values)
        way = "few" if values["control_needed"] is None else "enough"
        yield Message(f"churn_economics.control_{way}", values)
    if "scores" in tables and tables["scores"].height:
        table = tables["scores"]
        others = table.filter(table["score"] != MODEL).sort("empc", "score", descending=[True, False])
        best = others.row(0, named=True)
        if best["empc"] >= values["empc"]:
            kind = best["score"] if best["score"] in (EVERYBODY, NOBODY) else "rule"
            yield Message(f"churn_economics.worse_{kind}", values | {"rule": best["score"], "other": best["empc"]})
