"""The customer's own holidays as people write them down: "8 March wife's birthday; 12.06.2001 wedding"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_MONTHS = (
    *(("jan", "янв"), ("feb", "фев"), ("mar", "мар"), ("apr", "апр"), ("may", "ма[йя]"), ("jun", "июн")),
    *(("jul", "июл"), ("aug", "авг"), ("sep", "сен"), ("oct", "окт"), ("nov", "ноя"), ("dec", "дек")),
)
_NAME = "|".join(f"(?:{'|'.join(names)})[^\\W\\d_]*" for names in _MONTHS)
_FORMS = tuple(
    re.compile(rf"(?<!\d){form}(?!\d)", re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[-./](?P<month>\d{1,2})[-./](?P<year>\d{4})",
        r"(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?P<name>{_NAME})\.?(?:\s+(?P<year>\d{{4}}))?",
        rf"(?P<name>{_NAME})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{{4}}))?",
    )
)
_LEAP = 2024


@dataclass(frozen=True)
class Holiday:
    """A day of the year and its occasion ("" where none is told); the year of the first one, where it is told."""

    month: int
    day: int
    year: int | None
    kind: str


def own_holidays(told: str) -> tuple[list[Holiday], int]:
    """The holidays of a text, entries separated by `;`, `,`, `|` or line ends; and how many entries name no day.

    An entry without a day belongs to the one before it. Two numbers are day and month, with a hyphen month and day;
    where that is no date, the other way round.

    >>> own_holidays("2001-06-12 wedding; 8 марта — жена")
    ([Holiday(month=6, day=12, year=2001, kind='wedding'), Holiday(month=3, day=8, year=None, kind='жена')], 0)
    >>> own_holidays("29.02 son, daughter; some day")
    ([Holiday(month=2, day=29, year=None, kind='son, daughter, some day')], 0)
    >>> own_holidays("New Year")
    ([], 1)
    """
    found: list[Holiday] = []
    lost = 0
    for entry in (part.strip() for part in re.split(r"[;,|\n]", told)):
        if not entry:
            continue
        read = _read(entry)
        if read:
            found.append(read)
        elif found:
            last = found[-1]
            kind = f"{last.kind}, {entry}" if last.kind else entry
            found[-1] = Holiday(last.month, last.day, last.year, kind)
        else:
            lost += 1
    return found, lost


def _read(entry: str) -> Holiday | None:
    for form in _FORMS:
        match = form.search(entry)
        if not match:
            continue
        parts = match.groupdict()
        year = int(parts["year"]) if parts.get("year") else None
        day = int(parts["day"])
        month = int(parts["month"]) if parts.get("month") else _month(parts["name"])
        kind = re.sub(r"\s+", " ", f"{entry[: match.start()]} {entry[match.end() :]}").strip(" .:-–—()")
        for one, other in ((month, day), (day, month)):
            try:
                date(_LEAP, one, other)
            except ValueError:
                continue
            return Holiday(one, other, year, kind)
    return None


def _month(name: str) -> int:
    return next(number for number, names in enumerate(_MONTHS, 1) if re.match("|".join(names), name, re.IGNORECASE))
