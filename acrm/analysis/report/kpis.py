"""The figures a shop is run by, for every period, and how the last whole one compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.report.periods import SEASONS, Period, calendar, moved
from acrm.analysis.report.sold import Sold
from acrm.analysis.result import Scalar
from acrm.messages import Message, text

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

Unit = Literal["money", "count", "ratio", "share"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure: one sum over customers divided by another (None: the sum itself)."""

    name: str
    unit: Unit
    top: str
    bottom: str | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return text(f"report.kpi.{self.name}")


MEASURES = (
    Measure(name="revenue", unit="money", top="revenue"),
    Measure(name="orders", unit="count", top="orders"),
    Measure(name="buyers", unit="count", top="buyers"),
    Measure(name="new_buyers", unit="count", top="new_buyers"),
    Measure(name="average_order", unit="money", top="sales", bottom="orders"),
    Measure(name="orders_per_buyer", unit="ratio", top="known_orders", bottom="buyers"),
    Measure(name="revenue_per_buyer", unit="money", top="known_revenue", bottom="buyers"),
    Measure(name="repeat_share", unit="share", top="repeat_buyers", bottom="buyers"),
    Measure(name="refund_share", unit="share", top="refunded", bottom="sales"),
    Measure(name="margin", unit="money", top="margin"),
    Measure(name="margin_share", unit="share", top="margin", bottom="margin_revenue"),
)
"""In the order in which they are shown."""
_MONEY = ("sales", "refunded", "revenue", "known_revenue", "margin", "margin_revenue")
_COUNTS = ("orders", "known_orders", "buyers", "new_buyers", "repeat_buyers")
_DAY_BEFORE = 7
_YEAR = {"day": -364, "week": -52, "month": -12}


@dataclass(frozen=True, kw_only=True)
class Kpis:
    """Figures by period.

    Attributes:
        periods: By period (and the cut's columns, null last): `period`, `until`, `complete`, what the measures are made
            of (money as Decimal) and the measures as Float64, null where there is nothing to divide by.
        kpis: For the last whole period, one row per measure: `measure`, `unit`, `period`, `value`, `n` (what it is
            counted over) and `n_of` (its word), and against the period before and that of a year ago `before` and
            `year_ago` (their values), `change...`, `low...`, `high...` (relative, of shares in points), `shown...`
            (whether the interval leaves 0 out; null without one).
        figures: The values of `kpis` by name, and their changes.
        notes: What the reader should know.
    """

    periods: pl.DataFrame
    kpis: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def kpis(sold: Sold, period: Period = "month", *, interval: float = 0.95) -> Kpis:
    """Count the measures of every period, and compare the last whole one.

    Refunds count in the period in which money went back. An order belongs to every period and cut in which it has a
    sale line; a buyer is a customer with a sale line, new in the period of the first one. Lines without a customer
    bring revenue and orders, no buyers. Days are held against the same weekday a week and 52 weeks before, weeks
    against the week before and 52 weeks before.

    Args:
        sold: See `read_sold`; its columns `by` cut the table `periods`.
        period: What time is cut into.
        interval: Of the changes, see `acrm.models.change`.
    """
    import polars as pl

    days = calendar(sold.rows["day"], period, sold.as_of)
    per = customers_by_period(sold, period)
    keys = ["period", *sold.by]
    totals = per.group_by(keys).agg(pl.col([name for name in (*_MONEY, *_COUNTS) if name in per.columns]).sum())
    table = days.join(totals, on="period", how="left") if not sold.by else totals.join(days, on="period", how="left")
    whole = [name for name in (*_MONEY, *_COUNTS) if name in table.columns]
    table = table.with_columns(pl.col(whole).fill_null(0)).with_columns(*_measured(table.columns))
    order = ["period", *sold.by, "until", "complete", *dict.fromkeys([*whole, *(one.name for one in _known(table))])]
    table = table.select(order).sort(keys, nulls_last=True)
    return _compared(table, per, days, period, sold, interval)


def customers_by_period(sold: Sold, period: Period) -> pl.DataFrame:
    """What each customer did in each period (and cut): what the measures are sums of.

    Lines without a customer are one row per order and period, so that each counts as somebody's.

    Returns:
        In no order: `customer_id`, `order_id` (of orders without a customer alone), `period`, the cuts, and `_MONEY`
        and `_COUNTS` as far as they can be told.
    """
    import polars as pl

    from acrm.analysis.report.periods import SPANS

    refund, known = pl.col("refund"), pl.col("customer_id").is_not_null()
    amount = pl.col("amount")
    start = pl.col("day").dt.truncate(SPANS[period])
    rows = sold.rows.with_columns(
        period=start,
        order=pl.when(~known).then("order_id"),
        sales=pl.when(~refund).then(amount).otherwise(0),
        refunded=pl.when(refund).then(-amount).otherwise(0),
    )
    keys = ["customer_id", "order", "period", *(name for name in sold.by if name not in ("customer_id", "period"))]
    money = [pl.col("sales", "refunded").sum(), amount.sum().alias("revenue")]
    if sold.costed:
        full = pl.col("uncosted") == 0
        earned = pl.when(full).then(amount - pl.col("cost"))
        money += [earned.sum().alias("margin"), amount.filter(full).sum().alias("margin_revenue")]
    first = rows.filter(known & ~refund).group_by("customer_id").agg(pl.col("period").min().alias("_first"))
    per = rows.group_by(keys).agg(*money, pl.col("order_id").filter(~refund).n_unique().cast(pl.Int64).alias("orders"))
    bought = (pl.col("orders") > 0) & known
    new = pl.col("period") == pl.col("_first")
    return per.join(first, on="customer_id", how="left").with_columns(
        known_orders=pl.when(known).then("orders").otherwise(0),
        known_revenue=pl.when(bought).then("revenue").otherwise(0),
        buyers=bought.cast(pl.Int64),
        new_buyers=(bought & new).fill_null(False).cast(pl.Int64),
        repeat_buyers=(bought & ~new).fill_null(False).cast(pl.Int64),
    )


def _known(table: pl.DataFrame) -> list[Measure]:
    return [one for one in MEASURES if one.top in table.columns and (one.bottom or one.top) in table.columns]


def _measured(columns: list[str]) -> list[pl.Expr]:
    """The measures that are quotients, from their sums."""
    import polars as pl

    found = []
    for one in MEASURES:
        if one.bottom is None or one.top not in columns or one.bottom not in columns:
            continue
        below = pl.col(one.bottom).cast(pl.Float64)
        found.append(pl.when(below != 0).then(pl.col(one.top).cast(pl.Float64) / below).alias(one.name))
    return found


def _compared(
    table: pl.DataFrame, per: pl.DataFrame, days: pl.DataFrame, period: Period, sold: Sold, interval: float
) -> Kpis:
    """The last whole period against earlier ones that are whole, too."""
    import polars as pl

    complete: list[date] = days.filter("complete")["period"].to_list()
    partial = [start for start in days["period"].to_list() if start not in complete]
    notes: list[Message] = []
    if partial:
        notes.append(Message("report.partial", {"periods": len(partial), "last": partial[-1]}))
    if not complete:
        notes.append(Message(f"report.no_whole_{period}"))
        return Kpis(periods=table, kpis=pl.DataFrame(schema=schema()), figures={}, notes=tuple(notes))
    last = complete[-1]
    against: dict[str, date | None] = {
        "": moved(last, period, -_DAY_BEFORE if period == "day" else -1),
        "_year": moved(last, period, _YEAR[period]),
    }
    against = {name: start if start in complete else None for name, start in against.items()}
    wanted = [last, *(start for start in against.values() if start)]
    # Cut, an order may stand in several rows: the whole is counted anew.
    whole = customers_by_period(replace(sold, by=()), period) if sold.by else per
    crowd = whole.filter(pl.col("period").is_in(wanted))
    sums = _by_customer(crowd, wanted)
    rows = [_row(one, sums, last, against, interval) for one in _known(crowd)]
    notes += [
        Message(f"report.nothing_before{name}", {"period": last}) for name, start in against.items() if start is None
    ]
    if len(complete) <= SEASONS[period]:
        notes.append(Message("report.new_at_first", {"first": sold.rows["day"].min()}))
    found = pl.DataFrame(rows, schema=schema())
    figures: dict[str, Scalar] = {"period": last, "until": days.filter(period=last)["until"].item()}
    for row in rows:
        figures[row["measure"]] = row["value"]
        figures |= {f"{row['measure']}_change{name}": row[f"change{name}"] for name in against}
    return Kpis(periods=table, kpis=found, figures=figures, notes=tuple(notes))


def schema() -> dict[str, Any]:
    """Columns of the table `kpis`."""
    import polars as pl

    compared: dict[str, Any] = {}
    for name in ("", "_year"):
        compared |= dict.fromkeys((f"before{name}", f"change{name}", f"low{name}", f"high{name}"), pl.Float64)
        compared[f"shown{name}"] = pl.Boolean
    told = {"measure": pl.String, "unit": pl.String, "period": pl.Date, "value": pl.Float64}
    return {**told, "n": pl.Int64, "n_of": pl.String, **compared}


def _by_customer(crowd: pl.DataFrame, periods: list[date]) -> dict[date, Mapping[str, np.ndarray[Any, Any]]]:
    """For each period the sums as arrays, customers in one order."""
    import polars as pl

    keys = ["customer_id", "order"]
    people = crowd.select(keys).unique().sort(keys, nulls_last=True)
    names = [name for name in (*_MONEY, *_COUNTS) if name in crowd.columns]
    found: dict[date, Mapping[str, np.ndarray[Any, Any]]] = {}
    for start in periods:
        theirs = crowd.filter(period=start)
        mine = people.join(theirs, on=keys, how="left", nulls_equal=True, maintain_order="left")
        found[start] = {name: mine[name].cast(pl.Float64).fill_null(0).to_numpy() for name in names}
    return found


def _row(
    one: Measure,
    sums: Mapping[date, Mapping[str, np.ndarray[Any, Any]]],
    last: date,
    against: Mapping[str, date | None],
    interval: float,
) -> dict[str, Any]:
    from math import isfinite

    from acrm.models.change import Quotient, change

    def quotient(start: date) -> Quotient:
        return Quotient(top=sums[start][one.top], bottom=sums[start][one.bottom] if one.bottom else None)

    now = quotient(last)
    over = "buyers" if "buyers" in (one.top, one.bottom, one.name.removeprefix("new_")) else "orders"
    row: dict[str, Any] = {
        "measure": one.name,
        "unit": one.unit,
        "period": last,
        "value": now.value if isfinite(now.value) else None,
        "n": int(sums[last][over].sum()),
        "n_of": over,
    }
    for name, start in against.items():
        if start is None:
            row |= dict.fromkeys((f"before{name}", f"change{name}", f"low{name}", f"high{name}", f"shown{name}"))
            continue
        before = quotient(start)
        moved_by, low, high = change(now, before, relative=one.unit != "share", interval=interval)
        row |= {
            f"before{name}": before.value if isfinite(before.value) else None,
            f"change{name}": moved_by if isfinite(moved_by) else None,
            f"low{name}": low,
            f"high{name}": high,
            f"shown{name}": None if low is None or high is None else low > 0 or high < 0,
        }
    return row
