"""What the user fixed about the sources; whatever is None or empty is found out from the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from acrm.ingest.raw import ReadOptions

if TYPE_CHECKING:
    from acrm.ingest.people.privacy_key import Key


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """Overrides of detection, one per decision; each is a command-line option and a key of acrm.toml."""

    read: ReadOptions = field(default_factory=ReadOptions)
    fields: tuple[tuple[str, str], ...] = ()
    """`--map FIELD=COLUMN`; FIELD is `line_amount` or, for another table, `customers.email`."""
    system: str | None = None
    """`--system`: name of a known system, or path of a TOML file."""
    tables: tuple[tuple[str, str], ...] = ()
    """`--table NAME=GLOB`: which files are which canonical table."""
    decimal: str | None = None
    date_order: str | None = None
    """dmy, mdy or ymd."""
    time_zone: str | None = None
    """IANA zone of naive times and of the business day."""
    phone_region: str | None = None
    """ISO country of phone numbers without a country code."""
    known_at: date | None = None
    """`--known-at`: stores are read as they were on this day."""
    prefer: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """`--prefer FIELD=SOURCE,...`: whose word on a customer's field counts first, by system or file pattern."""
    link: bool = False
    """`--link`: join records that are probably one customer, too."""
    full: tuple[str, ...] = ()
    """`--full TABLE`: tables that this run's files tell whole: what a store has beyond them is gone."""
    decisions: Path | None = None
    """`--decisions`: an edited review file."""
    key: Key | None = None
    """`--pseudonymise`: what says who somebody is becomes a code under this key."""
