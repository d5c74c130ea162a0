"""What customers of each channel are worth: the mean of their values to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.channels.params import FEW, LEVEL, ChannelsParams
from acrm.errors import InputError, ModelError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl


def valued(
    lines: pl.LazyFrame | None, worth: pl.DataFrame | None, params: ChannelsParams
) -> tuple[pl.DataFrame | None, Message | None]:
    """`customer_id` and `clv` as given, else as `acrm clv` makes them by its defaults; and a word on which.

    Where there are neither, there is no table, and the word says why.
    """
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.value import clv

    if worth is not None:
        return worth, Message("channels.worth_given")
    if lines is None:
        return None, None
    try:
        made = clv(lines, ClvParams(as_of=params.as_of, seed=params.seed))
    except (InputError, ModelError) as error:
        return None, Message("channels.worth_none", {"why": error.message})
    # What has not been held against time held out, or lost to a simple rule there, says so.
    return made.tables["customers"].select("customer_id", "clv"), Message(
        "channels.worth_made" if made.summary["recommended"] else "channels.worth_doubtful"
    )


def by_channel(worth: pl.DataFrame, channel: pl.DataFrame) -> pl.DataFrame:
    """The mean value of the customers of each channel, and its interval.

    The interval (Student's t) is that of a mean over customers like these; how far the value of one customer may be
    off is `acrm clv`'s to say. Channels with fewer than `FEW` customers have none.

    Args:
        worth: `customer_id`, `clv`.
        channel: `customer_id`, `_key`, one row per customer.

    Returns:
        By `_key`, null last: `customers`, `clv` (the sum), `clv_mean`, `clv_low`, `clv_high`, `clv_median`.
    """
    import polars as pl
    from scipy.special import stdtrit

    joined = channel.join(worth.drop_nulls("clv"), on="customer_id")
    each = pl.col("clv").cast(pl.Float64).sort()
    table = (
        joined.group_by("_key")
        .agg(pl.len().cast(pl.Int64).alias("customers"), each.alias("_each"))
        .sort("_key", nulls_last=True)
        .with_columns(
            clv=pl.col("_each").list.sum(),
            clv_mean=pl.col("_each").list.mean(),
            clv_median=pl.col("_each").list.median(),
            _deviation=pl.col("_each").list.std(),
        )
    )
    reach = pl.Series([float(stdtrit(max(n - 1, 1), (1 + LEVEL) / 2)) for n in table["customers"]], dtype=pl.Float64)
    half = pl.when(pl.col("customers") >= FEW).then(reach * pl.col("_deviation") / pl.col("customers").sqrt())
    limits = table.with_columns(clv_low=pl.col("clv_mean") - half, clv_high=pl.col("clv_mean") + half)
    return limits.select("_key", "customers", "clv", "clv_mean", "clv_low", "clv_high", "clv_median")
