"""Delta and Iceberg tables are read as they are at the moment, as one source."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from acrm.errors import InputError
from acrm.ingest import read
from acrm.ingest.raw import RawTable, ReadOptions
from acrm.ingest.sources import find
from tests.conftest import Acrm


def orders(month: int, count: int = 4) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order_id": [f"{month}-{row}" for row in range(count)],
            "customer_id": [f"C{row}" for row in range(count)],
            "ordered_at": [date(2024, month, 5)] * count,
            "line_amount": [10.5] * count,
        }
    )


def delta(folder: Path) -> Path:
    """Two writes, the second with one column more, and one row deleted."""
    deltalake = pytest.importorskip("deltalake", reason="acrm[cloud] is not installed")
    orders(1).write_delta(str(folder))
    more = orders(2).with_columns(channel=pl.lit("web"))
    more.write_delta(str(folder), mode="append", delta_write_options={"schema_mode": "merge"})
    deltalake.DeltaTable(str(folder)).delete("order_id = '1-0'")
    return folder


def iceberg(folder: Path) -> Path:
    """Two writes of a catalog on disk."""
    catalogs = pytest.importorskip("pyiceberg.catalog.sql", reason="pyiceberg[sql-sqlite] is not installed")
    folder.mkdir()
    catalog = catalogs.SqlCatalog("c", uri=f"sqlite:///{folder}/catalog.db", warehouse=folder.as_uri())
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.orders", schema=orders(1).to_arrow().schema)
    table.append(orders(1).to_arrow())
    table.append(orders(2).to_arrow())
    catalog.engine.dispose()
    return folder / "shop" / "orders"


def raw(folder: Path, scratch: Path) -> RawTable:
    [source] = find([str(folder)], scratch)
    return read.read(source, ReadOptions(), scratch)[0]


def test_a_delta_table_is_what_its_log_says(tmp_path: Path) -> None:
    found = raw(delta(tmp_path / "orders"), tmp_path)
    rows = found.frame.collect()
    assert sorted(rows["order_id"]) == ["1-1", "1-2", "1-3", "2-0", "2-1", "2-2", "2-3"]
    assert sorted(rows["_source_row"]) == list(range(1, 8))
    assert rows["channel"].null_count() == 3
    # Three Parquet files lie there, one of them is history.
    assert (found.name, found.source.kind, len(found.source.parts)) == ("orders", "delta", 2)
    assert found.source.bytes == sum(Path(part).stat().st_size for part in found.source.parts)


def test_what_is_written_meanwhile_is_not_read(tmp_path: Path) -> None:
    folder = delta(tmp_path / "orders")
    [source] = find([str(folder)], tmp_path)
    orders(3).with_columns(channel=pl.lit("shop")).write_delta(str(folder), mode="append")
    assert read.read(source, ReadOptions(), tmp_path)[0].frame.collect().height == 7
    [later] = find([str(folder)], tmp_path)
    assert later.sha256 != source.sha256


def test_an_iceberg_table_is_what_its_newest_metadata_says(tmp_path: Path) -> None:
    found = raw(iceberg(tmp_path / "house"), tmp_path)
    assert sorted(found.frame.collect()["order_id"]) == sorted([*orders(1)["order_id"], *orders(2)["order_id"]])
    assert (found.name, found.source.kind, len(found.source.parts)) == ("orders", "iceberg", 2)


def test_an_iceberg_table_without_rows(tmp_path: Path) -> None:
    folder = iceberg(tmp_path / "house")
    for state in (folder / "metadata").glob("0000[12]*.json"):
        state.unlink()
    assert raw(folder, tmp_path).frame.collect().is_empty()


def test_a_table_in_a_folder_of_exports_is_one_of_them(acrm: Acrm, tmp_path: Path) -> None:
    delta(tmp_path / "in" / "orders")
    (tmp_path / "in/customers.csv").write_text("customer_id,city\nC0,Riga\nC1,Riga\n")
    ran = acrm("clean", "in")
    assert ran.code == 0
    assert "delta (2 files)" in ran.out
    assert acrm("rfm", "in", "-o", "-").raw == acrm("rfm", "acrm-store", "-o", "-").raw


def test_a_table_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    pytest.importorskip("deltalake", reason="acrm[cloud] is not installed")
    (tmp_path / "orders/_delta_log").mkdir(parents=True)
    (tmp_path / "orders/_delta_log/00000000000000000000.json").write_text("{}")
    with pytest.raises(InputError, match="orders: the table cannot be read"):
        find([str(tmp_path / "orders")], tmp_path)


@pytest.mark.parametrize(
    ("mark", "package"), [("_delta_log/0.json", "deltalake"), ("metadata/v1.metadata.json", "pyiceberg.table")]
)
def test_without_the_extra_the_error_says_what_to_install(
    acrm: Acrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "orders" / mark).parent.mkdir(parents=True)
    (tmp_path / "orders" / mark).write_text("{}")
    ran = acrm("clean", "orders")
    assert ran.code == 3
    assert "pip install 'acrm[cloud]'" in ran.err


def test_a_delta_table_that_lacks_a_file_is_one_sentence(tmp_path: Path) -> None:
    table = delta(tmp_path / "orders")
    for part in table.glob("*.parquet"):
        part.unlink()
    with pytest.raises(InputError, match=r"orders: the table cannot be read: .*No such file"):
        find([str(table)], tmp_path)


def test_a_table_without_files_has_a_fingerprint(tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake", reason="acrm[cloud] is not installed")
    table = delta(tmp_path / "orders")
    deltalake.DeltaTable(str(table)).delete()
    [source] = find([str(table)], tmp_path)
    assert source.parts == ()
    assert len(source.sha256) == 64
