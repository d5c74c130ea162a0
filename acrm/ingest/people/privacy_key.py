"""A secret key, and the codes that values become under it: the same in every run and on every machine."""

from __future__ import annotations

import codecs
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase, hexdigits

from acrm.errors import InputError
from acrm.ingest.people.joins import is_role
from acrm.ingest.people.names import abridged, is_form, latin, nobody

_BYTES = 32
"""A key has at least so many bytes of randomness, and at least `_DISTINCT` different characters."""
_DISTINCT = 8
_LENGTH = 20
"""Hexadecimal digits of a code: 80 bits, so that a billion ids have no two alike."""
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Digits of codes that must be words become letters."""
_PREFIX = {"customer": "c", "order": "o", "card": "k", "name": "n", "text": "x"}
_PREFIX |= {"agent": "a", "interaction": "i", "household": "h"}
CODE = r"^([^ :]+:)?([a-z]_[0-9a-f]{20}|T\d{19}|\+9\d{14}|\S+@\S+\.invalid)$"
"""What codes look like; the name of a system may stand before one."""
_REFERRING = ("id", "email", "phone", "card", "tax", "name")


@dataclass(frozen=True)
class Key:
    """A secret under which values become codes: one value one code, and no way back without the secret."""

    secret: bytes = field(repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """What tells two keys apart and says nothing about them.

        >>> Key(b"k" * 32).fingerprint
        '76279bfe'
        """
        return hmac.digest(self.secret, b"acrm key", "sha256").hex()[:8]

    def code(self, kind: str, value: str) -> str:
        """The code of a value: the letter of its kind, then 20 hexadecimal digits.

        >>> Key(b"k" * 32).code("customer", "17850")
        'c_3e620977f13b3d5925ad'
        """
        return f"{_PREFIX[kind]}_{self._digest(kind, value)}"

    def email(self, address: str) -> str:
        """The code of an address: an address nobody has; what makes it an office's (`info@`) stays.

        >>> Key(b"k" * 32).email("anna@mail.ru")
        'e_bfb3f5cd5dad9de54064@acrm.invalid'
        """
        code = self._digest("email", address)
        return f"{address.partition('@')[0]}@{code}.invalid" if is_role(address) else f"e_{code}@acrm.invalid"

    def phone(self, number: str) -> str:
        """The code of a phone: fifteen digits, which are nobody's number; of a text that is none, a text's.

        >>> Key(b"k" * 32).phone("+79271234533")
        '+900515638798365'
        """
        if not re.fullmatch(r"\+\d+", number):
            return self.code("text", number)
        return f"+9{int(self._digest('phone', number), 16) % 10**14:014d}"

    def tax(self, number: str) -> str:
        """The code of a tax number, digits as it is, however it is written; of one that is none, a text's."""
        plain = re.sub(r"[\W_]", "", number.upper())
        if not re.search(r"\d{5}", plain) or re.fullmatch(r"0+|1+|9+|1234567890|123456789012", plain):
            return self.code("text", plain)
        return f"T{int(self._digest('tax', plain), 16) % 10**19:019d}"

    def words(self, name: str) -> str:
        """A name word by word, so that codes are alike where names are: order and script do not count, initials do.

        Legal forms and words for "nobody in particular" stay. Slips of the pen and short forms make other codes.

        >>> from acrm.ingest.people.names import alike
        >>> key = Key(b"k" * 32)
        >>> one = key.words("Анна Иванова")
        >>> [alike(one, key.words(other)) for other in ("Ivanova A.", "ИВАНОВА Анна", "Пётр Иванов")]
        [True, True, False]
        """
        plain = abridged(name)
        if nobody(plain):
            return plain
        return " ".join(word if is_form(word) else self._word(word) for word in plain.split())

    def reference(self, ref: str) -> str:
        """The code of a reference: its kind, for ids the system, and the code of its value."""
        kind, _, value = ref.partition(":")
        if kind not in _REFERRING:
            return self.code("text", ref)
        if kind == "id":
            system, _, value = value.partition(":")
            return f"id:{system}:{self.code('customer', value)}"
        return f"{kind}:{self.coders[kind](value)}"

    @cached_property
    def coders(self) -> Mapping[str, Callable[[str], str]]:
        """How values of each kind become codes."""

        def of(kind: str) -> Callable[[str], str]:
            return lambda value: self.code(kind, value)

        own = {
            "email": self.email,
            "phone": self.phone,
            "tax": self.tax,
            "words": self.words,
            "reference": self.reference,
        }
        # A customer list joins the ids of one customer.
        several = {"ids": lambda value: "; ".join(self.code("customer", one) for one in value.split("; "))}
        return {kind: of(kind) for kind in _PREFIX} | own | several

    def _digest(self, kind: str, value: str) -> str:
        return hmac.digest(self.secret, f"{kind}\0{value}".encode(), "sha256").hex()[:_LENGTH]

    def _word(self, word: str) -> str:
        if word not in self._words:
            plain = latin(word) or word
            first = self._alphabet.get(plain[0], "z")
            rest = self._digest("word", plain)[1:].translate(_LETTERS) if len(plain) > 1 else ""
            self._words[word] = first + rest
        return self._words[word]

    @cached_property
    def _words(self) -> dict[str, str]:
        """Codes of words that were met: a name's words are far fewer than names."""
        return {}

    @cached_property
    def _alphabet(self) -> dict[str, str]:
        """A letter for every letter, so that an initial still begins a name."""
        shuffled = sorted(ascii_lowercase, key=lambda letter: self._digest("letter", letter))
        return dict(zip(ascii_lowercase, shuffled, strict=True))


def read_key(path: Path) -> Key:
    """The key in a file, without the line end and the byte order mark that editors add.

    Raises:
        InputError: The file cannot be read, or holds less than 32 random bytes.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("key_missing", path=path, reason=error.strerror or str(error)) from error
    secret = content.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
    text = secret.decode("latin-1")
    # Hexadecimal digits carry half a byte each, base64 and the like three quarters.
    share = 2 if set(text) <= set(hexdigits) else 4 / 3 if text.isascii() and text.isprintable() else 1
    if len(content if share == 1 else secret.rstrip(b"=")) / share < _BYTES or len(set(secret)) < _DISTINCT:
        raise InputError("key_short", path=path, bytes=_BYTES)
    return Key(secret)
