"""What a product does for the others: what stands in its baskets, whom it brings, who comes for it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def drawing(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per product, by id.

    A product brings customers if it is in more first orders than a line of the same month usually is: first orders are
    frequent where the data begins, whatever was sold then. The day of a customer's first order is a first order whole.

    Args:
        rows: As of `acrm.analysis.kept.Kept`, sorted as there; without amounts every other product counts 1.

    Returns:
        `product_id`, `beside` (mean value of the other goods in its orders), `pull`, `pull_low`, `pull_high` (see
        `acrm.models.pull`), `newcomers` (customers whose first order has it), `brings` (newcomers by what is expected),
        `brings_low` (its lower limit at 95%), `only_buyers` (customers who bought nothing else); null where not known.
    """
    import numpy as np
    import polars as pl

    from acrm.models.pull import pull

    value = "amount" if rows["amount"].count() else None
    products = rows["product_id"].unique().sort()
    # Rows of an order stand together, and orders of a customer; those of nobody are each a customer's.
    order, customer = (pl.col(name).ne_missing(pl.col(name).shift()) for name in ("order_id", "customer_id"))
    customer = customer | (order & pl.col("customer_id").is_null())
    entries = rows.select(
        pl.col(value).cast(pl.Float64) if value else pl.lit(1.0).alias("amount"),
        pl.col("product_id").cast(pl.Enum(products)).to_physical().cast(pl.Int64).alias("item"),
        begins=(customer | order) | (pl.int_range(pl.len()) == 0),
        customer=customer.cast(pl.Int64).cum_sum(),
    ).with_columns(pl.col("customer") - pl.col("customer").min(), basket=pl.col("begins").cast(pl.Int64).cum_sum() - 1)
    found = pull(
        entries["item"].to_numpy(),
        entries["basket"].to_numpy(),
        entries["amount"].to_numpy(),
        entries.filter("begins")["customer"].to_numpy(),
        len(products),
    )
    table = pl.DataFrame(
        {
            "product_id": products,
            "beside": np.round(found.beside, 4),
            "pull": found.ratio,
            "pull_low": found.low,
            "pull_high": found.high,
        }
    ).with_columns(pl.col("pull", "pull_low", "pull_high").fill_nan(None))
    table = table.with_columns(pl.col("beside").cast(pl.Decimal(38, 4)) if value else "beside")
    return table.join(_brought(rows), on="product_id", how="left").sort("product_id")


def _brought(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl
    from scipy.special import gammaincinv

    schema = {"product_id": pl.String, "newcomers": pl.Int64, "only_buyers": pl.Int64}
    known = rows.drop_nulls("customer_id")
    empty = pl.DataFrame(schema=schema | {"brings": pl.Float64, "brings_low": pl.Float64})
    if known.is_empty() or not known["day"].count():
        return empty
    first = known.select(
        "product_id",
        "customer_id",
        month=pl.col("day").dt.truncate("1mo"),
        first=pl.col("day") == pl.col("day").min().over("customer_id"),
    )
    months = first.group_by("month").agg(pl.col("first").mean().alias("usual"))
    counts = first.group_by("product_id", "month").agg(pl.len(), pl.col("first").sum().cast(pl.Int64).alias("firsts"))
    expected = (pl.col("usual") * pl.col("len")).sum().round(9).alias("expected")
    came = first.filter("first").group_by("product_id").agg(pl.col("customer_id").n_unique().alias("newcomers"))
    sums = (
        counts.join(months, on="month")
        .sort("product_id", "month")
        .group_by("product_id", maintain_order=True)
        .agg(pl.col("firsts").sum(), expected)
        .join(came, on="product_id", how="left", maintain_order="left")
        .with_columns(pl.col("newcomers").fill_null(0).cast(pl.Int64))
    )
    alone = known.group_by("customer_id").agg(
        pl.col("product_id").n_unique().alias("bought"), pl.col("product_id").first()
    )
    only = alone.filter(pl.col("bought") == 1).group_by("product_id").agg(pl.len().cast(pl.Int64).alias("only_buyers"))
    firsts = sums["firsts"].to_numpy()
    # Garwood's exact limit of a Poisson count.
    low = pl.Series(gammaincinv(firsts.clip(1), 0.025) * (firsts > 0))
    table = sums.with_columns(brings=pl.col("firsts") / pl.col("expected"), brings_low=low / pl.col("expected"))
    table = table.join(only, on="product_id", how="left").with_columns(pl.col("only_buyers").fill_null(0))
    return table.select(empty.columns)
