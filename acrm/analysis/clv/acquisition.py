"""What a new customer has cost, by the campaign, channel or source that brought them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.npv_inputs import Base
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

OF_ORDERS = ("campaign", "channel", "source")
"""Columns of orders or customers that may name what brought a customer, the most exact first."""
OF_SPEND = ("campaign", "source")
"""Columns of campaigns that may be the same thing."""
_YEAR = timedelta(days=365)
_READINGS = ((1.0, "loss"), (3.0, "thin"), (5.0, "sound"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Acquisition:
    """New customers and what was spent to win them.

    `table`, sorted by `part` and `channel`: `part` is `channel`, `unnamed_spend` (spend that names nothing to match) or
    `other_customers` (their first order names no channel that money was spent on); `spend` Decimal (null where only
    the cost per customer was given), `new_customers`, `cac`, `cac_low`, `cac_high`. Parts add up to `spend` and
    `new_customers` of all.
    """

    table: pl.DataFrame
    column: str | None
    """Of orders or customers; None where nothing matched."""
    cost: float | None
    """Of a new customer, whatever brought them: all spend by all new customers, the blended cost."""
    since: date | None
    until: date | None
    notes: tuple[Message, ...] = ()


def reading(ratio: float) -> str:
    """How a ratio of value to acquisition cost is usually read: 3 and more is sound, above 5 there is room to spend.

    >>> [reading(ratio) for ratio in (0.9, 2.9, 3.0, 8.0)]
    ['loss', 'thin', 'sound', 'room']
    """
    return next((name for limit, name in _READINGS if ratio < limit), "room")


def key(name: str) -> pl.Expr:
    """A column as names are compared: without letter case and outer blanks; an empty name is none."""
    import polars as pl

    return pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase().replace("", None)


def from_campaigns(campaigns: pl.LazyFrame, base: Base, interval: float) -> Acquisition | Message:
    """Divide the spend of campaigns by the customers whose first order came while they ran.

    They run from their first day to the day before the next one would have come: weekly figures stand for a week. In
    the first year of the orders nobody can say who is new; what was spent in it is left out. What brought a customer is
    told by that column of the orders (or customers) which names, for the most new customers, something that a column of
    the campaigns names too.

    Returns:
        The costs, or why there are none.
    """
    import polars as pl

    names = campaigns.collect_schema().names()
    spent = campaigns.filter(pl.col("date") <= base.as_of, pl.col("spend") != 0).collect()
    if spent.is_empty():
        return Message("npv.no_spend")
    known, of_all = base.first_order_at + _YEAR, Decimal(spent["spend"].sum())
    every = step(spent["date"].unique().sort().to_list())
    spent = spent.filter(pl.col("date") >= known)
    early = {"spend": of_all - Decimal(spent["spend"].sum()), "first": base.first_order_at, "known": known}
    if spent.is_empty():
        return Message("npv.all_look_new", early)
    since, last = (day for day in (spent["date"].min(), spent["date"].max()) if isinstance(day, date))
    until = min(last + timedelta(days=every - 1), base.as_of)
    new = base.customers.filter(pl.col("first_order_at").is_between(since, until))
    pairs = [
        (of_orders, of_spend)
        for of_orders in OF_ORDERS
        for of_spend in OF_SPEND
        if of_orders in new.columns and of_spend in names
    ]
    matched = {
        (mine, theirs): new.filter(key(mine).is_in(spent.select(key(theirs)).to_series().drop_nulls().to_list())).height
        for mine, theirs in pairs
    }
    best = max(pairs, key=lambda pair: matched[pair], default=None)
    notes: list[Message] = []
    if best is None or not matched[best]:
        notes.append(Message("npv.no_channel", {"columns": listed(OF_ORDERS)}))
        best = None
    if early["spend"]:
        notes.append(Message("npv.looks_new", early))
    column, theirs = best or (None, None)
    money = pl.col("spend").sum()
    if theirs is None:
        costs = spent.select(channel=pl.lit(None, pl.String), _key=pl.lit(None, pl.String), spend=money)
    else:
        named = pl.col(theirs).cast(pl.String).str.strip_chars().min().alias("channel")
        costs = spent.group_by(key(theirs).alias("_key")).agg(named, money)
    won = _won(new, column, costs["_key"])
    joined = costs.join(won, on="_key", how="full", coalesce=True, nulls_equal=False)
    part = (
        pl.when(pl.col("_key").is_not_null())
        .then(pl.lit("channel"))
        .when(pl.col("spend").is_not_null())
        .then(pl.lit("unnamed_spend"))
        .otherwise(pl.lit("other_customers"))
    )
    table = joined.select(
        part.alias("part"),
        pl.when(pl.col("_key").is_not_null()).then("channel").alias("channel"),
        pl.col("_key"),
        pl.col("spend").fill_null(0).cast(pl.Decimal(38, 4)),
        pl.col("new_customers").fill_null(0).cast(pl.Int64),
    )
    total = Decimal(table["spend"].sum())
    if below := table.filter(pl.col("spend") < 0)["channel"].drop_nulls().to_list():
        notes.append(Message("npv.negative_spend", {"channels": listed(below)}))
    return Acquisition(
        table=_with_cost(table, interval),
        column=column,
        cost=float(total / new.height) if new.height and total >= 0 else None,
        since=since,
        until=until,
        notes=tuple(notes),
    )


def from_given(costs: Mapping[str, float], base: Base | None) -> Acquisition:
    """Costs per new customer as they were given, by channel; with data, weighted by the new customers of 12 months."""
    import polars as pl

    given = pl.DataFrame({"channel": list(costs), "cac": [float(cost) for cost in costs.values()]})
    given = given.with_columns(_key=key("channel"), part=pl.lit("channel"))
    column, new = None, pl.DataFrame()
    if base is not None:
        new = base.customers.filter(pl.col("first_order_at") > base.edges[1])
        found = {
            name: new.filter(key(name).is_in(given["_key"].to_list())).height
            for name in OF_ORDERS
            if name in base.customers.columns
        }
        best = max(found, key=lambda name: found[name], default=None)
        column = best if best and found[best] else None
    if column is None:
        table = given.with_columns(new_customers=pl.lit(None, pl.Int64))
    else:
        won = _won(new, column, given["_key"])
        table = given.join(won, on="_key", how="full", coalesce=True, nulls_equal=False).with_columns(
            pl.col("part").fill_null("other_customers"), pl.col("new_customers").fill_null(0)
        )
    table = table.with_columns(spend=pl.lit(None, pl.Decimal(38, 4)), **dict.fromkeys(("cac_low", "cac_high"), "cac"))
    paid = table.drop_nulls(["cac", "new_customers"])
    customers = int(paid["new_customers"].sum())
    cost = (
        sum(cac * number for cac, number in paid.select("cac", "new_customers").rows()) / customers
        if customers
        else None
    )
    return Acquisition(table=_ordered(table), column=column, cost=cost, since=None, until=None)


def step(days: list[date]) -> int:
    """The usual number of days from one day of campaign figures to the next."""
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return max(sorted(set(gaps)), key=gaps.count, default=1)


def _won(new: pl.DataFrame, column: str | None, known: pl.Series) -> pl.DataFrame:
    """New customers by key; those whose key is none that money was spent on have none."""
    import polars as pl

    told = pl.lit(None, pl.String) if column is None else key(column)
    named = pl.when(told.is_in(known.drop_nulls().to_list())).then(told).alias("_key")
    return new.with_columns(named).group_by("_key").agg(pl.len().cast(pl.Int64).alias("new_customers"))


def _with_cost(table: pl.DataFrame, interval: float) -> pl.DataFrame:
    """Cost per new customer; its limits are those of a count, after Garwood (1936), as the spend is known exactly.

    Where more money came back than was spent, there is none.
    """
    import polars as pl

    from acrm.models.proportions import count_limits

    rows: list[tuple[Any, ...]] = []
    for part, spend, new in table.select("part", "spend", "new_customers").rows():
        if part != "channel" or not new or spend < 0:
            rows.append((None, None, None))
            continue
        least, most = count_limits(new, interval)
        rows.append((float(spend) / new, float(spend) / most, float(spend) / least))
    costs = pl.DataFrame(rows, schema=dict.fromkeys(("cac", "cac_low", "cac_high"), pl.Float64), orient="row")
    return _ordered(table.hstack(costs))


def _ordered(table: pl.DataFrame) -> pl.DataFrame:
    columns = ("part", "channel", "_key", "spend", "new_customers", "cac", "cac_low", "cac_high")
    return table.select(columns).sort("part", "channel", nulls_last=True)
