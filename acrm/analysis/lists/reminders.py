"""Whom to remember these days, and of what: discounts earned, birthdays, holidays, anniversaries, renewals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.lists.holidays import own_holidays
from acrm.analysis.lists.reminder_rules import Rule
from acrm.analysis.people.consent import refusing
from acrm.messages import Message, text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    Due = tuple[pl.DataFrame | None, tuple[Message, ...]]

AHEAD, YEAR, OLDEST = 7, 365, 110


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """Who is to be remembered.

    Attributes:
        table: Sorted by `due`, `customer_id`, `rule`, `since`: `customer_id`, `rule`, `due` Date, `what`, `since` Date
            (null where it is not known), `reason`.
        counts: In the order of the rules: `rule`, `what`, `customers`, `first`, `last` day due.
        refused: How many customers are left out because they refuse contact.
        notes: Rules that could not be followed, and why.
    """

    table: pl.DataFrame
    counts: pl.DataFrame
    refused: int
    notes: tuple[Message, ...]


def reminders(
    rules: Sequence[Rule],
    days: pl.DataFrame | None,
    tables: Mapping[str, pl.LazyFrame],
    *,
    as_of: date,
    ahead: int = AHEAD,
    refunds: pl.DataFrame | None = None,
) -> Reminders:
    """Follow the rules as of a day; customers who refuse contact are left out and counted.

    Coming days are looked for from `as_of` on, so many days with `as_of` itself as the first: run every seven days with
    7, each comes up once. 29 February is kept on 1 March in other years.

    Args:
        rules: As of `reminder_rules`.
        days: `customer_id`, `day`, `amount`, `orders`, as of `acrm.summaries.customers.purchase_days`, if any.
        tables: `customers` (`birth_date`, `holidays`) and `contracts`, if any.
        as_of: Today.
        ahead: Days that are looked through where a rule does not say.
        refunds: `customer_id`, `day`, `amount` above 0 of refunds that no order in `days` has taken off, as of
            `acrm.summaries.customers.loose_refunds`; they lessen what was spent.
    """
    import polars as pl

    bought = None if days is None else days.filter(pl.col("day") <= as_of).sort("customer_id", "day")
    ways: dict[str, Callable[[Rule, int], Due]] = {
        "orders": lambda rule, _: _orders(rule, bought, as_of),
        "spend": lambda rule, _: _spend(rule, bought, refunds, as_of),
        "birthday": lambda _, span: _birthdays(tables, as_of, span),
        "holiday": lambda _, span: _holidays(tables, as_of, span),
        "first_order": lambda _, span: _anniversaries(bought, as_of, span),
        "renewal": lambda _, span: _renewals(tables, as_of, span),
    }
    schema = {"customer_id": pl.String, "rule": pl.String, "due": pl.Date, "what": pl.String, "since": pl.Date}
    found = [pl.DataFrame(schema={**schema, "reason": pl.String})]
    notes: list[Message] = []
    said_of = {rule.id: rule.what or text(f"segment_reminders.what.{rule.when}") for rule in rules}
    for rule in rules:
        due, said = ways[rule.when](rule, rule.ahead or ahead)
        notes += said
        if due is None:
            notes.append(Message(f"segment_reminders.without.{rule.when}", {"rule": rule.id}))
            continue
        told = due.with_columns(rule=pl.lit(rule.id), what=pl.lit(said_of[rule.id]))
        found.append(told.select(found[0].columns))
    table = pl.concat(found)
    unwilling = table.join(refusing(tables).to_frame(), on="customer_id", how="semi")["customer_id"].n_unique()
    table = table.join(refusing(tables).to_frame(), on="customer_id", how="anti")
    table = table.sort("due", "customer_id", "rule", "since", "reason")
    counted = table.group_by("rule").agg(
        pl.col("customer_id").n_unique().cast(pl.Int64).alias("customers"),
        pl.col("due").min().alias("first"),
        pl.col("due").max().alias("last"),
    )
    order = pl.DataFrame(list(said_of.items()), schema={"rule": pl.String, "what": pl.String}, orient="row")
    if unwilling:
        notes.append(Message("segment_reminders.refusing", {"customers": unwilling}))
    return Reminders(
        table=table,
        counts=order.join(counted, on="rule", how="left", maintain_order="left").with_columns(
            pl.col("customers").fill_null(0)
        ),
        refused=unwilling,
        notes=tuple(notes),
    )


def coming(month: pl.Expr, day: pl.Expr, as_of: date) -> pl.Expr:
    """The next time, `as_of` included, that a day of the year comes; 29 February comes on 1 March in other years.

    >>> from datetime import date
    >>> import polars as pl
    >>> days = pl.DataFrame({"m": [2, 1], "d": [29, 1]})
    >>> for today in (date(2024, 2, 28), date(2025, 2, 28)):
    ...     days.select(coming(pl.col("m"), pl.col("d"), today)).to_series().to_list()
    [datetime.date(2024, 2, 29), datetime.date(2025, 1, 1)]
    [datetime.date(2025, 3, 1), datetime.date(2026, 1, 1)]
    """
    import calendar

    import polars as pl

    def within(year: int) -> pl.Expr:
        moved = (month == 2) & (day == 29) & pl.lit(not calendar.isleap(year))
        return pl.date(year, pl.when(moved).then(3).otherwise(month), pl.when(moved).then(1).otherwise(day))

    this = within(as_of.year)
    return pl.when(this >= pl.lit(as_of)).then(this).otherwise(within(as_of.year + 1))


def _soon(told: pl.DataFrame, as_of: date, span: int) -> pl.DataFrame:
    """The rows whose `month` and `day` come within the span, as `due`."""
    import polars as pl

    due = told.with_columns(due=coming(pl.col("month"), pl.col("day"), as_of))
    return due.filter((pl.col("due") - pl.lit(as_of)).dt.total_days() < span)


def _said(table: pl.DataFrame, id: str, *names: str, **fixed: object) -> pl.DataFrame:
    """The table with the sentence `id`, filled from the columns named, as `reason`."""
    import polars as pl

    rows = table.select(names).iter_rows(named=True)
    said = [text(f"segment_reminders.reason.{id}", **fixed, **row) for row in rows]
    return table.with_columns(reason=pl.Series(said, dtype=pl.String))


def _orders(rule: Rule, days: pl.DataFrame | None, as_of: date) -> Due:
    import polars as pl

    if days is None:
        return None, ()
    reached = days.filter(pl.col("orders").cum_sum().over("customer_id") >= rule.orders)
    first = reached.group_by("customer_id").agg(pl.col("day").min().alias("since"))
    if rule.days is not None:
        first = first.filter((pl.lit(as_of) - pl.col("since")).dt.total_days() < rule.days)
    return _said(first.with_columns(due=pl.lit(as_of)), "orders", "since", orders=rule.orders), ()


def _spend(rule: Rule, days: pl.DataFrame | None, refunds: pl.DataFrame | None, as_of: date) -> Due:
    """Due since the day from which on what was spent within the span that ends today has come to the amount."""
    import polars as pl

    if days is None:
        return None, ()
    span = rule.days or YEAR
    money = days.select("customer_id", "day", pl.col("amount").cast(pl.Decimal(38, 4)))
    if refunds is not None:
        back = refunds.select("customer_id", "day", -pl.col("amount").cast(pl.Decimal(38, 4)))
        money = pl.concat([money, back]).group_by("customer_id", "day").agg(pl.col("amount").sum())
    within = money.filter((pl.lit(as_of) - pl.col("day")).dt.total_days().is_between(0, span - 1))
    spent = within.sort("customer_id", "day").with_columns(sum=pl.col("amount").cum_sum().over("customer_id"))
    short = spent.filter(pl.col("sum") < rule.amount).group_by("customer_id").agg(pl.col("day").max().alias("short"))
    enough = spent.join(short, on="customer_id", how="left")
    enough = enough.filter(pl.col("short").is_null() | (pl.col("day") > pl.col("short")))
    reached = enough.group_by("customer_id").agg(pl.col("day").min().alias("since"), pl.col("sum").last())
    return _said(reached.with_columns(due=pl.lit(as_of)), "spend", "sum", "since", days=span), ()


def _birthdays(tables: Mapping[str, pl.LazyFrame], as_of: date, span: int) -> Due:
    import polars as pl

    born = _column(tables, "customers", "birth_date")
    if born is None:
        return None, ()
    told = born.with_columns(
        month=pl.col("birth_date").dt.month(), day=pl.col("birth_date").dt.day(), since=pl.col("birth_date")
    )
    due = _soon(told, as_of, span).with_columns(age=pl.col("due").dt.year() - pl.col("since").dt.year())
    due = due.filter(pl.col("age").is_between(0, OLDEST))
    return _said(due, "birthday", "since", "age"), ()


def _holidays(tables: Mapping[str, pl.LazyFrame], as_of: date, span: int) -> Due:
    import polars as pl

    told = _column(tables, "customers", "holidays")
    if told is None:
        return None, ()
    rows, lost = [], 0
    for customer, words in told.rows():
        entries, unread = own_holidays(words)
        lost += unread
        rows += [(customer, one.month, one.day, one.year, one.kind) for one in entries]
    schema = {"customer_id": pl.String, "month": pl.Int32, "day": pl.Int32, "year": pl.Int32, "kind": pl.String}
    due = _soon(pl.DataFrame(rows, schema=schema, orient="row").unique(), as_of, span).with_columns(
        # No day of no year: who wrote 29 February with a year that has none meant the day, not the year.
        since=pl.when(pl.col("year") < as_of.year).then(_in_year("year", "month", "day"))
    )
    notes = (Message("segment_reminders.unread", {"entries": lost}),) if lost else ()
    kind = pl.when(pl.col("kind") == "").then(pl.lit(text("segment_reminders.own_holiday"))).otherwise("kind")
    return _said(due.with_columns(kind=kind), "holiday", "kind"), notes


def _in_year(year: str, month: str, day: str) -> pl.Expr:
    """The day of a year in columns; null where the year has no such day."""
    import polars as pl

    written = pl.format("{}-{}-{}", year, month, day)
    return written.str.to_date("%Y-%m-%d", strict=False)


def _anniversaries(days: pl.DataFrame | None, as_of: date, span: int) -> Due:
    import polars as pl

    if days is None:
        return None, ()
    first = days.group_by("customer_id").agg(pl.col("day").min().alias("since"))
    told = first.with_columns(month=pl.col("since").dt.month(), day=pl.col("since").dt.day())
    due = _soon(told, as_of, span).with_columns(years=pl.col("due").dt.year() - pl.col("since").dt.year())
    return _said(due.filter(pl.col("years") >= 1), "first_order", "since", "years"), ()


def _renewals(tables: Mapping[str, pl.LazyFrame], as_of: date, span: int) -> Due:
    """Contracts in force, not given notice of, that are to be renewed, or end without a day for that."""
    import polars as pl

    contracts = tables.get("contracts")
    if contracts is None:
        return None, ()
    names = contracts.collect_schema().names()
    ends = [pl.col(name) for name in ("renewal_at", "end_at") if name in names]
    if not ends:
        return None, ()
    gone = [
        (name, test)
        for name, test in (("end_at", pl.col("end_at") < as_of), ("end_reason", pl.col("end_reason").is_not_null()))
        if name in names
    ]
    over = pl.any_horizontal([test.fill_null(False) for _, test in gone]) if gone else pl.lit(False)
    told = contracts.filter(pl.col("start_at") <= as_of, ~over).select(
        "customer_id", pl.col("start_at").alias("since"), pl.coalesce(ends).alias("due")
    )
    left = (pl.col("due") - pl.lit(as_of)).dt.total_days()
    due = told.drop_nulls().filter(left.is_between(0, span - 1)).unique().collect()
    return _said(due, "renewal", "due", "since"), ()


def _column(tables: Mapping[str, pl.LazyFrame], table: str, column: str) -> pl.DataFrame | None:
    """The ids and values of a column, one row per customer; None where there is no value at all."""
    import polars as pl

    frame = tables.get(table)
    if frame is None or column not in frame.collect_schema().names():
        return None
    told = frame.drop_nulls(["customer_id", column]).group_by("customer_id").agg(pl.col(column).min()).collect()
    return None if told.is_empty() else told
