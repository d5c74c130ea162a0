"""What a customer is worth as a stream of yearly margins: existing and new, by segment and by channel."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv import scenario as what_if
from acrm.analysis.clv.acquisition import OF_ORDERS, Acquisition, from_campaigns, from_given, key
from acrm.analysis.clv.npv_inputs import (
    Base,
    Cells,
    cells,
    read_base,
    require_retention,
    uneven_retention,
    uneven_revenue,
)
from acrm.analysis.clv.npv_tables import explained, finite, forms, horizon, sensitivity
from acrm.analysis.clv.terms import Terms
from acrm.analysis.result import Result, Scalar
from acrm.errors import UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

ALL = "all"
"""The label of all customers together."""


@dataclass(frozen=True, kw_only=True)
class NpvParams:
    """What a customer brings, how long they stay, and what they cost to win; all rates per year.

    Attributes:
        margin: Above 0. Up to 1: share of the revenue of each customer; above 1: money per customer and year.
        retention: Share of customers who stay from one year to the next. None: from the order lines.
        discount: Rate, 0 to 1.
        years: How many yearly payments count. None: all.
        acquisition_cost: Of a new customer: one number, or one per channel. None: from the campaigns, if there are any.
        by: Columns of customers or order lines by which customers are told apart.
        explain: A segment (values of `by`, joined by " / "), a customer id, or `all`: its value year by year.
        scenario: What changes; see `acrm.analysis.clv.scenario.parse`.
        interval: Probability that limits shall enclose.
        as_of: The last day that counts. None: the day after the last event.
    """

    margin: float
    retention: float | None = None
    discount: float = 0.10
    years: int | None = 10
    acquisition_cost: float | Mapping[str, float] | None = None
    by: tuple[str, ...] = ()
    explain: str | None = None
    scenario: Mapping[str, Any] | None = None
    interval: float = 0.8
    as_of: date | None = None

    def __post_init__(self) -> None:
        if not 0 < self.margin < math.inf:
            raise UsageError("npv_margin", value=self.margin)
        for name in ("retention", "discount"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError("npv_share", name=name, value=value)
        if self.years is not None and not 1 <= self.years <= 100:
            raise UsageError("npv_years", value=self.years)
        if not 0 < self.interval < 1:
            raise UsageError("npv_interval", value=self.interval)
        costs = self.acquisition_cost
        for cost in costs.values() if isinstance(costs, Mapping) else () if costs is None else (costs,):
            if not 0 <= cost < math.inf:
                raise UsageError("npv_cost", value=cost)


@dataclass(frozen=True, kw_only=True)
class NpvResult(Result):
    """Tables `npv`, `npv_horizon`, `npv_sensitivity`; where there is something to tell, `npv_segments`, `npv_channels`,
    `npv_explain`, `npv_scenario`. Figures begin with `npv_`."""  # noqa: D205, D209

    params: NpvParams


def npv(lines: pl.LazyFrame | None, tables: Mapping[str, pl.LazyFrame] | None, params: NpvParams) -> NpvResult:
    """Value customers by the two classic forms of net present value, and by two other ways to book the payments.

    An existing customer has just paid: the next payment comes in a year, from those who stay, and what they cost to
    win is sunk. A new customer pays now, and costs `acquisition_cost`. Definitions, sources, limits:
    docs/methods/clv-npv.md.

    Args:
        lines: Canonical order lines in one currency; None where margin (in money) and retention are given.
        tables: `customers` and `campaigns`, of what there is.
        params: See `NpvParams`.

    Returns:
        Table `npv`, one row per convention: `convention`, `value` (of the years that count, before the cost), `low`,
        `high`, `whole_value` (without horizon; null if it has no end), `cost`, `npv`. Money per customer, Float64.

        Table `npv_horizon`, by `year`: `share` of the value without horizon that so many payments bring, and what the
        first so many are worth, `existing` and `new` (less the cost).

        Table `npv_sensitivity`, by `change` of an input: what it adds to `existing` and `new`, and as a share of them.

        Table `npv_segments`, sorted by the columns of `by`: these, `label`, `customers`, `revenue`, `before`, `stayed`,
        `own_revenue` and `own_retention` as counted; `revenue_per_customer`, `retention` shrunk, with limits;
        `margin`, `existing`, `existing_low`, `existing_high`, `break_even_cost`, `cost`, `new`.

        Table `npv_channels`: that of `Acquisition`, and `retention`, `margin`, `value`, `npv`, `payback_months`,
        `discounted_payback_months` (null where it is never), `ltv_cac` with limits. Spend and customers add up to the
        totals.

        Table `npv_explain`: see `acrm.analysis.clv.npv_tables.explained`; `npv_scenario`: see
        `acrm.analysis.clv.scenario.compare`.

    Raises:
        UsageError: Something is asked for that needs order lines; a column, segment or setting that there is not.
        InputError: As `read_history`; retention is not given and the lines do not carry it.

    >>> result = npv(None, None, NpvParams(margin=100, retention=0.8, acquisition_cost=150))
    >>> [round(result.summary[name], 4) for name in ("npv_existing", "npv_new", "npv_break_even_cost")]
    [255.6274, 201.4876, 351.4876]
    """
    scenario = None if params.scenario is None else what_if.parse(params.scenario)
    tables = tables or {}
    given, campaigns = params.acquisition_cost, tables.get("campaigns")
    if lines is None:
        _require_given(params)
        base = None
    else:
        optional = OF_ORDERS if isinstance(given, Mapping) or (given is None and campaigns is not None) else ()
        base = read_base(lines, tables.get("customers"), params.by, optional, params.as_of)
        if params.retention is None:
            require_retention(base)
    acquisition, notes = _acquisition(base, campaigns, params)
    cost = given if isinstance(given, float | int) else acquisition.cost if acquisition else None
    whole = _whole(base, params, cost)
    table, segments = _segments(base, acquisition, params, cost)
    made: dict[str, pl.DataFrame] = {
        "npv": forms(whole),
        "npv_horizon": horizon(whole),
        "npv_sensitivity": sensitivity(whole),
    }
    if table is not None:
        made["npv_segments"] = table
    if acquisition is not None:
        made["npv_channels"] = _channels(acquisition, base, whole, params)
    if params.explain is not None:
        made["npv_explain"] = _explain(params.explain, [whole, *segments], base, params)
    if scenario is not None:
        made["npv_scenario"], more = what_if.compare(segments or [whole], scenario)
        notes += more
    if base is not None:
        revenue = uneven_revenue(base) if params.margin <= 1 else ()
        retention = uneven_retention(base) if params.retention is None else ()
        if params.retention is None and "segment" in params.by:
            notes = (Message("npv.by_outcome"), *notes)
        notes = (*base.notes, *revenue, *retention, *notes)
    return NpvResult(params=params, tables=made, summary=_summary(whole, base, acquisition), notes=notes)


def _require_given(params: NpvParams) -> None:
    """Refuse what cannot be told without order lines."""
    if params.retention is None:
        raise UsageError("npv_retention_missing")
    if params.margin <= 1:
        raise UsageError("npv_share_of_nothing", value=params.margin)
    if params.by:
        raise UsageError("npv_by_nothing", by=listed(params.by))


def _acquisition(
    base: Base | None, campaigns: pl.LazyFrame | None, params: NpvParams
) -> tuple[Acquisition | None, tuple[Message, ...]]:
    if isinstance(params.acquisition_cost, Mapping):
        made = from_given(params.acquisition_cost, base)
        return made, made.notes
    if params.acquisition_cost is not None or base is None:
        return None, ()
    if campaigns is None:
        return None, (Message("npv.no_campaigns"),)
    if "currency" in campaigns.collect_schema().names():
        found = campaigns.select("currency").unique().collect()["currency"].drop_nulls().sort().to_list()
        if len(found) > 1 or (found and base.currency and found != [base.currency]):
            return None, (Message("npv.spend_currency", {"found": listed(found), "currency": base.currency or "?"}),)
    costs = from_campaigns(campaigns, base, params.interval)
    return (None, (costs,)) if isinstance(costs, Message) else (costs, costs.notes)


def _terms(params: NpvParams, **known: Any) -> Terms:
    return Terms(discount=params.discount, years=params.years, **known)


def _whole(base: Base | None, params: NpvParams, cost: float | None) -> Terms:
    """The terms of all customers together."""
    if base is None:
        return _terms(params, label=ALL, margin=params.margin, retention=params.retention, cost=cost)
    found = cells(base, (), params.interval, retention=False)
    terms = _cell_terms(found, 0, ALL, params, cost)
    if params.retention is not None:
        return terms
    from acrm.analysis.holdout import wilson

    stayed, before = found.table.select("stayed", "before").row(0)
    low, high = wilson(stayed, before, params.interval)
    limits = None if low is None or high is None else (low, high)
    return replace(terms, retention=stayed / before, retention_limits=limits)


def _cell_terms(found: Cells, place: int, label: str, params: NpvParams, cost: float | None) -> Terms:
    """The terms of one segment: given where they are, else told by its customers and those of the others."""
    share = params.margin <= 1
    revenue = float(found.revenue.mean[place])
    limits = [params.margin * float(bounds[place]) for bounds in (found.revenue.low, found.revenue.high)]
    retention, stay = params.retention, None
    if retention is None and found.retention is not None:
        retention = _within(found.retention.mean[place])
        if math.isfinite(found.retention.low[place]):
            stay = (_within(found.retention.low[place]), _within(found.retention.high[place]))
    return _terms(
        params,
        label=label,
        customers=int(found.table["customers"][place]),
        revenue=revenue,
        margin=params.margin * revenue if share else params.margin,
        margin_limits=(limits[0], limits[1]) if share and math.isfinite(limits[0]) else None,
        retention=retention or 0.0,
        retention_limits=stay,
        cost=cost,
    )


def _within(share: float) -> float:
    return min(max(float(share), 0.0), 1.0)


def _segments(
    base: Base | None, acquisition: Acquisition | None, params: NpvParams, cost: float | None
) -> tuple[pl.DataFrame | None, list[Terms]]:
    """The table of segments and their terms, in its order."""
    import polars as pl

    if base is None or not params.by:
        return None, []
    found = cells(base, params.by, params.interval, retention=params.retention is None)
    by_channel: dict[str, float] = {}
    if acquisition is not None and params.by == (acquisition.column,):
        by_channel = dict(acquisition.table.drop_nulls("cac").select("_key", "cac").rows())
    segments, rows = [], []
    for place, values in enumerate(found.table.select(params.by).rows()):
        label = " / ".join("-" if value is None else str(value) for value in values)
        own = by_channel.get(str(values[0]).strip().lower(), None if by_channel else cost)
        terms = _cell_terms(found, place, label, params, own)
        segments.append(terms)
        low, high = terms.limits("existing") or (None, None)
        stay = terms.retention_limits or (None, None)
        rows.append(
            {
                "label": label,
                "revenue_per_customer": terms.revenue,
                "retention": terms.retention,
                "retention_low": stay[0],
                "retention_high": stay[1],
                "margin": terms.margin,
                "existing": terms.existing.npv,
                "existing_low": low,
                "existing_high": high,
                "break_even_cost": terms.new.value,
                "cost": own,
                "new": None if own is None else terms.new.npv,
            }
        )
    numbers = dict.fromkeys(list(rows[0])[1:], pl.Float64)
    counted = found.table.with_columns(
        pl.when(pl.col("customers") > 0)
        .then(pl.col("revenue").cast(pl.Float64) / pl.col("customers"))
        .alias("own_revenue"),
        pl.when(pl.col("before") > 0).then(pl.col("stayed") / pl.col("before")).alias("own_retention"),
    )
    told = pl.DataFrame(rows, schema={"label": pl.String, **numbers})
    return pl.concat([counted, told], how="horizontal"), segments


def _channels(acquisition: Acquisition, base: Base | None, whole: Terms, params: NpvParams) -> pl.DataFrame:
    """The channels with what a customer of each is worth; where customers are not told apart, that is the same."""
    import polars as pl

    own: dict[str, Terms] = {}
    if base is not None and acquisition.column is not None:
        named = replace(base, customers=base.customers.with_columns(key(acquisition.column).alias("_key")))
        found = cells(named, ("_key",), params.interval, retention=params.retention is None)
        own = {
            label: _cell_terms(found, place, label, params, None)
            for place, label in enumerate(found.table["_key"])
            if label is not None
        }
    rows: list[dict[str, Any]] = []
    for part, label, cac, low, high in acquisition.table.select("part", "_key", "cac", "cac_low", "cac_high").rows():
        if part != "channel" or cac is None:
            rows.append({})
            continue
        terms = replace(own.get(label, whole), cost=cac)
        new = terms.new
        rows.append(
            {
                "retention": terms.retention,
                "margin": terms.margin,
                "value": new.value,
                "npv": new.npv,
                "payback_months": new.payback_months(discounted=False),
                "discounted_payback_months": new.payback_months(discounted=True),
                "ltv_cac": new.value / cac if cac else None,
                "ltv_cac_low": new.value / high if cac else None,
                "ltv_cac_high": new.value / low if cac else None,
            }
        )
    numbers = dict.fromkeys(("retention", "margin", "value", "npv"), pl.Float64)
    months = dict.fromkeys(("payback_months", "discounted_payback_months"), pl.Int64)
    ratios = dict.fromkeys(("ltv_cac", "ltv_cac_low", "ltv_cac_high"), pl.Float64)
    told = pl.DataFrame(rows, schema={**numbers, **months, **ratios})
    return pl.concat([acquisition.table.drop("_key"), told], how="horizontal")


def _explain(name: str, known: Sequence[Terms], base: Base | None, params: NpvParams) -> pl.DataFrame:
    """The equation of a segment, or of one customer: an existing one of their segment with a revenue of their own.

    Raises:
        UsageError: There is neither of that name, or the customer has not ordered in the last 12 months.
    """
    for terms in known:
        if terms.label == name:
            return explained(terms, ("existing", "new"))
    row = next(base.customers.filter(customer_id=name).iter_rows(named=True), None) if base is not None else None
    if base is None or row is None:
        raise UsageError("npv_explain", name=name, known=listed(terms.label for terms in known))
    if not row["now"]:
        raise UsageError("npv_explain_gone", name=name, since=base.edges[1])
    label = " / ".join("-" if row[column] is None else str(row[column]) for column in params.by)
    like = next((terms for terms in known if terms.label == label), known[0])
    margin = params.margin * float(row["revenue"]) if params.margin <= 1 else params.margin
    return explained(replace(like, label=name, margin=margin), ("existing",))


def _summary(whole: Terms, base: Base | None, acquisition: Acquisition | None) -> dict[str, Scalar]:
    return {
        name: finite(value) if isinstance(value, float) else value for name, value in _figures(whole, base, acquisition)
    }


def _figures(whole: Terms, base: Base | None, acquisition: Acquisition | None) -> Iterator[tuple[str, Scalar]]:
    existing, new = whole.existing, whole.new
    priced = whole.cost is not None
    yield "npv_margin", whole.margin
    yield "npv_retention", whole.retention
    yield "npv_discount", whole.discount
    yield "npv_years", whole.years
    yield "npv_existing", existing.npv
    limits = whole.limits("existing")
    yield "npv_existing_low", limits[0] if limits else None
    yield "npv_existing_high", limits[1] if limits else None
    yield "npv_break_even_cost", new.value
    yield "npv_acquisition_cost", whole.cost
    yield "npv_new", new.npv if priced else None
    yield "npv_ltv_cac", new.value / whole.cost if whole.cost else None
    yield "npv_payback_months", new.payback_months(discounted=False) if priced else None
    yield "npv_discounted_payback_months", new.payback_months(discounted=True) if priced else None
    if base is not None:
        stay = whole.retention_limits or (None, None)
        before = base.customers["before"]
        yield "npv_as_of", base.as_of
        yield "npv_since", base.edges[0]
        yield "npv_middle", base.edges[1]
        yield "npv_currency", base.currency
        yield "npv_customers", whole.customers
        yield "npv_revenue", base.customers["revenue"].sum()
        yield "npv_revenue_per_customer", whole.revenue
        yield "npv_customers_before", int(before.sum())
        yield "npv_customers_stayed", int((before & base.customers["now"]).sum())
        yield "npv_retention_low", stay[0]
        yield "npv_retention_high", stay[1]
        yield "npv_equity", (whole.customers or 0) * existing.npv
    if acquisition is not None and acquisition.since is not None:
        table = acquisition.table
        yield "npv_spend", table["spend"].sum()
        yield "npv_new_customers", int(table["new_customers"].sum())
        yield "npv_spend_unattributed", table.filter(part="unnamed_spend")["spend"].sum()
        yield "npv_new_customers_unattributed", int(table.filter(part="other_customers")["new_customers"].sum())
        yield "npv_channel_column", acquisition.column
        yield "npv_spend_since", acquisition.since
        yield "npv_spend_until", acquisition.until
