"""Customer value under contract: how long customers stay, what they will pay, and how well that can be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acrm.analysis.clv.contract_customers import TOTALS, score
from acrm.analysis.clv.contract_groups import ContractParams, Group
from acrm.analysis.clv.contract_tables import fit_notes, model_table, survival_table, validation_table
from acrm.analysis.clv.retention import find_retention
from acrm.analysis.clv.spells import MONTHS, Period, Spells, counted, find_period, read_spells, tenures
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, ModelError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.contract_fit import Candidate
    from acrm.models.histories import FloatArray
    from acrm.models.tenures import Tenures

# Fewer customers who left make no group of its own, and altogether no model.
_FEWEST_LEFT = 20
_PLANS = 12
OTHER = "other"
"""The group of all customers whose own group is too small."""


@dataclass(frozen=True, kw_only=True)
class ContractResult(Result):
    """Tables `customers` (of contracts alone), `survival`, `models`, `validation`."""

    params: ContractParams


def contract(contracts: pl.LazyFrame, params: ContractParams) -> ContractResult:
    """Value every customer who is or was under contract.

    The chance to stay through a renewal differs between customers as a beta distribution does (sBG), and may change
    with each renewal (BdW); the models, what chooses between them and the sources are in docs/methods/clv-contract.md.

    Args:
        contracts: Canonical contracts: `customer_id`, `start_at`, and where the source has them `end_at`, `renewal_at`,
            `plan`, `price` (per period), `end_reason`.
        params: See `ContractParams`.

    Returns:
        Table `customers`, one row each, sorted by `customer_id`:

        | column | type | unit, range |
        |---|---|---|
        | `customer_id` | String | |
        | `group` | String | value of `by`; empty if all are of one group |
        | `period` | String | month, quarter, year: time between two payments |
        | `age_days` | Int64 | days since the start of the contract they are in, or were in last |
        | `age_periods` | Int64 | renewals made |
        | `p_alive` | Float64 | 1 under contract, 0 after the end |
        | `next_payment_at` | Date | next renewal; null after the end |
        | `p_payment` | Float64 | probability of a payment within the horizon |
        | `expected_payments` | Float64 | within the horizon |
        | `price` | Decimal | per period; null if not told |
        | `clv`, `clv_low`, `clv_high` | Float64 | money of the price, within the horizon, discounted to `as_of` |
        | `residual_value` | Float64 | the same without horizon; null without a discount |
        | `decile` | UInt8 | 1 highest to 10 lowest `clv` among those under contract |

        Tables `survival`, `models`, `validation`: see `acrm.analysis.clv.contract_tables`.

    Raises:
        InputError: No contract with a customer and a start, too few customers who left, no column `by`.
        ModelError: No model could be fitted to any group.
    """
    import numpy as np
    import polars as pl

    by = params.by or _by_plan(contracts, params)
    spells = read_spells(contracts, params.as_of, by)
    spells = _small_groups_joined(spells)
    groups, notes = [], list(spells.notes)
    for name in sorted(spells.frame["group"].unique()):
        members = spells.frame.filter(pl.col("group") == name)
        period: Period = params.period if params.period != "auto" else "month"
        if params.period == "auto":
            period, share = find_period(contracts.join(members.lazy().select("customer_id").unique(), on="customer_id"))
            if share < 0.8:
                notes.append(Message("clv_contract.no_period", {"share": share, "group": _of(name)}))
        groups.append(_group(name, period, tenures(counted(members, spells.as_of, MONTHS[period])), params))
    fitted = _fitted(groups)
    scored = [score(spells, group, chosen, params) for group, chosen in fitted]
    customers = _deciles(pl.concat([one.customers for one in scored]))
    drawn: FloatArray = np.sum([one.drawn for one in scored], axis=0)
    expected: FloatArray = np.sum([one.expected for one in scored], axis=0)
    here = customers.filter(pl.col("p_alive") > 0)
    no_price = here["price"].null_count()
    if no_price:
        notes.append(Message("clv_contract.no_price", {"customers": no_price, "share": no_price / here.height}))
    tails = ((1 - params.interval) / 2, (1 + params.interval) / 2)
    low, high = np.quantile(drawn, tails, axis=1)
    summary: dict[str, Scalar] = {
        "setting": "contract",
        "as_of": spells.as_of,
        "customers": customers.height,
        "under_contract": here.height,
        "ended": customers.height - here.height,
        **_shared(groups, params),
    }
    for place, name in enumerate(TOTALS):
        told = name == TOTALS[0] or no_price < here.height
        told = told and (name != "equity" or params.discount > 0)
        ends = {"": expected, "_low": np.maximum(low, 0), "_high": high}
        summary |= {f"{name}{end}": float(value[place]) if told else None for end, value in ends.items()}
    return ContractResult(
        params=params,
        tables={"customers": customers, **_tables(groups, params)},
        summary=summary,
        notes=(*notes, *fit_notes(groups, params)),
    )


def retention(table: pl.DataFrame, params: ContractParams) -> ContractResult:
    """Fit the same models to a retention table, see `acrm.analysis.clv.retention.find_retention`.

    Without customers and prices there are curves, and payments to be expected of whoever has stayed so long.

    Returns:
        Tables `survival`, `models`, `validation`.

    Raises:
        InputError: The table is none of retention, or tells of too few customers who left.
        ModelError: No model could be fitted to any group.
    """
    found = find_retention(table, params.cohort)
    if found is None:
        raise InputError("contract_no_retention", columns=listed(n for n in table.columns if not n.startswith("_")))
    period = found.period if params.period == "auto" else params.period
    notes = list(found.notes)
    if period is None:
        notes.append(Message("clv_contract.period_unknown", {}))
    groups = []
    for name, members in found.groups.items():
        left = round(float(members.count[members.left].sum()))
        if left < _FEWEST_LEFT:
            raise InputError("contract_few", left=left, needed=_FEWEST_LEFT)
        groups.append(_group(name, period or "month", members, params))
    _fitted(groups)
    customers = sum(float(members.count.sum()) for members in found.groups.values())
    return ContractResult(
        params=params,
        tables=_tables(groups, params),
        summary={"setting": "contract", "customers": round(customers), **_shared(groups, params)},
        notes=(*notes, *fit_notes(groups, params)),
    )


def _group(name: str, period: Period, members: Tenures, params: ContractParams) -> Group:
    from acrm.models.contract_fit import choose

    return Group(name=name, period=period, tenures=members, choice=choose(members, params.held_out))


def _fitted(groups: Sequence[Group]) -> list[tuple[Group, Candidate]]:
    """Those of the groups that have a model, with it.

    Raises:
        ModelError: None has.
    """
    fitted = [(group, group.choice.chosen) for group in groups if group.choice.chosen]
    if not fitted:
        raise ModelError("contract_fit", names=", ".join(one.model.name for one in groups[0].choice.candidates))
    return fitted


def _by_plan(contracts: pl.LazyFrame, params: ContractParams) -> str | None:
    """`plan` if there are a few plans, and their periods differ."""
    import polars as pl

    if params.period != "auto" or "plan" not in contracts.collect_schema().names():
        return None
    plans = contracts.select(pl.col("plan").drop_nulls().unique()).collect()["plan"].sort().to_list()
    if not 1 < len(plans) <= _PLANS:
        return None
    found = [find_period(contracts.filter(pl.col("plan") == plan)) for plan in plans]
    return "plan" if len({period for period, share in found if share > 0}) > 1 else None


def _small_groups_joined(spells: Spells) -> Spells:
    """The spells with groups that too few customers have left made one group.

    Raises:
        InputError: Too few customers have left altogether.
    """
    import polars as pl

    ended = int(spells.frame["ended"].sum())
    if ended < _FEWEST_LEFT:
        raise InputError("contract_few", left=ended, needed=_FEWEST_LEFT)
    counts = spells.frame.group_by("group").agg(pl.col("ended").sum())
    small = counts.filter(pl.col("ended") < _FEWEST_LEFT)["group"].sort().to_list()
    if not small:
        return spells
    group = pl.when(pl.col("group").is_in(small)).then(pl.lit(OTHER)).otherwise(pl.col("group"))
    joined = spells.frame.with_columns(group=group)
    note = Message("clv_contract.small_groups", {"groups": listed(small), "needed": _FEWEST_LEFT, "other": OTHER})
    if int(joined.filter(pl.col("group") == OTHER)["ended"].sum()) < _FEWEST_LEFT:
        # Too few even together: they go with all the others.
        joined = joined.with_columns(group=pl.lit(""))
    return replace(spells, frame=joined, notes=(*spells.notes, note))


def _deciles(customers: pl.DataFrame) -> pl.DataFrame:
    """Customers sorted by id with the decile of those under contract: by value, of equal ones by id."""
    import polars as pl

    here = pl.col("p_alive") > 0
    order = customers.filter(here).sort(
        "clv", "expected_payments", "customer_id", descending=[True, True, False], nulls_last=True
    )
    place = pl.int_range(pl.len()) * 10 // pl.len() + 1
    deciles = order.select("customer_id", place.cast(pl.UInt8).alias("decile"))
    return customers.join(deciles, on="customer_id", how="left").sort("customer_id")


def _tables(groups: Sequence[Group], params: ContractParams) -> dict[str, pl.DataFrame]:
    return {
        "survival": survival_table(groups, params),
        "models": model_table(groups),
        "validation": validation_table(groups),
    }


def _shared(groups: Sequence[Group], params: ContractParams) -> dict[str, Scalar]:
    """Figures of both settings; of several groups those that they share, and null where they differ."""

    def one(values: Sequence[str | None]) -> str | None:
        return values[0] if len(set(values)) == 1 else None

    return {
        "groups": len(groups),
        "period": one([group.period for group in groups]),
        "model": one([group.choice.chosen.model.name if group.choice.chosen else None for group in groups]),
        "verdict": one([group.choice.verdict for group in groups]),
        "recommended": sum(bool(group.choice.chosen) and group.choice.verdict != "worse" for group in groups),
        "horizon_months": params.horizon_months,
        "discount": params.discount,
        "margin": params.margin,
        "interval": params.interval,
    }


def _of(name: str) -> str:
    return text("clv_contract.of_group", group=name) if name else ""
