"""Objects of S3, Google Cloud Storage and Azure: which of them a URL means, and a copy of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from acrm.errors import InputError
from acrm.ingest.raw import SourceFile, digest
from acrm.ingest.transcode import scratch_file
from acrm.lineage import KEY

_URL = re.compile(r"(s3a?|gs|az|azure|abfss?)://[^/]+")
_MAGIC = re.compile(r"[*?[]")
_PIECE = 1 << 24
_RETRIES = 2
POLARS = {"max_retries": _RETRIES}
"""How Polars reads objects. Who may read them is said by the environment, for it as for the listing here."""


@dataclass(frozen=True, kw_only=True)
class Object:
    """One object as a listing tells of it."""

    store: str
    """`s3://bucket`."""
    key: PurePosixPath
    base: PurePosixPath
    """The folder that was meant, or that of the object."""
    bytes: int
    tag: str
    """Changes with the content."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.store}/{self.key}"

    @property
    def name(self) -> str:
        """What it is called from the folder on."""
        return self.key.relative_to(self.base).as_posix()


def is_url(argument: str) -> bool:
    """Whether an argument means objects.

    >>> [is_url(argument) for argument in ("s3://shop/orders.csv", "az://lake/orders/", "orders.csv", "s3:orders")]
    [True, True, False, False]
    """
    return _URL.match(argument) is not None


def objects(url: str) -> list[Object]:
    """The objects that a URL means: one, all of a folder, or those that fit a pattern; sorted.

    In a pattern `*` and `?` stay within one folder and `**` does not.

    Raises:
        InputError: There are none, they may not be read, the store cannot be reached, or the extra is not installed.
    """
    store, key = _parts(url)
    with _explained(url):
        opened = _opened(store)
        fixed = key[: found.start()].rpartition("/")[0] if (found := _MAGIC.search(key)) else key.rstrip("/")
        base = PurePosixPath(fixed)
        if not found and key and not key.endswith("/") and (one := _one(opened, key)):
            return [_object(store, one, base.parent)]
        listed = [entry for batch in opened.list(fixed or None) for entry in batch]
    matching = re.compile(_regex(key)) if found else None
    kept = [entry for entry in listed if entry["size"] and (not matching or matching.fullmatch(entry["path"]))]
    if not kept:
        raise InputError("no_object", url=url)
    return sorted((_object(store, entry, base) for entry in kept), key=lambda one: one.key)


def copied(one: Object, scratch: Path) -> Path:
    """A copy of an object in the scratch folder, piece by piece, as a request may take but seconds."""
    path = scratch_file(scratch)
    with _explained(one.url), path.open("wb") as copy:
        store = _opened(one.store)
        for start in range(0, one.bytes, _PIECE):
            copy.write(store.get_range(str(one.key), start=start, end=min(start + _PIECE, one.bytes)))
    return path


def content(url: str) -> bytes:
    """All bytes of a small object."""
    store, key = _parts(url)
    return bytes(_opened(store).get(key).bytes())


def table(parts: list[Object], folder: PurePosixPath, name: str) -> SourceFile:
    """Parquet objects as one table that is read where it is."""
    return SourceFile(
        path=Path(f"{parts[0].store}/{folder}"),
        name=name,
        kind="parquet",
        bytes=sum(part.bytes for part in parts),
        parts=tuple(part.url for part in parts),
        tag=digest(f"{part.tag} {part.bytes} {part.key.relative_to(folder.parent)}" for part in parts),
    )


def stored(one: Object) -> SourceFile:
    """A table of a store, left where it is."""
    tag = digest([f"{one.tag} {one.bytes}"])
    return SourceFile(path=Path(one.url), name=one.name, kind="parquet", bytes=one.bytes, tag=tag, location=one.url)


def scan(source: SourceFile) -> pl.LazyFrame:
    """The rows of a table of a store, here or where it was left."""
    options = POLARS if source.is_remote else None
    return pl.scan_parquet(source.location or source.path, glob=False, storage_options=options)


def is_ours(one: Object) -> bool:
    """Whether a Parquet object is a result of acrm's."""
    with _explained(one.url):
        return KEY in pl.read_parquet_metadata(one.url, storage_options=POLARS)


def _parts(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    return f"{scheme}://{bucket}", key.lstrip("/")


def _opened(store: str) -> Any:
    from obstore.store import from_url

    return from_url(store, retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=20)})


def _one(opened: Any, key: str) -> Any:
    try:
        return opened.head(key)
    except FileNotFoundError:
        return None


def _object(store: str, entry: Any, base: PurePosixPath) -> Object:
    tag = entry["e_tag"] or entry["last_modified"].isoformat()
    return Object(store=store, key=PurePosixPath(entry["path"]), base=base, bytes=entry["size"], tag=tag)


def _regex(pattern: str) -> str:
    r"""A pattern of paths as a regular expression.

    >>> _regex("a/**/*.csv"), _regex("a?/[0-9].parquet")
    ('a/(?:.*/)?[^/]*\\.csv', 'a[^/]/[0-9]\\.parquet')
    """
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    return "".join(known.get(piece, piece if piece.startswith("[") else re.escape(piece)) for piece in pieces)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """What may go wrong on the way, in one sentence."""
    try:
        from obstore import exceptions
    except ImportError as missing:
        raise InputError("no_cloud", path=url) from missing
    try:
        yield
    except (FileNotFoundError, exceptions.NotFoundError) as error:
        raise InputError("no_object", url=url) from error
    except (PermissionError, exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise InputError("no_object_right", url=url) from error
    except (OSError, ValueError, pl.exceptions.PolarsError, exceptions.BaseError) as error:
        raise unreachable(url, error) from error


def unreachable(url: str, error: BaseException) -> InputError:
    """The error of a store that does not answer, without the tree of its causes."""
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    said = re.split(r": <| in [\d.]+(?:µs|ms|s)\b", said.removeprefix("object-store error: "))[0]
    return InputError("unreachable", url=url, reason=said)
