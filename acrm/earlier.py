"""What an earlier run left in its folder, for a command that goes on from there."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from acrm.analysis.result import Result
from acrm.errors import InputError
from acrm.messages import Message
from acrm.publish import standing

if TYPE_CHECKING:
    from datetime import date

    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.clv.model_file import SavedModel

_DAY = r"\d{4}-\d\d-\d\d"


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


def earlier_result(path: str, command: str) -> pl.DataFrame | None:
    """The main table of an earlier result of a command, None when the path is no result of acrm's."""
    file = Path(path) / f"{command}.parquet" if Path(path).is_dir() else Path(path)
    content = standing(file)
    if file.suffix != ".parquet" or not content.is_file():
        return None
    try:
        made = pl.read_parquet_metadata(content).get("acrm")
    except pl.exceptions.PolarsError:
        return None
    if made is None or json.loads(made).get("command") != command:
        return None
    if file.name != f"{command}.parquet":
        raise InputError("not_the_main_table", path=path, wanted=f"{command}.parquet")
    return pl.read_parquet(content, glob=False)


def whole_result(path: str, command: str, main: str, params: type) -> Result | None:
    """An earlier result of a command with all its tables, `main` first, and its figures; None where the path is none.

    Of what was asked for it has numbers and words, of `params`; notes it has none.

    Raises:
        InputError: Files of it are missing, or are none.
    """
    first = earlier_result(path, command)
    if first is None:
        return None
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    told = document_of(str(folder), f"{command}.json")
    names = [str(one["name"]).removesuffix(".parquet") for one in told.get("outputs", ()) if _is_table(one)]
    tables = {main: first}
    for name in names:
        table = table_of(str(folder), name) if name.startswith(f"{command}_") else None
        if table is not None:
            tables[name.removeprefix(f"{command}_")] = table
    summary = {name: _day(value) for name, value in told.get("summary", {}).items()}
    options = {name: one["value"] for name, one in told.get("options", {}).items()}
    asked = {
        field.name: options[field.name]
        for field in fields(params)
        if isinstance(field.default, int | float | str) and isinstance(options.get(field.name), type(field.default))
    }
    return Result(params=params(**asked), tables=tables, summary=summary)


def _is_table(output: object) -> bool:
    return isinstance(output, dict) and str(output.get("name")).endswith(".parquet")


def _day(value: Any) -> Any:
    """The value, a day that JSON has as text as a day again."""
    from datetime import date

    return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(_DAY, value) else value


def segments_of(sources: Sequence[str], lines: pl.LazyFrame, as_of: date | None) -> tuple[pl.DataFrame, Message]:
    """The segments of an earlier `acrm rfm` among the sources, without one those by its defaults; and a word on it.

    Raises:
        InputError: The lines do not tell who bought when for how much.
    """
    from acrm.analysis.rfm import RfmParams, rfm
    from acrm.engine import columns

    for source in sources:
        earlier = earlier_result(source, "rfm")
        if earlier is not None:
            return earlier, Message("clv.segments_of", {"path": source})
    have = columns(lines)
    if not have:
        raise InputError("segments_no_orders")
    lacking = [name for name in ("customer_id", "ordered_on", "line_amount") if name not in have]
    if lacking:
        raise InputError("segments_need", columns=", ".join(lacking))
    return rfm(lines, RfmParams(as_of=as_of)).tables["customers"], Message("clv.segments_made")


def saved_model(path: str) -> SavedModel:
    """The model that an earlier `acrm clv` saved.

    Raises:
        InputError: It is not there, or is none.
    """
    from acrm.analysis.clv.model_file import from_document

    return from_document(document_of(path), path)


def saved_churn(path: str) -> SavedChurn:
    """The model that an earlier `acrm churn` saved: the file, or `churn_model.json` of a folder.

    Raises:
        InputError: It is not there, or is none.
    """
    from acrm.analysis.churn.model_file import from_document

    return from_document(document_of(path, "churn_model.json"), path)


def table_of(folder: str, name: str) -> pl.DataFrame | None:
    """A table that an earlier run left in a folder, None where there is none."""
    content = standing(Path(folder) / f"{name}.parquet")
    return pl.read_parquet(content, glob=False) if content.is_file() else None


def earlier_worth(sources: Sequence[str]) -> pl.DataFrame | None:
    """`customer_id` and `clv` of the first result of `acrm clv` among the sources that has both; None: there is none.

    Raises:
        InputError: There are such results, but they value no customers.
    """
    found = [table for path in sources if (table := earlier_result(path, "clv")) is not None]
    told = [table for table in found if {"customer_id", "clv"} <= set(table.columns)]
    if found and not told:
        raise InputError("segment_no_clv")
    return told[0].select("customer_id", "clv") if told else None


def earlier_segments(path: str) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any] | None]:
    """The segments of an earlier `acrm segment`, its table of customers, and its model, None where rules made them.

    Raises:
        InputError: They are not there.
    """
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    main, people = earlier_result(str(folder), "segment"), table_of(str(folder), "segment_people")
    if main is None or people is None:
        raise InputError("segment_not_earlier", path=path)
    ruled = "distance" not in main.columns
    return main, people, None if ruled else document_of(str(folder / "segment_model.json"))


def earlier_churn(path: str) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The probabilities of an earlier `acrm churn`, and its table of customers, None where it left none.

    Raises:
        InputError: They are not there.
    """
    folder = str(Path(path) if Path(path).is_dir() else Path(path).parent)
    main = earlier_result(folder, "churn")
    if main is None or not {"customer_id", "churn_probability", "risk_band"} <= set(main.columns):
        raise InputError("churn_not_earlier", path=path)
    return main, table_of(folder, "churn_people")


def earlier_terms(path: str) -> dict[str, Any]:
    """The summary of an earlier `acrm churn`; nothing where it left none."""
    folder = str(Path(path) if Path(path).is_dir() else Path(path).parent)
    try:
        return dict(document_of(folder, "churn.json").get("summary", {}))
    except InputError:
        return {}


def document_of(path: str, name: str = "") -> dict[str, Any]:
    """A JSON file of an earlier run, or that of a name in its folder.

    Raises:
        InputError: It is not there, or is none.
    """
    try:
        return dict(
            json.loads(standing(Path(path) / name if Path(path).is_dir() else Path(path)).read_text(encoding="utf-8"))
        )
    except FileNotFoundError:
        raise InputError("no_file", path=path) from None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InputError("bad_json", path=path, reason=error) from error
