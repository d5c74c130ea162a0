"""Early warning: who is overdue against the own rhythm, by how much, and when the next purchase was to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.records import Past
    from acrm.models.rhythm import Gaps

LEAST_GAPS = 2
"""Gaps without which nobody has a rhythm of his own."""
RARE = 0.1
"""Who comes back stays away so long in so many cases at most: a warning."""
ENOUGH = 30
"""Gaps of all customers without which there is nothing to compare with."""


_FAR = 36_500
"""Days after which no date is told."""


@dataclass(frozen=True, kw_only=True)
class Warnings:
    """Who is overdue.

    Attributes:
        rhythm: Of the customers asked for, sorted by `customer_id`: `gaps`, `days_since_last`, `usual_gap_days` (the
            median of the next gap, drawn to those of all customers), `times_usual`, `probability` (of a gap longer than
            it is now, of those who come back), `expected_on` Date (last purchase and usual gap), `overdue_on` Date
            (when the probability falls to `RARE`), `next_on` Date (by which half of those come who wait as long
            already). Empty without gaps.
        overdue: Those with `LEAST_GAPS` gaps or more whose `probability` is `RARE` at most: the same columns and
            `sentence`. Who became overdue last stands first: of those there is the most to be hoped.
        watched: Customers with as many gaps.
        notes: Why there is nothing, where there is nothing.
    """

    rhythm: pl.DataFrame
    overdue: pl.DataFrame
    watched: int
    notes: tuple[Message, ...] = ()


def warnings(past: Past, everyone: pl.DataFrame) -> Warnings:
    """Compare the time since the last purchase with each customer's own gaps.

    Args:
        past: What is known.
        everyone: `customer_id` of the active customers: for those lost already a warning comes late.
    """
    import polars as pl

    from acrm.models.rhythm import Rhythm

    known = gaps_of(past)
    ended = int(known["gaps"].sum())
    asked = everyone.select("customer_id").join(known, on="customer_id", how="inner").sort("customer_id")
    if ended < ENOUGH:
        note = Message("churn_transactional.no_rhythm", {"gaps": ended, "needed": ENOUGH})
        empty = pl.DataFrame(
            schema={
                "customer_id": pl.String,
                "gaps": pl.Int64,
                "days_since_last": pl.Int64,
                "usual_gap_days": pl.Float64,
                "times_usual": pl.Float64,
                "probability": pl.Float64,
                "expected_on": pl.Date,
                "overdue_on": pl.Date,
                "next_on": pl.Date,
            }
        )
        nobody = empty.with_columns(sentence=pl.lit(None, pl.String))
        return Warnings(rhythm=empty, overdue=nobody, watched=0, notes=(note,))
    model, _ = Rhythm.fit(as_gaps(known))
    gaps, since = as_gaps(asked), asked["days_since_last"].cast(pl.Float64).to_numpy()
    usual, longer = model.exceeded(gaps, 0.5), model.longer(gaps, since)
    numbers = asked.with_columns(
        pl.Series("_usual", usual),
        pl.Series("_late", model.exceeded(gaps, RARE)),
        pl.Series("_next", model.exceeded(gaps, longer / 2)),
        pl.Series("times_usual", since / usual).round(2),
        pl.Series("probability", longer).round(6),
    )
    table = numbers.select(
        "customer_id",
        "gaps",
        "days_since_last",
        pl.col("_usual").round(1).alias("usual_gap_days"),
        "times_usual",
        "probability",
        *(
            (pl.col("day") + pl.duration(days=pl.col(days).ceil().clip(0, _FAR).cast(pl.Int64))).alias(name)
            for name, days in (("expected_on", "_usual"), ("overdue_on", "_late"), ("next_on", "_next"))
        ),
    )
    watched = table.filter(pl.col("gaps") >= LEAST_GAPS)
    overdue = watched.filter(pl.col("probability") <= RARE).sort(
        "overdue_on", "probability", "customer_id", descending=[True, False, False]
    )
    said = [sentence(*row) for row in overdue.select("times_usual", "days_since_last", "usual_gap_days").iter_rows()]
    return Warnings(
        rhythm=table,
        overdue=overdue.with_columns(sentence=pl.Series(said, dtype=pl.String)),
        watched=watched.height,
    )


def times_usual(past: Past, everyone: pl.DataFrame) -> pl.DataFrame | None:
    """`customer_id` and `times_usual` as `warnings` has it, and nothing else of it; None without gaps."""
    import polars as pl

    from acrm.models.rhythm import Rhythm

    known = gaps_of(past)
    if int(known["gaps"].sum()) < ENOUGH:
        return None
    asked = everyone.select("customer_id").join(known, on="customer_id", how="inner", maintain_order="left")
    usual = Rhythm.fit(as_gaps(known))[0].exceeded(as_gaps(asked), 0.5)
    return asked.select("customer_id", (pl.col("days_since_last") / pl.Series(usual)).round(2).alias("times_usual"))


def sentence(times_usual: float, days_since_last: int, usual_gap_days: float) -> str:
    """What is unusual, in words.

    >>> sentence(2.4, 36, 15.0)
    'gap 2.4 times their usual: 36 days, usually 15'
    """
    values = {"times": times_usual, "days": days_since_last, "usual": usual_gap_days}
    return text("churn_transactional.overdue", **values)


def gaps_of(past: Past) -> pl.DataFrame:
    """What is known of the gaps between days of purchase, one row per customer, by `customer_id`.

    Returns:
        `customer_id`, `day` (of the last purchase), `days_since_last`, `gaps` (how many have ended), `_total` and
        `_log_total` (the sums of their days and of the logarithms of these).
    """
    import polars as pl

    gap = pl.col("gap")
    table = past.days.group_by("customer_id", maintain_order=True).agg(
        pl.col("day").last(),
        gap.count().cast(pl.Int64).alias("gaps"),
        gap.sum().alias("_total"),
        gap.log().sum().alias("_log_total"),
    )
    return table.with_columns((pl.lit(past.cutoff) - pl.col("day")).dt.total_days().alias("days_since_last"))


def as_gaps(known: pl.DataFrame) -> Gaps:
    """The gaps of `gaps_of` as the model takes them."""
    import polars as pl

    from acrm.models.rhythm import Gaps

    columns = (known[name].cast(pl.Float64).to_numpy() for name in ("gaps", "_total", "_log_total"))
    return Gaps(**dict(zip(("number", "total", "log_total"), columns, strict=True)))
