"""Shared costs spread over customers so that not a ten-thousandth is lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl


def allocate(costs: pl.DataFrame, units: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    """Split the cost of each pool in proportion to the units that customers have in it, to four decimals.

    Every customer first gets the share rounded towards 0; what is then left goes, one ten-thousandth each, to those who
    lost most by the rounding, of equals to the lowest customer id (the largest remainder method). Whole-number
    arithmetic throughout: a pool's shares add up to its cost exactly, on any machine.

    >>> import polars as pl
    >>> costs = pl.DataFrame({"pool": ["calls"], "cost": [100]}).with_columns(pl.col("cost").cast(dtype("money")))
    >>> units = pl.DataFrame({"pool": ["calls"] * 3, "customer_id": ["ada", "bob", "cid"], "units": [1, 1, 1]})
    >>> [str(amount) for amount in allocate(costs, units, ["pool"]).sort("customer_id")["amount"]]
    ['33.3334', '33.3333', '33.3333']

    Args:
        costs: The pool's columns and `cost` Decimal(38, 4) of either sign, one row per pool.
        units: The pool's columns, `customer_id` (null for units of nobody known, which carry their share like others)
            and `units`, whole numbers or Decimal(38, 4); units of 0 or less count for nothing.
        on: Names of the pool's columns, none of them null.

    Returns:
        The pool's columns, `customer_id`, `amount` Decimal, in no order; a pool without units has no row.
    """
    import polars as pl

    money, whole = dtype("money"), pl.Int128()
    weight = pl.col("units")
    shares = (
        units.filter(pl.col("units") > 0)
        .group_by(*on, "customer_id")
        .agg(pl.col("units").sum())
        .join(costs, on=list(on))
        .with_columns(
            weight=(weight.cast(money).to_physical() if units["units"].dtype.is_decimal() else weight).cast(whole),
            cost=pl.col("cost").cast(money).to_physical().cast(whole),
        )
        .with_columns(all=pl.col("weight").sum().over(on), size=pl.col("cost").abs())
        .with_columns(
            floor=pl.col("size") * pl.col("weight") // pl.col("all"),
            rest=pl.col("size") * pl.col("weight") % pl.col("all"),
        )
        .sort(*on, "rest", "customer_id", descending=[*[False] * len(on), True, False], nulls_last=True)
    )
    left = pl.col("size") - pl.col("floor").sum().over(on)
    place = pl.int_range(pl.len()).over(on)
    amount = (pl.col("floor") + (place < left).cast(whole)) * pl.col("cost").sign()
    return shares.select(*on, "customer_id", amount=amount.cast(money) * pl.lit(Decimal("0.0001"), money))
