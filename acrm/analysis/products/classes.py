"""Classes of products: ABC by their share of a total, XYZ by how evenly they sell."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.products.params import Zeros

MONTHS = 3
"""Whole months that are needed to say anything about evenness."""


def abc(value: pl.Series, limits: tuple[Decimal, Decimal]) -> pl.Series:
    """Class of every value: A while what is greater makes less than the first limit of the total, B, then C.

    So the product that crosses a limit belongs to the better class. Equal values keep their order. Values of 0 or less
    are C and no part of the total; null has no class.

    >>> import polars as pl
    >>> abc(pl.Series([1, 70, 15, 14, None, -5]), (Decimal(80), Decimal(95))).to_list()
    ['C', 'A', 'A', 'B', None, 'C']
    """
    import polars as pl

    value = value.cast(pl.Decimal(38, 4))
    order = value.arg_sort(descending=True, nulls_last=True)
    ranked = value.gather(order)
    positive = pl.select(pl.when(ranked > 0).then(ranked).otherwise(0)).to_series()
    before, total = positive.cum_sum() - positive, Decimal(positive.sum())
    hundredfold = before * 100
    classes = pl.select(
        pl.when(ranked.is_null())
        .then(None)
        .when(ranked <= 0)
        .then(pl.lit("C"))
        .when(hundredfold < total * limits[0])
        .then(pl.lit("A"))
        .when(hundredfold < total * limits[1])
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    ).to_series()
    return pl.DataFrame({"place": order, "class": classes}).sort("place")["class"]


def whole_months(days: pl.Series) -> list[date]:
    """First days of the months that the data covers wholly, ascending.

    The first and the last month are whole if the days of them before the first and after the last sale are no more
    than the longest time without any sale in between.

    Args:
        days: Of sales, not empty.
    """
    sold = days.unique().sort()
    first, last = sold[0], sold[-1]
    pause = max(sold.diff().drop_nulls().dt.total_days().max() or 1, 1) - 1  # type: ignore[operator]
    begin, after = first.replace(day=1), _next(last.replace(day=1))
    months = []
    while begin < after:
        end = _next(begin)
        if (first - begin).days <= pause and (end - last).days - 1 <= pause:
            months.append(begin)
        begin = end
    return months


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def variation(rows: pl.DataFrame, products: pl.Series, months: list[date], measure: str, zeros: Zeros) -> pl.DataFrame:
    """How much the monthly sales of every product vary.

    Args:
        rows: `product_id`, `day` and the measure.
        products: Ids, sorted.
        months: The ones that count, as of `whole_months`.
        measure: A column whose sum is what was sold, or `orders` for the number of rows.
        zeros: See `ProductsParams`. A product is there from the month of its first sale on.

    Returns:
        `product_id`, `cv` (null: not known), in the order of `products`.
    """
    import numpy as np
    import polars as pl

    from acrm.models.variation import coefficient_of_variation

    what = pl.len() if measure == "orders" else pl.col(measure).sum()
    month = pl.col("day").dt.truncate("1mo")
    sold = rows.group_by("product_id", month.alias("month")).agg(what.cast(pl.Float64).alias("sold"))
    first = sold.group_by("product_id").agg(pl.col("month").min().alias("first"))
    place = pl.DataFrame({"product_id": products}).with_row_index("place")
    counted = sold.filter(pl.col("month").is_in(months)).join(place, on="product_id").sort("place", "month")
    span = len(months)
    if zeros == "since-first":
        began = place.join(first, on="product_id", how="left", maintain_order="left")["first"]
        starts = np.array(months, dtype="datetime64[D]")
        periods = span - np.searchsorted(starts, began.to_numpy().astype("datetime64[D]"))
    elif zeros == "ignore":
        periods = np.bincount(counted["place"].to_numpy(), minlength=len(products))
    else:
        periods = np.full(len(products), span)
    item = counted["place"].to_numpy().astype(np.int64)
    found = coefficient_of_variation(item, counted["sold"].to_numpy(), periods.astype(np.int64))
    return pl.DataFrame({"product_id": products, "cv": pl.Series(found).fill_nan(None).round(12)})


def xyz(cv: pl.Expr, limits: tuple[float, float]) -> pl.Expr:
    """X for a coefficient of variation below the first limit, Y below the second, else Z; null where there is none."""
    import polars as pl

    return (
        pl.when(cv.is_null())
        .then(None)
        .when(cv < limits[0])
        .then(pl.lit("X"))
        .when(cv < limits[1])
        .then(pl.lit("Y"))
        .otherwise(pl.lit("Z"))
    )
