"""Which words of a page and which tables are somebody's: so that a report for many eyes names nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_WHO = (
    *("customer_id", "external_id", "tax_id", "card_number", "full_name", "last_name", "company"),
    *("email", "email_key", "phone", "phone_e164", "household_id", "person_id"),
)
"""Columns that tell who a customer is."""
_ONE = frozenset({*_WHO, "deal_id", "id", "examples"})
"""Columns of tables whose rows are about one person, deal or order each, or name some."""
_NUMBER = r"^[\d.,%+-]+$"


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


def impersonal(
    made: Mapping[str, pl.DataFrame], somebodys: Callable[[Collection[str]], Collection[str]]
) -> dict[str, pl.DataFrame]:
    """The tables of a result that name nobody, neither by a column that says who nor by a text that is somebody's.

    A number is no name: the code of a product may be that of a customer.

    Args:
        made: Tables by name.
        somebodys: Those of some texts that are somebody's, see `personal`.

    Examples:
        >>> import polars as pl
        >>> made = {"lists": {"customer_id": ["c1"]}, "cities": {"city": ["Kirov"]}, "groups": {"who": ["Ann Lee"]}}
        >>> tables = {name: pl.DataFrame(columns) for name, columns in made.items()}
        >>> list(impersonal(tables, {"Ann Lee"}.intersection))
        ['cities']
    """
    import polars as pl

    kept = {name: table for name, table in made.items() if _ONE.isdisjoint(table.columns)}
    texts = {
        name: {word for column in table.select(pl.col(pl.String)) for word in column.drop_nulls().unique().to_list()}
        for name, table in kept.items()
    }
    known = somebodys({word for words in texts.values() for word in words})
    own = {word for word in known if not re.match(_NUMBER, word)}
    return {name: table for name, table in kept.items() if own.isdisjoint(texts[name])}
