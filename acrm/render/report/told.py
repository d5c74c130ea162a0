"""What the sections share: whole amounts, limits, the notes a reader must know, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from acrm.messages import Message, number, text
from acrm.render.blocks import Lines

MOST = 8
"""Rows of a table of a section."""
NOTES = 3
"""Notes of a section: the other ones stand on the page of the analysis itself."""


def amount(value: Any, currency: object = None) -> str:
    """An amount without the decimals that nobody reads, and with its currency; a small one keeps them.

    >>> amount(8911407.904, "GBP").split(), amount(12.5)
    (['8,911,408', 'GBP'], '12.50')
    """
    written = number(value, ",.0f" if abs(value) >= 100 else ",.2f")
    return f"{written}\u00a0{currency}" if currency else written


def labelled(label: str, currency: object) -> str:
    """A label with the currency of its figures.

    >>> labelled("revenue", "GBP"), labelled("revenue", None)
    ('revenue, GBP', 'revenue')
    """
    return f"{label}, {currency}" if currency else label


def between(low: Any, high: Any, spec: str = ".1%") -> str | None:
    """An interval in one cell.

    >>> between(0.142, 0.186), between(None, 1)
    ('14.2% – 18.6%', None)
    """
    return None if low is None or high is None else f"{number(low, spec)} – {number(high, spec)}"


def capital(words: str) -> str:
    """A sentence that begins with a name, with a capital letter.

    >>> capital("new buyers: 12%")
    'New buyers: 12%'
    """
    return words[:1].upper() + words[1:]


def period(first: Any, last: Any) -> str:
    """From one day to another; nothing where they are not known."""
    return text("report_told.period", first=first, last=last) if first and last else ""


def notes(given: Iterable[Message], *ids: str) -> Lines:
    """Of the notes whose ids begin so the first of each, in the order of the ids; `NOTES` at most.

    >>> notes([Message("rfm.axis.r"), Message("rfm.axis.f")], "rfm.rule.", "rfm.axis.").lines
    ['days since the last order']
    """
    known = [*given]
    first = (next((note for note in known if note.id.startswith(id)), None) for id in ids)
    return Lines([str(note) for note in first if note is not None][:NOTES], mark="!")


def to_do(*sentences: str) -> Lines:
    """What to do about it; sentences that are empty are left out."""
    return Lines([sentence for sentence in sentences if sentence], text("report_told.to_do"))
