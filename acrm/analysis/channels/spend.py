"""Spend of campaigns by channel: what a lead, a won deal and a new customer cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.params import LEVEL, ChannelsParams
from acrm.analysis.channels.told import several
from acrm.analysis.channels.touches import currencies, no_money, texts
from acrm.analysis.clv.acquisition import OF_SPEND, key, step
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.counted import Counted

BOUGHT = ("leads", "visitors", "customers")
"""Units that spend may have brought."""
_YEAR = timedelta(days=365)
_WHY = frozenset({"npv.no_spend", "npv.all_look_new", "npv.spend_currency"})
"""Notes of a net present value that say why new customers have no cost."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spent:
    """What was spent, by day and channel: `date`, `_key` (as `acquisition.key`), `channel`, `spend` Decimal.

    `found` are the units whose `column` names the same channels, within the days that the spend covers.
    """

    rows: pl.DataFrame
    found: Counted
    column: str
    since: date
    until: date
    currency: str | None
    notes: tuple[Message, ...] = ()


def spent(campaigns: pl.LazyFrame | None, counted: Sequence[Counted]) -> Spent | Message | None:
    """Match spend with units: by the units and the pair of columns that together name the channels of most spend.

    Of several that name as much, leads come before visitors and these before customers, as what is nearest to the
    spend; of columns, those that name the channel of most units, then the first.

    Returns:
        The match; why there is none; None where nothing was spent that we know of.
    """
    import polars as pl

    if campaigns is None:
        return None
    rows = campaigns.filter(pl.col("spend") != 0).collect()
    if rows.is_empty():
        return Message("npv.no_spend")
    codes = currencies(rows.lazy())
    if len(codes) > 1:
        return several("spend", codes)
    match = _best(rows, [one for one in counted if one.of in BOUGHT])
    if match is None:
        return Message("channels.spend_unmatched", {"columns": listed(OF_SPEND)})
    found, column, theirs = match
    named = rows.select("date", key(theirs).alias("_key"), texts([theirs])[0].alias("channel"), "spend")
    unnamed = named.filter(pl.col("_key").is_null())["spend"].sum()
    notes = [Message("channels.spend_unnamed", {"spend": unnamed})] if unnamed else []
    days = found.units["day"].drop_nulls()
    if days.is_empty():
        return Message("channels.spend_undated")
    dates = rows["date"].unique().sort().to_list()
    first, last = pl.select(pl.lit(days.min()), last=pl.lit(days.max())).row(0)
    every = timedelta(days=step(dates))
    # Spend of a week or a month is that of all its days: the period in which the first unit came counts as a whole.
    since = max((day for day in dates if first - every < day <= first), default=max(dates[0], first))
    until = min(dates[-1] + every - timedelta(days=1), last)
    within = pl.col("date").is_between(since, until)
    kept = named.drop_nulls("_key").filter(within)
    if kept.is_empty():
        return Message("channels.spend_apart", {"since": dates[0], "until": dates[-1], "first": first, "last": last})
    if outside := named.filter(~within)["spend"].sum():
        notes.append(Message("channels.spend_outside", {"since": since, "until": until, "spend": outside}))
    notes += _nobody(kept, found, column)
    mine = found.figures.get("currency")
    if codes and mine and codes != [mine]:
        notes.append(Message("channels.other_currency", {"spend": codes[0], "amount": mine}))
        found = replace(found, units=found.units.with_columns(no_money().alias("amount")))
    known = first + _YEAR
    if found.of == "customers" and since < known:
        notes.append(Message("channels.looks_new", {"known": known}))
    return Spent(
        rows=kept,
        found=replace(found, units=found.units.filter(pl.col("day").is_between(since, until))),
        column=column,
        since=since,
        until=until,
        currency=codes[0] if codes else None,
        notes=tuple(notes),
    )


def _best(rows: pl.DataFrame, asked: Sequence[Counted]) -> tuple[Counted, str, str] | None:
    """The units, and the columns of these and of spend, that name the channels of most spend; None: of no spend."""
    import polars as pl

    paid = {
        name: rows.group_by(key(name).alias("_key")).agg(pl.col("spend").abs().sum()).drop_nulls("_key")
        for name in OF_SPEND
        if name in rows.columns
    }
    found: list[tuple[tuple[Any, ...], tuple[Counted, str, str]]] = []
    for place, one in enumerate(asked):
        for mine, theirs in product(one.columns, paid):
            both = paid[theirs].join(one.units.group_by(key(mine).alias("_key")).len(), on="_key")
            if both.height:
                found.append(((both["spend"].sum(), -place, both["len"].sum()), (one, mine, theirs)))
    return max(found, key=itemgetter(0))[1] if found else None


def _nobody(rows: pl.DataFrame, found: Counted, column: str) -> list[Message]:
    """A word on spend of channels by which none of the units came, at any time."""
    import polars as pl

    came = found.units.select(key(column)).to_series().drop_nulls().unique().to_list()
    none = rows.filter(~pl.col("_key").is_in(came)).sort("_key", "channel")
    if none.is_empty():
        return []
    names = listed(none.unique("_key", keep="first", maintain_order=True)["channel"])
    return [Message("channels.spend_nobody", {"names": names, "column": column, "spend": none["spend"].sum()})]


def costs(match: Spent) -> pl.DataFrame:
    """What a unit and a converted one of each channel that money was spent on cost, in the days of the spend.

    Returns:
        Most spend first, then by channel: `channel`, `_key`, `of`, `spend`, `units`, `converted`, `amount`,
        `per_unit` with `per_unit_low`, `per_unit_high`, `per_converted` with limits (Garwood: the spend is known, the
        count is chance; of customers there is none, as the newest cannot have come back yet), `return` (amount by
        spend).
    """
    import polars as pl

    column, units = match.column, match.found.units
    name = match.rows.group_by("_key").agg(pl.col("channel").min(), pl.col("spend").sum())
    won = units.group_by(key(column).alias("_key")).agg(
        pl.len().cast(pl.Int64).alias("units"),
        pl.col("converted").sum().cast(pl.Int64),
        pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()).alias("amount"),
    )
    table = name.join(won, on="_key", how="left").with_columns(pl.col("units", "converted").fill_null(0))
    table = table.sort(-pl.col("spend"), "_key")
    per = {
        what: [_cost(float(spend), count) for spend, count in table.select("spend", counts).rows()]
        for what, counts in (("per_unit", "units"), ("per_converted", "converted"))
    }
    if match.found.of == "customers":
        per["per_converted"] = [(None, None, None)] * table.height
    numbers = {
        f"{what}{end}": pl.Series([row[place] for row in rows], dtype=pl.Float64)
        for what, rows in per.items()
        for place, end in enumerate(("", "_low", "_high"))
    }
    money = pl.col("amount").cast(pl.Float64) / pl.col("spend").cast(pl.Float64)
    back = pl.when(pl.col("spend") > 0).then(money).alias("return")
    return (
        table.select("channel", "_key", pl.lit(match.found.of).alias("of"), "spend", "units", "converted", "amount")
        .with_columns(**numbers)
        .with_columns(back)
    )


def _cost(spend: float, count: int) -> tuple[float | None, float | None, float | None]:
    from acrm.models.proportions import count_limits

    if spend < 0 or not count:
        return None, None, None
    least, most = count_limits(count, LEVEL)
    return spend / count, spend / most, spend / least


def with_payback(
    table: pl.DataFrame, lines: pl.LazyFrame | None, tables: Mapping[str, pl.LazyFrame], params: ChannelsParams
) -> tuple[pl.DataFrame, tuple[Message, ...]]:
    """The costs with what a new customer cost and brings, as `acrm clv --npv` tells it, where two years of orders do.

    Adds `new_customers`, `cac`, `cac_low`, `cac_high`, `ltv_cac`, `payback_months` (null: never, or not known).
    """
    import polars as pl

    from acrm.analysis.clv.npv import NpvParams, npv
    from acrm.analysis.clv.people import with_deal_sources

    wanted = ["new_customers", "cac", "cac_low", "cac_high", "ltv_cac", "payback_months"]
    kinds = dict.fromkeys(wanted, pl.Float64) | dict.fromkeys(("new_customers", "payback_months"), pl.Int64)
    none = pl.DataFrame(schema={"part": pl.String, "channel": pl.String, **kinds})
    notes: tuple[Message, ...] = ()
    known = none
    if lines is not None:
        people, _ = with_deal_sources(tables.get("customers"), tables.get("deals"))
        beside = {**tables, **({} if people is None else {"customers": people})}
        try:
            result = npv(lines, beside, NpvParams(margin=params.margin, interval=LEVEL, as_of=params.as_of))
            known = result.tables.get("npv_channels", none)
            notes = tuple(note for note in result.notes if known is none and note.id in _WHY)
        except InputError as error:
            notes = (Message("channels.no_payback", {"why": error.message}),)
    numbers = [pl.col(name).cast(kind) for name, kind in kinds.items()]
    found = known.filter(pl.col("part") == "channel").select(key("channel").alias("_key"), *numbers)
    return table.join(found, on="_key", how="left", maintain_order="left"), notes
