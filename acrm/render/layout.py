"""Where text goes on a page of so many cells: harmless characters, line breaks, how wide each column may be.

A cell is one place of the terminal; a Chinese character takes two, a combining accent none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = 2
"""Cells between two columns."""
_ASCII = str.maketrans({"…": "...", "\u2013": "-", "—": "-", "·": ".", "→": ">", "▲": "+", "▼": "-"})
_KEPT = "\u00a0\u200c\u200d"  # the no-break space, and the joiners that are parts of words in Persian and of emoji

_LOOSE_JOINER = re.compile("(?<![^\\s\u200c\u200d])[\u200c\u200d]+")


def harmless(text: str, unicode: bool = True) -> str:
    r"""The text on one line, with nothing in it that could steer a terminal.

    Line breaks, tabs and odd spaces become spaces; what cannot be printed, or hides or reorders text, becomes visible,
    bytes of a file's name that are no text among it.
    Without `unicode`, acrm's own signs become ASCII; letters stay.

    >>> harmless("a\n\x1b[31mb"), harmless("a → b", unicode=False)
    ('a ␛[31mb', 'a > b')
    >>> print(harmless("a\udcff.csv"))
    a\xff.csv
    """
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else _visible(letter) for letter in text)
        # A joiner with nothing before it joins nothing, and terminals do not agree on its width.
        text = _LOOSE_JOINER.sub("", text)
    return text if unicode else text.translate(_ASCII)


def _visible(letter: str) -> str:
    if letter in _KEPT:
        return letter
    if letter.isspace():
        return " "
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return chr(0x2400 + ord(letter)) if letter < " " else "\ufffd"


def wrap(text: str, width: int) -> list[str]:
    r"""Lines of at most `width` cells, broken at spaces; a longer word is broken where it must be.

    A no-break space holds: numbers stay whole.

    >>> wrap("8\u00a0911\u00a0407 customers", 10)
    ['8\xa0911\xa0407', 'customers']
    """
    from rich.cells import cell_len, chop_cells

    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
        elif cell_len(word) <= width:
            lines.append(word)
        else:
            lines.extend(chop_cells(word, width))
    return [line for line in lines if line] or [""]


def cut(text: str, width: int, sign: str = "…") -> str:
    """The text in at most `width` cells, `sign` standing for what was cut off.

    >>> cut("Kirov", 5), cut("Kirovograd", 5)
    ('Kirov', 'Kiro…')
    """
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, width - len(sign)).rstrip() + sign


def pad(text: str, width: int, align: str = "left") -> str:
    """The text with spaces up to `width` cells."""
    from rich.cells import cell_len

    space = " " * (width - cell_len(text))
    return space + text if align == "right" else text + space


def longest(texts: Iterable[str]) -> int:
    """Cells of the widest text."""
    from rich.cells import cell_len

    return max(map(cell_len, texts), default=0)


@dataclass(frozen=True)
class Span:
    """How wide a column must be, would like to be, and may be; `first` columns get what they like before the others."""

    least: int
    good: int
    most: int
    first: bool = False
    priority: int = 0


def fit(spans: Sequence[Span], width: int) -> dict[int, int]:
    """Widths of the columns that fit into `width`, by position; what is missing was left out.

    >>> fit([Span(4, 8, 8), Span(4, 4, 4, priority=1)], 9), fit([Span(4, 8, 8), Span(4, 4, 4, priority=1)], 11)
    ({0: 8}, {0: 5, 1: 4})
    """
    kept = list(range(len(spans)))
    while len(kept) > 1 and sum(spans[i].least + GAP for i in kept) - GAP > width:
        kept.remove(max(kept[1:], key=lambda i: (spans[i].priority, i)))
    widths = {i: min(spans[i].least, width) for i in kept}
    spare = width - sum(widths.values()) - GAP * (len(kept) - 1)
    grow = [
        *({i: spans[i].good for i in kept if spans[i].first == first} for first in (True, False)),
        {i: spans[i].most for i in kept},
    ]
    for goals in grow:
        spare = _share(widths, goals, spare)
    return widths


def _share(widths: dict[int, int], goals: dict[int, int], spare: int) -> int:
    """Give the columns one spare cell each in turn until all have reached their goal; returns what is left."""
    hungry: Iterable[int] = goals
    while hungry := [i for i in hungry if widths[i] < goals[i]]:
        for i in hungry:
            if not spare:
                return 0
            widths[i] += 1
            spare -= 1
    return spare
