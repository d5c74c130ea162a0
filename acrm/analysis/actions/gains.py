"""Of whom the highest return is expected: the contacts of a plan by tenths, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

PARTS = 10


def gains(actions: pl.DataFrame) -> pl.DataFrame:
    """Cut the contacts into tenths of equal number by what each is expected to bring after its cost.

    Of equals the lower customer id is first; the first parts have one more where the number is no multiple of ten.

    Args:
        actions: As of `actions.plan`; the control and contacts without an expected value do not count.

    Returns:
        Sorted by `part` (1 is the best), empty below ten contacts: `part`, `contacts`, `cost`, `expected_margin`,
        `least` (what the last contact of the part brings), `share` and `cumulative` of the expected margin of all.
    """
    import polars as pl

    rows = actions.filter(~pl.col("control")).drop_nulls("expected_value")
    ranked = rows.with_columns(margin=pl.col("expected_value") - pl.col("cost")).sort(
        "margin", "customer_id", descending=[True, False]
    )
    if ranked.height < PARTS:
        ranked = ranked.head(0)
    part = pl.int_range(pl.len()) * PARTS // pl.len() + 1
    table = (
        ranked.with_columns(part=part.cast(pl.Int64))
        .group_by("part")
        .agg(
            pl.len().cast(pl.Int64).alias("contacts"),
            pl.col("cost").sum(),
            pl.col("margin").sum().alias("expected_margin"),
            pl.col("margin").min().alias("least"),
        )
        .sort("part")
    )
    share = (pl.col("expected_margin").cast(pl.Float64) / pl.col("expected_margin").cast(pl.Float64).sum()).round(6)
    summed = pl.col("expected_margin").cum_sum().cast(pl.Float64)
    return table.with_columns(share=share, cumulative=(summed / summed.last()).round(6))
