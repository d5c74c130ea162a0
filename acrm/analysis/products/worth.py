"""What each product sold: money, margin, units, buyers, and how often they came back for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

MONEY = (38, 4)


def unit_costs(products: pl.LazyFrame | None) -> pl.DataFrame:
    """What one of each product costs: `product_id`, `each`, where the canonical `products` say so."""
    import polars as pl

    if products is None or not {"product_id", "cost"} <= set(products.collect_schema().names()):
        return pl.DataFrame(schema={"product_id": pl.String, "each": pl.Float64})
    costs = products.drop_nulls("cost").group_by("product_id").agg(pl.col("cost").max().cast(pl.Float64).alias("each"))
    return costs.collect().sort("product_id")


def costed(rows: pl.DataFrame, each: pl.DataFrame) -> pl.DataFrame:
    """The rows with `cost`: of the lines where they have one, else the product's times the quantity; null otherwise.

    A cost or a quantity of 0 is one that nobody told.

    Args:
        rows: As of `acrm.analysis.kept.Kept`.
        each: As of `unit_costs`.
    """
    import polars as pl

    money = pl.Decimal(*MONEY)
    told = pl.when(pl.col("cost") != 0).then("cost") if "cost" in rows.columns else pl.lit(None, money)
    if "quantity" not in rows.columns:
        return rows.with_columns(told.alias("cost"))
    rows = rows.with_columns(pl.when(pl.col("quantity") != 0).then("quantity").alias("quantity"))
    joined = rows.join(each, on="product_id", how="left", maintain_order="left")
    listed = (pl.col("quantity").cast(pl.Float64) * pl.col("each")).round(4).cast(money)
    return joined.with_columns(cost=pl.coalesce(told, listed)).drop("each")


def worth(rows: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    """One row per product, by id.

    A customer comes back for a product when they have it on two days or more. Where no line has a date, orders stand
    for days.

    Args:
        rows: As of `costed`.
        as_of: Today.

    Returns:
        `product_id`, `revenue`, `margin` and `costed_revenue` (of rows with a known cost; margin null without any),
        `margin_rate`, `units`, `orders`, `customers`, `repeaters`, `repeat_rate`, `repeat_low` and `reach` (null
        without customers), `first_on`, `last_on`, `days_since_last`.
    """
    import polars as pl

    known = pl.col("cost").is_not_null() & pl.col("amount").is_not_null()
    quantity = pl.col("quantity")
    told = pl.when(quantity.count() > 0).then(quantity.sum())
    units = told if "quantity" in rows.columns else pl.lit(None, pl.Decimal(*MONEY))
    amount = pl.col("amount")
    sums = rows.group_by("product_id").agg(
        pl.when(amount.count() > 0).then(amount.sum()).cast(pl.Decimal(*MONEY)).alias("revenue"),
        pl.when(known.any()).then((amount - pl.col("cost")).filter(known).sum()).alias("margin"),
        amount.filter(known).sum().alias("costed_revenue"),
        units.alias("units"),
        pl.len().cast(pl.Int64).alias("orders"),
        pl.col("day").min().alias("first_on"),
        pl.col("day").max().alias("last_on"),
    )
    when = pl.col("day") if rows["day"].count() else pl.col("order_id")
    buyers = rows.drop_nulls("customer_id").group_by("product_id", "customer_id").agg(when.n_unique().alias("times"))
    loyal = buyers.group_by("product_id").agg(
        pl.len().cast(pl.Int64).alias("customers"), (pl.col("times") > 1).sum().cast(pl.Int64).alias("repeaters")
    )
    everybody = rows["customer_id"].drop_nulls().n_unique()
    count = pl.col("customers").fill_null(0) if everybody else pl.lit(None, pl.Int64)
    table = sums.join(loyal, on="product_id", how="left").with_columns(customers=count)
    rate = pl.when(pl.col("customers") > 0).then(pl.col("repeaters") / pl.col("customers"))
    margin_rate = pl.col("margin").cast(pl.Float64) / pl.col("costed_revenue").cast(pl.Float64)
    table = table.with_columns(
        repeat_rate=rate,
        repeat_low=wilson_low(pl.col("repeaters"), pl.col("customers")),
        reach=pl.col("customers") / everybody if everybody else pl.lit(None, pl.Float64),
        margin_rate=pl.when(pl.col("costed_revenue") > 0).then(margin_rate),
        days_since_last=(pl.lit(as_of, pl.Date) - pl.col("last_on")).dt.total_days(),
    )
    return table.sort("product_id")


def wilson_low(hits: pl.Expr, tries: pl.Expr) -> pl.Expr:
    """Lower limit of a share by Wilson's interval at 95%; null without tries."""
    import polars as pl

    from acrm.models.wilson import wilson_limits

    return pl.when(tries > 0).then(wilson_limits(hits / tries, tries)[0])


def overall_repeat_rate(table: pl.DataFrame) -> float | None:
    """Of all pairs of a customer and a product of theirs, the share that came back for it."""
    pairs: Any = table["customers"].sum()
    return float(table["repeaters"].sum()) / pairs if pairs else None
