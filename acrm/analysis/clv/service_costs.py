"""What serving each customer cost: bills of one customer go there, shared bills follow what drives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from acrm.analysis.clv.allocation import allocate
from acrm.errors import InputError
from acrm.messages import listed
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

KINDS = {
    "web_visits": "web_visit",
    "calls": "call",
    "emails": "email",
    "tickets": "ticket",
    "meetings": "meeting",
    "chats": "chat",
}
"""Drivers that are counted in `interactions`, and their kind there."""
DRIVERS = (*KINDS, "orders", "revenue")
# Parts of an activity's name that say what drives it; the first that fits.
_SIGNS = {
    "web_visits": ("web visit", "website", "сайт"),
    "calls": ("call", "phone", "звон", "телефон"),
    "emails": ("email", "e-mail", "письм"),
    "tickets": ("ticket", "support", "complaint", "тикет", "обращен", "заявк", "поддержк", "жалоб", "рекламац"),
    "meetings": ("meeting", "visit", "встреч", "визит", "выезд"),
    "chats": ("chat", "messenger", "чат", "мессендж"),
    "revenue": ("commission", "acquiring", "payment fee", "комисси", "эквайринг"),
}


@dataclass(frozen=True)
class Attributed:
    """A cost as it was spread: what stayed with nobody has a reason.

    `customers`: `customer_id`, `amount`. `unallocated`: `reason`, `amount`. `source` and `left_out` (later than
    `as_of`): `source` = `left_out` + the customers' amounts + the unallocated ones, exactly.
    """

    customers: pl.DataFrame
    unallocated: pl.DataFrame
    source: pl.DataFrame
    """`source`, `left_out`: one row of money."""


def driver(activity: str | None, kinds: frozenset[str], chosen: Mapping[str, str]) -> str:
    """What a cost follows: as chosen, else by the activity's name where there are such interactions, else orders.

    >>> driver("Call centre", frozenset({"call"}), {}), driver("Call centre", frozenset(), {})
    ('calls', 'orders')
    """
    name = (activity or "").strip().casefold()
    if name in chosen:
        return chosen[name]
    for found, signs in _SIGNS.items():
        if any(sign in name for sign in signs) and KINDS.get(found, "") in kinds | {""}:
            return found
    return "orders"


def spread_service(
    costs: pl.LazyFrame,
    *,
    days: pl.LazyFrame,
    interactions: pl.LazyFrame | None,
    segments: pl.DataFrame | None,
    drivers: Mapping[str, str],
    as_of: date | None,
) -> tuple[Attributed, pl.DataFrame]:
    """Spread `service_costs` over customers.

    A row with a customer is that customer's. The others of one period are shared by the units of their driver in that
    period: interactions of that kind, orders, or revenue (both as of `purchase_days`); a row with a segment among its
    customers alone. Units of nobody known carry their share, which then stays with nobody.

    A period lasts as long as the shortest distance between two periods: in months where all begin on the first of one,
    else in days; a single one is a month.

    Args:
        costs: Canonical `service_costs`.
        days: `acrm.summaries.customers.purchase_days` of the order lines.
        interactions: Canonical `interactions`; days are UTC days.
        segments: `customer_id`, `segment`; letter case does not matter.
        drivers: By activity, one of `DRIVERS`.
        as_of: Last day that counts; None takes all.

    Returns:
        The spread, and a table by `activity`: `driver`, `rows`, `direct` (of rows with a customer), `shared`.
    """
    import polars as pl

    names = costs.collect_schema().names()
    absent = [name for name in ("customer_id", "segment", "activity") if name not in names]
    bills = costs.with_columns(pl.lit(None, pl.String).alias(name) for name in absent).collect()
    late = pl.col("period") > as_of if as_of else pl.lit(False)
    source = bills.select(source=pl.col("cost").sum(), left_out=pl.col("cost").filter(late).sum())
    activities = bills["activity"].unique().sort(nulls_last=True).to_list()
    bills = bills.filter(~late)
    known = frozenset[str]()
    if interactions is not None:
        known = frozenset(interactions.select("kind").unique().collect()["kind"].drop_nulls().to_list())
    chosen = {name.strip().casefold(): to for name, to in drivers.items()}
    strangers = set(chosen) - {(name or "").strip().casefold() for name in activities}
    if strangers:
        told = [name for name in activities if name]
        activity, example = ", ".join(sorted(strangers)), told[0] if told else ""
        raise InputError("profit_no_activity", activity=activity, known=listed(told), example=example)
    by_activity = pl.DataFrame(
        [(name, driver(name, known, chosen)) for name in activities],
        schema={"activity": pl.String, "driver": pl.String},
        orient="row",
    )
    bills = bills.join(by_activity, on="activity", how="left", nulls_equal=True)
    own = pl.col("customer_id").is_not_null()
    table = (
        bills.group_by("activity", "driver")
        .agg(
            pl.len().cast(pl.Int64).alias("rows"),
            pl.col("cost").filter(own).sum().alias("direct"),
            pl.col("cost").filter(~own).sum().alias("shared"),
        )
        .sort("activity", nulls_last=True)
    )
    direct = bills.filter(own).group_by("customer_id").agg(pl.col("cost").sum().alias("amount"))
    # A pool of its own for the costs of everybody: no segment is called "".
    pools = bills.filter(~own).with_columns(_folded().fill_null(""))
    pools = pools.group_by("driver", "segment", "period").agg(pl.col("cost").sum())
    units = _units(pools, days, interactions, segments, as_of)
    on = ["driver", "segment", "period"]
    shares = allocate(pools, units, on)
    nobody = shares.filter(pl.col("customer_id").is_null())
    unmet = pools.join(shares.select(on).unique(), on=on, how="anti")
    lost = pl.concat(
        [
            nobody.select(reason=pl.lit("unknown_customer"), amount="amount"),
            unmet.select(
                reason=pl.when(pl.col("segment") == "")
                .then(pl.lit("no_units"))
                .otherwise(pl.lit("no_units_in_segment")),
                amount="cost",
            ),
        ]
    )
    customers = pl.concat([direct, shares.drop_nulls("customer_id").select("customer_id", "amount")])
    spread = Attributed(
        customers.group_by("customer_id").agg(pl.col("amount").sum()),
        lost.group_by("reason").agg(pl.col("amount").sum()).sort("reason"),
        source,
    )
    return spread, table


def _units(
    pools: pl.DataFrame,
    days: pl.LazyFrame,
    interactions: pl.LazyFrame | None,
    segments: pl.DataFrame | None,
    as_of: date | None,
) -> pl.DataFrame:
    """`driver`, `segment`, `period`, `customer_id`, `units` of every pool."""
    import polars as pl

    from acrm.engine import beside, collect
    from acrm.summaries.sales import bought_in_periods

    calendar = _calendar(pools["period"].unique().sort().to_list(), as_of).lazy()
    drivers = set(pools["driver"])
    found = []
    asked = [(name, unit) for name, unit in (("orders", "orders"), ("revenue", "amount")) if name in drivers]
    if asked:
        bought = collect(bought_in_periods(days, beside(calendar, days))).lazy()
        found += [bought.select("period", "customer_id", units=unit, driver=pl.lit(name)) for name, unit in asked]
    kinds = [kind for name, kind in KINDS.items() if name in drivers]
    if interactions is not None and kinds:
        names = {kind: name for name, kind in KINDS.items()}
        if "customer_id" not in interactions.collect_schema().names():
            interactions = interactions.with_columns(customer_id=pl.lit(None, pl.String))
        touched = interactions.filter(pl.col("kind").is_in(kinds)).with_columns(day=pl.col("started_at").dt.date())
        counted = touched.join(calendar, on="day").group_by("kind", "period", "customer_id").agg(units=pl.len())
        found.append(counted.with_columns(driver=pl.col("kind").replace_strict(names)).drop("kind"))
    columns = ["driver", "period", "customer_id", pl.col("units").cast(dtype("money"))]
    text = pl.String()
    schema = {"driver": text, "period": pl.Date(), "customer_id": text, "units": dtype("money")}
    frames = [frame.select(columns) for frame in found]
    units = pl.concat([pl.LazyFrame(schema=schema), *frames]).collect(engine="streaming")
    everybody = units.with_columns(segment=pl.lit(""))
    if segments is None:
        return everybody
    of = segments.select("customer_id", _folded()).drop_nulls()
    return pl.concat([everybody, units.join(of, on="customer_id")], how="diagonal")


def _folded() -> pl.Expr:
    """Segments as they are compared: without letter case and outer blanks."""
    import polars as pl

    return pl.col("segment").str.strip_chars().str.to_lowercase()


def _calendar(starts: list[date], as_of: date | None) -> pl.DataFrame:
    """`day`, `period`: which days belong to which period."""
    import polars as pl

    months = [start.year * 12 + start.month for start in starts]
    if all(start.day == 1 for start in starts) or len(starts) == 1:
        length = min((later - earlier for earlier, later in pairwise(months)), default=1)
        periods = pl.DataFrame({"period": starts}, schema={"period": pl.Date}).with_columns(
            end=pl.col("period").dt.offset_by(f"{length}mo")
        )
    else:
        shortest = min((later - earlier).days for earlier, later in pairwise(starts))
        periods = pl.DataFrame({"period": starts}, schema={"period": pl.Date}).with_columns(
            end=pl.col("period") + timedelta(days=shortest)
        )
    ranges = pl.date_ranges("period", "end", closed="left").alias("day")
    calendar = periods.select("period", ranges).explode("day")
    return calendar.filter(pl.col("day") <= as_of) if as_of else calendar
