"""Records that probably are one person although no key joins them: scored pairs, and groups without long chains."""

from __future__ import annotations

import polars as pl

from acrm.ingest.linkage.evidence import evidence
from acrm.ingest.linkage.fields import fields
from acrm.ingest.linkage.groups import JOIN, Groups, clusters
from acrm.ingest.linkage.model import scored

__all__ = ["GREY", "JOIN", "Groups", "clusters", "probable"]

GREY = 0.2
"""Pairs at least this probable are worth a person's look; those below are nobody's."""


def probable(records: pl.DataFrame, *, seed: int = 0, threads: int | None = None) -> pl.DataFrame:
    """Pairs of records that probably are one person.

    Names, birth dates, contacts, documents and addresses are compared as far as the records have them; ids, counters
    and columns that acrm does not know never are, but for those whose name says address, document or birth date.

    Args:
        records: One row per customer: `ref` (unique) and any columns of the customers table; several values of one
            column are kept apart by `; `.
        seed: Of the random pairs that chance agreement is counted on.
        threads: Of the scoring; None takes all cores.

    Returns:
        `one`, `other` (refs, `one` before `other`), `probability` (4 decimals, at least `GREY`), `evidence` (in words
        of the language in use), sorted by `one`, `other`; the same whatever the order of the rows.

    Raises:
        InputError: splink is not installed.
    """
    empty = {"one": pl.String, "other": pl.String, "probability": pl.Float64, "evidence": pl.String}
    frame, found = fields(records)
    if frame.height < 2 or not found:
        return pl.DataFrame(schema=empty)
    pairs = scored(frame, found, seed=seed, threads=threads).filter(pl.col("probability") >= GREY)
    pairs = pairs.with_columns(
        frame["ref"].gather(pairs["l"]).alias("one"), frame["ref"].gather(pairs["r"]).alias("other")
    )
    pairs = pairs.with_columns(one=pl.min_horizontal("one", "other"), other=pl.max_horizontal("one", "other")).sort(
        "one", "other"
    )
    return evidence(pairs, records, found).select(list(empty))
