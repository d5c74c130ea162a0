"""The ledger of orders, deals and payments of some sources, to be held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acrm.analysis.ledger import ledger
from acrm.analysis.reconcile import Told
from acrm.ingest import account
from acrm.ingest.currency import in_one_currency
from acrm.ingest.dataset import load
from acrm.load import Sales
from acrm.where import names_in, where

if TYPE_CHECKING:
    from acrm.options import Reading, Selecting


@dataclass(frozen=True, kw_only=True)
class Books(Sales):
    """Orders, deals and payments as entries of one ledger, and what is known of their sources."""

    told: Told


def books(sources: Sequence[str], command: str, reading: Reading, selecting: Selecting, scratch: Path) -> Books:
    """The ledger of some sources: everything they tell, so that what is missed can be looked for in all of it.

    Raises:
        InputError: No source is, or makes, deals or transactions.
    """
    dataset = load(sources, reading.ingest(), scratch, None, names_in(selecting.where))
    if "deals" not in dataset.tables:
        dataset.require("transactions", command)
    entries = {**dataset.tables, "entries": ledger(dataset.tables, reading.tz)}
    chosen, notes = in_one_currency(
        where(entries, "entries", selecting.where), ("amount", "gross"), selecting.currency, selecting.rates
    )
    asides = dataset.asides()
    customers = dataset.tables.get("customers", pl.LazyFrame())
    companies = ["customer_id", "company_id"]
    known = set(companies) <= set(customers.collect_schema().names())
    made = account.store_lineage(dataset, command, {})
    # Of a part of the entries nobody can say how many of them a later file tells again.
    cut = bool(selecting.where or selecting.currency)
    told = Told(
        files=pl.DataFrame(
            [(one.name, one.system, one.rows, *((0, 0) if cut else (one.orders, one.deals))) for one in made.inputs],
            schema={"file": pl.String, "system": pl.String, **dict.fromkeys(("rows", "order", "deal"), pl.Int64)},
            orient="row",
        ).unique("file", keep="last", maintain_order=True),
        rejects=asides["rejects"],
        identities=asides.get("identities"),
        parties=customers.select(companies).collect() if known else None,
    )
    return Books(lines=chosen, dataset=dataset, selected=notes, told=told)
