"""From a command's sources and options to the deals and what else tells of how they were worked on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acrm.ingest.currency import in_one_currency
from acrm.ingest.dataset import load
from acrm.load import Sales
from acrm.messages import Message
from acrm.schema import TABLES
from acrm.where import names_in, where

if TYPE_CHECKING:
    from acrm.options import Reading, Selecting

_ASKED = {
    "deal_stages": frozenset({"deal_id", "stage", "entered_at", "left_at"}),
    "interactions": frozenset({"kind", "started_at", "customer_id", "deal_id", "first_response_at", "direction"}),
    "products": frozenset({"product_id"}),
    "units": frozenset({"unit", "parent", "region"}),
}


def pipeline(
    sources: Sequence[str], command: str, reading: Reading, selecting: Selecting, scratch: Path, by: Sequence[str]
) -> Sales:
    """The deals of some sources (`lines`), in one currency, with what else tells of how they were worked on.

    Args:
        sources: Files, folders or stores.
        command: Who asks.
        reading: How sources are read.
        selecting: Which deals count.
        scratch: A folder for what is made on the way.
        by: Further columns of deals, customers or units that are wanted, with or without `x_`.

    Raises:
        InputError: No source has deals.
    """
    named = names_in(selecting.where) | {form for name in by for form in (name, f"x_{name}")}
    columns = {
        "deals": frozenset(TABLES["deals"].names) | named,
        "customers": frozenset({"customer_id", "consent"}) | named,
        **_ASKED,
        "units": _ASKED["units"] | named,
    }
    dataset = load(sources, reading.ingest(), scratch, columns, named)
    dataset.require("deals", command)
    chosen = where(dataset.tables, "deals", selecting.where)
    notes: tuple[Message, ...] = ()
    if "currency" in chosen.collect_schema().names() and "amount" in chosen.collect_schema().names():
        chosen, notes = in_one_currency(chosen, ("amount",), selecting.currency, selecting.rates)
    return Sales(lines=chosen, dataset=dataset, selected=notes)
