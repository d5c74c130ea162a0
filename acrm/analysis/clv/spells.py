"""From contracts as they are written down to customers under contract: one spell each, counted in billing periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.tenures import Tenures

Period = Literal["month", "quarter", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
TERMS = (36, 24, 12, 6, 3, 1)
"""Months between two days on which a contract is renewed or not."""
# Days by which an end may miss the day of the month: ends told inclusively, months of 28 and 31 days, weekends.
SLACK = 3
# A period is the one of the plan if so many of the lengths are whole numbers of it.
_SHARE = 0.8
_LENGTHS = 10
# Days without any start or end, after which what comes is taken for the future.
_AHEAD = 31
PAUSE = 90
"""Days after the end of a contract within which the next one may renew it."""
# Days of a year far off stand for no end.
_NEVER = 2**24


@dataclass(frozen=True, kw_only=True)
class Spells:
    """Customers with the contract they are in, or were in last.

    `frame`, sorted by `customer_id`, `start_at`: `customer_id`, `group` ("" without one), `start_at`, `end_at` (null:
    none told), `ended` (before `as_of`; of terms, before the day before it), `announced` (an end with its reason, still
    to come), `end_reason` (of the last contract), `price` Decimal per period (null: not told), `current` (the last one
    of the customer).
    """

    frame: pl.DataFrame
    as_of: date
    notes: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Contracts that had begun before a day.

    `frame`: `customer_id`, `group` ("" without one), `start_at`, `end_at`, `price`, `end_reason`, null where not told.
    `as_of` is the day, `written_on` the day after the last start that counts, `notes` what was left out.
    """

    frame: pl.DataFrame
    as_of: date
    written_on: date
    notes: tuple[Message, ...]


def read_spells(contracts: pl.LazyFrame, as_of: date | None, by: str | None) -> Spells:
    """Join the contracts of each customer into spells, see `linked`.

    The price of a spell is the sum of the prices of its contracts in force, of an ended one those last in force. A
    contract is in force until the day `end_at`, that day included.

    Args:
        contracts: See `read_contracts`.
        as_of: See `read_contracts`.
        by: Column whose values divide the customers into groups of their own; None for one group.

    Raises:
        InputError: No contract has a customer and a start up to `as_of`; there is no column `by`.
    """
    begun = read_contracts(contracts, as_of, by)
    return Spells(frame=_joined(begun.frame, begun.as_of), as_of=begun.as_of, notes=begun.notes)


def read_contracts(contracts: pl.LazyFrame, as_of: date | None, by: str | None) -> Begun:
    """Collect the contracts that had begun before a day, without those that lack a key or end before they start.

    Args:
        contracts: Canonical contracts: `customer_id`, `start_at`, and where the source has them `end_at`, `price`,
            `end_reason` and the column `by`.
        as_of: The day of the question. None: the day after the last start or, where some contracts have no end yet,
            after the last start or end; ends without any contract left open are terms that run out later. A few days
            far after all others are contracts signed or ends announced ahead of time, or slips: they do not count.
        by: Column whose values become `group`; None for one group.

    Raises:
        InputError: No contract has a customer and a start up to `as_of`; there is no column `by`.
    """
    import polars as pl

    names = [name for name in contracts.collect_schema().names() if name[0] != "_"]
    if by is not None and by not in names:
        raise InputError("contract_no_column", column=by, columns=", ".join(names))
    empty: dict[str, pl.DataType] = {"end_at": pl.Date(), "price": pl.Decimal(38, 4), "end_reason": pl.String()}
    told = contracts.select(
        "customer_id",
        "start_at",
        *(pl.col(name) if name in names else pl.lit(None, dtype=kind).alias(name) for name, kind in empty.items()),
        (pl.col(by).cast(pl.String).fill_null("") if by else pl.lit("")).alias("group"),
    ).collect()
    whole = told.drop_nulls(["customer_id", "start_at"])
    sound = whole.filter(pl.col("end_at").is_null() | (pl.col("end_at") >= pl.col("start_at")))
    written = _day_after(sound.with_columns(end_at=pl.lit(None, pl.Date)))[0]
    today, ahead = (as_of, 0) if as_of else _day_after(sound)
    begun = sound.filter(pl.col("start_at") < today)
    if begun.is_empty():
        raise InputError("contract_none", contracts=told.height)
    counts = {
        "no_key": told.height - whole.height,
        "backwards": whole.height - sound.height,
        "not_begun": sound.height - begun.height,
    }
    notes = [Message(f"clv_contract.left_out_{reason}", {"contracts": n}) for reason, n in counts.items() if n]
    if ahead:
        notes.append(Message("clv_contract.ahead", {"days": ahead, "as_of": today}))
    return Begun(frame=begun, as_of=today, written_on=written, notes=tuple(notes))


def _day_after(contracts: pl.DataFrame) -> tuple[date, int]:
    """The day after the last day that counts, and how many later ones do not.

    Those are one in a hundred at most, or one, after a gap of a month or more that is also twenty times as long as the
    days lie apart on average: where they come by chance, such a gap is one of e^-20.
    """
    import polars as pl

    days = contracts["start_at"].rename("day")
    if contracts["end_at"].null_count():
        days = pl.concat([days, contracts["end_at"].drop_nulls().rename("day")])
    counted = days.value_counts().sort("day").rows()
    last, ahead, later = (counted[-1][0] if counted else date.min), 0, 0
    for place in range(len(counted) - 1, 1, -1):
        later += counted[place][1]
        if later > max(1, days.len() // 100):
            break
        first, before, after = counted[0][0], counted[place - 1][0], counted[place][0]
        gap = (after - before).days
        if gap >= _AHEAD and gap * (place - 1) >= 20 * (before - first).days:
            last, ahead = before, later
    return last + timedelta(days=1), ahead


def linked(contracts: pl.DataFrame, most: int = PAUSE) -> pl.DataFrame:
    """Number the spells of contracts: what belongs to one stay of a customer.

    A contract that starts at most half as long after the end of the one before as that one was long, and at most `most`
    days after it, renews it; so do contracts that overlap. A longer pause ends the spell, and whoever comes back starts
    a new one. What comes later never moves a contract to another spell.

    Returns:
        The rows, sorted by `customer_id`, `start_at`, with `spell`, `pause` (days after the end of what came before,
        below 1 where they overlap; null for a customer's first), `last` (day number of the end; far off for none).
    """
    import polars as pl

    # A customer's number times more days than there are keeps customers apart.
    apart = 2**32
    rows = (
        contracts.sort("customer_id", "start_at", "end_at", "price", "group", nulls_last=True)
        .with_columns(
            customer=pl.col("customer_id").rle_id().cast(pl.Int64),
            first=pl.col("start_at").to_physical().cast(pl.Int64),
            last=pl.col("end_at").to_physical().cast(pl.Int64).fill_null(_NEVER),
        )
        .with_columns(reach=(pl.col("customer") * apart + pl.col("last")).cum_max() - pl.col("customer") * apart)
        .with_columns(pl.col("customer", "first", "reach").shift(1).name.prefix("before_"))
    )
    pause = pl.col("first") - pl.col("before_reach")
    length = pl.col("before_reach") - pl.col("before_first")
    other = pl.col("customer").ne_missing(pl.col("before_customer"))
    fresh = other | (pause > pl.min_horizontal(length / 2, pl.lit(float(most))))
    numbered = rows.with_columns(spell=fresh.cum_sum(), pause=pl.when(~other).then(pause))
    return numbered.drop("customer", "first", "reach", pl.selectors.starts_with("before_"))


def _joined(contracts: pl.DataFrame, today: date) -> pl.DataFrame:
    """Contracts as spells. Windows over customers are slow; all is done on sorted rows, with numbers for customers."""
    import polars as pl

    rows = linked(contracts)
    ends = rows.group_by("spell").agg(pl.col("last").max().alias("spell_last"))
    day = (today - date(1970, 1, 1)).days
    in_force = pl.col("last") >= pl.min_horizontal(pl.col("spell_last"), pl.lit(day))
    spells = (
        rows.join(ends, on="spell", how="left", maintain_order="left")
        .with_columns(price=pl.when(in_force).then(pl.col("price")))
        .group_by("spell")
        .agg(
            pl.col("customer_id", "start_at", "spell_last").first(),
            pl.col("price").sum(),
            pl.col("price").count().alias("prices"),
            pl.col("group", "end_reason").last(),
        )
        .sort("spell")
    )
    # Where contracts are terms, one that ran out yesterday may be renewed from today on.
    ended_by = today if contracts["end_at"].null_count() else today - timedelta(days=1)
    end = pl.when(pl.col("spell_last") < _NEVER).then(pl.col("spell_last")).cast(pl.Int32).cast(pl.Date)
    return (
        spells.with_columns(end_at=end)
        .with_columns(
            price=pl.when(pl.col("prices") > 0).then(pl.col("price")).cast(pl.Decimal(38, 4)),
            ended=(pl.col("end_at") < ended_by).fill_null(False),
            announced=((pl.col("end_at") >= ended_by) & pl.col("end_reason").is_not_null()).fill_null(False),
            current=pl.col("customer_id").ne_missing(pl.col("customer_id").shift(-1)),
        )
        .select("customer_id", "group", "start_at", "end_at", "ended", "announced", "end_reason", "price", "current")
    )


def find_period(contracts: pl.LazyFrame) -> tuple[Period, float]:
    """The longest of year, quarter and month that the contracts are whole numbers of, and the share of them that are.

    At least four in five of their lengths have to be whole, see `_lengths`; where nothing is, the period is the month
    and the share tells.
    """
    import polars as pl

    whole = _lengths(contracts, pl.lit(""))
    if whole.height < _LENGTHS:
        return "month", 0.0
    periods: tuple[Period, ...] = ("year", "quarter", "month")
    for period in periods:
        share = float(whole.select(_whole(MONTHS[period]).mean()).item())
        if share >= _SHARE:
            return period, share
    return "month", share


def find_terms(contracts: pl.LazyFrame, by: str | None) -> dict[str, int]:
    """The longest of `TERMS`, in months, that four in five contracts of a group are whole numbers of, as `find_period`.

    Args:
        contracts: Canonical contracts.
        by: Column of the groups; None for one, "".

    Returns:
        Groups without a term, or with too few lengths to see one, are not among them.
    """
    import polars as pl

    lengths = _lengths(contracts, pl.col(by).cast(pl.String).fill_null("") if by else pl.lit(""))
    shares = lengths.group_by("group").agg(pl.len(), *(_whole(months).mean().alias(str(months)) for months in TERMS))
    return {
        row["group"]: next(months for months in TERMS if row[str(months)] >= _SHARE)
        for row in shares.sort("group").iter_rows(named=True)
        if row["len"] >= _LENGTHS and max(row[str(months)] for months in TERMS) >= _SHARE
    }


def _whole(months: int) -> pl.Expr:
    import polars as pl

    return pl.col("fits") & (pl.col("months") % months == 0)


def _lengths(contracts: pl.LazyFrame, group: pl.Expr) -> pl.DataFrame:
    """The times from the start of each contract to its end, to the customer's next contract, and to its renewal.

    Columns `group`, `months` begun, `fits` (they are whole, a few days aside).
    """
    import polars as pl

    names = contracts.collect_schema().names()
    columns = ("customer_id", "start_at", *(n for n in ("end_at", "renewal_at") if n in names))
    told = contracts.select(*columns, group.alias("group")).collect()
    told = told.drop_nulls(["customer_id", "start_at"]).sort("customer_id", "start_at")
    after = told.with_columns(next_at=pl.col("start_at").shift(-1).over("customer_id"))
    ends = [name for name in ("end_at", "renewal_at", "next_at") if name in after.columns]
    lengths = pl.concat(
        [after.select("group", "start_at", pl.col(name).cast(pl.Date).alias("end_at")) for name in ends]
    ).filter(pl.col("end_at") > pl.col("start_at"))
    due = pl.col("start_at").dt.offset_by(pl.format("{}mo", pl.col("months")))
    return lengths.with_columns(months=periods_begun(pl.col("start_at"), pl.col("end_at"), 1)).select(
        "group", "months", fits=(due - pl.col("end_at")).dt.total_days() <= SLACK
    )


def periods_begun(start: pl.Expr, end: pl.Expr, months: int) -> pl.Expr:
    """How many periods had begun by an end, 1 or more; up to `SLACK` days over a whole number do not count."""
    return periods_passed(start, end - timedelta(days=SLACK), months).clip(0) + 1


def periods_passed(start: pl.Expr, day: pl.Expr, months: int | pl.Expr) -> pl.Expr:
    """Whole periods of the calendar from a start to a day."""
    import polars as pl

    behind = (day.dt.day() < start.dt.day()).cast(pl.Int32)
    passed = 12 * (day.dt.year() - start.dt.year()) + day.dt.month().cast(pl.Int32) - start.dt.month().cast(pl.Int32)
    return (passed - behind) // months


def counted(spells: pl.DataFrame, as_of: date, months: int) -> pl.DataFrame:
    """Add `age` (whole periods since the start), `time` and `left` as `acrm.models.tenures.Tenures` has them.

    An end within a period that is not over yet does not count as one: those who stay through it cannot be seen either.
    """
    import polars as pl

    end = pl.when("ended").then(periods_begun(pl.col("start_at"), pl.col("end_at"), months))
    return spells.with_columns(
        age=periods_passed(pl.col("start_at"), pl.lit(as_of), months), gone=end.cast(pl.Int32)
    ).with_columns(time=pl.min_horizontal("age", "gone"), left=(pl.col("gone") <= pl.col("age")).fill_null(False))


def tenures(counted_spells: pl.DataFrame) -> Tenures:
    """The spells as the models take them, equal ones counted together."""
    from acrm.models.tenures import Tenures

    columns = {name: counted_spells[name].cast(float).to_numpy() for name in ("time", "age")}
    left = counted_spells["left"].to_numpy()
    return Tenures(**columns, left=left, count=counted_spells["age"].is_not_null().cast(float).to_numpy()).grouped()
