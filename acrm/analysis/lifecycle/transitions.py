"""How stages follow each other from the end of one month to the end of the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.messages import Message

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

YOUNG, SILENT = "young", "silent"


def transitions(changes: pl.DataFrame, *, first: date, last: date | None, lapsed: int, as_of: date) -> pl.DataFrame:
    """Count customers by their stage at the end of one month and at the end of the next.

    Months count whose every day lies between `first` and `as_of`. Who was no customer yet has no stage before.

    Args:
        changes: As of `lifecycle.stages`.
        first: The day on which the data begin.
        last: The day of the last purchase of anybody.
        lapsed: The limit in days beyond which a customer has lapsed.
        as_of: Today.

    Returns:
        Sorted: `month` (its first day), `before` (null: no customer), `now`, `customers`, `share` of those with the
        same stage before, and `flag`: `young` where the month before ends within `lapsed` days of `first`, so that
        nobody could have lapsed yet; `silent` where nobody bought in or after the month: the data may end before it.
    """
    import polars as pl

    schema = {"month": pl.Date, "before": pl.String, "now": pl.String, "customers": pl.Int64, "share": pl.Float64}
    starts = pl.date_range(first, as_of, "1mo", eager=True).dt.truncate("1mo").unique().sort()
    starts = pl.concat([starts, pl.Series([as_of]).dt.truncate("1mo")]).unique().sort()
    spells = changes.with_columns(until=pl.col("day").shift(-1).over("customer_id"))
    # Every day of a month: it begins no earlier than the data, and its last day is over or is today.
    whole = [day for day in starts if day >= first and _end(day) <= as_of]
    found = []
    before = None
    for start in whole:
        then = _on(spells, start, days=-1) if before is None else before
        now = _on(spells, _end(start))
        counts = now.join(then, on="customer_id", how="left", suffix="_before").group_by("stage_before", "stage")
        flag = SILENT if last is None or last < start else YOUNG if (start - first).days <= lapsed else None
        found.append(
            counts.agg(pl.len().cast(pl.Int64).alias("customers")).select(
                pl.lit(start).alias("month"),
                pl.col("stage_before").alias("before"),
                pl.col("stage").alias("now"),
                "customers",
                (pl.col("customers") / pl.col("customers").sum().over("stage_before")).alias("share"),
                pl.lit(flag, pl.String).alias("flag"),
            )
        )
        before = now
    empty = pl.DataFrame(schema={**schema, "flag": pl.String})
    return pl.concat([empty, *found]).sort("month", "before", "now", nulls_last=True)


def pooled(months: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Message, ...]]:
    """All months without a flag as one matrix; where every month has one, all but the silent.

    Returns:
        Sorted: `before`, `now`, `customers` (one for each month end at which it was so), `share` of the row, which sums
        to 1; and what to say of the months.
    """
    import polars as pl

    usable = months.filter(pl.col("flag").is_null())
    note = "months"
    if usable.is_empty():
        usable, note = months.filter(pl.col("flag") == YOUNG), "months_young"
    matrix = (
        usable.group_by("before", "now")
        .agg(pl.col("customers").sum())
        .with_columns((pl.col("customers") / pl.col("customers").sum().over("before")).alias("share"))
        .sort("before", "now", nulls_last=True)
    )
    count, flagged = usable["month"].n_unique(), months.filter(pl.col("flag").is_not_null())["month"].n_unique()
    if not count:
        return matrix, (Message("segment_lifecycle.no_month"),)
    values = {"months": count, "first": usable["month"].min(), "last": usable["month"].max(), "flagged": flagged}
    return matrix, (Message(f"segment_lifecycle.{note}", values),)


def _end(start: date) -> date:
    """The last day of the month that begins on a day.

    >>> from datetime import date
    >>> _end(date(2024, 2, 1))
    datetime.date(2024, 2, 29)
    """
    from calendar import monthrange

    return start.replace(day=monthrange(start.year, start.month)[1])


def _on(spells: pl.DataFrame, day: date, days: int = 0) -> pl.DataFrame:
    """The stage of every customer on a day, or so many days from it."""
    from datetime import timedelta

    import polars as pl

    on = day + timedelta(days=days)
    standing = (pl.col("day") <= on) & (pl.col("until").is_null() | (pl.col("until") > on))
    return spells.filter(standing).select("customer_id", "stage")
