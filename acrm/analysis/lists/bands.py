"""Orders by bands of amount and by a column, as a result of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from acrm.analysis.history import read_history
from acrm.analysis.lists.asked import columns
from acrm.analysis.lists.bins import banded, given_edges
from acrm.analysis.result import Result

if TYPE_CHECKING:
    from datetime import date

    import polars as pl


@dataclass(frozen=True, kw_only=True)
class BandsParams:
    """What is counted: the text of `--bins`, and the column of orders or customers."""

    bins: str
    by: str | None = None
    as_of: date | None = None


@dataclass(frozen=True, kw_only=True)
class BandsResult(Result):
    """Table `bins`, as of `bins.banded`."""

    params: BandsParams


def bands(lines: pl.LazyFrame, customers: pl.LazyFrame | None, params: BandsParams) -> BandsResult:
    """Count orders by band of amount and by a column of the order lines or, where they have none, of customers.

    Raises:
        UsageError: There is no such column, or the bands make no sense.
        InputError: See `read_history`.
    """
    edges = given_edges(params.bins)
    names = lines.collect_schema().names()
    theirs = customers.collect_schema().names() if customers is not None else []
    by = None if params.by is None else columns([*names, *theirs], [params.by])[0]
    own = [by] if by in names else []
    reduction = partial(_orders, columns=own)
    history = read_history(lines, refunds="net", as_of=params.as_of, beside=(reduction,))
    (orders,) = history.beside
    if by is not None and not own and customers is not None:
        traits = customers.select("customer_id", by).unique("customer_id", keep="any").collect()
        orders = orders.join(traits, on="customer_id", how="left")
    return BandsResult(
        params=params,
        tables={"bins": banded(orders, by, edges)},
        summary=history.figures,
        notes=history.notes,
    )


def _orders(lines: pl.LazyFrame, *, columns: list[str], as_of: date | None) -> pl.LazyFrame:
    from acrm.summaries.customers import order_amounts

    return order_amounts(lines, columns, as_of=as_of)
