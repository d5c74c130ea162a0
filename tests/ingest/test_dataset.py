"""All sources together: no row is lost, row order decides nothing, a part read is the part of the whole."""

from __future__ import annotations

import csv
import io
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from acrm.errors import InputError
from acrm.ingest import dataset as ingested
from acrm.ingest.dataset import Dataset
from acrm.ingest.options import IngestOptions
from acrm.lineage import Lineage
from acrm.load import SALES
from acrm.schema import LINEAGE
from acrm.store import commit, prepare
from tests.ingest.conftest import Load, load_texts, rejected, rows

HEADER = ["order_id", "date", "product", "quantity", "amount", "customer", "email", "status"]
CELLS = {
    "order_id": ["1", "2", "007", ""],
    "date": ["13.01.2024", "14.02.2024 10:15", "31.02.2024", "01.01.0001 0:00:00", "soon", ""],
    "product": ["Mug", 'Cup "L"', "two\nlines", "a;b", "Итого", ""],
    "quantity": ["1", "-2", "x", ""],
    "amount": ["5", "1 234,50", "-7,00", "0", "1,23456", "abc", ""],
    "customer": ["Анна", "Aнна", "test", "-", ""],
    "email": ["ann@x.com", "ANN@x.com ", "nobody", ""],
    "status": ["paid", "отменён", "refunded", "?", ""],
}
RECORD = st.one_of(
    st.tuples(*(st.sampled_from(CELLS[name]) for name in HEADER)),
    st.sampled_from(
        [
            tuple("" for _ in HEADER),
            tuple(HEADER),
            ("Итого", *[""] * 3, "99", "", "", ""),
            ("printed by Ann", *[""] * 7),
        ]
    ),
    # Ragged: too many fields, too few.
    st.tuples(*(st.sampled_from(CELLS[name]) for name in HEADER), st.just("surplus")),
    st.tuples(st.sampled_from(CELLS["order_id"]), st.sampled_from(CELLS["date"])),
)
PLAIN = 12
CLEAN = ["1", "13.01.2024", "Mug", "1", "5,00", "Анна", "ann@x.com", "paid"]


def written(records: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    # Enough plain rows for the columns to be what they are.
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([HEADER, *[CLEAN] * PLAIN, *records])
    return text.getvalue()


def stored(dataset: Dataset, folder: Path) -> dict[str, pl.DataFrame]:
    """The tables of a dataset as a store holds them."""
    commit(folder, prepare(dataset, folder, Lineage(command="clean", options={})), {})
    return {path.stem: pl.read_parquet(path, glob=False) for path in sorted(folder.glob("*.parquet"))}


def canonical(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop(*LINEAGE, "_flags", strict=False)


@settings(max_examples=30, deadline=None)
@given(records=st.lists(RECORD, max_size=8))
def test_no_row_is_lost(tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]]) -> None:
    dataset = load_texts(tmp_path_factory.mktemp("dirty"), written(records))
    lines = dataset.tables["transactions"].collect()
    derived = dataset.inputs[0].derived
    assert dataset.rows_in == PLAIN + len(records)
    assert dataset.rows_in == lines.height - derived + dataset.rejects.height
    # Every record stands where it says it stands, and only once.
    kept = lines.filter(~pl.col("_flags").fill_null("").str.contains("derived"))["_source_row"].to_list()
    assert len({*kept, *dataset.rejects["line"].to_list()}) == dataset.rows_in


@settings(max_examples=12, deadline=None)
@given(records=st.lists(RECORD, max_size=8), seed=st.integers(0, 99))
def test_the_order_of_rows_leaves_no_trace(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("shuffled")
    # A quote that never closes runs into the next record, whichever that is.
    one = stored(load_texts(folder / "a", written(records)), folder / "one")
    random.Random(seed).shuffle(records)
    other = stored(load_texts(folder / "b", written(records)), folder / "other")
    assert_frame_equal(canonical(one["transactions"]), canonical(other["transactions"]))
    assert sorted(one["rejects"]["raw"]) == sorted(other["rejects"]["raw"])


@settings(max_examples=12, deadline=None)
@given(records=st.lists(RECORD, max_size=8))
def test_a_store_read_again_is_the_same_store(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("twice")
    one = stored(load_texts(folder / "a", written(records)), folder / "one")
    (folder / "scratch").mkdir()
    again = ingested.load([str(folder / "one")], IngestOptions(), folder / "scratch")
    other = stored(again, folder / "other")
    for name in other.keys() - {"rejects"}:
        assert_frame_equal(one[name], other[name])
    assert one.keys() - other.keys() <= {"links"}


@settings(max_examples=20, deadline=None)
@given(amounts=st.lists(st.decimals(-9999, 9999, places=2), min_size=1, max_size=12), orders=st.integers(1, 5))
def test_spend_is_conserved(tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal], orders: int) -> None:
    lines = "".join(f"{place % orders},2024-01-13,c{place % 3},{amount}\n" for place, amount in enumerate(amounts))
    dataset = load_texts(
        tmp_path_factory.mktemp("spend"), "order_id,date,customer id,amount\n9,2024-01-13,c,1.50\n" + lines
    )
    assert dataset.tables["transactions"].select(pl.col("line_amount").sum()).collect().item() == sum(
        amounts
    ) + Decimal("1.50")


PART = {
    "repeated totals": "order_id,date,product,total amount,customer id\n"
    + "".join(f"{i // 2},2024-01-0{i // 2 % 9 + 1},p{i},{i // 2 * 10 + 5},c{i // 2}\n" for i in range(16)),
    "a shared discount": "order_id,date,product,amount,cart discount,customer id\n"
    + "".join(f"{i // 3},2024-01-0{i // 3 % 9 + 1},p{9 - i},{i + 7},1,c{i // 3}\n" for i in range(9)),
    "no order ids": "date,product,amount,customer id\n" + "".join(f"2024-01-13,p{i},{i % 2 + 5},c\n" for i in range(5)),
    "names in parts": "date,amount,last name,first name,middle name\n2024-01-13,5,Сидоров,Иван,Петрович\n"
    "2024-01-14,5,Сидоров,Иван,Ильич\n",
    "a column of its own": "order_id,date,amount,customer id,our branch\n1,2024-01-13,5,7,A\n2,2024-01-14,6,8,B\n",
}


def part(files: dict[str, str], tmp_path: Path, columns: frozenset[str]) -> tuple[Dataset, Dataset]:
    """Everything, and the columns of transactions alone."""
    whole = load_texts(tmp_path / "whole", files)
    (tmp_path / "scratch").mkdir()
    sources = str(tmp_path / "whole" / "exports")
    return whole, ingested.load([sources], IngestOptions(), tmp_path / "scratch", {"transactions": columns})


@pytest.mark.parametrize("text", PART)
def test_a_part_is_read_as_in_the_whole(text: str, tmp_path: Path) -> None:
    whole, few = part({"table.csv": PART[text]}, tmp_path, SALES | {"x_our_branch"})
    columns = [name for name in sorted(SALES | {"x_our_branch"}) if name in few.tables["transactions"].collect_schema()]
    assert rows(few, "transactions", *columns) == rows(whole, "transactions", *columns)
    assert ("x_our_branch" in columns) == (text == "a column of its own")


def test_a_table_that_is_not_asked_for_still_says_who_is_who(tmp_path: Path) -> None:
    files = {
        "orders.csv": "order_id,date,amount,customer id\n1,2024-01-13,5,7\n2,2024-01-14,6,8\n",
        "calls.csv": "call date,client id,email,duration\n2024-01-13,7,a@x.com,60\n2024-01-14,8,a@x.com,60\n",
    }
    whole, few = part(files, tmp_path, SALES)
    assert rows(few, "transactions", "order_id", "customer_id") == [("1", "7"), ("2", "7")]
    assert rows(whole, "transactions", "order_id", "customer_id") == [("1", "7"), ("2", "7")]
    assert "interactions" in whole.tables
    assert "interactions" not in few.tables


def test_order_ids_where_there_are_none(load: Load) -> None:
    text = "date,amount,customer id\n2024-01-13,5,ann\n2024-01-13,7,ann\n2024-01-13 10:30,6,ann\n2024-01-14,5,\n"
    assert rows(load(text), "transactions", "order_id", "line_amount") == [
        ("-/2024-01-14/1", 5),
        ("ann/2024-01-13/1", 5),
        ("ann/2024-01-13/2", 7),
        ("ann/2024-01-13T10:30:00/1", 6),
    ]
    header, *lines = text.splitlines(keepends=True)
    assert rows(load(header + "".join(reversed(lines))), "transactions", "order_id", "line_amount") == rows(
        load(text), "transactions", "order_id", "line_amount"
    )


def test_some_order_ids_missing(load: Load) -> None:
    text = "order_id,date,amount,customer id\nA,2024-01-13,5,ann\n,2024-01-13,7,ann\n"
    assert rows(load(text), "transactions", "order_id", "line_amount") == [("A", 5), ("ann/2024-01-13/1", 7)]


def test_several_files_of_one_table(load: Load) -> None:
    files = {
        "january.csv": "order_id,date,amount\n1,2024-01-13,5\n",
        "февраль.csv": "Номер заказа;Дата заказа;Сумма заказа;Город\n2;13.02.2024;6,50;Омск\n",
    }
    dataset = load(files)
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 5), ("2", Decimal("6.5"))]
    assert [source.name for source in dataset.inputs] == ["january.csv", "февраль.csv"]


def test_rejects_name_their_file(load: Load) -> None:
    files = {
        "b.csv": "order_id,date,amount\n1,2024-01-13,5\n2,,6\n",
        "a.csv": "order_id,date,amount\n3,,5\n4,2024-01-13,6\n",
    }
    assert load(files).rejects.select("file", "line", "rule", "table", "raw").rows() == [
        ("a.csv", 2, "missing_date", "transactions", "3,,5"),
        ("b.csv", 3, "missing_date", "transactions", "2,,6"),
    ]


def test_a_file_that_is_a_copy_counts_once(load: Load) -> None:
    text = "order_id,date,amount\n1,2024-01-13,5\n"
    dataset = load({"a.csv": text, "a (1).csv": text, "b.csv": text.replace("5", "6")})
    assert rows(dataset, "transactions", "line_amount") == [(5,), (6,)]
    assert [note.id for note in dataset.notes] == ["clean.copy"]


def test_a_deal_of_a_later_export_replaces_the_earlier_one(load: Load) -> None:
    header = "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Дата закрытия\n"
    files = {
        "DEAL_20240101.csv": header + "1;В работе;П1;100;01.01.2024;\n2;В работе;П2;50;01.01.2024;\n",
        "DEAL_20240201.csv": header + "1;Сделка успешна;П1;120;01.01.2024;20.01.2024\n",
    }
    dataset = load(files)
    assert rows(dataset, "deals", "deal_id", "status", "amount") == [("1", "won", 120), ("2", "open", 50)]
    assert rows(dataset, "transactions", "line_amount") == [(120,)]
    assert [note.id for note in dataset.notes] == ["clean.repeated"]


@pytest.mark.parametrize("text", ["order_id,date,amount\n", "foo,bar\n"])
def test_nothing_but_a_header(text: str, load: Load) -> None:
    with pytest.raises(InputError, match=r"no rows in table\.csv"):
        load(text)


def test_one_row(load: Load) -> None:
    dataset = load("order_id,date,amount\n1,2024-01-13,5\n")
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 5)]


def test_nothing_but_rejects(load: Load) -> None:
    dataset = load("order_id,date,amount\n,,\n1,,5\n")
    assert rows(dataset, "transactions", "order_id") == []
    assert rejected(dataset) == [("blank_row", 2), ("missing_date", 3)]


def test_what_is_required_is_named_with_a_map_that_works(load: Load) -> None:
    files = {"tills.csv": "order_id,date,summ total,who\n1,2024-01-13,5,ann\n2,2024-01-14,6,bob\n"}
    dataset = load(files)
    with pytest.raises(InputError) as raised:
        dataset.require("transactions", "rfm")
    hint = str(raised.value.hint)
    name, _, column = hint.partition("--map ")[2].partition("=")
    fields = ((name, column.split(" --map")[0].strip('" ')),)
    assert "transactions" in load(files, fields=fields).tables, hint


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path, load: Load) -> None:
    store = tmp_path / "store"
    stored(load("order_id,date,amount\n1,2024-01-13,5\n"), store)
    file = store / "transactions.parquet"
    made: dict[str, Any] = json.loads(pl.read_parquet_metadata(file)["acrm"])
    newer = {"acrm": json.dumps(made | {"schema_version": 99, "acrm": "9.0"})}
    pl.read_parquet(file).write_parquet(file, metadata=newer)
    with pytest.raises(InputError, match=r"newer acrm \(9.0\)"):
        ingested.load([str(store)], IngestOptions(), tmp_path)


def test_a_store_in_a_folder_with_brackets(tmp_path: Path, load: Load) -> None:
    store = tmp_path / "store [1]*"
    stored(load("order_id,date,amount\n1,2024-01-13,5\n"), store)
    (tmp_path / "scratch").mkdir()
    again = ingested.load([str(store)], IngestOptions(), tmp_path / "scratch")
    assert rows(again, "transactions", "order_id") == [("1",)]


RETAIL = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]


def retail(data: Path, count: int) -> pl.DataFrame:
    """Rows of Online Retail as texts, without its pound signs, which cp1251 does not have."""
    texts = pl.read_csv(data / "basket/online_retail.csv", infer_schema=False, n_rows=count).select(RETAIL)
    return texts.with_columns(pl.col("Description").str.replace_all("£", ""))


def test_one_file_in_five_formats_is_one_table(data: Path, tmp_path: Path) -> None:
    plain = retail(data, 60_000)
    when = pl.col("InvoiceDate").str.to_datetime(strict=False)
    russian = plain.with_columns(
        when.dt.strftime("%d.%m.%Y %H:%M:%S"), pl.col("UnitPrice").str.replace(".", ",", literal=True)
    )
    typed = plain.with_columns(
        when, pl.col("Quantity").cast(pl.Int64), pl.col("UnitPrice", "CustomerID").cast(pl.Float64)
    )
    texts = {
        "plain.csv": plain.write_csv().encode(),
        "russian.csv": russian.write_csv(separator=";", line_terminator="\r\n").encode("cp1251"),
        "excel.txt": russian.write_csv(separator="\t").encode("utf-16"),
    }
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    typed.write_parquet(tmp_path / "typed.parquet")
    tables = {}
    for file in sorted(tmp_path.iterdir()):
        scratch, store = tmp_path / f"scratch {file.stem}", tmp_path / f"store {file.stem}"
        scratch.mkdir()
        tables[file.name] = canonical(
            stored(ingested.load([str(file)], IngestOptions(), scratch), store)["transactions"]
        )
    one = tables.pop("plain.csv")
    assert one.height == 60_000
    for name, other in tables.items():
        assert_frame_equal(one, other)
        assert write(one) == write(other), name


def write(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def test_a_workbook_gives_what_its_csv_gives(data: Path, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    plain = retail(data, 2_000)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sales")
    sheet.append(RETAIL)
    typed = plain.with_columns(
        pl.col("InvoiceDate").str.to_datetime(strict=False),
        pl.col("Quantity").cast(pl.Int64),
        pl.col("UnitPrice", "CustomerID").cast(pl.Float64),
    )
    for row in typed.iter_rows():
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    plain.write_csv(tmp_path / "plain.csv")
    one, other = (
        canonical(
            stored(ingested.load([str(tmp_path / name)], IngestOptions(), folder), tmp_path / f"store {name}")[
                "transactions"
            ]
        )
        for name, folder in (("book.xlsx", tmp_path), ("plain.csv", tmp_path))
    )
    assert_frame_equal(one, other)


def test_a_store_of_deals_read_again_is_the_same_store(tmp_path: Path) -> None:
    text = (
        "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Дата закрытия;Товар;Цена;Количество\n"
        "1;Сделка успешна;П1;300;01.02.2024;13.02.2024;Доска;100;1\n"
        "1;Сделка успешна;П1;300;01.02.2024;13.02.2024;Гвоздь;50;4\n"
        "2;Сделка успешна;П2;50;01.02.2024;;;;\n3;В работе;П3;70;01.02.2024;;Доска;70;1\n"
    )
    one = stored(load_texts(tmp_path / "in", text), tmp_path / "one")
    assert one["transactions"].height == 3
    (tmp_path / "scratch").mkdir()
    again = ingested.load([str(tmp_path / "one")], IngestOptions(), tmp_path / "scratch")
    other = stored(again, tmp_path / "other")
    for name in ("deals", "transactions"):
        assert_frame_equal(one[name], other[name])


def test_a_deal_that_is_told_again_is_sold_as_it_is_told(tmp_path: Path) -> None:
    header = "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Дата закрытия\n"
    old = "1;Сделка успешна;П1;300;01.02.2024;13.02.2024\n2;Сделка успешна;П2;50;01.02.2024;14.02.2024\n"
    stored(load_texts(tmp_path / "in", header + old), tmp_path / "store")
    file, scratch = tmp_path / "DEAL_2.csv", tmp_path / "scratch"
    scratch.mkdir()
    file.write_text(
        header + "1;Сделка успешна;П1;320;01.02.2024;13.02.2024\n3;Сделка успешна;П3;7;01.02.2024;15.02.2024\n"
    )
    dataset = ingested.load([str(tmp_path / "store"), str(file)], IngestOptions(), scratch)
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 320), ("2", 50), ("3", 7)]
    # With an orders file none of them is a sale.
    file.write_text("order_id,date,amount\n9,2024-01-13,5\n")
    dataset = ingested.load([str(tmp_path / "store"), str(file)], IngestOptions(), scratch)
    assert rows(dataset, "transactions", "order_id") == [("9",)]


def test_rejects_of_earlier_runs_stay_in_a_store(tmp_path: Path) -> None:
    def cleaned(names: list[str], out: str) -> list[tuple[str, int]]:
        scratch = tmp_path / f"scratch of {out}"
        scratch.mkdir()
        dataset = ingested.load([str(tmp_path / name) for name in names], IngestOptions(), scratch)
        written = prepare(dataset, tmp_path / out, Lineage(command="clean", options={}))
        commit(tmp_path / out, written, {"clean.json": '{"acrm": "1"}'})
        return pl.read_parquet(tmp_path / out / "rejects.parquet").select("file", "line").rows()

    head = "order_id,date,amount,customer id\n"
    (tmp_path / "a.csv").write_text(head + "1,2024-01-13,5,c\n2,,6,c\n3,,6,c\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(head + "4,,6,c\n5,2024-01-13,6,c\n", encoding="utf-8")
    assert cleaned(["a.csv"], "one") == [("a.csv", 3), ("a.csv", 4)]
    assert cleaned(["one", "b.csv"], "two") == [("a.csv", 3), ("a.csv", 4), ("b.csv", 2)]
    # What is read again is told by this run.
    (tmp_path / "a.csv").write_text(head + "1,2024-01-13,5,c\n2,2024-01-13,6,c\n3,,6,c\n", encoding="utf-8")
    assert cleaned(["two", "a.csv"], "three") == [("a.csv", 4), ("b.csv", 2)]
