"""What a page of results is made of: plain, immutable data that any renderer can draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from acrm.messages import number
from acrm.render.pictures import Picture

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


@dataclass(frozen=True)
class Chart:
    """A picture with what a reader needs to judge it.

    Args:
        title: What is seen, as short as a headline.
        description: The same in one sentence, for who cannot see it.
        picture: The data; its class says how it is drawn.
        n: How many it rests on, or None where that has no meaning.
        note: Period, limits, what was left out.
    """

    title: str
    description: str
    picture: Picture
    n: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Card:
    """One figure: its name, the value as written, how it changed, and what it is (definition, n, period).

    `tone` says whether the change is good; an unknown direction has none.
    """

    label: str
    value: str
    change: str = ""
    tone: Literal["good", "bad", ""] = ""
    sub: str = ""


@dataclass(frozen=True)
class Cards:
    """Figures side by side."""

    cards: Sequence[Card]
    title: str = ""


@dataclass(frozen=True)
class Decision:
    """What to do; `facts` are label and value pairs: for whom, why, cost, expected effect, how to check."""

    what: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Decisions:
    """What to do, the most valuable first."""

    decisions: Sequence[Decision]
    title: str = ""


Block = Headline | Facts | Grid | Lines | Steps | Chart | Cards | Decisions


@dataclass(frozen=True)
class Section:
    """Blocks under a title; `anchor` is its name in links: letters, digits and hyphens, once per page."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """Blocks from top to bottom; an empty one is not drawn, nor is a section of nothing else."""

    blocks: Sequence[Block | Section]


def money(amount: Decimal | float, currency: str | None = None) -> str:
    """An amount with its currency code, kept on one line by a no-break space.

    >>> money(Decimal("8911407.904"), "GBP").split()
    ['8,911,407.90', 'GBP']
    """
    written = number(amount, ",.2f")
    return f"{written}\u00a0{currency}" if currency else written
