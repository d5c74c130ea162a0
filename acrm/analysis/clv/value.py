"""What customers without a contract are worth: a model of buying, a model of spend, and how far both can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.purchases import Known, Purchases, read_purchases
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, ModelError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.fitting import Candidate, Trial
    from acrm.analysis.clv.model_file import SavedModel
    from acrm.analysis.clv.scoring import Valued
    from acrm.models.optimise import Fit

EXTRAPOLATED = 0.5
"""Share of the value without horizon beyond the time observed from which it is said to be the model's word alone."""
FEWEST = 100
"""Customers with a repeat order below which no forecast should be relied on."""


@dataclass(frozen=True, kw_only=True)
class ClvResult(Result):
    """Tables `customers`, `models`, `deciles`, `matrix`, `lorenz`, and what the held-out time tells, if there is any.

    These are `held_out`, `forecast_deciles` and `tracking`; a cut adds `parts`.
    """

    params: ClvParams


def clv(transactions: pl.LazyFrame, params: ClvParams, saved: SavedModel | None = None) -> ClvResult:
    """Expected orders, probabilities and value of every customer who bought something.

    Args:
        transactions: Canonical order lines, see `acrm.summaries.customers.customer_history`; or their `order_parts`.
        params: See `ClvParams`.
        saved: A model fitted before: these customers are scored with it, and nothing is fitted.

    Returns:
        Table `customers`, one row each, sorted by `customer_id`:

        | column | unit, range |
        |---|---|
        | `frequency` | days with an order after the first such day |
        | `recency_days`, `age_days` | first order to last order, and to `as_of` |
        | `spend` | money so far, refunds taken off |
        | `expected_orders`, `p_order` | within the horizon |
        | `p_alive` | probability of not being lost, given the model |
        | `expected_order_value` | money of a further order |
        | `clv`, `clv_low`, `clv_high` | discounted margin of the horizon's orders, and its limits |
        | `residual_value` | the same without horizon; null where it has no end |
        | `decile` | 1 the most valuable |
        | `quadrant` | spend so far and `clv`, each against the median |

    Raises:
        InputError: See `read_purchases`; nobody ordered a second time.
        ModelError: No model could be fitted.
    """
    from acrm.analysis.clv import scoring, totals, validation

    ready = _ready(transactions, params, saved)
    purchases, held, found, best, valued = ready.purchases, ready.held, ready.found, ready.best, ready.valued
    notes = [*purchases.notes, *ready.notes]
    repeaters = int((valued.known.frequency > 0).sum())
    name = valued.model.name
    if best and best.model.name != name:
        notes.append(Message("clv.fell_back", {"model": name, "best": best.model.name}))
    best = next((one for one in found if one.model.name == name), None)
    customers = totals.with_ranks(scoring.scored(purchases.ids, valued, params))
    tables = {
        "customers": customers,
        "models": _models(found, valued),
        "deciles": totals.decile_table(customers),
        "matrix": totals.matrix(customers),
        "lorenz": totals.lorenz_curve(customers),
    }
    if saved:
        notes.append(Message("clv.applied", {"model": name, "day": saved.as_of}))
    else:
        notes += [*_little(repeaters, held), *_convergence(valued)]
    if held and best:
        tables |= {
            "held_out": validation.errors(held, found),
            "forecast_deciles": validation.forecast_deciles(held, best),
            "tracking": validation.tracking(purchases, best.model, held.cut),
        }
        notes.append(validation.verdict(tables["held_out"], name))
    notes += [*validation.assumptions(purchases, valued.spend), *_one_timers(valued)]
    sums = totals.totals(valued, params)
    beyond = _beyond(valued, purchases, params) if sums["equity"] else None
    if beyond and beyond > EXTRAPOLATED:
        notes.append(Message("clv.beyond", {"share": beyond, "days": purchases.span}))
    summary = {
        **purchases.figures,
        "repeat_customers": repeaters,
        "model": name,
        "recommended": bool(held and best and validation.wins(tables["held_out"], name)),
        "horizon_days": params.horizon,
        "discount": params.discount,
        "margin": params.margin,
        "interval": params.interval,
        "clv": customers["clv"].sum(),
        **sums,
        "equity_beyond": None if beyond is None else round(beyond, 6),
        **totals.concentration(customers),
        **_held_out(tables, name, held),
        "p_alive_mean": round(float(customers["p_alive"].mean()), 6),  # type: ignore[arg-type]
        "correlation": round(valued.spend.correlation, 6),
        "refund_share": round(1 - purchases.kept, 6),
    }
    return ClvResult(
        params=params,
        tables=tables,
        summary=summary,
        notes=tuple(notes),
        document=_document(valued, tables, summary, repeaters),
        # A model that was given goes with its scores too: it may stand in the folder they replace.
        files={"clv_model.json": _model_file(saved or _saved(valued, purchases))} if name != "bg-bb" else {},
    )


def expected_value(transactions: pl.LazyFrame, params: ClvParams) -> pl.DataFrame:
    """`customer_id` and `clv` as `clv` has them, and nothing else: for who asks for nothing else.

    Raises:
        InputError: See `clv`.
        ModelError: See `clv`.
    """
    from acrm.analysis.clv import scoring

    ready = _ready(transactions, params, None)
    return scoring.expected_value(ready.purchases.ids, ready.valued, params)


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """Purchases and the model that is to score them; what it was chosen from, and how it did on held-out time."""

    purchases: Purchases
    held: Trial | None
    found: list[Candidate]
    best: Candidate | None
    valued: Valued
    notes: tuple[Message, ...]


def _ready(transactions: pl.LazyFrame, params: ClvParams, saved: SavedModel | None) -> _Ready:
    from acrm.analysis.clv import fitting

    purchases = read_purchases(transactions, as_of=params.as_of)
    notes = tuple(_billing(purchases))
    if params.model == "bg-bb":
        purchases = purchases.by_opportunity(params.opportunity)
    known = purchases.until(purchases.end)
    if not saved and not (known.frequency > 0).any():
        raise InputError("clv_no_repeats", customers=len(known.frequency))
    held = None if saved else fitting.trial(purchases, params.horizon)
    found = fitting.candidates(params.model, held) if held else []
    best = fitting.chosen(found, held) if held else None
    valued = _loaded(saved, known, purchases) if saved else _first_fitted(params.model, best, found, known, purchases)
    return _Ready(purchases=purchases, held=held, found=found, best=best, valued=valued, notes=notes)


def _document(
    valued: Valued, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Scalar], repeaters: int
) -> dict[str, Any]:
    """What JSON tells: the models, how they did on held-out time, and the totals."""
    from acrm.analysis.clv import fitting

    models = [fitting.described(valued.model.name, valued.fit, len(valued.known.frequency))]
    if valued.spend.fit:
        models.append(fitting.described("gamma-gamma", valued.spend.fit, repeaters))
    totals = {key: summary[key] for key in summary if key.startswith(("year_", "equity")) or key == "clv"}
    return {
        "models": models,
        "chosen": valued.model.name,
        "validation": tables["held_out"].to_dicts() if "held_out" in tables else [],
        "totals": totals,
    }


def _model_file(saved: SavedModel) -> str:
    import json

    from acrm.analysis.clv.model_file import to_document

    return json.dumps(to_document(saved), indent=1) + "\n"


def _saved(valued: Valued, purchases: Purchases) -> SavedModel:
    from acrm.analysis.clv.model_file import SavedModel

    currency = purchases.figures["currency"]
    facts = ("customers", "orders", "purchase_days")
    return SavedModel(
        purchases=valued.model,
        purchases_fit=valued.fit,
        spend=valued.spend.model,
        spend_fit=valued.spend.fit if valued.spend.model else None,
        unit="week",
        as_of=purchases.as_of,
        currency=str(currency) if currency else None,
        facts={"mean_order": valued.spend.mean, **{name: int(str(purchases.figures[name])) for name in facts}},
    )


def _loaded(saved: SavedModel, known: Known, purchases: Purchases) -> Valued:
    """The saved model about to score these customers.

    Raises:
        InputError: It was fitted to money of another currency, or is not one that this command fits.
    """
    from acrm.analysis.clv import fitting, scoring

    currency = purchases.figures["currency"]
    if saved.currency and currency and saved.currency != currency:
        raise InputError("clv_other_currency", model=saved.currency, orders=currency)
    mean = saved.facts.get("mean_order")
    if saved.unit != "week" or saved.purchases.name == "bg-bb" or not isinstance(mean, int | float):
        raise InputError("clv_other_model", model=saved.purchases.name, unit=saved.unit)
    spend = fitting.Spend(model=saved.spend, fit=saved.spend_fit, mean=mean, correlation=0.0)
    return scoring.Valued(
        model=saved.purchases,
        fit=saved.purchases_fit,
        spend=spend,
        known=known,
        grouped=known.grouped(),
        kept=purchases.kept,
        fitted=False,
    )


def _first_fitted(
    model: str, best: Candidate | None, found: list[Candidate], known: Known, purchases: Purchases
) -> Valued:
    """The model asked for, or of those tried the best that can be fitted to everything.

    Raises:
        ModelError: None can; of the first of them.
    """
    if model != "auto":
        names = [model]
    elif best:
        others = sorted((one for one in found if one is not best), key=lambda one: -one.held_out)
        names = [one.model.name for one in (best, *others)]
    else:
        # Untested, the one first that lets those who came once be lost.
        names = ["mbg-nbd", "bg-nbd", "pareto-nbd"]
    errors = []
    for name in names:
        try:
            return _fitted(name, known, purchases)
        except ModelError as error:
            errors.append(error)
    raise errors[0]


def _fitted(name: str, known: Known, purchases: Purchases) -> Valued:
    """The model fitted to everything known.

    Raises:
        ModelError: The search did not end in one place.
    """
    from acrm.analysis.clv import fitting, scoring
    from acrm.models import purchases as models

    grouped = known.grouped()
    model, fit = models.fit(name, grouped.histories)
    if not (fit.converged or fit.flat):
        raise ModelError("clv_not_converged", model=name, slope=fit.gradient_norm, agreeing=fit.agreeing, of=fit.starts)
    spend = fitting.spend_of(known)
    return scoring.Valued(model=model, fit=fit, spend=spend, known=known, grouped=grouped, kept=purchases.kept)


def _models(found: list[Candidate], valued: Valued) -> pl.DataFrame:
    """The candidates as fitted to what was known before the held-out time, and the chosen one as fitted to all."""
    import polars as pl

    rows: list[tuple[str, str, Fit, float | None, bool]] = [
        (one.model.name, "before", one.fit, one.held_out, one.model.name == valued.model.name) for one in found
    ]
    rows.append((valued.model.name, "all", valued.fit, None, True))
    table = [
        {
            "model": name,
            "fitted_to": of,
            "log_likelihood": fit.log_likelihood,
            "held_out_log_likelihood": held,
            "parameters": " ".join(f"{key}={number:.6g}" for key, number in fit.parameters.items()),
            "converged": fit.converged,
            "flat": " ".join(fit.flat),
            "chosen": chosen,
        }
        for name, of, fit, held, chosen in rows
    ]
    return pl.DataFrame(table, infer_schema_length=None)


def _held_out(tables: Mapping[str, pl.DataFrame], name: str, held: Trial | None) -> dict[str, Scalar]:
    from acrm.analysis.clv.purchases import day_of

    if not held:
        return {"held_out_days": 0}
    row = next(row for row in tables["held_out"].iter_rows(named=True) if row["rule"] == name)
    kept = ("forecast", "actual", "bias", "mae", "rmse", "correlation", "top_decile", "gini")
    return {
        "held_out_from": day_of(held.cut),
        "held_out_days": held.days,
        **{f"held_out_{key}": None if row[key] is None else round(row[key], 6) for key in kept},
    }


def _little(repeaters: int, held: Trial | None) -> Iterator[Message]:
    if repeaters < FEWEST:
        yield Message("clv.few", {"buyers": repeaters, "needed": FEWEST})
    if held is None:
        yield Message("clv.not_held_out")


def _billing(purchases: Purchases) -> Iterator[Message]:
    import numpy as np

    from acrm.models.billing import detect_billing

    customer = np.repeat(np.arange(len(purchases.start) - 1), np.diff(purchases.start))
    inside = np.diff(customer) == 0
    billing = detect_billing(np.diff(purchases.day)[inside], customer[1:][inside])
    if billing.recognised:
        yield Message("clv.billing", {"share": billing.share, "period": billing.period, "days": billing.days})


def _convergence(valued: Valued) -> Iterator[Message]:
    if valued.fit.flat:
        yield Message("clv.flat", {"model": valued.model.name, "parameters": ", ".join(valued.fit.flat)})


def _beyond(valued: Valued, purchases: Purchases, params: ClvParams) -> float:
    """The share of the orders to come that lie further ahead than anything was seen, discounted."""
    rate = valued.rate(params)
    within = valued.model.discounted_orders(valued.grouped.histories, valued.units(purchases.span), rate)
    whole = valued.model.expected_residual(valued.grouped.histories, rate)
    count = valued.grouped.histories.count
    return 1 - float(within @ count) / float(whole @ count)


def _one_timers(valued: Valued) -> Iterator[Message]:
    import numpy as np

    once = valued.known.frequency == 0
    if not once.any():
        return
    alive = valued.model.p_alive(valued.grouped.histories)[valued.grouped.group][once]
    share = float(np.mean(once))
    sure = bool((alive > 1 - 1e-9).all())
    yield Message("clv.once_sure" if sure else "clv.once", {"share": share, "alive": float(alive.mean())})
