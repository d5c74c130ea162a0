"""The one catalogue of sentences: `words/<language>/*.toml`, looked up by id when a sentence is shown."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "ru")
_THOUSANDS = {"en": ",", "ru": "\u00a0"}
_DECIMAL = {"en": ".", "ru": ","}
_SECRET = re.compile(
    r"(?<=token=)[^;&\s]+|(?<=sig=)[^&\s]+|(?<=signature=)[^&\s]+|(?<=credential=)[^&\s]+|(?<=://)[^/:@\s]*:\S+(?=@)",
    re.IGNORECASE,
)
_language = "en"


def use(language: str) -> None:
    """Choose the language of every sentence shown from now on."""
    global _language
    if language not in LANGUAGES:
        raise ValueError(language)
    _language = language


def language() -> str:
    """The language in use.

    >>> language()
    'en'
    """
    return _language


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language by dotted id, e.g. `error.no_file`."""
    found: dict[str, str] = {}

    def gather(prefix: str, node: Mapping[str, Any]) -> None:
        for key, value in node.items():
            name = f"{prefix}.{key}" if prefix else key
            if isinstance(value, str):
                found[name] = value
            else:
                gather(name, value)

    folder = files("acrm") / "words" / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            gather("", tomllib.loads(file.read_text(encoding="utf-8")))
    return found


@dataclass(frozen=True)
class Message:
    """A sentence that is not yet words: its id and what fills its placeholders."""

    id: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether the catalogue knows the id."""
        return self.id in catalogue(_language)

    def __str__(self) -> str:
        return text(self.id, **self.values)


def text(id: str, /, **values: object) -> str:
    """The sentence `id` in the language in use, with its placeholders filled.

    Whole numbers are grouped and decimal marks follow the language; a text stays as it is. `{n} buyer{n:s}` reads one
    buyer or two buyers.

    >>> text("error.no_file", path="orders.csv")
    'orders.csv: no such file or folder'
    """
    return _Formatter().vformat(catalogue(_language)[id], (), values)


def number(value: int | float | Decimal, spec: str = "") -> str:
    """A number as people of the language write it; `spec` is Python's format, grouping included.

    >>> number(541909), number(Decimal("8911407.904"), ",.2f"), number(0.25, ".1%"), number(0.0001, ".1%")
    ('541,909', '8,911,407.90', '25.0%', '<0.1%')
    """
    written = format(value, spec or (",d" if isinstance(value, int) else ""))
    if spec.endswith("%") and value > 0 and not written.strip("0.%"):
        # Some, though too few to show: never "0.0%".
        written = "<" + written[:-2] + "1%"
    if _language == "en":
        return written
    swap = {",": _THOUSANDS[_language], ".": _DECIMAL[_language]}
    return "".join(swap.get(letter, letter) for letter in written)


def listed(names: Iterable[object], most: int = 8) -> str:
    """Names for a sentence, separated by commas; of many the first few, and how many more there are.

    >>> listed(["orders.csv", "clients.csv"]), listed(range(100), most=2)
    ('orders.csv, clients.csv', '0, 1 … (98 more)')
    """
    words = [str(name) for name in names]
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else text("list.more", shown=shown, n=len(words) - most)


def discreet(said: str) -> str:
    """A text without what a URL in it tells that nobody else should know: a token, a signature, a key or password.

    >>> discreet("s3://KEY:a/b@c==@shop/x"), discreet("az://box/x?sv=1&sig=a/b=="), discreet("sc://host:1/;token=t;x=y")
    ('s3://***@shop/x', 'az://box/x?sv=1&sig=***', 'sc://host:1/;token=***;x=y')
    """
    return _SECRET.sub("***", said)


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        if isinstance(value, bool) or value is None:
            return str(value)
        if format_spec == "s" and isinstance(value, int | float | Decimal):
            return "" if value == 1 else "s"
        if isinstance(value, int | float | Decimal):
            return number(value, format_spec)
        if isinstance(value, datetime | date):
            return value.isoformat() if not format_spec else format(value, format_spec)
        return format(discreet(str(value)), format_spec)
