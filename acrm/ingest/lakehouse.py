"""Delta and Iceberg tables: a log says which Parquet files are the table at the moment."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from acrm.errors import InputError
from acrm.ingest.raw import SourceFile, digest

_NUMBER = re.compile(r"v?(\d+)")
LOG, METADATA = "_delta_log", ".metadata.json"
_READER = {"py-io-impl": "acrm.ingest.iceberg_io.Objects"}


def location(folder: Path) -> tuple[str, str] | None:
    """The kind of table that a folder is, and what opens it; None for a folder of files."""
    if (folder / LOG).is_dir():
        return "delta", str(folder)
    states = [str(file) for file in (folder / "metadata").glob(f"*{METADATA}")]
    return ("iceberg", newest(states)) if states else None


def newest(states: Iterable[str]) -> str:
    """Of the metadata files of an Iceberg table the one written last.

    >>> newest(["metadata/00009-a.metadata.json", "metadata/00010-b.metadata.json"])
    'metadata/00010-b.metadata.json'
    >>> newest(["metadata/v1.metadata.json", "metadata/v2.metadata.json"])
    'metadata/v2.metadata.json'
    """

    def number(state: str) -> tuple[int, str]:
        found = _NUMBER.match(state.rpartition("/")[2])
        return int(found[1]) if found else -1, state

    return max(states, key=number)


def opened(kind: str, location: str, path: Path, name: str) -> SourceFile:
    """A table as it is now: all of the run reads this version of it, whatever is written meanwhile.

    Args:
        kind: delta or iceberg.
        location: Folder or URL of a Delta table, metadata file of an Iceberg table.
        path: Where it stands.
        name: How it is called.

    Raises:
        InputError: The packages that read it are not installed, or it cannot be read.
    """
    try:
        version, files, size = _delta(location) if kind == "delta" else _iceberg(location)
    except ImportError as missing:
        raise InputError("no_cloud", path=name) from missing
    except Exception as error:  # each of the packages has families of errors of its own
        raise InputError("broken_table", path=name, reason=str(error).partition("\n")[0]) from error
    tag = digest([str(version), *files]) if "://" in location else ""
    return SourceFile(
        path=path, name=name, kind=kind, bytes=size, parts=files, tag=tag, location=location, version=version
    )


def scan(table: SourceFile) -> pl.LazyFrame:
    """The rows of an opened table."""
    if table.kind == "delta":
        return pl.scan_delta(table.location, version=table.version)
    # Said in a thread of Polars', whenever the rows are asked for, about a package that would plan the reading faster.
    warnings.filterwarnings("ignore", message="Iceberg scan planning")
    return pl.scan_iceberg(table.location, snapshot_id=table.version, storage_options=_reader(table.location))


def _delta(location: str) -> tuple[int, tuple[str, ...], int]:
    from deltalake import DeltaTable

    table = DeltaTable(location)
    sizes = pl.DataFrame(table.get_add_actions())["size_bytes"]
    files = sorted(table.file_uris())
    for file in files if "://" not in location else ():
        # A file that is gone, or in a folder that URLs spell otherwise (a blank is %20), is not found later on either.
        Path(file).stat()
    return table.version(), tuple(files), int(sizes.sum())


def _reader(location: str) -> dict[str, str] | None:
    return _READER if "://" in location else None


def _iceberg(location: str) -> tuple[int | None, tuple[str, ...], int]:
    from pyiceberg.table import StaticTable

    table = StaticTable.from_metadata(location, properties=_reader(location) or {})
    tasks = list(table.scan().plan_files())
    files = {task.file for task in tasks} | {deletes for task in tasks for deletes in task.delete_files}
    snapshot = table.current_snapshot()
    paths = tuple(sorted(file.file_path.removeprefix("file://") for file in files))
    return snapshot.snapshot_id if snapshot else None, paths, sum(file.file_size_in_bytes for file in files)
