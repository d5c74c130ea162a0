"""What a page of results is made of: plain, immutable data that any renderer can draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from acrm.messages import number

Kind = Literal["text", "prose", "int", "number", "share", "money", "bar", "spark", "heat"]
Cell = str | int | float | Decimal | Sequence[float | None] | None


@dataclass(frozen=True)
class Headline:
    """The answer in one sentence; `sub` is the small print under it."""

    text: str
    sub: str = ""


@dataclass(frozen=True)
class Facts:
    """Label and value pairs."""

    rows: Sequence[tuple[str, str]]
    title: str = ""


@dataclass(frozen=True)
class Col:
    """A column of a `Grid`.

    `kind` says how its cells are written; None is a dash in every kind.

    | kind   | cell                | shown as                                                                 |
    |--------|---------------------|--------------------------------------------------------------------------|
    | text   | str                 | wrapped where space is short; cut with "…" past `max` cells              |
    | prose  | str                 | a sentence; a list under the table where there is no room for a column   |
    | int    | number              | whole number, grouped                                                    |
    | number | number              | as many decimals as the column needs, two at most                        |
    | share  | number, 1 is 100 %  | percent, one decimal                                                     |
    | money  | Decimal             | two decimals; the currency belongs in the label, see `money`             |
    | bar    | int or share        | the number, then a bar; share bars of one grid have one scale            |
    | spark  | numbers             | a small picture from 0 to their maximum; absent from plain text          |
    | heat   | share               | whole percents without the sign, on a shade; none at all is "·"           |

    Where a grid is too wide, the column with the highest `priority` goes first (of equals the rightmost); the first
    column stays.
    """

    label: str
    kind: Kind = "text"
    max: int | None = None
    priority: int = 0
    align: Literal["left", "right", ""] = ""


@dataclass(frozen=True)
class Grid:
    """A table; `more` is how many rows the caller left out after the last one."""

    title: str
    columns: Sequence[Col]
    rows: Sequence[Sequence[Cell]]
    more: int = 0


@dataclass(frozen=True)
class Lines:
    """Sentences, each behind `mark`: "!" for what the reader should know, "" for the rest."""

    lines: Sequence[str]
    title: str = ""
    mark: Literal["!", ""] = ""


@dataclass(frozen=True)
class Steps:
    """Commands that can be typed next, each with what it brings."""

    steps: Sequence[tuple[str, str]]
    title: str = ""


Block = Headline | Facts | Grid | Lines | Steps


@dataclass(frozen=True)
class Page:
    """Blocks from top to bottom; an empty one is not drawn."""

    blocks: Sequence[Block]


def money(amount: Decimal | float, currency: str | None = None) -> str:
    """An amount with its currency code, kept on one line by a no-break space.

    >>> money(Decimal("8911407.904"), "GBP").split()
    ['8,911,407.90', 'GBP']
    """
    written = number(amount, ",.2f")
    return f"{written}\u00a0{currency}" if currency else written
