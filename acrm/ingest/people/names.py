"""Names of people and firms compared: one script, any order of words, initials, slips of the pen, legal forms."""

from __future__ import annotations

import re
from functools import cache

from acrm.ingest.vocabulary import LOOKALIKES, fold, words

_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ"
_LATIN = (
    *("a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh"),
    *("ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya", "i", "yi", "e", "g"),
)
_TO_LATIN = str.maketrans(dict(zip(_CYRILLIC, _LATIN, strict=True)))
_LOOKALIKE = str.maketrans(LOOKALIKES)
_YO = re.compile(r"(?<![aeiou])y[oe]|(?<=[^aeiou ])jo")
"""What Latin letters make of ё and of е, which are one letter here: Yolkina, Fjodor."""
_INITIAL, _SHORT, _LONG = 1, 4, 8


@cache
def latin(name: str) -> str:
    """A name as comparable words of Latin letters, in the order they stand.

    Case, ё, punctuation and Latin letters among Cyrillic ones do not count; Cyrillic is transliterated.

    >>> latin("Анна ЁЛКИНА"), latin("Anna Yolkina"), latin("Смирнoва-Ли А."), latin("Yury O'Neil")
    ('anna elkina', 'anna elkina', 'smirnova li a', 'yury o neil')
    """
    parts = []
    for word in fold(name).split():
        if any("а" <= letter <= "я" for letter in word):
            parts.append(word.translate(_LOOKALIKE).translate(_TO_LATIN))
        else:
            parts.append(_YO.sub("e", word))
    return " ".join(parts)


@cache
def firm(name: str) -> str:
    """A firm's name as it is compared: without its legal form.

    >>> firm('ОБЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ "Ромашка"'), firm("Acme, Inc."), firm("ООО")
    ('romashka', 'acme', 'ooo')
    """
    plain = abridged(name).split()
    rest = [word for word in plain if word not in _forms()]
    return latin(" ".join(rest or plain))


def is_firm(name: str) -> bool:
    """Whether a name has a legal form in it: ООО, АО, Ltd, GmbH.

    >>> is_firm("ООО Ромашка"), is_firm("Анна Ромашка"), is_firm("ИП Иванов И. И.")
    (True, False, True)
    """
    return len(found := abridged(name).split()) > 1 and any(word in _forms() for word in (found[0], found[-1]))


def abridged(name: str) -> str:
    """A name folded, with the legal form in short: as banks and registers write it out, others do not.

    >>> abridged("АКЦИОНЕРНОЕ ОБЩЕСТВО «Вектор»"), abridged("Анна Иванова")
    ('ао вектор', 'анна иванова')
    """
    plain = fold(name)
    for whole, short in words("legal_forms_in_full"):
        if whole in plain:
            return f" {plain} ".replace(f" {whole} ", f" {short} ").strip()
    return plain


def is_form(word: str) -> bool:
    """Whether a folded word is a legal form."""
    return word in _forms()


@cache
def nobody(name: str) -> bool:
    """Whether a name says that the customer is not known: `Розничный покупатель`, `Guest`.

    >>> nobody("Розничный покупатель"), nobody("Guest"), nobody("Гость Иван")
    (True, True, False)
    """
    return fold(name) in _nobodies()


@cache
def _forms() -> frozenset[str]:
    return frozenset(map(fold, words("legal_forms")))


@cache
def _nobodies() -> frozenset[str]:
    return frozenset(map(fold, words("placeholder_names")))


def alike(one: str, other: str) -> bool:
    """Whether two names may be one person's or one firm's: every word of the shorter stands in the longer.

    Words agree when they are equal, when one is the other's initial or its first letters, or when they differ by a slip
    of the pen: one letter from four letters on, two from eight on. A man's and a woman's family name (Иванов, Иванова)
    are no slip beside given names that differ, too: those two are a couple.

    >>> alike("Анна Иванова", "Ivanova A."), alike("Анна Иванова", "Пётр Иванов"), alike("ООО Ромашка", "Ромашка")
    (True, False, True)
    >>> alike("Иванова Анна", "Иванов Анна"), alike("Иванов Виктор", "Иванова Виктория")
    (True, False)
    """
    if is_firm(one) or is_firm(other):
        return _alike(firm(one), firm(other))
    return _alike(latin(one), latin(other))


@cache
def _alike(one: str, other: str) -> bool:
    short, long = sorted((one.split(), other.split()), key=len)
    left = list(long)
    differing = []
    # The longest words first, that an initial does not take the place of a whole name.
    for word in sorted(short, key=lambda word: (-len(word), word)):
        found = word if word in left else next((candidate for candidate in left if _same(word, candidate)), None)
        if found is None:
            return False
        left.remove(found)
        if word != found and min(len(word), len(found)) > _INITIAL:
            differing.append({word, found})
    couple = any(f"{name}a" in pair for pair in differing for name in pair if name.endswith(("v", "n")))
    return bool(short) and not (couple and len(differing) > 1)


def _same(word: str, other: str) -> bool:
    from rapidfuzz.distance import OSA

    short, long = sorted((word, other), key=len)
    if len(short) == _INITIAL or (len(short) >= _SHORT - 1 and long.startswith(short)):
        return long.startswith(short)
    slips = 0 if len(long) < _SHORT else 1 if len(long) < _LONG else 2
    return OSA.distance(short, long, score_cutoff=slips) <= slips
