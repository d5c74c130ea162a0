"""Customer value under contract: how long customers stay, what they will pay, and how well that can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.analysis.clv.contract_customers import TOTALS, score
from acrm.analysis.clv.contract_groups import ContractParams, Group
from acrm.analysis.clv.contract_tables import fit_notes, model_table, survival_table, validation_table
from acrm.analysis.clv.retention import find_retention
from acrm.analysis.clv.spells import MONTHS, Period, Spells, counted, find_period, read_spells, tenures
from acrm.analysis.history import one_currency
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
"""The group of customers whose own groups are too small."""


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

    currency = _one_currency(contracts)
    spells, groups, notes = grouped(contracts, params)
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
        "currency": currency,
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


def grouped(contracts: pl.LazyFrame, params: ContractParams) -> tuple[Spells, list[Group], list[Message]]:
    """The spells of customers, the groups with models of their own, and what was left out or joined on the way.

    Raises:
        InputError: No contract with a customer and a start, too few customers who left, no column `by`.
    """
    import polars as pl

    contracts, by = _by_plan(contracts, params)
    spells = read_spells(contracts, params.as_of, by)
    periods = _periods(contracts, spells, params)
    spells = _small_groups_joined(spells, {name: MONTHS[period] for name, (period, _) in periods.items()})
    groups, notes = [], list(spells.notes)
    for name in sorted(spells.frame["group"].unique()):
        members = spells.frame.filter(pl.col("group") == name)
        period, share = periods[str(members["like"].first())]
        if share < 0.8:
            notes.append(Message("clv_contract.no_period", {"share": share, "group": _of(name)}))
        groups.append(_group(name, period, tenures(counted(members, spells.as_of, MONTHS[period])), params))
    return spells, groups, notes


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


def _one_currency(contracts: pl.LazyFrame) -> str | None:
    """The currency of the prices, None if none is told.

    Raises:
        InputError: There are several.
    """
    import polars as pl

    if not {"currency", "price"} <= set(contracts.collect_schema().names()):
        return None
    priced = contracts.filter(pl.col("price").is_not_null())
    return one_currency(priced.group_by("currency").agg(pl.len().alias("lines")).collect())[0]


def _by_plan(contracts: pl.LazyFrame, params: ContractParams) -> tuple[pl.LazyFrame, str | None]:
    """The contracts with the column of their groups: `params.by`, and apart by plan where plans' periods differ.

    A price is one of a period, so a group has one. Of more than a dozen plans those of one period go together.
    """
    import polars as pl

    by, names = params.by, [name for name in contracts.collect_schema().names() if name[0] != "_"]
    if params.period != "auto" or "plan" not in names or by == "plan" or (by is not None and by not in names):
        return contracts, by
    plans = contracts.select(pl.col("plan").drop_nulls().unique()).collect()["plan"].sort().to_list()
    found = {plan: find_period(contracts.filter(pl.col("plan") == plan)) for plan in plans}
    if len({period for period, share in found.values() if share > 0}) < 2:
        return contracts, by
    told = pl.col("plan")
    if len(plans) > _PLANS:
        told = told.replace_strict({plan: period for plan, (period, _) in found.items()}, default=None)
    columns = [*([pl.col(by).cast(pl.String)] if by else []), told]
    # Of who has neither, nothing is known: the group without a name.
    named = pl.when(pl.any_horizontal(column.is_not_null() for column in columns)).then(
        pl.concat_str([column.fill_null("-") for column in columns], separator=" / ")
    )
    return contracts.with_columns(named.alias("group")), "group"


def _periods(contracts: pl.LazyFrame, spells: Spells, params: ContractParams) -> dict[str, tuple[Period, float]]:
    """The billing period of each group, and the share of its contracts that are whole numbers of it."""
    import polars as pl

    found: dict[str, tuple[Period, float]] = {}
    for name in spells.frame["group"].unique().sort():
        members = spells.frame.lazy().filter(pl.col("group") == name).select("customer_id").unique()
        known = params.period
        found[name] = find_period(contracts.join(members, on="customer_id")) if known == "auto" else (known, 1.0)
    return found


def _small_groups_joined(spells: Spells, months: Mapping[str, int]) -> Spells:
    """The spells with groups that too few customers have left put together, or with the largest one.

    Small groups of one period that are together large enough are `OTHER`; any other one goes with the largest group of
    its period or, without one, of all, at a price as for that group's period. `like` is a group of the same period.

    Raises:
        InputError: Too few customers have left altogether.
    """
    import polars as pl

    ended = int(spells.frame["ended"].sum())
    if ended < _FEWEST_LEFT:
        raise InputError("contract_few", left=ended, needed=_FEWEST_LEFT)
    counts = spells.frame.group_by("group").agg(pl.col("ended").sum()).sort("ended", "group", descending=[True, False])
    left = dict(counts.rows())
    small = sorted(name for name in left if left[name] < _FEWEST_LEFT)
    if not small:
        return replace(spells, frame=spells.frame.with_columns(like=pl.col("group")))
    large = [name for name in left if name not in small]
    if len({months[name] for name in small}) == 1 and sum(left[name] for name in small) >= _FEWEST_LEFT:
        joins = dict.fromkeys(small, OTHER)
    else:
        # Too few even together, though enough with all: then the largest of the small ones takes the others.
        homes = large or list(left)[:1]
        joins = {
            name: next((home for home in homes if months[home] == months[name]), homes[0])
            for name in small
            if name not in homes
        }
    factors = {name: Decimal(months.get(home, months[name])) / months[name] for name, home in joins.items()}
    price = pl.col("price")
    for name, factor in factors.items():
        if factor != 1:
            scaled = (pl.col("price") * pl.lit(factor, pl.Decimal(38, 10))).cast(pl.Decimal(38, 4))
            price = pl.when(pl.col("group") == name).then(scaled).otherwise(price)
    like = {name: home for name, home in joins.items() if home != OTHER}
    group = pl.col("group")
    frame = spells.frame.with_columns(like=group.replace(like), group=group.replace(joins), price=price)
    if frame["group"].n_unique() == 1:
        frame = frame.with_columns(group=pl.lit(""))
    notes = [
        Message(
            "clv_contract.small_groups",
            {"groups": listed(one or "-" for one in small if joins.get(one) == home), "needed": _FEWEST_LEFT}
            | {"other": home},
        )
        for home in sorted(set(joins.values()))
    ]
    return replace(spells, frame=frame, notes=(*spells.notes, *notes))


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
