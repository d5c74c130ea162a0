"""Which files are found, what they are called, and what is said about those that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pytest

from acrm import messages
from acrm.errors import InputError
from acrm.ingest.sources import find, folders

CSV = b"id,sum\n1,2\n"


def files(folder: Path, *names: str, content: bytes = CSV) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def names(*arguments: str | Path, scratch: Path) -> list[str]:
    return [file.name for file in find([str(argument) for argument in arguments], scratch)]


def zipped(*members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member in members:
            archive.writestr(member, "<x/>" * 20000)
    return content.getvalue()


def test_a_folder_gives_its_exports_at_any_depth_and_passes_over_what_is_none(tmp_path: Path) -> None:
    files(tmp_path, "in/b.csv", "in/sub/A.TXT", "in/noext", "in/rejects.parquet", "in/clean.json", "in/.hidden.csv")
    files(tmp_path, "in/~$book.xlsx", "in/README.md", "in/.git/x.csv", "in/logo.PNG", "in/acrm.toml", content=b"\0\1")
    assert names(tmp_path / "in", scratch=tmp_path) == ["b.csv", "noext", "sub/A.TXT"]


def test_a_file_is_read_once_however_often_it_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "in/a.csv", "in/b.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in/a.csv")
    monkeypatch.chdir(tmp_path)
    assert names("in/b.csv", "in", "./in/*.csv", "link.csv", scratch=tmp_path) == ["a.csv", "b.csv"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    files(tmp_path, "in/a.csv")
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    assert names(tmp_path / "in", scratch=tmp_path) == ["a.csv"]


def test_equal_names_get_as_many_folders_as_tell_them_apart(tmp_path: Path) -> None:
    files(tmp_path, "x/2026/orders.csv", "y/2026/orders.csv", "y/2027/orders.csv", "y/other.csv")
    found = names(tmp_path / "x/2026/orders.csv", tmp_path / "y/2026", tmp_path / "y/2027", scratch=tmp_path)
    assert found == ["2027/orders.csv", "x/2026/orders.csv", "y/2026/orders.csv"]


def test_a_pattern_in_quotes_is_expanded(tmp_path: Path) -> None:
    files(tmp_path, "in/a.csv", "in/deep/b.csv", "in/c.txt")
    assert names(f"{tmp_path}/in/**/*.csv", scratch=tmp_path) == ["a.csv", "b.csv"]


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    files(tmp_path, "Deals [1].csv")
    assert names(tmp_path / "Deals [1].csv", scratch=tmp_path) == ["Deals [1].csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in (b"a\xff.csv", b"d\xe9/b.csv"):
        path = Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(CSV)
    found = find([str(tmp_path / "in")], tmp_path)
    assert [file.name for file in found] == ["a\\xff.csv", "d\\xe9/b.csv"]
    for file in found:
        assert str(file.path).isascii()
        assert file.path.read_bytes() == CSV


def test_a_pattern_passes_over_what_describes_a_store(tmp_path: Path) -> None:
    files(tmp_path, "in/a.csv", "in/store/x.csv")
    files(tmp_path, "in/store/clean.json", "in/store/dictionary.md", content=b'{"acrm": "1"}')
    assert names(f"{tmp_path}/in/**/*", scratch=tmp_path) == ["a.csv", "x.csv"]


def test_what_is_written_for_people_is_no_export(tmp_path: Path) -> None:
    files(tmp_path, "store/review.csv", "store/rfm.csv", "store/mine.csv")
    files(tmp_path, "store/clean.json", content=b'{"acrm": "1", "outputs": [{"name": "review.csv"}]}')
    files(tmp_path, "store/rfm.json", content=b'{"acrm": "1", "outputs": [{"name": "rfm.csv", "rows": 1}]}')
    files(tmp_path, "in/review.csv", "in/rfm.csv")
    files(tmp_path, "in/any.json", content=b'{"outputs": [{"name": "rfm.csv"}]}')
    assert names(tmp_path / "store", scratch=tmp_path) == ["mine.csv"]
    assert names(f"{tmp_path}/store/*", scratch=tmp_path) == ["mine.csv"]
    assert names(tmp_path / "store/rfm.csv", scratch=tmp_path) == ["rfm.csv"]
    assert names(tmp_path / "in", scratch=tmp_path) == ["review.csv", "rfm.csv"]


def test_where_the_sources_are(tmp_path: Path) -> None:
    files(tmp_path, "in/a.csv", "in/sub/b.csv", "other/c.csv")
    named = [str(tmp_path / name) for name in ("in", "in/a.csv", "in/*", "other/c.csv", "nowhere")]
    assert folders(named) == [tmp_path / "in", tmp_path / "in/sub", tmp_path / "other"]


def test_standard_input_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
    (file,) = find(["-"], tmp_path)
    assert (file.name, file.kind, file.bytes) == ("-", "text", len(CSV))
    assert file.path.read_bytes() == CSV


def test_the_kind_is_in_the_bytes_not_in_the_suffix(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "p.csv")
    openpyxl.Workbook().save(tmp_path / "x.csv.xlsx")
    (tmp_path / "x.csv.xlsx").rename(tmp_path / "x.csv")
    page = '<meta charset="utf-8"><table><tr><td>1</table>'
    contents = {
        "big.csv": zipped("a.xml", "xl/workbook.xml"),
        "h.csv": page.encode(),
        "h8.csv": b"\xef\xbb\xbf\n" + page.encode(),
        "h16.csv": page.upper().encode("utf-16"),
        "t.parquet": CSV,
        "g.csv": gzip.compress(CSV),
        "gh.csv": gzip.compress(page.encode()),
        "gp.csv": gzip.compress((tmp_path / "p.csv").read_bytes()),
        "u.csv": "id;имя\n1;Анна\n".encode("utf-16-be"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    with pa.output_stream(str(tmp_path / "z.csv"), compression="zstd") as out:
        out.write(CSV)
    found = {file.name: (file.kind, file.compression) for file in find([str(tmp_path)], tmp_path)}
    assert found == {
        "big.csv": ("xlsx", None),
        "g.csv": ("text", "gz"),
        "gh.csv": ("html", "gz"),
        "gp.csv": ("parquet", "gz"),
        "h.csv": ("html", None),
        "h16.csv": ("html", None),
        "h8.csv": ("html", None),
        "p.csv": ("parquet", None),
        "t.parquet": ("text", None),
        "u.csv": ("text", None),
        "x.csv": ("xlsx", None),
        "z.csv": ("text", "zst"),
    }


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("id", "content"),
    [
        ("empty_file", b""),
        ("empty_file", gzip.compress(b"", mtime=0)),
        ("binary_file", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))),
        ("binary_file", bytes(100_000)),
        ("old_workbook", OLE + b"\0" * 4000 + "Workbook".encode("utf-16-le")),
        ("locked_workbook", OLE + b"\0" * 4000 + "EncryptedPackage".encode("utf-16-le")),
        ("access_database", b"\0\1\0\0Standard Jet DB\0" + b"\0" * 999),
        ("access_database", b"\0\1\0\0Standard ACE DB\0" + b"\0" * 999),
        ("pdf_file", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("zip_archive", zipped("orders.csv")),
        ("json_file", b'{"orders": [1]}'),
        ("json_file", b'[\n  {"id": 1}\n]'),
        ("markup_file", b'<?xml version="1.0"?><rows><row/></rows>'),
        ("damaged_archive", gzip.compress(bytes(range(256)) * 9, mtime=0)[:40]),
        ("damaged_archive", b"\x28\xb5\x2f\xfd not zstd"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_a_way_out_in_a_folder_too(
    tmp_path: Path, id: str, content: bytes
) -> None:
    files(tmp_path, "in/good.csv")
    files(tmp_path, "in/bad.csv", content=content)
    for argument in ("in", "in/bad.csv"):
        with pytest.raises(InputError) as raised:
            find([str(tmp_path / argument)], tmp_path)
        assert raised.value.id == id
        for language in messages.LANGUAGES:
            messages.use(language)
            assert "bad.csv" in str(raised.value)
            assert str(raised.value.hint)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for argument, id in (("nothing.csv", "no_file"), ("*.csv", "no_file"), ("empty", "no_exports")):
        with pytest.raises(InputError) as raised:
            find([str(tmp_path / argument)], tmp_path)
        assert raised.value.id == id
        assert argument in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the super-user may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    files(tmp_path, "a.csv")
    (tmp_path / "a.csv").chmod(0)
    with pytest.raises(InputError, match="not allowed"):
        find([str(tmp_path / "a.csv")], tmp_path)
