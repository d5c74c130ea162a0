"""What each customer bought of what, how often and when: the ground that both lists and their check stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 2_000_000
"""Purchases that are joined with others at once."""
_PAIR = ("customer_id", "product_id")


def numbered(bought: pl.DataFrame) -> pl.DataFrame:
    """The rows with the `place` of their order among its customer's, from 0, and how many `placed` there are.

    Orders of one day come in the order of their ids.

    Args:
        bought: `customer_id`, `order_id`, `product_id`, `day`, `amount`, sorted by the first three, as of
            `acrm.analysis.kept.read_kept`.

    Returns:
        Sorted by `customer_id`, `product_id` and `place`.
    """
    import polars as pl

    who, order = (pl.col(name).ne_missing(pl.col(name).shift()) for name in ("customer_id", "order_id"))
    rows = bought.with_columns(_who=who.cast(pl.Int64).cum_sum(), _order=(who | order).cast(pl.Int64).cum_sum())
    orders = rows.group_by("_order").agg(pl.col("_who").first(), pl.col("day").min().alias("_on"))
    orders = orders.sort("_who", "_on", "_order").select(
        "_order",
        pl.int_range(pl.len()).over("_who").alias("place"),
        pl.len().cast(pl.Int64).over("_who").alias("placed"),
    )
    return rows.join(orders, on="_order").sort("_who", "product_id", "place").drop("_who", "_order")


def habits(bought: pl.DataFrame) -> pl.DataFrame:
    """One row per customer and product, sorted by them: what both lists are made of.

    Args:
        bought: As of `numbered`; `placed` may be more than there is, where last orders are held out.

    Returns:
        `customer_id`, `product_id`, `times` (orders with it), `orders` (all of the customer), `age` (orders since).
    """
    return _paired(bought)


def histories(bought: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """The `habits`, and when and for how much it was bought: all that is known of a customer and a product.

    Args:
        bought: As of `numbered`.
        gaps: As of `between`.

    Returns:
        The columns of `habits`, `first_on`, `last_on`, `usual` (median amount of an order's), `gaps` (how many spans
        there are between days of purchase), `gap_low`, `gap_median`, `gap_high` (quartiles of them in days).
    """
    import polars as pl

    days = pl.col("day").min().alias("first_on"), pl.col("day").max().alias("last_on")
    known = _paired(bought, *days, pl.col("amount").cast(pl.Float64).median().alias("usual"))
    rhythm = gaps.group_by(_PAIR).agg(
        pl.len().cast(pl.Int64).alias("gaps"),
        pl.col("gap").quantile(0.25, "linear").alias("gap_low"),
        pl.col("gap").median().alias("gap_median"),
        pl.col("gap").quantile(0.75, "linear").alias("gap_high"),
    )
    known = known.join(rhythm, on=_PAIR, how="left", maintain_order="left")
    return known.with_columns(pl.col("gaps").fill_null(0))


def _paired(bought: pl.DataFrame, *more: pl.Expr) -> pl.DataFrame:
    import polars as pl

    latest = pl.col("place").max().over("customer_id")
    rows = bought.with_columns(
        orders=latest + 1, age=latest - pl.col("place"), _pair=_another().cast(pl.Int64).cum_sum().set_sorted()
    )
    known = (*(pl.col(name).first() for name in (*_PAIR, "orders")), pl.col("age").min())
    counted = rows.group_by("_pair", maintain_order=True).agg(pl.len().cast(pl.Int64).alias("times"), *known, *more)
    return counted.select(*_PAIR, pl.exclude("_pair", *_PAIR))


def _another() -> pl.Expr:
    """Whether another customer or product begins, in rows sorted by them."""
    import polars as pl

    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in _PAIR)


def between(bought: pl.DataFrame) -> pl.DataFrame:
    """The days between each two purchases of a product by one customer: `customer_id`, `product_id`, `gap`.

    Args:
        bought: As of `numbered`. Purchases of one day are one.
    """
    import polars as pl

    # Most are bought once: no more than the others are looked at.
    once = _another() & _another().shift(-1, fill_value=True)
    days = bought.filter(~once).select(*_PAIR, "day").unique().sort(*_PAIR, "day")
    return days.select(*_PAIR, gap=pl.when(~_another()).then(pl.col("day").diff().dt.total_days())).drop_nulls("gap")


def sought(history: pl.DataFrame) -> pl.DataFrame:
    """The products by how many orders have them: `product_id`, `orders`, `customers`; of equals by id.

    Args:
        history: As of `habits`.
    """
    import polars as pl

    products = history.group_by("product_id").agg(
        pl.col("times").sum().alias("orders"), pl.len().cast(pl.Int64).alias("customers")
    )
    return products.sort("orders", "product_id", descending=[True, False])


def spans(gaps: pl.DataFrame) -> pl.DataFrame:
    """The days between two purchases of a product by one customer: quartiles by product, and of all (null) in front.

    Args:
        gaps: As of `between`.

    Returns:
        `product_id`, `of_gaps` (how many spans), `of_low`, `of_median`, `of_high`.
    """
    import polars as pl

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
