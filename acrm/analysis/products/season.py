"""Products that sell at one time of the year only."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SPAN, SHARE, ORDERS = 4, 0.8, 8
"""A season: so many months of the calendar in a row have this share of the orders, of which there are as many."""
SEEN = 243
"""Days since the first sale from which a season can be told from a product that is new: two thirds of a year."""


def seasonal(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The products that have a season, with it.

    With 8 orders the chance that four months in a row hold 80% of them, were every month alike, is below 2%. A season
    that came round again without a sale is none: the product has had its time.

    Args:
        rows: `product_id`, `day`.
        as_of: Today.

    Returns:
        `product_id`, `season_from`, `season_to` (months from 1 to 12; 11 to 2 is winter), by id.
    """
    import numpy as np
    import polars as pl

    dated = rows.drop_nulls("day")
    months = dated.group_by("product_id", pl.col("day").dt.month().alias("month")).agg(pl.len().alias("orders"))
    ids = dated["product_id"].unique().sort()
    place = pl.DataFrame({"product_id": ids}).with_row_index("place")
    cells = months.join(place, on="product_id")
    counts = np.zeros((len(ids), 12), dtype=np.int64)
    counts[cells["place"].to_numpy(), cells["month"].to_numpy() - 1] = cells["orders"].to_numpy()
    windows = sum((np.roll(counts, -shift, axis=1) for shift in range(SPAN)), np.zeros_like(counts))
    start, every = windows.argmax(axis=1), np.arange(len(ids))
    end = start + SPAN - 1
    for _ in range(SPAN - 1):
        # A season begins and ends with a month that has sales.
        start = start + (counts[every, start % 12] == 0)
        end = end - (counts[every, end % 12] == 0)
    total = counts.sum(axis=1)
    enough = (total >= ORDERS) & (windows.max(axis=1, initial=0) >= SHARE * total)
    seen = dated.group_by("product_id").agg(pl.col("day").min().alias("first"), pl.col("day").max().alias("last"))
    table = place.with_columns(
        season_from=pl.Series(start % 12 + 1), season_to=pl.Series(end % 12 + 1), enough=pl.Series(enough)
    ).join(seen, on="product_id")
    # The last sale is at most a year and a season ago, else the season went by without one.
    skipped = (pl.lit(as_of) - pl.col("last")).dt.total_days() > 365 + timedelta(days=31 * SPAN).days
    old = (pl.lit(as_of) - pl.col("first")).dt.total_days() >= SEEN
    return table.filter("enough", old & ~skipped).select("product_id", "season_from", "season_to").sort("product_id")
