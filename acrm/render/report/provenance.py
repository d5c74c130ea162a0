"""Where a report comes from: what stands at the foot of its page."""

from __future__ import annotations

from collections.abc import Iterator

from acrm import __version__
from acrm.lineage import Lineage
from acrm.messages import number
from acrm.render.report.written import word

SHOWN = 12
"""Letters of a fingerprint that are shown; all of them stand in report.json."""


def provenance(lineage: Lineage, zone: str | None) -> list[tuple[str, str]]:
    """Label and value pairs for the footer."""
    return list(_facts(lineage, zone))


def _facts(lineage: Lineage, zone: str | None) -> Iterator[tuple[str, str]]:
    for source in lineage.inputs:
        yield word("from.source"), word("from.input", name=source.name, rows=source.rows, sha256=source.sha256[:SHOWN])
    rows = {"rows_in": lineage.rows_in, "rows_out": lineage.rows_out, "rejected": lineage.rows_rejected}
    yield word("from.rows"), word("from.counted", **rows)
    yield word("from.as_of"), str(lineage.as_of) if lineage.as_of else "-"
    yield word("from.zone"), zone or word("from.zone_of_source")
    yield word("from.seed"), number(lineage.seed or 0)
    yield word("from.made_by"), f"acrm {__version__}"
