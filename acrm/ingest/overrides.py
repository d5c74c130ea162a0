"""What the user fixed, held against what there is: an override that meets nothing is a typing error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

import polars as pl

from acrm import known
from acrm.errors import InputError, UsageError
from acrm.ingest.mapping import matches
from acrm.ingest.options import IngestOptions
from acrm.ingest.people.golden import Preference
from acrm.ingest.people.mentions import TRAITS
from acrm.ingest.raw import RawTable
from acrm.ingest.vocabulary import normalise
from acrm.lineage import SHEET, means
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


def check_prefer(options: IngestOptions) -> None:
    """Refuse a `--prefer` for what is no field of a customer, or one that a rule of its own decides.

    Raises:
        UsageError: There is no such field to prefer a source for.
    """
    fields = [name for name in TRAITS if name not in ("created_at", "external_id", "consent")]
    for name, _ in options.prefer:
        if name not in (*fields, "*") and not name.startswith("x_"):
            near = get_close_matches(name, fields, n=1, cutoff=0.4)
            raise UsageError("no_such_trait", name=name, nearest=near[0] if near else listed(fields))


def check_known_at(options: IngestOptions, raws: Sequence[RawTable]) -> None:
    """Refuse a `--known-at` that the sources cannot answer.

    Raises:
        UsageError: A source is an export, which says no more than what it says now.
        InputError: No store among the sources tells since when it knows its rows, or none knew any by then.
    """
    if options.known_at is None:
        return
    if found := exports(raws):
        raise UsageError("known_at_of_exports", file=found[0].name)
    stands = (raw.frame.select(pl.col(known.SINCE).min()) for raw in raws if known.SINCE in raw.header)
    days = [day.item() for day in pl.collect_all(list(stands)) if day.item() is not None]
    if not days:
        raise InputError("known_at_of_what")
    if options.known_at < min(days):
        raise InputError("known_at_before", day=options.known_at, first=min(days))


def preference(options: IngestOptions, files: Sequence[str], systems: Mapping[str, str]) -> Preference:
    """Which files' word counts first, by field.

    Args:
        options: What the user fixed; a source is a system's name or a pattern of file names.
        files: The files that tell of customers, with the sheet in brackets where there are several.
        systems: The system of every file.
    """
    found: dict[str, dict[str, int]] = {}
    for field, sources in options.prefer:
        places = found.setdefault(field, {})
        for place, source in enumerate(sources, len(places)):
            for file in files:
                told_by = systems.get(file) or systems.get(re.sub(SHEET, "", file))
                if source == told_by or means(source, file):
                    places.setdefault(file, place)
    return found


def exports(raws: Iterable[RawTable]) -> list[RawTable]:
    """The tables that are none of acrm's own."""
    return [raw for raw in raws if "acrm" not in raw.metadata]
