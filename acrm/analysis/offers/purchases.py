"""What each customer bought of what, how often and when: the ground that both lists and their check stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 2_000_000
"""Purchases that are joined with others at once."""


def numbered(bought: pl.DataFrame) -> pl.DataFrame:
    """The rows with the `place` of their order among its customer's, from 0, and how many `placed` there are.

    Orders of one day come in the order of their ids.

    Args:
        bought: `customer_id`, `order_id`, `product_id`, `day`, `amount`, as of `acrm.analysis.kept.read_kept`.
    """
    import polars as pl

    orders = bought.group_by("customer_id", "order_id").agg(pl.col("day").min().alias("_on"))
    orders = orders.sort("customer_id", "_on", "order_id").select(
        "customer_id",
        "order_id",
        pl.int_range(pl.len()).over("customer_id").alias("place"),
        pl.len().cast(pl.Int64).over("customer_id").alias("placed"),
    )
    return bought.join(orders, on=["customer_id", "order_id"]).sort("customer_id", "place", "product_id")


def histories(bought: pl.DataFrame) -> pl.DataFrame:
    """One row per customer and product, sorted by them.

    Args:
        bought: As of `numbered`; `placed` may be more than there is, where last orders are held out.

    Returns:
        `customer_id`, `product_id`, `times` (orders with it), `orders` (all of the customer), `age` (orders since),
        `first_on`, `last_on`, `usual` (median amount of an order's), `gaps` (how many spans there are between days of
        purchase), `gap_low`, `gap_median`, `gap_high` (quartiles of them in days).
    """
    import polars as pl

    latest = pl.col("place").max().over("customer_id")
    days = bought.with_columns(orders=latest + 1, age=latest - pl.col("place"))
    days = days.sort("customer_id", "product_id", "day", "place")
    gaps = pl.col("day").unique().sort().diff().drop_nulls().dt.total_days()
    grouped = days.group_by("customer_id", "product_id", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("times"),
        pl.col("orders").first(),
        pl.col("age").min(),
        pl.col("day").min().alias("first_on"),
        pl.col("day").max().alias("last_on"),
        pl.col("amount").cast(pl.Float64).median().alias("usual"),
        gaps.len().cast(pl.Int64).alias("gaps"),
        gaps.quantile(0.25, "linear").alias("gap_low"),
        gaps.median().alias("gap_median"),
        gaps.quantile(0.75, "linear").alias("gap_high"),
    )
    return grouped.sort("customer_id", "product_id")


def sought(bought: pl.DataFrame) -> pl.DataFrame:
    """The products by how many orders have them: `product_id`, `orders`, `customers`; of equals by id."""
    import polars as pl

    pairs = bought.group_by("product_id", "customer_id").agg(pl.len().cast(pl.Int64).alias("orders"))
    products = pairs.group_by("product_id").agg(pl.col("orders").sum(), pl.len().cast(pl.Int64).alias("customers"))
    return products.sort("orders", "product_id", descending=[True, False])


def spans(bought: pl.DataFrame) -> pl.DataFrame:
    """The days between two purchases of a product by one customer: quartiles by product, and of all (null) in front.

    Returns:
        `product_id`, `of_gaps` (how many spans), `of_low`, `of_median`, `of_high`.
    """
    import polars as pl

    days = bought.select("customer_id", "product_id", "day").unique().sort("product_id", "customer_id", "day")
    gaps = days.with_columns(gap=pl.col("day").diff().over("product_id", "customer_id").dt.total_days())
    gaps = gaps.drop_nulls("gap")
    quartiles = (
        pl.len().cast(pl.Int64).alias("of_gaps"),
        pl.col("gap").quantile(0.25, "linear").alias("of_low"),
        pl.col("gap").median().alias("of_median"),
        pl.col("gap").quantile(0.75, "linear").alias("of_high"),
    )
    whole = gaps.select(pl.lit(None, pl.String).alias("product_id"), *quartiles)
    return pl.concat([whole.head(1), gaps.group_by("product_id").agg(quartiles).sort("product_id")])


def followers(history: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """How many customers bought one product and on a later day another for the first time, and after how many days.

    Args:
        history: As of `histories`.
        pairs: `because`, `product_id`: first the one, then the other.

    Returns:
        The pairs in order, with `both` (customers who bought both, in any order), `then` (who bought the second
        later), and of these `wait_low`, `wait_median`, `wait_high`: quartiles in days.
    """
    import polars as pl

    first = history.select("customer_id", "product_id", "first_on")
    reach = first.group_by(pl.col("product_id").alias("because")).agg(pl.len().cast(pl.Int64).alias("reach"))
    pairs = pairs.unique().join(reach, on="because").sort("because", "product_id")
    parts = []
    for _, some in pairs.group_by((pl.col("reach").cum_sum() // _AT_ONCE), maintain_order=True):
        both = (
            some.select("because", "product_id")
            .join(first.rename({"product_id": "because", "first_on": "began"}), on="because")
            .join(first, on=["customer_id", "product_id"])
            .with_columns(wait=(pl.col("first_on") - pl.col("began")).dt.total_days())
        )
        wait = pl.col("wait").filter(pl.col("wait") > 0)
        parts.append(
            both.group_by("because", "product_id").agg(
                pl.len().cast(pl.Int64).alias("both"),
                wait.len().cast(pl.Int64).alias("then"),
                wait.quantile(0.25, "linear").alias("wait_low"),
                wait.median().alias("wait_median"),
                wait.quantile(0.75, "linear").alias("wait_high"),
            )
        )
    kinds = dict.fromkeys(("both", "then"), pl.Int64) | dict.fromkeys(
        ("wait_low", "wait_median", "wait_high"), pl.Float64
    )
    empty = pl.DataFrame(schema={"because": pl.String, "product_id": pl.String, **kinds})
    return pl.concat([empty, *parts]).sort("because", "product_id")
