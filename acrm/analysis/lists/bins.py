"""Orders by what they came to, in round numbers, and by who placed them or where."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Where edges are looked for; each becomes the nearest of 1, 2 and 5 times a power of ten."""
MOST = 30
"""Values of the column that have rows of their own; the others are one."""
OTHER = "…"


def given_edges(words: str) -> list[Decimal]:
    """The edges of a text such as `amount=1000,5000`; `amount` alone has none.

    >>> given_edges("amount=1000,5000"), given_edges("amount")
    ([Decimal('1000'), Decimal('5000')], [])

    Raises:
        UsageError: It is no such text, or the numbers do not ascend.
    """
    from decimal import InvalidOperation

    name, equals, values = (part.strip() for part in words.partition("="))
    try:
        edges = [Decimal(value) for value in values.split(",")] if equals else []
        sound = name == "amount" and all(edge.is_finite() for edge in edges)
    except InvalidOperation:
        sound = False
    if not sound or edges != sorted(set(edges)):
        raise UsageError("segment_bins", words=words)
    return edges


def round_edges(amounts: pl.Series) -> list[Decimal]:
    """Edges in round numbers near the quantiles of what is above 0.

    >>> import polars as pl
    >>> [str(edge) for edge in round_edges(pl.Series([3, 8, 12, 31, 44, 97, 130, 480, 900, 2200]))]
    ['10', '20', '50', '500', '1000']
    """
    above = amounts.filter(amounts > 0)
    found = {_round(float(above.quantile(share, "linear") or 0)) for share in QUANTILES} if len(above) else set()
    return sorted(found)


def _round(value: float) -> Decimal:
    import math

    power = math.floor(math.log10(value))
    choices = [Decimal(digit).scaleb(exponent) for exponent in (power, power + 1) for digit in (1, 2, 5)]
    nearest = min(choices, key=lambda one: abs(math.log(float(one) / value)))
    return Decimal(f"{nearest:f}")


def banded(orders: pl.DataFrame, by: str | None, edges: Sequence[Decimal] = ()) -> pl.DataFrame:
    """Count orders by band of amount and by a column; every order is in one cell.

    Args:
        orders: `amount` Decimal, one row per order, and the column; as of `acrm.summaries.customers.order_amounts`.
        by: The column; None: all orders are one row. Values past the `MOST` with most orders are `OTHER`.
        edges: Ascending; none: see `round_edges`. A band takes in its low edge and not its high one.

    Returns:
        Sorted by the column (null, unknown, last) and the band: `value`, `low` and `high` Decimal (null: no limit),
        `orders`, `amount`, `share` of the orders of the value. Bands without any order of a value have 0.
    """
    import polars as pl

    money = pl.Decimal(38, 4)
    bounds = [None, *(edges or round_edges(orders["amount"])), None]
    bands = pl.DataFrame(
        {"band": range(len(bounds) - 1), "low": bounds[:-1], "high": bounds[1:]},
        schema={"band": pl.Int64, "low": money, "high": money},
    )
    values = pl.lit(None, pl.String) if by is None else pl.col(by).cast(pl.String)
    told = orders.select(value=values, amount=pl.col("amount").cast(money))
    if told["value"].n_unique() > MOST + 1:
        sizes = told.drop_nulls().group_by("value").len().sort("len", "value", descending=[True, False])
        own = sizes["value"].head(MOST)
        kept = pl.col("value").is_in(own.implode()) | pl.col("value").is_null()
        told = told.with_columns(pl.when(kept).then("value").otherwise(pl.lit(OTHER)))
    above: pl.Expr = pl.lit(0, pl.Int64)
    for edge in bounds[1:-1]:
        above = above + (pl.col("amount") >= pl.lit(edge, money)).cast(pl.Int64)
    counted = told.group_by("value", above.alias("band")).agg(
        pl.len().cast(pl.Int64).alias("orders"), pl.col("amount").sum()
    )
    whole = told.select("value").unique().join(bands, how="cross")
    table = whole.join(counted, on=["value", "band"], how="left", nulls_equal=True).with_columns(
        pl.col("orders").fill_null(0), pl.col("amount").fill_null(Decimal(0))
    )
    share = pl.col("orders") / pl.col("orders").sum().over("value")
    return table.with_columns(share=share).sort("value", "band", nulls_last=True).drop("band")
