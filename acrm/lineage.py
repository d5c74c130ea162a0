"""Where a result came from: what its Parquet file carries under the metadata key `acrm`, and its manifest repeats."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from acrm import __version__
from acrm.errors import InputError
from acrm.messages import discreet
from acrm.schema import SCHEMA_VERSION

SHEET = r"\[[^\[]*\]$"
"""What follows the file in the name of a sheet: `book.xlsx[March]`."""
KEY = "acrm"


@dataclass(frozen=True, kw_only=True)
class Input:
    """One file that was read; `name` is relative to the source it was found in."""

    name: str
    sha256: str
    bytes: int
    rows: int
    system: str = ""
    """The system whose export it is, where that is known."""
    orders: int = 0
    deals: int = 0
    """How many it tells of, those that other files tell again included."""
    since: str = ""
    """The day of the run that brought it into a store."""
    files: int = 0
    """Of a table of many files, how many; `sha256` is that of their fingerprints."""


_COUNTS = ("orders", "deals", "files")
"""What the lineage does not tell of files that have none."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What ran, on what, how many rows it met. The same run gives the same lineage: no time, no absolute path.

    `options` maps an option to its value and origin (flag, env, config or default). Rows in are rows out plus rows
    rejected.
    """

    command: str
    options: Mapping[str, tuple[object, str]]
    inputs: tuple[Input, ...] = ()
    rows_in: int = 0
    rows_out: int = 0
    rows_rejected: int = 0
    seed: int | None = None
    as_of: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """The lineage as JSON has it.

        >>> Lineage(command="rfm", options={"rates": ("/home/ann/rates.csv", "flag")}).as_dict()["options"]
        {'rates': {'value': 'rates.csv', 'origin': 'flag'}}
        """
        return {
            "acrm": __version__,
            "schema_version": SCHEMA_VERSION,
            "command": self.command,
            "options": {
                name: {"value": _relative(value), "origin": origin} for name, (value, origin) in self.options.items()
            },
            "inputs": [_told(source) for source in self.inputs],
            "rows": {"in": self.rows_in, "out": self.rows_out, "rejected": self.rows_rejected},
            "seed": self.seed,
            "as_of": self.as_of,
        }

    def metadata(self) -> dict[str, str]:
        """Key-value metadata for a Parquet file."""
        return {KEY: dumps(self.as_dict(), indent=None)}


def _told(source: Input) -> dict[str, Any]:
    return {name: value for name, value in asdict(source).items() if value != "" and (value or name not in _COUNTS)}


def _relative(value: object) -> object:
    """The value without the folder of an absolute path, which would differ from machine to machine."""
    if isinstance(value, str | Path):
        path = Path(value)
        return path.name or value if path.is_absolute() else discreet(str(value))
    return value


def means(pattern: str, file: str) -> bool:
    """Whether a file pattern means a file: by its name with or without the folder, with the sheet, or by the sheet's.

    >>> [means(pattern, "may/crm.xlsx[Leads]") for pattern in ("crm.*", "may/*", "Leads", "crm")]
    [True, True, True, False]
    """
    whole = re.sub(SHEET, "", file)
    return any(fnmatch(name, pattern) for name in (file, whole, Path(whole).name, file[len(whole) :].strip("[]")))


def sha256(path: Path) -> str:
    """The fingerprint of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_manifest(path: Path) -> bool:
    """Whether a file is a manifest that acrm wrote."""
    try:
        return b"".join(path.read_bytes()[:32].split()).startswith(b'{"acrm":')
    except OSError:
        return False


def listed(path: Path) -> set[str]:
    """The files that a manifest says were written beside it; none where it is no manifest."""
    if not is_manifest(path):
        return set()
    try:
        outputs = json.loads(path.read_text(encoding="utf-8")).get("outputs", [])
        return {Path(str(output["name"])).name for output in outputs}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return set()


def read(path: Path) -> dict[str, Any]:
    """The lineage that a Parquet file carries.

    Raises:
        InputError: There is no such file, or acrm did not write it.
    """
    import polars as pl

    if not path.exists():
        raise InputError("no_file", path=path)
    try:
        # Opened here, as a name need not be text that Polars can take.
        with path.open("rb") as file:
            found = json.loads(pl.read_parquet_metadata(file)[KEY], parse_float=Decimal)
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError) as error:
        raise InputError("no_lineage", path=path) from error
    return dict(found)


def dumps(value: object, indent: int | None = 2, _margin: str = "\n") -> str:
    """JSON with exact numbers: a Decimal keeps its digits, what is not a number becomes null; keys stay in order.

    >>> dumps({"spend": Decimal("8911407.9040"), "share": float("nan"), "as_of": date(2011, 12, 11)}, indent=None)
    '{"spend": 8911407.9040, "share": null, "as_of": "2011-12-11"}'
    """
    inner = _margin + " " * (indent or 0)
    match value:
        case Mapping():
            items = [f"{dumps(str(key))}: {dumps(item, indent, inner)}" for key, item in value.items()]
            return _joined("{", items, "}", indent, inner, _margin)
        case list() | tuple():
            return _joined("[", [dumps(item, indent, inner) for item in value], "]", indent, inner, _margin)
        case Decimal():
            return format(value, "f") if value.is_finite() else "null"
        case float():
            return repr(value) if math.isfinite(value) else "null"
        case None | bool() | int():
            return json.dumps(value)
        case _:
            return json.dumps(value.isoformat() if isinstance(value, date) else readable(value), ensure_ascii=False)


def readable(name: object) -> str:
    r"""A name of a file as text that can be written anywhere: bytes that are not UTF-8 stand there as numbers.

    >>> print(readable("orders\udcff.csv"))
    orders\xff.csv
    """
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _joined(opening: str, items: list[str], closing: str, indent: int | None, inner: str, margin: str) -> str:
    if indent is None or not items:
        return opening + ", ".join(items) + closing
    return opening + inner + ("," + inner).join(items) + margin + closing
