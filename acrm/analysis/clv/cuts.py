"""A table of customers cut by any of their columns, with means that few customers cannot make a finding."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

from acrm.errors import InputError
from acrm.messages import listed
from acrm.summaries.customers import Edge

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

ACQUIRED_BY = ("channel", "campaign", "coupon")
"""Columns of the order lines that are taken from a customer's first order; all others come from the last one."""
NO_CUTS = frozenset({"customer_id", "order_id", "ordered_on", "ordered_at", "line_amount"})
"""Columns that tell every customer or order from every other, and so cut nothing."""


def attributes(
    by: Sequence[str],
    *,
    customers: pl.LazyFrame | None,
    transactions: pl.LazyFrame,
    as_of: date | None,
) -> pl.DataFrame:
    """What the columns say of each customer, as text.

    Whatever `customers` has comes from there, and the rest from the order lines: what tells how a customer came
    (`ACQUIRED_BY`) from the first order, anything else from the last one; of several values in that order the one with
    most money, of equals the first by alphabet.

    Args:
        by: Names of columns.
        customers: Canonical `customers`, any columns.
        transactions: Canonical order lines, any columns.
        as_of: Last day that counts; None takes all.

    Returns:
        `customer_id` and the columns, null where it is not known; only customers of whom something is.

    Raises:
        InputError: No table has such a column.
    """
    import polars as pl

    from acrm.engine import columns

    tables: dict[str, pl.LazyFrame] = {"transactions": transactions}
    if customers is not None:
        tables = {"customers": customers, **tables}
    have = {name: {one for one in columns(frame) if one[0] != "_"} for name, frame in tables.items()}
    home = {column: next((name for name in have if column in have[name] - NO_CUTS), None) for column in by}
    if strangers := [column for column, name in home.items() if name is None]:
        known = sorted(set().union(*have.values()) - NO_CUTS)
        near = [one for name in strangers for one in get_close_matches(name.lower(), known, 1)]
        raise InputError("cut_no_column", columns=", ".join(strangers), known=listed(near or known, most=30))
    held = {name: [column for column in by if home[column] == name] for name in tables}
    frames = [
        frame.select("customer_id", *held[name]).collect().unique("customer_id", keep="first", maintain_order=True)
        for name, frame in tables.items()
        if name != "transactions" and held[name]
    ]
    frames += [
        frame
        for edge in get_args(Edge)
        for frame in of_order(
            transactions,
            [name for name in held["transactions"] if (name in ACQUIRED_BY) == (edge == "first")],
            edge,
            as_of,
        )
    ]
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.join(frame, on="customer_id", how="full", coalesce=True)
    return whole.select("customer_id", pl.col(list(by)).cast(pl.String)).sort("customer_id")


def of_order(transactions: pl.LazyFrame, columns: Sequence[str], edge: Edge, as_of: date | None) -> list[pl.DataFrame]:
    """What each column says of the customers' first or last order: `customer_id` and the column, where it is known.

    Of several values in that order the one with most money counts, of equals the first by alphabet.
    """
    from acrm.engine import collect
    from acrm.summaries.customers import edge_orders

    if not columns:
        return []
    orders = collect(edge_orders(transactions, columns, edge=edge, as_of=as_of))
    return [_most_money(orders, column) for column in columns]


def _most_money(orders: pl.DataFrame, column: str) -> pl.DataFrame:
    import polars as pl

    known = (
        orders.drop_nulls(column)
        .group_by("customer_id", pl.col(column).cast(pl.String))
        .agg(pl.col("amount").sum())
        .sort("customer_id", "amount", column, descending=[False, True, False])
    )
    return known.unique("customer_id", keep="first", maintain_order=True).select("customer_id", column)


def cut(
    values: pl.DataFrame, of: pl.DataFrame, by: Sequence[str], *, value: str = "clv", interval: float = 0.8
) -> pl.DataFrame:
    """Sum a customer table by columns of its customers.

    The `shrunk` mean is what is to be believed of a group: its own mean, drawn towards the others' as far as its size
    does not tell it apart (`acrm.models.shrinkage`). The limits say how well the customers at hand show their group's
    mean, not how well each one's value is known.

    Args:
        values: `customer_id` and what can be added up per customer, among it `value`; null counts as 0. Sums of money
            (Decimal) add up to the whole exactly.
        of: `customer_id` and the columns, one row per customer at most.
        by: The columns; customers without a value are a group of their own, with null.
        value: The column whose means are wanted.
        interval: Probability that the limits shall enclose.

    Returns:
        Sorted by the columns, unknown last: the columns, `customers`, every number's sum under its name, `mean`,
        `shrunk`, `low`, `high`, `weight` (of the own mean in `shrunk`, 0 to 1), `share` (of the sum of `value`; null
        unless that is above 0).
    """
    import numpy as np
    import polars as pl

    from acrm.models.shrinkage import shrink

    keys = list(by)
    numbers = [name for name in values.columns if values[name].dtype.is_numeric()]
    joined = (
        values.select("customer_id", pl.col(numbers).fill_null(0))
        .join(of.select("customer_id", *keys), on="customer_id", how="left")
        .sort(*keys, "customer_id", nulls_last=True)
    )
    exact = [name for name in numbers if not joined[name].dtype.is_float()]
    groups = joined.group_by(keys, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("customers"), pl.col(exact).sum()
    )
    # Floats are added in the order of the ids: the same bytes on any machine, unlike those of a parallel group.
    size = groups["customers"].to_numpy().astype(float)
    starts = np.concatenate(([0], groups["customers"].to_numpy().cumsum()[:-1]))
    floats = {
        name: np.add.reduceat(joined[name].to_numpy(), starts) for name in numbers if joined[name].dtype.is_float()
    }
    each = joined[value].cast(pl.Float64).to_numpy()
    mean = np.add.reduceat(each, starts) / size
    squares = np.add.reduceat((each - np.repeat(mean, groups["customers"].to_numpy())) ** 2, starts)
    shrunk = shrink(size, mean, squares / np.maximum(size - 1, 1), interval)
    total = float(np.sum(mean * size))
    share = mean * size / total if total > 0 else np.full(size.size, np.nan)
    figures = {
        **floats,
        "mean": mean,
        "shrunk": shrunk.mean,
        "low": shrunk.low,
        "high": shrunk.high,
        "weight": shrunk.weight,
        "share": share,
    }
    found = groups.with_columns(pl.Series(name, column).fill_nan(None) for name, column in figures.items())
    return found.select(*keys, "customers", *numbers, "mean", "shrunk", "low", "high", "weight", "share")
