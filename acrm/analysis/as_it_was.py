"""Tables as they were on a day in the past: without what came later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

_BEGAN = {
    "customers": "created_at",
    "transactions": "ordered_on",
    "interactions": "started_at",
    "deals": "created_at",
    "campaigns": "date",
    "contracts": "start_at",
    "payments": "paid_on",
}
"""When a row of each table came to be."""


def as_it_was(tables: Mapping[str, pl.LazyFrame], as_of: date) -> dict[str, pl.LazyFrame]:
    """The tables without rows that came after a day; rows without a date stay.

    Customers who were written down later but had bought before stay too. Deals that were closed later are open. What
    else was changed in a row since, such as an address, stands as it is now.

    >>> from datetime import date
    >>> import polars as pl
    >>> made = {"customer_id": ["a", "b"], "created_at": [date(2024, 1, 5), date(2025, 1, 5)]}
    >>> as_it_was({"customers": pl.LazyFrame(made)}, date(2024, 6, 30))["customers"].collect()["customer_id"].to_list()
    ['a']
    """
    import polars as pl

    found = dict(tables)
    for name, column in _BEGAN.items():
        frame = tables.get(name)
        if frame is None or column not in frame.collect_schema().names():
            continue
        known = (pl.col(column).cast(pl.Date) <= as_of).fill_null(True)
        found[name] = frame.filter(known)
        if name == "customers" and "transactions" in tables:
            lines = tables["transactions"].filter(pl.col("ordered_on") <= as_of)
            buyers = lines.select("customer_id", bought=pl.lit(True)).unique("customer_id")
            told = frame.join(buyers, on="customer_id", how="left", maintain_order="left")
            found[name] = told.filter(known | pl.col("bought").is_not_null()).drop("bought")
    deals = found.get("deals")
    if deals is not None and "closed_at" in deals.collect_schema().names():
        later = (pl.col("closed_at").cast(pl.Date) > as_of).fill_null(False)
        settled = pl.when(later).then(None).otherwise("closed_at").alias("closed_at")
        found["deals"] = deals.with_columns(
            pl.when(later).then(pl.lit("open")).otherwise("status").alias("status"), settled
        )
    return found
