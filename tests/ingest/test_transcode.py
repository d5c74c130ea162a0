"""Texts become UTF-8 files with ordinary line ends, or stay where they are when they are that already."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from acrm.errors import InputError
from acrm.ingest.raw import SourceFile
from acrm.ingest.records import LONGEST_LINE
from acrm.ingest.transcode import Utf8Text, as_utf8

TEXT = "id;имя\r\n1;Анна\r\n"


def utf8(folder: Path, content: bytes, encoding: str | None = None, compression: str | None = None) -> Utf8Text:
    path = folder / "x.csv"
    path.write_bytes(content)
    return as_utf8(SourceFile(path=path, name="x.csv", kind="text", compression=compression), encoding, folder)


@pytest.mark.parametrize("name", ["cp1251", "koi8-r", "cp866", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_rewritten(tmp_path: Path, name: str) -> None:
    text = TEXT + "2;Пётр Ильич Чайковский\r\n"
    found = utf8(tmp_path, text.encode(name))
    assert found.encoding == name
    assert found.path.read_bytes().decode() == text


def test_utf8_stays_where_it_is(tmp_path: Path) -> None:
    for content, name in ((TEXT.encode(), "utf-8"), (TEXT.encode("utf-8-sig"), "utf-8-sig"), (b"id\n1\n", "utf-8")):
        found = utf8(tmp_path, content)
        assert (found.path, found.encoding, found.damaged) == (tmp_path / "x.csv", name, False)


def test_compression_comes_off_first(tmp_path: Path) -> None:
    found = utf8(tmp_path, gzip.compress(TEXT.encode("cp1251")), compression="gz")
    assert (found.path.read_bytes().decode(), found.encoding) == (TEXT, "cp1251")


def test_carriage_returns_alone_become_line_ends(tmp_path: Path) -> None:
    text = TEXT.replace("\n", "")
    for name in ("utf-8", "cp1251", "utf-16"):
        assert utf8(tmp_path, text.encode(name)).path.read_bytes().decode() == "id;имя\n1;Анна\n"


def test_a_character_cut_by_a_chunk_is_whole(tmp_path: Path) -> None:
    found = utf8(tmp_path, b"x\n" + ("я" * 999 + "\n").encode() * 5000)
    assert (found.encoding, found.damaged) == ("utf-8", False)


def test_cyrillic_far_down_decides(tmp_path: Path) -> None:
    assert utf8(tmp_path, b"id;name\n1;Bob\n" * 1_000_000 + "2;Анна\n".encode("cp1251")).encoding == "cp1251"


def test_an_open_byte_is_kept_as_its_number(tmp_path: Path) -> None:
    content = "Название;Москва\n".encode("cp1251") + b"\x98;x\n"
    assert utf8(tmp_path, content).path.read_text(encoding="utf-8").endswith("\x98;x\n")


@pytest.mark.parametrize(
    ("encoding", "content", "where"),
    [
        ("utf-8", b"id\n1\n\xc0\xe0\n", "byte 5 in line 3"),
        ("ascii", TEXT.encode(), "byte 3 in line 1"),
        ("cp1251", b"id\n" * 2_000_000 + b"\x98", "byte 6,000,000 in line 2,000,001"),
        ("utf-16-le", b"i\0d\0\n\0x", "byte 6 in line 2"),
    ],
)
def test_a_forced_encoding_that_does_not_fit_names_the_place(
    tmp_path: Path, encoding: str, content: bytes, where: str
) -> None:
    with pytest.raises(InputError, match=where):
        utf8(tmp_path, content, encoding)


def test_an_encoding_nobody_knows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no encoding is called klingon"):
        utf8(tmp_path, b"id\n", "klingon")
    assert utf8(tmp_path, "имя\n".encode("cp1251"), "windows-1251").encoding == "cp1251"


def test_what_is_no_table_ends_early(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no line end in 16 MB"):
        utf8(tmp_path, b"x" * (LONGEST_LINE + (5 << 20)))
    with pytest.raises(InputError, match="binary"):
        utf8(tmp_path, b"id,x\n1,2\n" + bytes(10 << 20))
