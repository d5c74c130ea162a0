"""What comes right before a purchase, and right before nothing more comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.sequence.events import PURCHASE

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.sequence.events import Read


def paths(read: Read, longest: int, least: int, max_gap: int | None) -> pl.DataFrame:
    """Runs of steps with nothing between them, by how often a purchase, or nothing at all, came right after.

    Equal steps in a row count as one; a run never goes past a purchase. The last step of a customer is the end so far:
    nobody knows of those who were watched shortly before `as_of` whether they come back. What comes later than
    `max_gap` is a visit of its own: the step before it was the end of one.

    Args:
        read: Events of interactions or web pages.
        longest: Most steps of a run.
        least: Customers that a run needs.
        max_gap: Most time from a step to the next, in the events' time. None: any.

    Returns:
        Sorted by `path`: `path` List(String), `length`, `customers`, `times`, `purchases` and `ends` that came next,
        `purchase_rate`, `purchase_lift`, `end_rate`, `end_lift` (rates by `times`; lifts against the rate after any
        one step), `text`.
    """
    import polars as pl

    names = read.items
    label = pl.col("item").replace_strict(dict(enumerate(names)), return_dtype=pl.String)
    moments = (
        read.frame.unique()
        .with_columns(label.alias("label"))
        .sort("customer", "time", "item")
        .group_by("customer", "time", maintain_order=True)
        .agg(pl.col("label").str.join(" + "), (pl.col("label") == PURCHASE).any().alias("bought"))
        .with_columns(pl.col("customer").cum_count().over("customer").alias("_n"))
    )
    # Times are whole numbers: without a longest gap nothing is far apart.
    gap = pl.col("time").diff().fill_null(0)
    apart = gap > (max_gap if max_gap is not None else pl.col("time").max())
    anew = (pl.col("label") != pl.col("label").shift()).fill_null(True).over("customer") | pl.col("apart")
    moments = moments.with_columns(apart.over("customer").alias("apart")).filter(anew)
    ahead = pl.when(~pl.col("apart").shift(-1)).then(pl.col("bought").shift(-1))
    moments = moments.with_columns(
        ahead.over("customer").alias("next"),
        (pl.col("bought").cast(pl.Int64) + pl.col("apart")).cum_sum().over("customer").alias("visit"),
    )
    seen = moments.filter(~pl.col("bought"))
    parts = []
    for length in range(1, longest + 1):
        steps = [pl.col("label").shift(back).over("customer", "visit") for back in range(length - 1, -1, -1)]
        runs = seen.with_columns(pl.concat_list(steps).alias("path")).filter(steps[0].is_not_null())
        parts.append(
            runs.group_by("path").agg(
                pl.col("customer").n_unique().cast(pl.Int64).alias("customers"),
                pl.len().cast(pl.Int64).alias("times"),
                pl.col("next").fill_null(False).sum().cast(pl.Int64).alias("purchases"),
                pl.col("next").is_null().sum().cast(pl.Int64).alias("ends"),
            )
        )
    every = seen.select(
        pl.col("next").fill_null(False).mean().alias("bought"), pl.col("next").is_null().mean().alias("end")
    )
    bought, end = every.row(0) if seen.height else (None, None)
    text = pl.col("path").list.join(" → ").alias("text")
    return (
        pl.concat(parts)
        .filter(pl.col("customers") >= least)
        .with_columns(
            pl.col("path").list.len().cast(pl.Int64).alias("length"),
            (pl.col("purchases") / pl.col("times")).alias("purchase_rate"),
            (pl.col("ends") / pl.col("times")).alias("end_rate"),
            text,
        )
        .with_columns(
            (pl.col("purchase_rate") / bought if bought else pl.lit(None, pl.Float64)).alias("purchase_lift"),
            (pl.col("end_rate") / end if end else pl.lit(None, pl.Float64)).alias("end_lift"),
        )
        .select(
            *("path", "length", "customers", "times", "purchases", "purchase_rate", "purchase_lift"),
            *("ends", "end_rate", "end_lift", "text"),
        )
        .sort(pl.col("path").list.join("\x00"))
    )
