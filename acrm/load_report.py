"""From a command's sources and options to everything a report is made of, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from acrm.analysis.as_it_was import as_it_was
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.offers.offers import OffersParams
from acrm.analysis.report.params import Gathered
from acrm.analysis.rfm import RfmParams
from acrm.earlier import whole_result
from acrm.ingest import account
from acrm.ingest.assembly import IDENTITIES
from acrm.ingest.people.identity import one_spelling
from acrm.load import Sales, ways

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.options import Reading, Selecting

_EARLIER = {
    "rfm": ("customers", RfmParams),
    "clv": ("customers", ClvParams),
    "offers": ("offers", OffersParams),
}
"""Commands whose results are taken as they are, with the name of their main table and what is asked of them."""


def gathered(
    sources: Sequence[str], reading: Reading, selecting: Selecting, scratch: Path, as_of: date | None
) -> tuple[Sales, Gathered]:
    """Everything that some sources tell, in one currency, each table written down once for all who read it.

    Args:
        sources: Files, folders, stores, earlier results.
        reading: How sources are read.
        selecting: Which rows count.
        scratch: A folder for what is made on the way.
        as_of: Today; what came later is left out.
    """
    found = ways(sources, reading, selecting, scratch)
    tables = {
        name: _kept(frame, scratch / f"report-{place}.parquet")
        for place, (name, frame) in enumerate(found.dataset.tables.items())
    }
    found = replace(found, dataset=replace(found.dataset, tables=tables))
    earlier = {}
    for command, (main, params) in _EARLIER.items():
        results = (whole_result(path, command, main, params) for path in sources)
        one = next((result for result in results if result is not None), None)
        if one is not None:
            earlier[command] = one
    # A store keeps what became of the rows of the exports that it was made of.
    whole = account.store_lineage(found.dataset, "report", {})
    told = found.dataset.kept.get(IDENTITIES)
    identities = told if found.dataset.identities is None else found.dataset.identities.lazy()
    return found, Gathered(
        tables=as_it_was(tables, as_of) if as_of else tables,
        rejects=found.dataset.asides()["rejects"],
        rows_in=whole.rows_in,
        identities=None if identities is None else one_spelling(identities),
        earlier=earlier,
    )


def _kept(frame: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """The table from a file of its own: sixteen analyses read it, and none of them what it was made from."""
    import polars as pl

    frame.sink_parquet(path, compression="lz4", maintain_order=True)
    return pl.scan_parquet(path, glob=False)
