"""A page without anybody's name: every block in which a customer can be recognised is left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from acrm.render.blocks import Block, Section

_WORD = re.compile(r"[^\s,;:()«»\"']+")
_NUMBER = re.compile(r"[\d.,%+\-\u2013\u00a0 ]+")
_REACHED = re.compile(r"[^\s@]+@[^\s@]+\.\w+|\+\d[\d\s().-]{8,}\d")
"""An e-mail address or a phone number in its international form, wherever it stands."""


def words(sections: Sequence[Section]) -> frozenset[str]:
    """Every text of the sections, and every word of it but plain numbers: what may be somebody's."""
    found: set[str] = set()
    for section in sections:
        for told in _texts(section.blocks):
            found.add(told)
            found |= {word for word in _WORD.findall(told) if not _NUMBER.fullmatch(word)}
    return frozenset(found)


def impersonal(sections: Sequence[Section], personal: Collection[str]) -> list[Section]:
    """The sections without blocks that hold one of the personal words, an e-mail address or a phone number.

    >>> from acrm.render.blocks import Lines
    >>> [told.blocks for told in impersonal([Section("a", "A", [Lines(["of c1"]), Lines(["of all"])])], {"c1"})]
    [[Lines(lines=['of all'], title='', mark='')]]
    """
    known = frozenset(personal)
    return [
        replace(section, blocks=[block for block in section.blocks if not _names_somebody(block, known)])
        for section in sections
    ]


def left_out(whole: Sequence[Section], kept: Sequence[Section]) -> list[str]:
    """What of the sections is not kept, by the titles of their blocks, or of the sections where blocks have none.

    >>> from acrm.render.blocks import Facts, Lines
    >>> blocks = [Lines(["of c1"]), Facts([("a", "c1")], "First to call"), Facts([("b", "2")], "Sums")]
    >>> left_out([Section("a", "Churn", blocks)], [Section("a", "Churn", blocks[2:])])
    ['Churn', 'Churn: First to call']
    """
    have = {section.anchor: [(type(block), _title(block)) for block in section.blocks] for section in kept}
    found = []
    for section in whole:
        rest = [*have.get(section.anchor, ())]
        for block in section.blocks:
            what = (type(block), _title(block))
            if what in rest:
                rest.remove(what)
            elif any(_texts(block)):
                found.append(f"{section.title}: {what[1]}" if what[1] else section.title)
    return list(dict.fromkeys(found))


def _title(block: Block) -> str:
    return str(getattr(block, "title", ""))


def _names_somebody(block: Block, known: frozenset[str]) -> bool:
    return any(
        told in known or _REACHED.search(told) or not known.isdisjoint(_WORD.findall(told)) for told in _texts(block)
    )


def _texts(part: Any) -> Iterator[str]:
    """All texts in blocks, however deep."""
    if isinstance(part, str):
        yield part
    elif is_dataclass(part):
        for field in fields(part):
            yield from _texts(getattr(part, field.name))
    elif isinstance(part, list | tuple):
        for one in part:
            yield from _texts(one)
