"""What the user fixed, held against what there is: an override that meets nothing is a typing error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from acrm.errors import UsageError
from acrm.ingest.mapping import matches
from acrm.ingest.options import IngestOptions
from acrm.ingest.raw import RawTable
from acrm.ingest.vocabulary import normalise
from acrm.messages import listed


def check_map(options: IngestOptions, raws: Sequence[RawTable]) -> None:
    """Refuse a `--map` whose column stands in no export.

    Raises:
        UsageError: There is no such column.
    """
    headers = list(dict.fromkeys(header for raw in exports(raws) for header in raw.header))
    folded = {normalise(header) for header in headers}
    for name, column in options.fields if headers else ():
        if column not in headers and normalise(column) not in folded:
            near = get_close_matches(column, headers, n=1, cutoff=0.4)
            raise UsageError("no_such_column", name=name, column=column, nearest=near[0] if near else listed(headers))


def check_typed(options: IngestOptions, names: Iterable[str], raws: Sequence[RawTable]) -> None:
    """Refuse a `--table` whose pattern means no export, and a `--map` where all sources are stores.

    Args:
        options: What the user fixed.
        names: The options that were typed for this run; what a configuration file says need not fit every run.
        raws: All tables of the run.

    Raises:
        UsageError: An option would do nothing.
    """
    found = exports(raws)
    if "map" in names and options.fields and not found:
        raise UsageError("map_of_store")
    for name, pattern in options.tables if "table" in names else ():
        if not any(matches(raw, pattern) for raw in found):
            raise UsageError("no_such_source", name=name, pattern=pattern, known=listed(raw.name for raw in raws))


def exports(raws: Iterable[RawTable]) -> list[RawTable]:
    """The tables that are none of acrm's own."""
    return [raw for raw in raws if "acrm" not in raw.metadata]
