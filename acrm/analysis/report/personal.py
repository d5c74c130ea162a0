"""Which words of a page are somebody's: so that a page for many eyes names nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_WHO = (
    *("customer_id", "external_id", "tax_id", "card_number", "full_name", "last_name", "company"),
    *("email", "email_key", "phone", "phone_e164", "household_id", "person_id"),
)
"""Columns that tell who a customer is."""


def personal(tables: Mapping[str, pl.LazyFrame], words: Collection[str]) -> frozenset[str]:
    """Those of the words that are a customer's id, name, e-mail address, phone or card number, as it stands in a table.

    >>> import polars as pl
    >>> told = pl.LazyFrame({"customer_id": ["c1", "c2"], "full_name": ["Ann Lee", None], "city": ["Kirov", "Kirov"]})
    >>> sorted(personal({"customers": told}, ["c1", "Ann Lee", "Kirov", "c9"]))
    ['Ann Lee', 'c1']
    """
    import polars as pl

    asked = pl.Series(sorted(set(words)), dtype=pl.String)
    found: set[str] = set()
    for table in ("customers", "transactions", "deals", "interactions", "contracts"):
        if table not in tables:
            continue
        schema = tables[table].collect_schema()
        queries = [
            tables[table].select(pl.col(name).unique()).filter(pl.col(name).is_in(asked.implode()))
            for name in _WHO
            if schema.get(name) == pl.String
        ]
        for told in pl.collect_all(queries, engine="streaming"):
            found |= set(told.to_series().drop_nulls().to_list())
    return frozenset(found)
