"""A text source as a UTF-8 file with ordinary line ends, unpacked and rewritten only where needed, piece by piece."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from acrm.errors import InputError
from acrm.ingest import encoding as encodings
from acrm.ingest.raw import SourceFile
from acrm.ingest.records import LONGEST_LINE

_CHUNK = 1 << 22
_CODECS = {"gz": "gzip", "zst": "zstd"}
_UTF8 = ("utf-8", "utf-8-sig")


@dataclass(frozen=True, kw_only=True)
class Utf8Text:
    """Where the text is as UTF-8, what it was, and what matters for reading it."""

    path: Path
    encoding: str
    damaged: bool
    """Some bytes are not UTF-8, though nearly all are."""
    quotes: bool
    """There is a `"` somewhere."""


def as_utf8(source: SourceFile, encoding: str | None, scratch: Path) -> Utf8Text:
    """The text of a source as a UTF-8 file, which is the source itself when it already is one.

    A forced `encoding` must fit every byte. In one that was found out, a byte it leaves open is kept as a control
    character, and UTF-8 may be damaged here and there.

    Raises:
        InputError: Compressed data is damaged, a line is longer than any record, or bytes are not in the encoding.
    """
    forced = _known(encoding)
    path = unpacked(source, scratch)
    found = forced or encodings.of_head(next(chunks(path), b"")[: 1 << 16]) or "utf-8"
    survey = _Survey.of(path, source.name) if found in _UTF8 else None
    if survey and not survey.valid:
        if forced:
            raise _undecodable(path, source.name, forced)
        found = encodings.of_words(encodings.words(chunks(path)))
    if not survey or found not in _UTF8:
        strict = forced or found.startswith("utf-")
        path = _rewritten(path, source.name, found, "strict" if strict else "keep_number", scratch)
        survey = _Survey.of(path, source.name)
    if survey.returns:
        path = _copy((chunk.replace(b"\r", b"\n") for chunk in chunks(path)), scratch)
    return Utf8Text(path=path, encoding=found, damaged=not survey.valid, quotes=survey.quotes)


def unpacked(source: SourceFile, scratch: Path) -> Path:
    """The file with its gzip or zstd compression taken off, which is the source itself when it has none."""
    if not source.compression:
        return source.path
    return _copy(unpacked_chunks(source.path, source.compression, source.name), scratch)


def unpacked_chunks(path: Path, compression: str, name: str, size: int = _CHUNK) -> Iterator[bytes]:
    """What a gzip or zstd file holds, piece by piece; `name` stands in the error when it is damaged."""
    import pyarrow as pa

    with path.open("rb") as packed:
        try:
            with pa.CompressedInputStream(packed, _CODECS[compression]) as stream:
                while chunk := stream.read(size):
                    yield chunk
        except (OSError, pa.ArrowException):
            raise InputError("damaged_archive", path=name) from None


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, piece by piece."""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def holds_opening(path: Path, delimiter: str, quote: str) -> bool:
    """Whether any field of a UTF-8 text begins with a quote; if none does, a quote is a letter, as in `19" screen`."""
    before = b"\n"
    for chunk in chunks(path):
        joined = before + chunk
        if any(mark + quote.encode() in joined for mark in (b"\n", delimiter.encode())):
            return True
        before = chunk[-1:]
    return False


def scratch_file(scratch: Path) -> Path:
    """A new empty file in the scratch folder."""
    handle, name = tempfile.mkstemp(dir=scratch)
    os.close(handle)
    return Path(name)


def _copy(pieces: Iterator[bytes], scratch: Path) -> Path:
    path = scratch_file(scratch)
    with path.open("wb") as copy:
        copy.writelines(pieces)
    return path


def _rewritten(path: Path, name: str, encoding: str, errors: str, scratch: Path) -> Path:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    pieces = chain(((chunk, False) for chunk in chunks(path)), [(b"", True)])
    try:
        return _copy((decoder.decode(chunk, final).encode() for chunk, final in pieces), scratch)
    except UnicodeDecodeError:
        raise _undecodable(path, name, encoding) from None


def _known(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        "".encode(encoding)
    except LookupError:
        raise InputError("unknown_encoding", encoding=encoding) from None
    return codecs.lookup(encoding).name


@dataclass
class _Survey:
    """What one pass over the bytes shows."""

    valid: bool = True
    quotes: bool = False
    returns: bool = False
    """Lines end with a carriage return alone."""

    @classmethod
    def of(cls, path: Path, name: str) -> _Survey:
        """Look at every byte; plain ASCII goes at the speed of memory.

        Raises:
            InputError: There is a line longer than any record, or a stretch of zeros.
        """
        found = cls()
        decoder = codecs.getincrementaldecoder("utf-8")()
        newlines = False
        line = 0
        for chunk in chain(chunks(path), [b""]):
            found.quotes = found.quotes or b'"' in chunk
            found.returns = found.returns or b"\r" in chunk
            newlines = newlines or b"\n" in chunk
            end = chunk.rfind(b"\n" if newlines else b"\r")
            line = line + len(chunk) if end < 0 else len(chunk) - end - 1
            if line > LONGEST_LINE:
                raise InputError("endless_line", path=name, megabytes=LONGEST_LINE >> 20)
            if b"\0" in chunk and chunk.count(0) * 50 > len(chunk):
                raise InputError("binary_file", path=name)
            if found.valid and not (chunk and chunk.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(chunk, not chunk)
                except UnicodeDecodeError:
                    found.valid = False
        found.returns = found.returns and not newlines
        return found


def _undecodable(path: Path, name: str, encoding: str) -> InputError:
    """The error for the first byte that is not in the encoding, with its place in the file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line = 0, 1
    for chunk in chain(chunks(path), [b""]):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            inside = max(error.start - pending, 0)
            offset += error.start - pending
            line += chunk[:inside].count(b"\n")
            break
        offset += len(chunk)
        line += chunk.count(b"\n")
    return InputError("undecodable", path=name, encoding=encoding, offset=offset, line=line)
