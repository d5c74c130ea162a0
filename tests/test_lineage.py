"""Lineage: what a file says about its making, and JSON that keeps every digit."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm import __version__
from acrm.errors import InputError
from acrm.lineage import KEY, Input, Lineage, dumps, read, sha256

LINEAGE = Lineage(
    command="rfm",
    options={
        "as_of": (date(2011, 12, 11), "flag"),
        "rates": (Path("/home/ann/rates.csv"), "env"),
        "seed": (0, "default"),
    },
    inputs=(Input(name="orders.csv", sha256="ab" * 32, bytes=10, rows=3),),
    rows_in=3,
    rows_out=2,
    rows_rejected=1,
    seed=0,
    as_of=date(2011, 12, 11),
)


def test_a_file_carries_its_lineage(tmp_path: Path) -> None:
    file = tmp_path / "rfm.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(file, metadata=LINEAGE.metadata())
    found = read(file)
    assert found["acrm"] == __version__
    assert found["rows"] == {"in": 3, "out": 2, "rejected": 1}
    assert found["options"]["as_of"] == {"value": "2011-12-11", "origin": "flag"}
    assert found["inputs"][0]["name"] == "orders.csv"


def test_no_absolute_path_and_nothing_of_the_moment() -> None:
    written = LINEAGE.metadata()[KEY]
    assert "/home" not in written
    assert "rates.csv" in written
    assert written == LINEAGE.metadata()[KEY]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1PAR1"])
def test_not_ours(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(InputError, match="was not written by acrm"):
        read(file)


def test_somebody_elses_parquet(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="was not written by acrm") as raised:
        read(tmp_path / "a.parquet")
    assert str(raised.value.hint).startswith("acrm clean ")
    with pytest.raises(InputError, match="was not written by acrm"):
        read(tmp_path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.parquet")


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1.
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN, st.sampled_from([None, 2]))
def test_json_is_what_the_standard_library_writes(value: object, indent: int | None) -> None:
    assert dumps(value, indent) == json.dumps(value, indent=indent, ensure_ascii=False)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_decimals_keep_every_digit(value: Decimal) -> None:
    assert json.loads(dumps([value]), parse_float=Decimal, parse_int=Decimal) == [value]
    assert "E" not in dumps(value)


def test_no_secret_of_an_address_is_kept() -> None:
    made = Lineage(command="clean", options={"rates": ("s3://KEY:SE/CRET@box/rates.csv", "flag")}).as_dict()
    assert made["options"]["rates"]["value"] == "s3://***@box/rates.csv"
