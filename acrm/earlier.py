"""What an earlier run left in its folder, for a command that goes on from there and reads no exports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from acrm.errors import InputError
from acrm.publish import standing


def model_tables(path: str, command: str, names: Sequence[str]) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Tables that an earlier run of a command left in its folder, and the summary of that run.

    Raises:
        InputError: They are not there.
    """
    given = Path(path)
    folder = given if given.is_dir() else given.parent
    try:
        summary = json.loads(standing(folder / f"{command}.json").read_text(encoding="utf-8"))["summary"]
        tables = {name: pl.read_parquet(standing(folder / f"{command}_{name}.parquet"), glob=False) for name in names}
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise InputError("offers_no_model", path=path) from error
    return tables, dict(summary)
