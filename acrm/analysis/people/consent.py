"""Who does not want to hear from us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def refusing(tables: Mapping[str, pl.LazyFrame]) -> pl.Series:
    """Ids of the customers whom no list may name, sorted; see `acrm.summaries.customers.contactable`.

    >>> import polars as pl
    >>> told = pl.LazyFrame({"customer_id": ["a", "b", "c"], "consent": [True, False, None]})
    >>> refusing({"customers": told}).to_list(), refusing({}).to_list()
    (['b'], [])
    """
    import polars as pl

    from acrm.summaries.customers import contactable

    customers = tables.get("customers")
    if customers is None:
        return pl.Series("customer_id", [], dtype=pl.String)
    known, willing = pl.collect_all(
        [frame.select("customer_id").drop_nulls().unique() for frame in (customers, contactable(customers))]
    )
    return known.join(willing, on="customer_id", how="anti")["customer_id"].sort()
