"""Which files to read: files, patterns, folders and standard input -> what each one is, judged by its bytes."""

from __future__ import annotations

import glob
import mmap
import os
import re
import select
import signal
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from acrm.errors import InputError
from acrm.ingest import encoding as encodings
from acrm.ingest import lakehouse, partitions, remote
from acrm.ingest.raw import SourceFile
from acrm.ingest.transcode import scratch_file, unpacked_chunks
from acrm.lineage import is_manifest, listed, readable
from acrm.publish import JOURNAL, pending, standing

_HEAD = 1 << 16
_PACKED = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
_WORKBOOK_97 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_REFUSED = {
    b"%PDF": "pdf_file",
    b"\0\1\0\0Standard Jet DB": "access_database",
    b"\0\1\0\0Standard ACE DB": "access_database",
}
_PART, _LOOK = 1 << 16, 0.2
"""Bytes read at once through a pipe, and seconds after which a wait for more looks whether it is to end."""
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{])')
_NO_EXPORTS = re.compile(
    r"\.(bat|cfg|css|docx?|gif|ico|ini|ipynb|jpe?g|js|json|lock|log|md|png|pptx?|ps1|py|r|rst|sh|sql|svg|toml|webp|ya?ml)",
    re.IGNORECASE,
)
"""Suffixes of what people keep beside their exports; such files are read only when they are named."""
_HIDDEN = (".", "~$")
_MANIFEST = "clean.json"


def find(arguments: Sequence[str], scratch: Path, *, in_place: bool = False) -> list[SourceFile]:
    r"""The files that the arguments mean, sorted by name, each once.

    An argument is a file, a pattern, a folder (everything in it that can be an export, at any depth), the URL of one
    in an object store, or `-`, standard input. In a folder hidden files, `*.json`, `rejects.parquet` of no store and
    files that are plainly no exports (pictures, scripts, notes) are passed over; any other file that cannot be read is
    an error. Parquet files that are parts of one table (`partitions.root`), and Delta and Iceberg tables, are one
    source under the name of their folder. Files of the same name are told apart by as many parent folders as it takes;
    bytes of a name that are not UTF-8 are written as `\xff`.

    Args:
        arguments: As typed.
        scratch: An existing folder, for copies of standard input and of objects that are no Parquet.
        in_place: Leave the tables of a store in its object store, too.

    Raises:
        InputError: A file is missing, empty or of a kind that cannot be read, or a folder has no exports.
    """
    if sys.platform != "win32":
        # Polars handles Ctrl-C in a way that restarts a read waiting for a pipe; here it must end.
        signal.siginterrupt(signal.SIGINT, True)
    named: dict[tuple[int, int], tuple[Path, str]] = {}
    tables: dict[Path, SourceFile] = {}
    for argument in arguments:
        if not argument.strip():
            raise InputError("no_file", path=repr(argument))
        for found in _in_store(argument, scratch, in_place) if remote.is_url(argument) else _meant(argument, scratch):
            if isinstance(found, SourceFile):
                tables.setdefault(found.path, found)
                continue
            status = found[0].stat()
            named.setdefault((status.st_dev, status.st_ino), found)
    ours = {folder for folder in {path.parent for path, _ in named.values()} if _ours(folder)}
    whole = partitions.gathered(named.values(), ours)
    names = _told_apart(
        [*((path, name) for path, name, _ in whole), *((path, one.name) for path, one in tables.items())]
    )
    files = [
        _parted(path, parts, readable(name), scratch)
        if parts
        else _inspected(_reachable(path, scratch), readable(name), readable(path))
        for (path, _, parts), name in zip(whole, names, strict=False)
    ]
    files += [replace(one, name=name) for one, name in zip(tables.values(), names[len(whole) :], strict=True)]
    return sorted(files, key=lambda file: file.name)


def without_copies(files: list[SourceFile]) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Files of different content, and the copies left out: (copy, the file it repeats byte for byte)."""
    kept: list[SourceFile] = []
    copies: list[tuple[str, str]] = []
    seen: dict[tuple[int, str], str] = {}
    sizes = Counter(file.bytes for file in files)
    for file in files:
        key = (file.bytes, file.sha256 if sizes[file.bytes] > 1 else "")
        if key in seen:
            copies.append((file.name, seen[key]))
        else:
            seen[key] = file.name
            kept.append(file)
    return kept, copies


def folders(arguments: Sequence[str]) -> list[Path]:
    """The folders named by the arguments, and those the named files are in: where a store may be changing."""
    found: list[Path] = []
    for argument in arguments:
        named = [argument] if Path(argument).exists() else glob.glob(argument, recursive=True)  # noqa: PTH207
        found += [path if path.is_dir() else path.parent for path in map(Path, named)]
    return list(dict.fromkeys(found))


def _parted(folder: Path, parts: list[Path], name: str, scratch: Path) -> SourceFile:
    """A table of many Parquet files."""
    here = _reachable(folder, scratch)
    paths = tuple(str(here / part.relative_to(folder)) for part in parts)
    size = sum(part.stat().st_size for part in parts)
    return SourceFile(path=here, name=name, kind="parquet", bytes=size, parts=paths)


def _in_store(url: str, scratch: Path, in_place: bool) -> Iterator[tuple[Path, str] | SourceFile]:
    """What a URL means: Parquet and tables where they are, anything else as a copy."""
    found = remote.objects(url)
    if any(one.name == _MANIFEST for one in found):
        if in_place:
            yield from (remote.stored(one) for one in found if one.key.suffix in partitions.SUFFIXES)
            return
        # Of a store, files that say what it is are as much asked for as its tables.
        folder = Path(tempfile.mkdtemp(dir=scratch))
        for one in found:
            (folder / one.name).parent.mkdir(parents=True, exist_ok=True)
            remote.copied(one, scratch).replace(folder / one.name)
        yield from _meant(str(folder), scratch)
        return
    tables, found = _tables_in_store(found)
    yield from tables
    if len(found) > 1:
        found = [one for one in found if all(map(_may_be_export, PurePosixPath(one.name).parts))]
    if not (tables or found):
        raise InputError("no_exports", path=url)
    parquet = {one.key: one for one in found if one.key.suffix.lower() in partitions.SUFFIXES}
    for path, name, parts in partitions.gathered((key, one.name) for key, one in parquet.items()):
        own = [parquet[key] for key in parts or [path]]
        if remote.is_ours(own[0]):
            # What is known of it stands beside it.
            yield from (remote.stored(one) if in_place else (remote.copied(one, scratch), one.name) for one in own)
        else:
            yield remote.table(own, path, name)
    yield from ((remote.copied(one, scratch), one.name) for one in found if one.key not in parquet)


def _tables_in_store(found: list[remote.Object]) -> tuple[list[SourceFile], list[remote.Object]]:
    """The Delta and Iceberg tables among the objects, and the objects that are of none."""
    states: dict[PurePosixPath, list[remote.Object]] = {}
    for one in found:
        if one.key.parent.name == lakehouse.LOG:
            states.setdefault(one.key.parent.parent, [])
        elif one.key.parent.name == "metadata" and one.key.name.endswith(lakehouse.METADATA):
            states.setdefault(one.key.parent.parent, []).append(one)
    tables = []
    for folder, files in sorted(states.items()):
        url = f"{found[0].store}/{folder}"
        kind, location = ("iceberg", lakehouse.newest(one.url for one in files)) if files else ("delta", url)
        tables.append(lakehouse.opened(kind, location, Path(url), folder.name))
    rest = [one for one in found if not any(folder in one.key.parents for folder in states)]
    return tables, rest


def _reachable(path: Path, scratch: Path) -> Path:
    """The file under a name that Polars can open: UTF-8."""
    if readable(path) == str(path):
        return path
    link = scratch_file(scratch)
    link.unlink()
    link.symlink_to(path.absolute())
    return link


def _meant(argument: str, scratch: Path) -> Iterator[tuple[Path, str]]:
    """The files one argument means, with their names relative to it."""
    path = Path(argument)
    try:
        if argument == "-":
            yield _copied(sys.stdin.buffer, scratch), "-"
        elif path.is_dir():
            found = [*_below(path, set())]
            if not found:
                raise InputError("no_exports", path=argument)
            yield from ((file, _called(called, path)) for called, file in found)
        elif path.is_fifo():
            with path.open("rb") as pipe:
                yield _copied(pipe, scratch), path.name
        elif standing(path).exists():
            yield standing(path), path.name
        elif matches := _matches(argument):
            for match in matches:
                yield from _meant(match, scratch)
        else:
            raise InputError("no_file", path=argument)
    except PermissionError as error:
        raise InputError("no_permission", path=error.filename or argument) from None


def _called(path: Path, folder: Path) -> str:
    """A name relative to the folder it was found in; of the folder itself its own."""
    return path.relative_to(folder).as_posix() if path != folder else path.resolve().name


def _matches(pattern: str) -> list[str]:
    """Files and folders that a pattern means, those that a store's half-way commit will bring among them."""
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 - absolute patterns, no hidden files
    for folder in {Path(match).parent for match in found}:
        waiting = pending(folder)
        found = [name for name in found if Path(name).parent != folder or waiting.get(Path(name).name, folder)]
        found += [str(folder / name) for name, file in waiting.items() if file and fnmatch(name, Path(pattern).name)]
    return sorted(name for name in {*found} if not _is_note(Path(name)))


def _below(folder: Path, seen: set[tuple[int, int]]) -> Iterator[tuple[Path, Path]]:
    """The exports below a folder, each as it is called and as the file that holds it."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    if lakehouse.location(folder):
        yield folder, folder
        return
    copies = _copies(folder)
    entries: dict[str, Path | None] = {entry.name: entry for entry in folder.iterdir()}
    for name, entry in sorted({**entries, **pending(folder)}.items()):
        if entry is None or name.startswith(_HIDDEN) or partitions.REMARK.fullmatch(name) or entry.is_fifo():
            continue
        if name in copies or (name == "rejects.parquet" and not is_manifest(standing(folder / _MANIFEST))):
            continue
        if entry.is_dir():
            # A store or results of ours lying among the exports would count everything twice.
            if not _ours(entry):
                yield from _below(entry, seen)
        elif not _NO_EXPORTS.fullmatch(Path(name).suffix):
            yield folder / name, entry


def _may_be_export(name: str) -> bool:
    """Whether a file or folder of this name is looked at where nobody named it."""
    remark = name.startswith(_HIDDEN) or partitions.REMARK.fullmatch(name)
    return not remark and not _NO_EXPORTS.fullmatch(PurePosixPath(name).suffix)


def _is_note(path: Path) -> bool:
    """Whether a file says something about the tables of ours beside it."""
    return (path.suffix in (".json", ".md") and _ours(path.parent)) or path.name in _copies(path.parent)


def _copies(folder: Path) -> set[str]:
    """The files of a folder that we wrote for people to look at: pairs to decide, results as CSV."""
    return {name for path in folder.glob("*.json") for name in listed(path) if name.endswith(".csv")}


def _ours(folder: Path) -> bool:
    """Whether a folder holds a manifest of acrm's, or will in a moment: it is read only when it is named."""
    return (folder / JOURNAL).exists() or any(map(is_manifest, folder.glob("*.json")))


def _copied(stream: BinaryIO, scratch: Path) -> Path:
    path = scratch_file(scratch)
    with path.open("wb") as copy:
        for part in _parts(stream):
            copy.write(part)
    return path


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    """What comes through a pipe; a read that waits misses a Ctrl-C that came just before it, so this looks again."""
    try:
        pipe = stream.fileno()
    except OSError:
        pipe = -1
    if pipe < 0 or sys.platform == "win32":
        yield from iter(lambda: stream.read(_PART), b"")
        return
    while True:
        if select.select([pipe], [], [], _LOOK)[0]:
            part = os.read(pipe, _PART)
            if not part:
                return
            yield part


def _told_apart(named: Sequence[tuple[Path, str]]) -> list[str]:
    """Names, lengthened by parent folders where they are the same."""
    names = [name for _, name in named]
    parts = [path.resolve().parts[1:] for path, _ in named]
    while doubled := {name for name, count in Counter(names).items() if count > 1}:
        for place, name in enumerate(names):
            if name in doubled:
                names[place] = "/".join(parts[place][-name.count("/") - 2 :])
    return names


def _inspected(path: Path, name: str, given: str) -> SourceFile:
    shown = name if name == "-" else given
    try:
        if path.is_dir() and (table := lakehouse.location(path)):
            return lakehouse.opened(*table, path, name)
        with path.open("rb") as file:
            head = file.read(_HEAD)
        compression = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), None)
        if compression:
            head = next(unpacked_chunks(path, compression, shown, _HEAD), b"")
        kind = _table_kind(path, head, shown) or _text_kind(head, shown)
    except PermissionError:
        raise InputError("no_permission", path=shown) from None
    return SourceFile(path=path, name=name, kind=kind, compression=compression, bytes=path.stat().st_size)


def _table_kind(path: Path, head: bytes, shown: str) -> str | None:
    """The kind of a file that is no text, None for a text, or the error that says how to export instead."""
    if not head:
        raise InputError("empty_file", path=shown)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or _holds_workbook(path):
            return "xlsx"
        raise InputError("zip_archive", path=shown)
    if head.startswith(_WORKBOOK_97):
        raise InputError("locked_workbook" if _contains(path, _ENCRYPTED) else "old_workbook", path=shown)
    refused = next((id for magic, id in _REFUSED.items() if head.startswith(magic)), None)
    if not refused and encodings.is_binary(head):
        refused = "binary_file"
    if refused:
        raise InputError(refused, path=shown)
    return None


def _text_kind(head: bytes, shown: str) -> str:
    """Whether a text is HTML with a table or a plain text, or the error for a text that is no table."""
    text = head.decode(encodings.of_head(head) or "latin-1", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        if "<table" in text.lower():
            return "html"
        raise InputError("markup_file", path=shown)
    if _JSON.match(text):
        raise InputError("json_file", path=shown)
    return "text"


def _holds_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _contains(path: Path, needle: bytes) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(needle) >= 0
