"""Files of a folder that take their names together: one writer at a time, a journal, readers who see all or nothing.

A run writes each file under a hidden name of its own, then publishes: a journal that lists the renames takes its name
with one rename. From that moment on the commit happens, whoever completes it. Two locks guard this, both advisory and
gone with the process that holds them, however it ends:

| lock | held by | while |
|---|---|---|
| on the file `.acrm.lock` | one writer | it prepares and publishes files |
| on the folder itself (not on Windows) | readers together, or one writer | reading; renaming, a moment |
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import polars as pl

from acrm.errors import InputError, OutputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

JOURNAL, LOCK = ".acrm-commit.json", ".acrm.lock"
_NEW = ".acrm-*.new"
_GOING = (".parquet", ".csv", ".json", ".html")
"""Kinds of files that a journal may remove: tables, and what a result keeps beside them: a fitted model, a page."""
TURN, READERS = 5.0, 600.0
"""Seconds to wait for another writer, and for readers, before a run gives up."""
_STEP = 0.05
_BUSY = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


def new(folder: Path, name: str) -> Path:
    """Where a file is written before `publish` gives it its name."""
    return folder / f".acrm-{name}.new"


@contextmanager
def writing(folder: Path, patience: float = TURN) -> Iterator[None]:
    """Be the only run that writes to a folder, which is made if need be and put in order if a run died in it.

    A folder that was made here goes when nothing came to stand in it.

    Args:
        folder: The folder.
        patience: Seconds to wait for another run to finish.

    Raises:
        OutputError: Another run goes on writing there, the system refuses, or the name is none of a folder.
    """
    if not _is_text(str(folder)):
        raise OutputError("name_no_text", path=folder)
    if os.path.lexists(folder) and not folder.is_dir():
        raise OutputError("no_folder", path=folder)
    made = not folder.exists()
    try:
        with reported(folder):
            handle = _turn(folder, patience)
        try:
            with reported(folder):
                recover(folder)
                _discard(folder.glob(_NEW))
            yield
        finally:
            try:
                # What is listed in a journal is kept for whoever completes it.
                if not (folder / JOURNAL).exists():
                    _discard(folder.glob(_NEW))
            finally:
                _release(folder / LOCK, handle)
    finally:
        if made:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def reading(folders: Iterable[Path]) -> Iterator[None]:
    """Keep folders of ours as they are while they are read; a commit that a dead run left half-way is completed first.

    Where that is not allowed, `pending` tells which file stands for which.

    Raises:
        InputError: A run does not come to an end with its renames.
    """
    with ExitStack() as held:
        for folder in folders:
            if not any((folder / name).exists() for name in (JOURNAL, LOCK, "clean.json")):
                continue
            if (folder / JOURNAL).exists():
                with suppress(OSError, OutputError):
                    recover(folder, patience=0)
            try:
                held.enter_context(_folder_lock(folder, READERS, shared=True))
            except OutputError as error:
                raise InputError("store_busy", path=folder) from error
        yield


def publish(folder: Path, names: Iterable[str], remove: Iterable[str] = ()) -> None:
    """Give all files written under `new` their names, and take away others: all of it happens, or nothing.

    Args:
        folder: The folder, held by `writing`.
        names: Files to publish.
        remove: Files that go.

    Raises:
        OutputError: A file cannot be written, or readers do not come to an end.
    """
    listed = [*names]
    with reported(folder):
        for name in listed:
            _sync(new(folder, name))
        journal = new(folder, JOURNAL)
        journal.write_text(json.dumps({"replace": listed, "remove": [*remove]}), encoding="utf-8")
        _sync(journal)
        with _folder_lock(folder, READERS):
            journal.replace(folder / JOURNAL)
            _complete(folder)


def recover(folder: Path, patience: float = READERS) -> None:
    """Complete a commit whose journal stands, because the run that wrote it died.

    Raises:
        InputError: The journal is none of ours.
        OutputError: Readers do not come to an end within `patience` seconds.
    """
    if (folder / JOURNAL).exists():
        with _folder_lock(folder, patience):
            _complete(folder)


def pending(folder: Path) -> Mapping[str, Path | None]:
    """Names that a half-way commit will give: each with the file that stands for it now, None for a name that goes.

    Raises:
        InputError: The journal is none of ours.
    """
    replaced, gone = _journal(folder)
    waiting = {name: new(folder, name) for name in replaced if new(folder, name).exists()}
    return {**dict.fromkeys(gone), **waiting}


def standing(path: Path) -> Path:
    """The file that has the content of `path`, which differs from it while a commit is half-way."""
    return pending(path.parent).get(path.name) or path


def _complete(folder: Path) -> None:
    replaced, gone = _journal(folder)
    for name in replaced:
        # What is not there any more was renamed before.
        with suppress(FileNotFoundError):
            if (folder / name).exists():
                shutil.copymode(folder / name, new(folder, name))
            new(folder, name).replace(folder / name)
    _discard(folder / name for name in gone)
    (folder / JOURNAL).unlink(missing_ok=True)


def _journal(folder: Path) -> tuple[list[str], list[str]]:
    """The renames and removals that a folder waits for; none where there is no journal."""
    path = folder / JOURNAL
    try:
        planned = json.loads(path.read_text(encoding="utf-8"))
        replaced, gone = [*map(str, planned["replace"])], [*map(str, planned["remove"])]
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("bad_journal", path=path) from error
    own = all(Path(name).name == name for name in (*replaced, *gone)) and all(name.endswith(_GOING) for name in gone)
    if not own:
        raise InputError("bad_journal", path=path)
    return replaced, gone


def _turn(folder: Path, patience: float) -> int:
    """Wait for the lock of the folder's writer; it says who has it, and since when."""
    deadline = time.monotonic() + patience
    path = folder / LOCK
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            # The run before has just taken its empty folder away.
            handle = -1
        if handle >= 0:
            # A lock on a file that was removed since it was opened keeps nobody out.
            if _lock(handle) and path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                os.truncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
            os.close(handle)
        if time.monotonic() > deadline:
            raise _taken(folder)
        time.sleep(_STEP)


def _taken(folder: Path) -> OutputError:
    path = folder / LOCK
    process, since = "?", "?"
    with suppress(OSError):
        process = path.read_text(encoding="utf-8") or "?"
        since = datetime.fromtimestamp(path.stat().st_mtime).strftime("%H:%M:%S")  # noqa: DTZ006 - the reader's clock
    return OutputError("store_taken", path=folder, process=process, since=since)


def _release(path: Path, handle: int) -> None:
    """Give the lock up and take its file away."""
    try:
        # Windows does not remove an open file, elsewhere nobody may have locked it in between.
        if sys.platform == "win32":
            os.close(handle)
            handle = -1
        with suppress(OSError):
            path.unlink(missing_ok=True)
    finally:
        if handle >= 0:
            os.close(handle)


@contextmanager
def _folder_lock(folder: Path, patience: float, *, shared: bool = False) -> Iterator[None]:
    """Hold a folder against renames (`shared`), or for them."""
    if sys.platform == "win32":
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        yield
        return
    try:
        if not _within(patience, lambda: _lock(handle, shared=shared)):
            raise OutputError("store_read", path=folder)
        yield
    finally:
        os.close(handle)


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP)
    return True


def _lock(handle: int, *, shared: bool = False) -> bool:
    """Try to get a lock; a file system that has none gives it to everybody."""
    try:
        if sys.platform == "win32":
            # Far behind the end, as Windows lets nobody read a locked part.
            os.lseek(handle, 1 << 20, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _BUSY
    return True


@contextmanager
def reported(folder: Path) -> Iterator[None]:
    """Turn what the system says about a file below `folder` that cannot be written into an `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError("cannot_write", path=folder, reason=error.strerror or error) from error
    except pl.exceptions.ComputeError as error:
        # Polars wraps what the system says about a Parquet file in an error of its own.
        if not any(words in str(error) for words in ("os error", "thrift", "No space", "File too large")):
            raise
        raise OutputError("cannot_write", path=folder, reason=error) from error


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _discard(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
