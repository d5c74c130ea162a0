"""Which encoding a text is in when it is not plain UTF-8: by its first bytes, else the likeliest of five."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable

SINGLE_BYTE = ("cp1251", "cp1252", "cp1250", "koi8-r", "cp866")
"""What is tried when a text is not Unicode, the commonest first."""
_PRIOR = {"cp1251": 0.0, "cp1252": 0.0, "cp1250": 4.0, "koi8-r": 5.0, "cp866": 4.0}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORD = re.compile(rb"[0-9A-Za-z]*[\x80-\xff][0-9A-Za-z\x80-\xff]*")

_RUSSIAN = {
    letter: float(share)
    for letter, share in re.findall(
        r"(\w)([\d.]+)",
        "о110 е85 а80 и74 н67 т63 с55 р47 в45 л44 к35 м32 д30 п28 у26 я20 ы19 ь17 г17 з16 б16 ч14 й12 х10 ж9 ш7 ю6 ц5"
        " щ4 э3 ф3 ё1 ъ0.4 і3 ї2 є2 ґ0.5 ў1",
    )
}
"""Letters of Russian, how many in a thousand, and those that only Ukrainian and Belarusian have."""
_PAIRS = frozenset(
    re.findall(
        r"\w\w",
        "ен ни ов но ст ра ро ре пр ан по те ва ти на ос ел ка ат ле ли ны та ко ие от од ия ме за ль ер ет ес то де нт"
        " ор ед ин ть че тр ал нн ив ол до ак да аз кт ри во ит ск ки со го не он об ла ис из ци ом ве ог вы ир ых ая"
        " ок ам ми ем ру ма ьн ав ег пе ар мо ку кл вл ек се ич ий ас гр па ик ло ви ой их им уп сл тс ей ож хо ся вн"
        " ую ты щи",
    )
)
"""The commonest pairs of letters in Russian business words."""
_LATIN = (
    dict.fromkeys("éèêàäáãåçüúíñóôöæßőű", 3.0)
    | dict.fromkeys("ąćęłńśźżčšřžýěůø", 3.5)
    | dict.fromkeys("ëâùûîïìòõœÿťďňăşţđðþ", 5.0)
)
"""Accented Latin letters: those of western languages, of central ones, and the rarer."""
_MARKS_IN_TEXT = frozenset("«»„“”‘’‚‹›–—…•№€£°®™©§·×")


def of_head(head: bytes) -> str | None:
    r"""The encoding that the first bytes give away (byte order mark, or the zeros of UTF-16), else None.

    UTF-16 without a mark shows in zeros in every other byte, as delimiters, digits and line ends have them.

    >>> of_head(b"\xef\xbb\xbfa;b"), of_head("id;имя\n1;Анна".encode("utf-16-le")), of_head(b"id;x")
    ('utf-8-sig', 'utf-16-le', None)
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    enough = len(head) / 20
    if odd > enough and even * 50 < odd:
        return "utf-16-le"
    if even > enough and odd * 50 < even:
        return "utf-16-be"
    return None


def is_binary(head: bytes) -> bool:
    r"""Whether bytes are no text in any encoding: more than one in fifty is a control character.

    >>> is_binary(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), is_binary(b"a\tb\r\n"), is_binary("a\tb".encode("utf-16-le"))
    (True, False, False)
    """
    if of_head(head):
        return False
    allowed = head.translate(None, bytes([*range(7), 7, 8, *range(14, 26), *range(28, 32), 127]))
    return (len(head) - len(allowed)) * 50 > len(head)


def words(chunks: Iterable[bytes], each: int = 2048, limit: int = 32768) -> list[bytes]:
    r"""Distinct words with non-ASCII bytes, from the whole text: at most `each` bytes of every chunk, `limit` in all.

    >>> words([b"id;name\n1;\xc0\xed\xed\xe0\n2;Bob\n", b"3;\xc0\xed\xed\xe0\n4;gr\xfcn\n"])
    [b'\xc0\xed\xed\xe0', b'gr\xfcn']
    """
    found: dict[bytes, None] = {}
    total = 0
    for chunk in chunks:
        if chunk.isascii():
            continue
        size = 0
        for match in _WORD.finditer(chunk):
            word = match[0][:200]
            size += len(word)
            total += len(word) * (word not in found)
            found[word] = None
            if size > each:
                break
        if total > limit:
            break
    return list(found)


def of_words(found: list[bytes]) -> str:
    r"""The likeliest encoding of words that are not all UTF-8; `utf-8` when nine in ten are, the rest being damage.

    Letters and pairs of letters are weighed by how common they are, and unlikely places are punished: a capital
    after a small letter, two scripts in a word, a sign inside a word. The sum, not the mean, is compared, so that the
    rarer encodings need more evidence than one short word.

    >>> [of_words(["Москва".encode(name)]) for name in ("cp1251", "koi8-r", "cp866")]
    ['cp1251', 'koi8-r', 'cp866']
    >>> of_words(["grün".encode("cp1252")]), of_words(["żółw".encode("cp1250"), "książka".encode("cp1250")])
    ('cp1252', 'cp1250')
    """
    if sum(map(_is_utf8, found)) > 0.9 * len(found):
        return "utf-8"
    return min(SINGLE_BYTE, key=lambda name: _PRIOR[name] + sum(_cost(decoded(word, name)) for word in found))


def decoded(raw: bytes, encoding: str) -> str:
    r"""Text of bytes where a byte the encoding leaves open becomes the control character of the same number.

    Nothing is lost that way: encoding the text again gives the bytes. Browsers do the same.

    >>> decoded(b"\x98\xc0", "cp1251")
    '\x98А'
    """
    return raw.decode(encoding, "keep_number")


def _keep_number(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(map(chr, error.object[error.start : error.end])), error.end


codecs.register_error("keep_number", _keep_number)


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cost(word: str) -> float:
    """How unlikely the non-ASCII characters of a word are, in nats; lower is likelier."""
    total = 0.0
    before = " "
    for place, letter in enumerate(word):
        if letter > "\x7f":
            after = word[place + 1 : place + 2] or " "
            small = letter.lower()
            if small in _RUSSIAN:
                total += _cyrillic(before, letter, small, after)
            elif small in _LATIN:
                total += _latin(before, letter, small, after)
            elif letter == "\xa0":
                total += 1.5
            elif letter in _MARKS_IN_TEXT:
                total += 4.0 + 5.0 * (before.isalpha() and after.isalpha() and letter != "’")
            else:
                total += 9.0 + 5.0 * (before.isalpha() and after.isalpha())
        before = letter
    return total


def _latin(before: str, letter: str, small: str, after: str) -> float:
    plain = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
    total = _LATIN[small] + 3.0 * (not plain) + 2.0 * before.isdigit()
    return total + 3.0 * (before > "\x7f" and before.isalpha()) + 3.0 * (before.islower() and letter.isupper())


def _cyrillic(before: str, letter: str, small: str, after: str) -> float:
    total = -math.log(_RUSSIAN[small] / 1000)
    total += 4.0 * ((before.isascii() and before.isalpha()) + (after.isascii() and after.isalpha()))
    total += 2.0 * (before.isdigit() + after.isdigit())
    if before.lower() in _RUSSIAN:
        total += -1.0 if before.lower() + small in _PAIRS else 1.0
        if letter.isupper():
            total += 5.0 if before.islower() else 0.4
    return total
