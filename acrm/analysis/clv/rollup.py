"""Customers rolled up to households and companies: the parts add up to the same whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from acrm.errors import InputError, UsageError

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.histories import FloatArray, IndexArray

Object = Literal["customer", "household", "company"]
_CHANCES = ("p_order", "p_alive")
_SPANS = ("recency_days", "age_days")
_NO_SUMS = (*_CHANCES, *_SPANS, "expected_order_value", "clv_low", "clv_high", "decile")


def members(customers: pl.LazyFrame | None, kind: Object) -> pl.DataFrame:
    """Which household or company each customer belongs to.

    Without one a customer is an object of its own, under the customer id. A household that bears the id of a customer
    outside it keeps it, and that customer is called `customer:<id>`. A company that is a customer itself and those who
    belong to it are one.

    Returns:
        `customer_id`, `object_id`, sorted; of the customers that `customers` knows.

    Raises:
        UsageError: No such kind.
        InputError: The customers have no column for it.
    """
    import polars as pl

    if kind not in get_args(Object):
        raise UsageError("cut_object", value=kind, known=", ".join(get_args(Object)))
    column = f"{kind}_id"
    if customers is None or column not in customers.collect_schema().names():
        raise InputError("cut_no_object", column=column)
    told = (
        customers.select("customer_id", object_id=column)
        .collect()
        .unique("customer_id", keep="first", maintain_order=True)
    )
    if kind == "household":
        alone = pl.col("object_id").is_null()
        taken = alone & pl.col("customer_id").is_in(told["object_id"].drop_nulls().implode())
        own = pl.when(taken).then("customer:" + pl.col("customer_id")).otherwise("customer_id")
    else:
        own = pl.col("customer_id")
    return told.with_columns(object_id=pl.coalesce("object_id", own)).sort("customer_id")


def roll_up(
    scores: pl.DataFrame, of: pl.DataFrame, *, draws: FloatArray | None = None, interval: float = 0.8
) -> pl.DataFrame:
    """Combine the rows of customers that belong together.

    | columns | of several customers |
    |---|---|
    | `p_order`, `p_alive` | that at least one does: 1 - product of (1 - p), as of independent customers |
    | `expected_order_value` | mean, weighted by `expected_orders`; null where none is expected |
    | `clv_low`, `clv_high` | quantiles of the summed `draws`; without draws see below |
    | `age_days`, `recency_days` | of all of them together: from the first order of any to the last one of any |
    | `decile` | anew, see `deciles` |
    | other numbers | their sum; unknown if one of them is |
    | texts | dropped |

    Without draws, how far the customers' limits lie from their `clv` is squared, added and rooted on each side, as
    variances of independent customers add; a limit on the wrong side of a skewed customer's `clv` counts as 0. This
    leaves out what all customers have in common, an uncertain parameter above all, so it is narrow rather than wide.
    One customer alone keeps its row.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"customer_id": ["a", "b"], "p_order": [0.5, 0.2], "clv": [9.0, 1.0]})
    >>> of = pl.DataFrame({"customer_id": ["a", "b"], "object_id": ["h", "h"]})
    >>> roll_up(scores, of).rows()
    [('h', 2, 0.6, 10.0)]

    Args:
        scores: `customer_id` and columns as of `clv.parquet`.
        of: `customer_id`, `object_id`, of `members`; customers that it does not know are objects of their own.
        draws: Values of `clv`, one row per row of `scores`, one column per draw.
        interval: Probability that limits from draws enclose.

    Returns:
        Sorted by `object_id`: `object_id`, `members`, and the numbers of `scores` in their order.
    """
    import polars as pl

    joined = (
        scores.with_row_index("_row")
        .join(of, on="customer_id", how="left")
        .with_columns(object_id=pl.coalesce("object_id", "customer_id"))
        .sort("object_id", "customer_id")
    )
    objects = joined.group_by("object_id", maintain_order=True)
    sizes = objects.agg(pl.len().cast(pl.Int64).alias("members"))
    size: IndexArray = sizes["members"].to_numpy()
    names = [name for name in scores.columns if scores[name].dtype.is_numeric()]
    values = {name: joined[name].cast(pl.Float64).to_numpy() for name in names}
    found = _combined(values, size) | _limits(values, size)
    if draws is not None:
        found |= _quantiles(draws[joined["_row"].to_numpy()], size, interval)
    exact = [name for name in names if scores[name].dtype.is_decimal() and name not in _NO_SUMS]
    sums = objects.agg(pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name) for name in exact)
    columns = [pl.Series(name, each).fill_nan(None) for name, each in found.items() if name not in exact]
    made = sums.with_columns(sizes["members"], *[column.cast(scores[column.name].dtype) for column in columns])
    if "decile" in names:
        made = made.with_columns(deciles(made["clv"]).cast(scores["decile"].dtype))
    return made.select("object_id", "members", *names)


def _starts(size: IndexArray) -> IndexArray:
    import numpy as np

    return np.cumsum(size) - size


def _added(values: FloatArray, size: IndexArray) -> FloatArray:
    """Sums in the order of the ids: the same bytes on any machine, unlike those of a parallel group."""
    import numpy as np

    total: FloatArray = np.add.reduceat(values, _starts(size))
    return total


def _combined(values: dict[str, FloatArray], size: IndexArray) -> dict[str, FloatArray]:
    """Every column but the limits, by the table of `roll_up`."""
    import numpy as np

    starts, alone = _starts(size), size == 1
    found = {name: _added(each, size) for name, each in values.items()}
    for name in values.keys() & set(_CHANCES):
        both = 1 - np.multiply.reduceat(1 - values[name], starts)
        found[name] = np.where(alone, values[name][starts], both)
    if "expected_order_value" in values:
        orders, each = values["expected_orders"], values["expected_order_value"]
        expected = _added(orders, size)
        money = _added(np.where(orders > 0, orders * each, 0.0), size)
        mean = np.divide(money, expected, out=np.full(size.size, np.nan), where=expected > 0)
        found["expected_order_value"] = np.where(alone, each[starts], mean)
    if set(_SPANS) <= values.keys():
        since_last = values["age_days"] - values["recency_days"]
        found["age_days"] = np.maximum.reduceat(values["age_days"], starts)
        found["recency_days"] = found["age_days"] - np.minimum.reduceat(since_last, starts)
    return found


def _limits(values: dict[str, FloatArray], size: IndexArray) -> dict[str, FloatArray]:
    """Limits of sums of independent customers, from the limits of each."""
    import numpy as np

    found: dict[str, FloatArray] = {}
    for name, side in (("clv_low", -1.0), ("clv_high", 1.0)):
        if name in values:
            away = np.maximum(side * (values[name] - values["clv"]), 0.0)
            total = _added(values["clv"], size) + side * np.sqrt(_added(away**2, size))
            found[name] = np.where(size == 1, values[name][_starts(size)], total)
    return found


def _quantiles(draws: FloatArray, size: IndexArray, interval: float) -> dict[str, FloatArray]:
    import numpy as np

    summed = np.add.reduceat(draws, _starts(size), axis=0)
    low, high = np.quantile(summed, [(1 - interval) / 2, (1 + interval) / 2], axis=1)
    return {"clv_low": low, "clv_high": high}


def deciles(values: pl.Series) -> pl.Series:
    """The tenth that each value belongs to, 1 for the highest; equal values are in one.

    It is 1 + the tenths of all values that are higher: of ten equal ones all are in the first.

    >>> import polars as pl
    >>> deciles(pl.Series([5.0, 9, 1, 5])).to_list()
    [3, 1, 8, 3]
    """
    import polars as pl

    higher = values.rank("min", descending=True) - 1
    return (1 + higher.cast(pl.Int64) * 10 // values.count()).alias("decile")
