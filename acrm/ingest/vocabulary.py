"""Words of the world's exports: synonyms of column names, null words, currencies, and how words are compared."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_MARKS = str.maketrans({"ё": "е", "_": " ", "\u00a0": " ", "₽": " ", "$": " ", "€": " ", "£": " "})
LOOKALIKES = dict(zip("abcehkmoptxy", "авсенкмортху", strict=True))
"""Latin letters, and the Cyrillic ones that look like them."""
_LOOKALIKE = str.maketrans({cyrillic: latin for latin, cyrillic in LOOKALIKES.items()})


@cache
def _synonyms() -> dict[str, Any]:
    return tomllib.loads((files("acrm") / "ingest" / "synonyms.toml").read_text(encoding="utf-8"))


def words(name: str) -> Any:
    """The value vocabulary `name` of synonyms.toml, e.g. `null_tokens`."""
    return _synonyms()["values"][name]


@cache
def synonyms(table: str) -> dict[str, tuple[str, ...]]:
    """Field of a table -> normalised column names that mean it, best first."""
    found = _synonyms().get(table, {})
    return {field: tuple(dict.fromkeys(map(normalise, entry["names"]))) for field, entry in found.items()}


@lru_cache(maxsize=10_000)
def normalise(header: str) -> str:
    """How column names are compared: case, ё, underscores, currency marks, outer punctuation and spaces do not count.

    >>> normalise("  Бюджет ₽ "), normalise("Order_ID:"), normalise("CustomerID"), normalise("Сумма, руб.")
    ('бюджет', 'order id', 'customerid', 'сумма')
    """
    plain = unicodedata.normalize("NFKC", header).casefold().translate(_MARKS)
    plain = re.sub(r"[,\s(]+(руб|rub|р)\.?\)?\s*$", "", plain)
    return re.sub(r"\s+", " ", plain).strip(" \t\n\"'.,:;*")


def fold(word: str) -> str:
    """How values are compared: like headers, with every punctuation mark taken as a space.

    >>> fold("Закрыто - Успех"), fold('ООО «СтройДом»')
    ('закрыто успех', 'ооо стройдом')
    """
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", word).casefold().replace("ё", "е")).strip()


def folded(expr: pl.Expr) -> pl.Expr:
    """`fold` for a whole column."""
    return (
        expr.str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all("ё", "е")
        .str.replace_all(r"[\W_]+", " ")
        .str.strip_chars()
    )


def name_key(name: str) -> str:
    """How names of people and firms are compared: folded, with Latin look-alikes of Cyrillic letters made one.

    >>> name_key("Анна ИВАНОВА") == name_key("Aннa Ивaнoвa")
    True
    """
    return fold(name).translate(_LOOKALIKE)


@cache
def null_words() -> tuple[str, ...]:
    """Every spelling of "no value" as it may stand in a cell, in the usual letter cases."""
    spellings: set[str] = set()
    for word in words("null_tokens"):
        # `<Объект не найден>`: the first letter may stand behind a bracket.
        sentence = re.sub(r"\w", lambda first: first[0].upper(), word, count=1)
        spellings |= {word, word.lower(), word.upper(), word.capitalize(), word.title(), sentence}
    return tuple(sorted(spellings))


@cache
def value_map(*names: str) -> dict[str, str]:
    """Folded word -> the class it belongs to, for vocabularies named `<prefix>_<class>` or `<class>`.

    >>> value_map("won", "lost")["закрыто и не реализовано"]
    'lost'
    """
    return {fold(word): name for name in names for word in words(name)}


@cache
def currencies() -> dict[str, str]:
    """Currency mark, word or code, folded -> ISO code; marks that several countries use are left out."""
    found = {}
    for mark, code in words("currency_symbols").items():
        if "|" not in code:
            found[mark.casefold().strip(". ")] = code
            found[code.casefold()] = code
    return found
