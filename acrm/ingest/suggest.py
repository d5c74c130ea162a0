"""Which columns a source that lacks something may have meant: what an error offers to type."""

from __future__ import annotations

from acrm.ingest import shapes
from acrm.ingest.mapping import REQUIRED, assigned, field_kind, missing
from acrm.ingest.raw import RawTable
from acrm.ingest.vocabulary import normalise, synonyms

_ALIKE = 75.0
"""How alike, of 100, a column's name and a synonym must be for the column to be suggested."""


def nearest(raw: RawTable, entity: str) -> list[tuple[str, str | None]]:
    """For each requirement of a table that a source does not meet, a field and the column most like it, if any is.

    Columns are compared with the field's synonyms by similarity, and only offered when their values have its shape.
    """
    from rapidfuzz import fuzz

    sample = raw.frame.head(1000).collect()
    by_name = {normalise(header): header for header in reversed(raw.header)}
    fields = assigned(entity, by_name, sample)
    deciding = {f"{entity}.{name}" for part in REQUIRED[entity] for name in part}
    taken = {header for name, headers in fields.items() if name in deciding for header in headers}
    found: list[tuple[str, str | None]] = []
    for need in missing(fields, entity):
        alternatives = [name for name in need.split("|") if "&" not in name]
        scored: list[tuple[float, str, str]] = []
        for field_name in alternatives:
            names = synonyms(entity).get(field_name, (field_name.replace("_", " "),))
            fitting = [
                (name, header)
                for name, header in by_name.items()
                if header not in taken and shapes.fits(sample[header], field_kind(f"{entity}.{field_name}"))
            ]
            scored += [(max(fuzz.WRatio(name, word) for word in names), field_name, header) for name, header in fitting]
        likeness, field_name, header = max(scored, default=(0.0, alternatives[0], ""))
        if likeness >= _ALIKE:
            found.append((field_name, header))
            taken.add(header)
        else:
            found.append((alternatives[0], None))
    return found
