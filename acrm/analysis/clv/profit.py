"""Past profit of every customer: what was paid, less goods, service and advertising; what fits nobody stays apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.analysis.clv.campaign_costs import spread_campaigns
from acrm.analysis.clv.service_costs import DRIVERS, Attributed, spread_service
from acrm.analysis.history import one_currency
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed, text
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

COSTS = ("goods_cost", "service_cost", "campaign_cost")
ITEMS = ("revenue", "discounts", *COSTS, "past_profit")
_POINTS = 100
"""Points of the whale curve."""


@dataclass(frozen=True, kw_only=True)
class ProfitParams:
    """How shared costs find their customers.

    Attributes:
        as_of: Last day that counts; None takes all.
        drivers: By activity of the service costs, what its shared bills follow: one of `service_costs.DRIVERS`. An
            activity without an entry is judged by its name.
    """

    as_of: date | None = None
    drivers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in self.drivers.values():
            if value not in DRIVERS:
                raise UsageError("profit_choice", value=value, known=", ".join(DRIVERS))


@dataclass(frozen=True, kw_only=True)
class ProfitResult(Result):
    """Tables `profit`, `totals`, `unallocated`, `losses`, `whale`; and `service`, where there are service costs."""

    params: ProfitParams


def profit(
    transactions: pl.LazyFrame,
    params: ProfitParams,
    *,
    products: pl.LazyFrame | None = None,
    service_costs: pl.LazyFrame | None = None,
    interactions: pl.LazyFrame | None = None,
    campaigns: pl.LazyFrame | None = None,
    customers: pl.LazyFrame | None = None,
    segments: pl.DataFrame | None = None,
) -> ProfitResult:
    """Work out what every customer left after costs, so that all amounts add up to what the sources say.

    past profit = revenue - goods - service - campaigns. Revenue is net of refunds and of discounts, which are told
    beside it. A cost that no source tells has no column, and without any there is no `past_profit`. Rules of the
    parts: `customer_margins`, `spread_service`, `spread_campaigns`; method: docs/methods/clv-profit.md.

    Args:
        transactions: Canonical order lines.
        params: See `ProfitParams`.
        products: Canonical `products`: the unit cost of lines that tell none.
        service_costs, interactions, campaigns, customers: The canonical tables, where there are any.
        segments: `customer_id`, `segment`, for service costs that are known by segment.

    Returns:
        Table `profit`, by `customer_id`: `revenue`, `discounts`, `goods_cost`, `service_cost`, `campaign_cost`,
        `past_profit`, all Decimal; everybody who bought or whom a cost was given to.
        Table `totals`, by `item` (the columns above): `source` = `left_out` (tests, cancelled orders, no date, after
        `as_of`) + `customers` + `unallocated`, exactly. Table `unallocated`: `item`, `reason`, `amount`.
        Table `losses`: the rows of `profit` below 0 from the worst up, with `cause`: `refunds` (revenue is below 0),
        `goods` (they cost more than was paid for them), else the larger of `service` and `campaigns`.
        Table `whale`: at every hundredth of the `customers`, from the most profitable down, their `share` and the
        `past_profit` so far. Table `service`: see `spread_service`.

    Raises:
        InputError: Nobody has a sale; more than one currency; `drivers` names an activity that is none.
    """
    margins, currency = _margins(transactions, products, params.as_of)
    parts: dict[str, Attributed] = {}
    notes: list[Message] = []
    tables: dict[str, pl.DataFrame] = {}
    if service_costs is not None:
        from acrm.summaries.customers import purchase_days

        parts["service_cost"], tables["service"] = spread_service(
            service_costs,
            days=purchase_days(transactions, as_of=params.as_of),
            interactions=interactions,
            segments=segments,
            drivers=params.drivers,
            as_of=params.as_of,
        )
    if campaigns is not None:
        campaigns, foreign = _of_currency(campaigns, currency)
        notes += foreign
        parts["campaign_cost"] = spread_campaigns(campaigns, transactions, customers, as_of=params.as_of)
    table, totals, unallocated = _assemble(margins, parts)
    figures: dict[str, Scalar] = {f"total_{item}": amount for item, amount in totals.select("item", "customers").rows()}
    figures |= {f"unallocated_{item}": amount for item, amount in totals.select("item", "unallocated").rows()}
    figures |= {"currency": currency, "profit_customers": table.height}
    notes += _notes(margins, table, totals)
    tables = {"profit": table, "totals": totals, "unallocated": unallocated, **tables}
    if "past_profit" in table.columns:
        tables["losses"], tables["whale"], curve = _curve(table)
        figures |= curve
    return ProfitResult(params=params, tables=tables, summary=figures, notes=tuple(notes))


def cost_told(transactions: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame]) -> bool:
    """Whether any source tells a cost or a discount, without which `profit` is the revenue alone."""
    from acrm import engine

    of_lines = {"cost", "discount"} & {*engine.columns(transactions)}
    of_products = "products" in tables and "cost" in tables["products"].collect_schema().names()
    return bool(of_lines or of_products or {"service_costs", "campaigns"} & {*tables})


def _margins(
    transactions: pl.LazyFrame, products: pl.LazyFrame | None, as_of: date | None
) -> tuple[pl.DataFrame, str | None]:
    """Per customer and part the sums of the lines, without the columns that no line fills; and their currency."""
    import polars as pl

    from acrm import engine
    from acrm.summaries.customers import customer_margins
    from acrm.summaries.ledger import Part

    costs = None
    if products is not None and "cost" in products.collect_schema().names():
        costs = products.select("product_id", "cost").drop_nulls()
        costs = engine.beside(costs, transactions)
    margins = engine.collect(customer_margins(transactions, unit_costs=costs, as_of=as_of))
    used = margins.filter(pl.col("part").is_in([int(Part.SALE), int(Part.REFUND)]))
    if used.is_empty():
        raise InputError("no_sales", reasons=text("history.no_lines"))
    currency = None
    if "currency" in margins.columns:
        currency, _ = one_currency(used)
        margins = margins.drop("currency")
    margins = margins.with_columns(pl.exclude("customer_id").fill_null(0))
    if "goods_cost" in margins.columns and int(margins["lines"].sum()) == int(margins["uncosted"].sum()):
        margins = margins.drop("goods_cost", "uncosted", "uncosted_revenue")
    if "discounts" in margins.columns and (margins["discounts"] == 0).all():
        margins = margins.drop("discounts")
    return margins.with_columns(pl.col(name).cast(dtype("money")) for name in _told(margins)), currency


def _told(frame: pl.DataFrame) -> list[str]:
    return [item for item in ITEMS if item in frame.columns]


def _of_currency(campaigns: pl.LazyFrame, currency: str | None) -> tuple[pl.LazyFrame, list[Message]]:
    """The campaigns that can be added to the orders' money, and what is said of the others."""
    import polars as pl

    if currency is None or "currency" not in campaigns.collect_schema().names():
        return campaigns, []
    ours = pl.col("currency").fill_null(currency) == currency
    rest = campaigns.filter(~ours).group_by("currency").agg(pl.col("spend").sum()).sort("currency").collect()
    if rest.is_empty():
        return campaigns, []
    told = listed(f"{spend:,.2f} {name}" for name, spend in rest.rows())
    return campaigns.filter(ours), [Message("profit.campaign_currency", {"amounts": told, "currency": currency})]


def _assemble(
    margins: pl.DataFrame, parts: Mapping[str, Attributed]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The tables `profit`, `totals` and `unallocated`."""
    import polars as pl

    from acrm.summaries.ledger import Part

    items = _told(margins)
    ours = pl.col("part").is_in([int(part) for part in (Part.SALE, Part.REFUND, Part.NO_AMOUNT)])
    table = margins.filter(ours).group_by("customer_id").agg(pl.col(items).sum())
    for item, spread in parts.items():
        amounts = spread.customers.rename({"amount": item})
        table = table.join(amounts, on="customer_id", how="full", coalesce=True)
    told = [*items, *parts]
    costs = [item for item in COSTS if item in told]
    table = table.with_columns(pl.col(told).fill_null(0).cast(dtype("money")))
    if costs:
        table = table.with_columns(past_profit=_left(costs))
    nobody = pl.col("part") == int(Part.NO_CUSTOMER)
    sums = {
        "source": margins.select(pl.col(items).sum()),
        "left_out": margins.filter(~ours & ~nobody).select(pl.col(items).sum()),
        "unallocated": margins.filter(nobody).select(pl.col(items).sum()),
    }
    lost = sums["unallocated"].unpivot(variable_name="item", value_name="amount")
    remainders = [lost.select("item", pl.lit("no_customer").alias("reason"), "amount")]
    for item, spread in parts.items():
        rest = spread.unallocated.select(pl.lit(item).alias("item"), "reason", "amount")
        remainders.append(rest)
        for name, amount in (
            ("source", spread.source["source"]),
            ("left_out", spread.source["left_out"]),
            ("unallocated", pl.Series([rest["amount"].sum()], dtype=dtype("money"))),
        ):
            sums[name] = sums[name].with_columns(amount.alias(item))
    sums["customers"] = table.select(pl.col(told).sum())
    if costs:
        sums = {name: frame.with_columns(past_profit=_left(costs)) for name, frame in sums.items()}
    totals = pl.concat(
        [
            frame.unpivot(variable_name="item", value_name="amount").with_columns(column=pl.lit(name))
            for name, frame in sums.items()
        ]
    ).pivot("column", index="item", values="amount")
    order = pl.col("item").replace_strict({item: place for place, item in enumerate(ITEMS)})
    return (
        table.select("customer_id", *_told(table)).sort("customer_id"),
        totals.select("item", "source", "left_out", "customers", "unallocated").sort(order),
        pl.concat(remainders).filter(pl.col("amount") != 0).sort(order, "reason"),
    )


def _left(costs: list[str]) -> pl.Expr:
    import polars as pl

    left = pl.col("revenue")
    for cost in costs:
        left = left - pl.col(cost)
    return left.cast(dtype("money"))


def _curve(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Scalar]]:
    """The tables `losses` and `whale`, and their figures."""
    import numpy as np
    import polars as pl

    from acrm.models.concentration import whale_curve

    service, campaign = (
        pl.col(name) if name in table.columns else pl.lit(Decimal(0), dtype("money"))
        for name in ("service_cost", "campaign_cost")
    )
    goods = pl.col("goods_cost") if "goods_cost" in table.columns else pl.lit(Decimal(0), dtype("money"))
    cause = (
        pl.when(pl.col("revenue") < 0)
        .then(pl.lit("refunds"))
        .when(pl.col("revenue") < goods)
        .then(pl.lit("goods"))
        .when(service >= campaign)
        .then(pl.lit("service"))
        .otherwise(pl.lit("campaigns"))
    )
    losses = table.filter(pl.col("past_profit") < 0).with_columns(cause=cause).sort("past_profit", "customer_id")
    ranked = table["past_profit"].sort(descending=True)
    points = -(-np.arange(_POINTS + 1) * ranked.len() // _POINTS)
    climbed = pl.concat([pl.Series([0], dtype=dtype("money")), ranked.cum_sum().cast(dtype("money"))])
    whale = pl.DataFrame({"customers": points, "past_profit": climbed.gather(points)}).unique("customers")
    whale = whale.sort("customers").select(
        "customers", share=pl.col("customers") / ranked.len(), past_profit="past_profit"
    )
    curve = whale_curve(ranked.cast(pl.Float64).to_numpy(), np.ones(ranked.len()))
    figures: dict[str, Scalar] = {
        "loss_makers": losses.height,
        "loss_makers_share": curve.loss_makers,
        "loss_makers_profit": Decimal(losses["past_profit"].sum()),
        "peak_profit": Decimal(ranked.filter(ranked > 0).sum()),
        "peak_share": curve.peak_share,
        "peak_at": curve.peak_at,
    }
    return losses, whale, figures


def _notes(margins: pl.DataFrame, table: pl.DataFrame, totals: pl.DataFrame) -> Iterator[Message]:
    import polars as pl

    from acrm.summaries.ledger import Part

    if "past_profit" not in table.columns:
        yield Message("profit.no_costs")
        return
    if "goods_cost" not in table.columns:
        yield Message("profit.no_goods")
    else:
        sold = margins.filter(pl.col("part").is_in([int(Part.SALE), int(Part.REFUND)]))
        revenue, uncosted = Decimal(sold["revenue"].sum()), Decimal(sold["uncosted_revenue"].sum())
        if int(sold["uncosted"].sum()) and revenue > 0:
            share = float(uncosted / revenue)
            yield Message("profit.goods_partly", {"lines": int(sold["uncosted"].sum()), "share": share})
    for item, source, unallocated in totals.select("item", "source", "unallocated").rows():
        if item in ("service_cost", "campaign_cost") and unallocated:
            share = float(unallocated / source) if source else 0.0
            yield Message(f"profit.unallocated_{item}", {"amount": unallocated, "share": share})
