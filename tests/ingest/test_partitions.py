"""Many Parquet files are one table where their names say so, whatever columns each of them has."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from acrm.errors import InputError
from acrm.ingest import read
from acrm.ingest.dataset import Dataset, load
from acrm.ingest.options import IngestOptions
from acrm.ingest.raw import ReadOptions
from acrm.ingest.sources import find
from tests.conftest import Acrm

DAYS = {"2023/month=05": date(2023, 5, 3), "2023/month=11": date(2023, 11, 4), "2024/month=01": date(2024, 1, 5)}


def orders(day: date, count: int = 3) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order_id": [f"{day:%y%m}-{row}" for row in range(count)],
            "customer_id": [f"C{row}" for row in range(count)],
            "ordered_at": [day] * count,
            "quantity": [1 + row for row in range(count)],
            "unit_price": [2.5] * count,
        }
    )


def hive(folder: Path) -> Path:
    for key, day in DAYS.items():
        part = folder / f"orders/year={key}/part-0.parquet"
        part.parent.mkdir(parents=True)
        orders(day).write_parquet(part)
    return folder / "orders"


def spark(folder: Path, parts: int = 2) -> Path:
    table = folder / "orders.parquet"
    table.mkdir(parents=True)
    for part in range(parts):
        name = f"part-{part:05d}-6b2a.snappy.parquet"
        orders(date(2024, 1 + part, 5)).write_parquet(table / name)
        (table / f".{name}.crc").write_bytes(b"crc\0")
    (table / "_SUCCESS").touch()
    (table / "._SUCCESS.crc").write_bytes(b"crc\0")
    return table


def names(*arguments: Path | str, scratch: Path) -> list[str]:
    return [file.name for file in find([str(argument) for argument in arguments], scratch)]


def loaded(scratch: Path, *arguments: Path | str) -> Dataset:
    scratch.mkdir(exist_ok=True)
    return load([str(argument) for argument in arguments], IngestOptions(), scratch)


def test_a_hive_folder_is_one_table_with_its_keys_as_columns(tmp_path: Path) -> None:
    table = hive(tmp_path / "lake")
    dataset = loaded(tmp_path / "s", tmp_path / "lake")
    assert [(source.name, source.rows_in) for source in dataset.inputs] == [("orders", 9)]
    lines = dataset.tables["transactions"].sort("order_id").collect()
    assert lines["x_year"].to_list() == ["2023"] * 6 + ["2024"] * 3
    assert lines["x_month"].to_list() == ["05"] * 3 + ["11"] * 3 + ["01"] * 3
    [(one, frame)] = [
        (source, read.read(source, ReadOptions(), tmp_path)[0]) for source in find([str(table)], tmp_path)
    ]
    assert len(one.parts) == 3
    assert frame.frame.collect()["_source_row"].to_list() == list(range(1, 10))


def test_the_same_table_is_meant_by_its_folder_by_patterns_and_by_all_its_files(tmp_path: Path) -> None:
    table = hive(tmp_path / "lake")
    everything = sorted(table.rglob("*.parquet"))
    for meant in ([table], [tmp_path / "lake"], [f"{table}/**/*.parquet"], [f"{table}/*/*"], everything):
        [found] = find([str(one) for one in meant], tmp_path)
        assert (found.name, len(found.parts)) == ("orders", 3)
    [part] = find([str(table / "year=2023")], tmp_path)
    assert (part.name, len(part.parts)) == ("orders", 2)


def test_keys_above_the_table_are_none_of_its_columns(tmp_path: Path) -> None:
    table = hive(tmp_path / "tenant=7" / "lake")
    [raw] = [read.read(source, ReadOptions(), tmp_path)[0] for source in find([str(table)], tmp_path)]
    assert raw.header[-2:] == ("year", "month")
    assert "tenant" not in raw.header


def test_what_spark_wrote_is_one_table_called_as_its_folder(tmp_path: Path) -> None:
    table = spark(tmp_path / "lake")
    assert names(table, scratch=tmp_path) == names(tmp_path / "lake", scratch=tmp_path) == ["orders.parquet"]
    assert loaded(tmp_path / "s", table).rows_in == 6


def test_exports_of_several_months_stay_files_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for month in (1, 2):
        orders(date(2024, month, 5)).write_parquet(folder / f"orders-2024-{month:02d}.parquet")
    assert names(folder, scratch=tmp_path) == ["orders-2024-01.parquet", "orders-2024-02.parquet"]


def test_parts_of_csv_are_read_and_the_marks_beside_them_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    for part in range(2):
        orders(date(2024, 1 + part, 5)).write_csv(folder / f"part-0000{part}.csv")
    assert names(folder, scratch=tmp_path) == ["part-00000.csv", "part-00001.csv"]
    (folder / "_orders.csv").write_text("")
    with pytest.raises(InputError, match="the file is empty"):
        find([str(folder)], tmp_path)


def test_parts_are_matched_by_the_names_of_their_columns(tmp_path: Path) -> None:
    table = spark(tmp_path, 4)
    _, second, third, fourth = sorted(table.glob("part*"))
    whole = pl.read_parquet(second)
    whole.select(*reversed(whole.columns)).with_columns(channel=pl.lit("web")).write_parquet(second)
    pl.read_parquet(third).drop("quantity").with_columns(line_amount=pl.lit(7.5)).write_parquet(third)
    pl.read_parquet(fourth).with_columns(pl.col("quantity").cast(pl.Int8)).write_parquet(fourth)
    [raw] = [read.read(source, ReadOptions(), tmp_path)[0] for source in find([str(table)], tmp_path)]
    rows = raw.frame.collect()
    assert sorted(rows["order_id"]) == [f"240{part}-{row}" for part in (1, 2, 3, 4) for row in range(3)]
    assert rows["quantity"].null_count() == 3
    assert rows["channel"].drop_nulls().to_list() == ["web"] * 3
    assert rows.schema["quantity"].is_integer()
    lines = loaded(tmp_path / "s", table).tables["transactions"].collect()
    assert lines["line_amount"].cast(float).sum() == 3 * (2.5 + 5 + 7.5) + 3 * 7.5


@pytest.mark.parametrize(
    ("other", "cells"),
    [
        (pl.Series("ordered_at", [19723] * 3), ["2024-01-05", "19723"]),
        (pl.Series("ordered_at", ["05.02.2024"] * 3), ["2024-01-05", "05.02.2024"]),
        (pl.Series("ordered_at", [["2024-02-05"]] * 3), ["2024-01-05", '["2024-02-05"]']),
        (pl.Series("ordered_at", [b"2024\xff"] * 3), ["2024-01-05", "2024\\xff"]),
    ],
)
def test_where_parts_disagree_a_column_is_text(tmp_path: Path, other: pl.Series, cells: list[str]) -> None:
    table = spark(tmp_path)
    last = max(table.glob("part*"))
    pl.read_parquet(last).with_columns(other).write_parquet(last)
    [raw] = [read.read(source, ReadOptions(), tmp_path)[0] for source in find([str(table)], tmp_path)]
    assert raw.frame.collect()["ordered_at"].unique(maintain_order=True).to_list() == cells


def test_parts_with_times_of_several_zones(tmp_path: Path) -> None:
    table = spark(tmp_path, 3)
    for part, zone in zip(sorted(table.glob("part*"))[1:], ("UTC", "Europe/Riga"), strict=True):
        there = pl.col("ordered_at").cast(pl.Datetime).dt.offset_by("23h").dt.replace_time_zone("UTC")
        pl.read_parquet(part).with_columns(there.dt.convert_time_zone(zone)).write_parquet(part)
    lines = loaded(tmp_path / "s", table).tables["transactions"].collect()
    days = lines["ordered_on"].unique().sort().to_list()
    assert days == [date(2024, 1, 5), date(2024, 2, 5), date(2024, 3, 6)]


def test_a_fingerprint_is_of_the_content_and_the_names_below_the_folder(tmp_path: Path) -> None:
    tables = [hive(tmp_path / name) for name in ("a", "b")]
    [[one], [same]] = [find([str(table)], tmp_path) for table in tables]
    assert one.sha256 == same.sha256
    (tables[1] / "year=2024").rename(tables[1] / "year=2025")
    [moved] = find([str(tables[1])], tmp_path)
    orders(DAYS["2024/month=01"], 2).write_parquet(tables[0] / "year=2024/month=01/part-0.parquet")
    [changed] = find([str(tables[0])], tmp_path)
    assert len({one.sha256, moved.sha256, changed.sha256}) == 3


def test_a_damaged_part_is_told(tmp_path: Path) -> None:
    table = spark(tmp_path)
    max(table.glob("part*")).write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"orders\.parquet/part-\S+: the Parquet file is damaged"):
        loaded(tmp_path / "s", table)


def test_damage_inside_a_part_is_told(acrm: Acrm, tmp_path: Path) -> None:
    table = spark(tmp_path)
    part = max(table.glob("part*"))
    content = bytearray(part.read_bytes())
    content[8:80] = b"\xff" * 72
    part.write_bytes(content)
    ran = acrm("rfm", table)
    assert ran.code == 3, ran.err
    assert "orders.parquet: the Parquet file is damaged" in ran.err


def test_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    hive(tmp_path / "lake")
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xff"))
    try:
        (tmp_path / "lake").rename(folder)
    except OSError:
        pytest.skip("names here are UTF-8")
    [found] = find([str(folder)], tmp_path)
    assert found.name == "orders"
    assert read.read(found, ReadOptions(), tmp_path)[0].frame.collect().height == 9


def test_a_table_of_many_files_is_one_line_of_the_account_and_of_the_lineage(acrm: Acrm, tmp_path: Path) -> None:
    hive(tmp_path / "lake")
    first = acrm("clean", "lake", "-o", "store")
    assert (first.code, "parquet (3 files)" in first.out) == (0, True)
    told = acrm("lineage", "store/transactions.parquet")
    assert "orders  9 rows, 3 files, " in told.out
    again = acrm("clean", "lake", "-o", "store")
    assert "9 rows in" in again.out
    assert acrm("rfm", "lake", "-o", "-").raw == acrm("rfm", "store", "-o", "-").raw


def test_a_store_or_result_below_a_key_is_no_part(acrm: Acrm, tmp_path: Path) -> None:
    hive(tmp_path / "lake")
    for _ in range(2):
        assert acrm("clean", "lake", "-o", "stores/day=1").code == 0
    assert acrm("rfm", "stores/day=1", "-o", "-").raw == acrm("rfm", "lake", "-o", "-").raw
    assert acrm("rfm", "lake", "-o", "out/day=1").code == 0
    assert names("out/day=1/rfm.parquet", scratch=tmp_path) == ["rfm.parquet"]


def test_files_called_by_words_below_a_key_are_tables_of_their_own(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for year in (2023, 2024):
        (lake / f"year={year}").mkdir(parents=True)
        orders(date(year, 1, 5)).write_parquet(lake / f"year={year}/orders.parquet")
    assert names(lake, scratch=tmp_path) == ["lake"]
    people = pl.DataFrame({"customer_id": ["C0", "C1"], "full_name": ["Ann Lee", "Bo Hill"]})
    people.write_parquet(lake / "year=2024/customers.parquet")
    dataset = loaded(tmp_path / "s", lake)
    found = [(one.name, one.plan.entity, one.rows_in) for one in dataset.inputs]
    assert found == [("lake/customers", "customers", 2), ("lake/orders", "transactions", 6)]
