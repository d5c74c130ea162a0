"""Revenue per customer and year, and yearly retention, as order lines tell them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.cuts import NO_CUTS, of_order
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.shrinkage import Shrunk

FEWEST = 30
"""Customers of the year before last without whom no retention is told: its interval would be wider than 20 points."""
GRACE = timedelta(days=31)
"""So much may be missing at the beginning of the two years: a shop need not sell on their first day."""
UNEVEN = 1.25
"""How many times as much as the others customers who stayed must bring for a note to say so."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Base:
    """The customers, one row each, sorted by `customer_id`.

    `customers` has `first_order_at`; `before` and `now`, whether there was an order in the 12 months before last and
    in the last 12; `revenue` of the last 12, net of the refunds booked in them; and the columns asked for, as text.
    """

    customers: pl.DataFrame
    as_of: date
    edges: tuple[date, date, date]
    first_order_at: date
    currency: str | None
    notes: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """The customers by segment: counts and sums as they are, and what revenue and retention are taken to be.

    `table`, sorted by the columns of the segment (none for all customers together): these, `customers` (with an order
    in the last 12 months), `revenue` Decimal of the same, `before` (customers with an order in the 12 months before),
    `stayed` (how many of them are among `customers`). `revenue` and `retention` are aligned with its rows.
    """

    table: pl.DataFrame
    revenue: Shrunk
    retention: Shrunk | None


def read_base(
    lines: pl.LazyFrame,
    people: pl.LazyFrame | None,
    columns: Sequence[str],
    optional: Sequence[str],
    as_of: date | None,
) -> Base:
    """Reduce order lines to what two years say of each customer.

    A column of customers says what it says now. One of order lines says what it says on the customer's first order:
    where somebody ended up is partly decided by whether they stayed, where they began is not.

    Args:
        lines: Canonical transactions, see `acrm.analysis.history.read_history`.
        people: Canonical customers, if there are any.
        columns: By these customers are to be told apart; columns of either table, of customers first.
        optional: Likewise, where there are such columns.
        as_of: See `read_history`.

    Raises:
        UsageError: There is no such column.
        InputError: As `read_history`; or nobody ordered in the last 12 months.
    """
    import polars as pl

    from acrm import engine
    from acrm.analysis.history import read_history
    from acrm.summaries.customers import spend_by_window
    from acrm.validity import years_before

    of_lines = set(engine.columns(lines)) - NO_CUTS
    of_people = set(people.collect_schema().names()) - NO_CUTS if people is not None else set()
    known = sorted(name for name in of_lines | of_people if not name.startswith("_"))
    for name in columns:
        if name not in known:
            raise _unknown(name, known)
    wanted = [*columns, *(name for name in optional if name in known and name not in columns)]
    own = [name for name in wanted if name in of_people]
    history = read_history(lines, refunds="net", as_of=as_of)
    today: Any = history.figures["as_of"]
    edges = (years_before(today, 2), years_before(today, 1), today)
    told_first = [name for name in wanted if name not in own]
    windows = engine.collect(spend_by_window(lines, edges=edges))
    before, now = (windows.filter(window=number).drop("window") for number in (0, 1))
    customers = (
        history.customers.select("customer_id", "first_order_at")
        .join(before.select("customer_id", before=pl.col("orders") > 0), on="customer_id", how="left")
        .join(now.select("customer_id", "spend", now=pl.col("orders") > 0), on="customer_id", how="left")
        .with_columns(
            pl.col("before", "now").fill_null(False),
            revenue=pl.col("spend").fill_null(0).cast(pl.Decimal(38, 4)),
        )
        .drop("spend")
    )
    for first in of_order(lines, told_first, "first", today):
        customers = customers.join(first, on="customer_id", how="left")
    if not customers["now"].any():
        raise InputError("npv_nobody", since=edges[1], until=edges[2])
    if people is not None and own:
        told = people.select("customer_id", pl.col(own).cast(pl.String)).unique("customer_id", keep="first").collect()
        customers = customers.join(told, on="customer_id", how="left")
    began: Any = history.figures["first_order_at"]
    currency = history.figures["currency"]
    return Base(
        customers=customers.sort("customer_id"),
        as_of=today,
        edges=edges,
        first_order_at=began,
        currency=None if currency is None else str(currency),
        notes=history.notes,
    )


def require_retention(base: Base) -> None:
    """Refuse to tell a retention that the data does not carry.

    Raises:
        InputError: Less than two years of orders, or too few customers in the first of them.
    """
    if base.first_order_at > base.edges[0] + GRACE:
        values = {"first": base.first_order_at, "last": base.as_of, "needed": base.edges[0]}
        raise InputError("npv_too_short", **values)
    if (before := int(base.customers["before"].sum())) < FEWEST:
        raise InputError("npv_too_few", customers=before, needed=FEWEST, since=base.edges[0], until=base.edges[1])


def cells(base: Base, by: Sequence[str], interval: float, *, retention: bool) -> Cells:
    """The customers of each segment, with revenue and retention drawn to each other as far as chance explains them.

    A segment that had no customer in the year before takes the retention of all segments, without limits of its own.

    Args:
        base: The customers.
        by: Columns of the segment; none for all customers together.
        interval: Probability that limits shall enclose.
        retention: Whether it is to be told.
    """
    import polars as pl

    from acrm.models.shrinkage import shrink

    key = [pl.col(name) for name in by] or [pl.lit(0).alias("_")]
    grouped = (
        base.customers.group_by(key, maintain_order=True)
        .agg(
            pl.col("now").sum().cast(pl.Int64).alias("customers"),
            pl.col("revenue").sum(),
            pl.col("before").sum().cast(pl.Int64),
            (pl.col("before") & pl.col("now")).sum().cast(pl.Int64).alias("stayed"),
            # A list, as its variance is summed in one order; that of a group need not be.
            pl.col("revenue").filter("now").cast(pl.Float64).alias("_each"),
        )
        .filter((pl.col("customers") > 0) | (pl.col("before") > 0) | (pl.col("revenue") != 0))
        .sort(by or "customers", nulls_last=True)
        .with_columns(pl.col("_each").list.var().fill_null(0))
    )

    def numbers(name: str) -> Any:
        return grouped[name].cast(pl.Float64).to_numpy()

    size, total = numbers("customers"), numbers("revenue")
    bought = size > 0
    told = shrink(size[bought], total[bought] / size[bought], numbers("_each")[bought], interval)
    revenue = _spread(told, bought)
    stay = None
    if retention:
        before, stayed = numbers("before"), numbers("stayed")
        seen = before > 0
        share = stayed[seen] / before[seen]
        # Seven of seven do not prove that nobody ever leaves: two more stay, two leave, after Agresti & Coull (1998).
        likely = (stayed[seen] + 2) / (before[seen] + 4)
        variance = likely * (1 - likely)
        stay = _spread(shrink(before[seen], share, variance, interval), seen)
    return Cells(table=grouped.drop("_each", *([] if by else ["_"])), revenue=revenue, retention=stay)


def _spread(told: Shrunk, known: Any) -> Shrunk:
    """The groups that are known among all; the others take the mean of all, and have no limits."""
    import numpy as np

    from acrm.models.shrinkage import Shrunk

    def fill(values: Any, missing: float) -> Any:
        whole = np.full(known.size, missing)
        whole[known] = values
        return whole

    return Shrunk(
        mean=fill(told.mean, told.overall),
        low=fill(told.low, np.nan),
        high=fill(told.high, np.nan),
        weight=fill(told.weight, 0.0),
        overall=told.overall,
    )


def uneven_revenue(base: Base) -> Iterator[Message]:
    """A note where customers who stayed bring much more, or less, than new ones: one margin then fits neither."""
    import polars as pl

    bought = base.customers.filter("now")
    parts = [bought.filter(stayed) for stayed in (pl.col("before"), ~pl.col("before"))]
    if any(part.height < FEWEST for part in parts):
        return
    stayed, others = (float(Decimal(part["revenue"].sum()) / part.height) for part in parts)
    if stayed > 0 and others > 0 and not 1 / UNEVEN <= stayed / others <= UNEVEN:
        yield Message("npv.uneven", {"stayed": stayed, "others": others})


def uneven_retention(base: Base) -> Iterator[Message]:
    """A note where customers in their first year stay more, or less, often than the others beyond chance."""
    import polars as pl

    from acrm.analysis.holdout import wilson

    known = base.customers.filter("before")
    fresh = pl.col("first_order_at") > base.edges[0]
    counts = [(int(part["now"].sum()), part.height) for part in (known.filter(fresh), known.filter(~fresh))]
    if any(before < FEWEST for _, before in counts):
        return
    (new_low, new_high), (old_low, old_high) = (wilson(*count) for count in counts)
    shares = {name: stayed / before for name, (stayed, before) in zip(("new", "old"), counts, strict=True)}
    if (new_high or 0.0) < (old_low or 0.0):
        yield Message("npv.first_year", shares)
    elif (old_high or 0.0) < (new_low or 0.0):
        yield Message("npv.first_year_more", shares)


def _unknown(name: str, known: Sequence[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, 1)
    return UsageError("npv_by", name=name, near=near[0] if near else listed(known))
