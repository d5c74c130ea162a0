"""Files: all or none, the same bytes for the same result, nothing in a CSV that runs, no source overwritten."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from acrm import messages
from acrm.errors import OutputError, UsageError
from acrm.lineage import Lineage, read, sha256
from acrm.messages import Message
from acrm.publish import JOURNAL, new
from acrm.write import csv_parts, to_json, write_result

LINEAGE = Lineage(command="rfm", options={}, rows_in=2, rows_out=2)


@dataclass(frozen=True)
class Made:
    """The smallest result there is."""

    tables: dict[str, pl.DataFrame]
    summary: dict[str, object] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    actions: pl.DataFrame | None = None
    document: dict[str, object] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()


MADE = Made(
    {
        "customers": pl.DataFrame({"customer_id": ["007", "ann"], "spend": [Decimal("1.5"), Decimal(-2)]}),
        "segments": pl.DataFrame({"segment": ["=cmd()"], "customers": [2]}),
    },
    {"customers": 2, "spend": Decimal("8911407.9040"), "as_of": date(2011, 12, 11), "share": None},
    (Message("error.no_file", {"path": "a.csv"}),),
)


def text(frame: pl.DataFrame) -> str:
    return b"".join(csv_parts(frame)).decode()


def test_the_files_of_a_result(tmp_path: Path) -> None:
    names = write_result(MADE, tmp_path / "out", "rfm", ("parquet", "csv"), LINEAGE)
    assert names == ["rfm.parquet", "rfm.csv", "rfm_segments.parquet", "rfm_segments.csv", "rfm.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert_frame_equal(pl.read_parquet(tmp_path / "out" / "rfm.parquet"), MADE.tables["customers"])
    assert read(tmp_path / "out" / "rfm_segments.parquet")["command"] == "rfm"
    assert (tmp_path / "out" / "rfm.csv").read_bytes().startswith(b"\xef\xbb\xbfcustomer_id,spend\n007,")


def test_the_manifest(tmp_path: Path) -> None:
    write_result(MADE, tmp_path, "rfm", ("parquet",), LINEAGE)
    manifest = json.loads((tmp_path / "rfm.json").read_text(encoding="utf-8"), parse_float=Decimal)
    assert manifest["rows"] == {"in": 2, "out": 2, "rejected": 0}
    assert manifest["summary"] == {
        "customers": 2,
        "spend": Decimal("8911407.9040"),
        "as_of": "2011-12-11",
        "share": None,
    }
    assert [(output["name"], output["rows"]) for output in manifest["outputs"]] == [
        ("rfm.parquet", 2),
        ("rfm_segments.parquet", 1),
    ]
    assert manifest["outputs"][0]["sha256"] == sha256(tmp_path / "rfm.parquet")


def test_actions_are_a_table_too(tmp_path: Path) -> None:
    made = replace(MADE, actions=pl.DataFrame({"customer_id": ["ann"], "action": ["call"]}))
    assert "rfm_actions.parquet" in write_result(made, tmp_path, "rfm", ("parquet",), LINEAGE)


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_result(MADE, tmp_path / folder, "rfm", ("parquet", "csv"), LINEAGE)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_file_beside_the_tables_goes_with_a_result_that_has_none(tmp_path: Path) -> None:
    write_result(replace(MADE, files={"clv_model.json": "{}"}), tmp_path, "clv", ("parquet",), LINEAGE)
    for _ in range(2):
        names = write_result(MADE, tmp_path, "clv", ("parquet",), LINEAGE)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name[0] != ".") == sorted(names)


def test_a_failed_run_leaves_the_last_good_files(tmp_path: Path) -> None:
    write_result(MADE, tmp_path, "rfm", ("csv",), LINEAGE)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    # Polars cannot write a struct as CSV, and it meets this one after the main table is done.
    broken = Made({"customers": pl.DataFrame({"a": [1]}), "segments": pl.DataFrame({"a": [{"b": 1}]})})
    with pytest.raises(pl.exceptions.ComputeError):
        write_result(broken, tmp_path, "rfm", ("csv",), LINEAGE)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_result_that_was_half_published_is_completed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_result(MADE, tmp_path, "rfm", ("parquet", "csv"), LINEAGE)
    after = replace(MADE, tables={"customers": pl.DataFrame({"customer_id": ["new"]})})
    real = Path.replace

    def dying(path: Path, target: Path) -> Path:
        if target.name == "rfm.json":
            raise SystemExit
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(SystemExit):
            write_result(after, tmp_path, "rfm", ("parquet",), LINEAGE)
    assert (tmp_path / JOURNAL).exists()
    assert new(tmp_path, "rfm.json").exists()
    other = replace(MADE, tables={"x": pl.DataFrame({"a": [1]})})
    write_result(other, tmp_path, "clv", ("parquet",), LINEAGE)
    names = ["clv.json", "clv.parquet", "rfm.json", "rfm.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    listed = json.loads((tmp_path / "rfm.json").read_text(encoding="utf-8"))["outputs"]
    assert listed[0]["sha256"] == sha256(tmp_path / "rfm.parquet")


def test_a_file_where_a_folder_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError):
        write_result(MADE, tmp_path / "out", "rfm", ("parquet",), LINEAGE)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_source_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rfm.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is one of the sources"):
        write_result(MADE, tmp_path, "rfm", ("parquet", "csv"), LINEAGE, [Path("rfm.csv")])
    assert [path.name for path in tmp_path.iterdir()] == ["rfm.csv"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-", "'-"),
        ("-5", "-5"),
        ("-1 234,50", "-1 234,50"),
        ("+79123456789", "+79123456789"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
    ],
)
def test_formulas_do_not_run(cell: str | None, written: str) -> None:
    frame = pl.DataFrame({"n": [1], "name": [cell]}, schema={"n": pl.Int64, "name": pl.String})
    assert list(csv.reader(io.StringIO(text(frame), newline="")))[1] == ["1", written]


def test_headers_do_not_run_either() -> None:
    assert text(pl.DataFrame({"=x_1": [1], "-3": [2]})) == "'=x_1,-3\n1,2\n"


def test_types_as_spreadsheets_read_them() -> None:
    frame = pl.DataFrame(
        {
            "at": [datetime(2011, 12, 9, 12, 50, tzinfo=UTC)],
            "on": [date(2011, 12, 9)],
            "spend": [Decimal("-1234.5000")],
            "share": [0.25],
            "flags": [["a", "b"]],
            "new": [True],
        },
        schema_overrides={"spend": pl.Decimal(38, 4)},
    )
    assert text(frame).splitlines()[1] == '2011-12-09 12:50:00,2011-12-09,-1234.5000,0.25,"a, b",true'
    messages.use("ru")
    assert text(frame).splitlines()[1] == "2011-12-09 12:50:00;2011-12-09;-1234,5000;0,25;a, b;true"


def test_a_table_without_rows_has_a_header() -> None:
    assert text(pl.DataFrame({"a": []}, schema={"a": pl.String})) == "a\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_nothing_is_lost_but_an_apostrophe(cells: list[str]) -> None:
    frame = pl.DataFrame({"a": cells, "b": ["end"] * len(cells)})
    back = pl.read_csv(text(frame).encode(), infer_schema=False, empty_string_is_null=False)
    for cell, found in zip(cells, back["a"], strict=True):
        assert found in (cell, f"'{cell}")


def test_json() -> None:
    found = json.loads(to_json(MADE, "rfm"), parse_float=Decimal)
    assert list(found) == ["command", "summary", "notes"]
    assert found["summary"]["spend"] == Decimal("8911407.9040")
    assert found["notes"] == [{"id": "error.no_file", "text": "a.csv: no such file or folder"}]
