"""The store appears and is replaced as a whole, whatever happens in between; the same input gives the same bytes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from acrm import store
from acrm import write as writing_out
from acrm.errors import OutputError
from acrm.ingest.dataset import Dataset, load
from acrm.ingest.options import IngestOptions
from acrm.lineage import Lineage
from acrm.publish import JOURNAL, recover, writing
from acrm.schema import TABLES
from acrm.store import commit, dictionary, prepare
from acrm.summaries.ledger import order_parts
from tests.ingest.conftest import load_texts

LINEAGE = Lineage(command="clean", options={})
OLD = {"orders.csv": "order_id,date,amount,customer id\n1,2024-01-13,5,ann\n", "x.csv": "foo,bar\n1,2\n"}
NEW = {
    "orders.csv": "order_id,date,amount,email\n2,2024-01-14,6,bob@x.com\n3,,7,\n4,2024-01-14,7,bob@x.com\n",
    "products.csv": "sku,product name,price\nM,Mug,5\n",
}


def write(dataset: Dataset, folder: Path, texts: Mapping[str, str] | None = None) -> None:
    """What `acrm clean` does."""
    with writing(folder):
        written = prepare(dataset, folder, LINEAGE)
        manifest = json.dumps(LINEAGE.as_dict())
        commit(folder, written, {store.MANIFEST: manifest, "dictionary.md": dictionary(written)} | dict(texts or {}))


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


class Killed(BaseException):
    """The process dies here: nothing that would run afterwards runs."""


@contextmanager
def failing_at(number: int, error: BaseException, *, dead: bool) -> Iterator[list[str]]:
    """Fail at the number-th call that changes a file, half of its work done; `dead`: and at all calls after it."""
    calls: list[str] = []

    def watched(owner: Any, name: str, half: Callable[[Any, Any], None] | None = None) -> None:
        real = getattr(owner, name)

        def call(*args: Any, **options: Any) -> Any:
            calls.append(name)
            if len(calls) == number or (dead and len(calls) > number):
                if len(calls) == number and half:
                    half(args, real)
                raise error
            return real(*args, **options)

        patch.setattr(owner, name, call)

    def half_written(args: Any, real: Any) -> None:
        path, content = args[:2]
        real(path, content[: len(content) // 2])

    def half_table(args: Any, _: Any) -> None:
        Path(args[1]).write_bytes(b"PAR1")

    with pytest.MonkeyPatch.context() as patch:
        watched(Path, "write_bytes", half_written)
        watched(Path, "write_text", half_written)
        watched(Path, "replace")
        watched(Path, "unlink")
        watched(os, "fsync")
        watched(pl.LazyFrame, "sink_parquet", half_table)
        watched(pq.ParquetWriter, "write_table")
        yield calls


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, dict[str, bytes], dict[str, bytes], Dataset]:
    """An old store with a foreign file, what it looks like, what the new one will look like, the new tables."""
    folder = tmp_path / "store"
    write(load_texts(tmp_path / "old", OLD), folder)
    (folder / "mine.parquet").write_bytes(b"no table of acrm's")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    pl.DataFrame({"a": [1]}).write_parquet(folder / "rfm.parquet", metadata=LINEAGE.metadata())
    dataset = load_texts(tmp_path / "new", NEW)
    shutil.copytree(folder, tmp_path / "copy")
    write(dataset, tmp_path / "copy")
    return folder, visible(folder), visible(tmp_path / "copy"), dataset


def test_a_store_is_replaced(shop: tuple[Path, dict[str, bytes], dict[str, bytes], Dataset]) -> None:
    folder, before, after, dataset = shop
    write(dataset, folder)
    assert visible(folder) == after
    assert leftovers(folder) == []
    # Tables that the new store has not are gone; what acrm's store did not write stays.
    assert before.keys() - after.keys() == {"other_x.parquet"}
    assert after.keys() - before.keys() == {"products.parquet"}
    for name in ("mine.parquet", "notes.txt", "rfm.parquet"):
        assert before[name] == after[name]


@pytest.mark.parametrize("dead", [True, False], ids=["killed", "disk full"])
def test_whatever_fails_leaves_the_old_store_or_the_new(
    shop: tuple[Path, dict[str, bytes], dict[str, bytes], Dataset], tmp_path: Path, dead: bool
) -> None:
    folder, before, after, dataset = shop
    reached = set()
    for number in range(1, 200):
        copy = tmp_path / f"run-{number}"
        shutil.copytree(folder, copy)
        error = Killed() if dead else OSError(28, "No space left on device")
        try:
            with failing_at(number, error, dead=dead) as calls:
                write(dataset, copy)
        except (Killed, OutputError):
            reached.add(calls[number - 1])
        if len(calls) < number:
            break
        if not dead and visible(copy) == before and not (copy / JOURNAL).exists():
            assert leftovers(copy) == [], number
        recover(copy)
        assert visible(copy) in (before, after), (number, calls)
        # The next run is not in the way of what is left.
        write(dataset, copy)
        assert (visible(copy), leftovers(copy)) == (after, [])
    assert visible(copy) == after
    assert number > 20
    assert reached == {"write_bytes", "write_text", "replace", "unlink", "fsync", "sink_parquet", "write_table"}


def test_a_first_store_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    dataset = load_texts(tmp_path / "new", NEW)
    with pytest.raises(OutputError), failing_at(3, OSError(28, "No space left on device"), dead=False):
        write(dataset, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_reader_does_not_disturb_a_run_that_writes(
    shop: tuple[Path, dict[str, bytes], dict[str, bytes], Dataset],
) -> None:
    folder, before, after, dataset = shop
    written = prepare(dataset, folder, LINEAGE)
    recover(folder)
    assert visible(folder) == before
    commit(folder, written, {name: after[name].decode() for name in (store.MANIFEST, "dictionary.md")})
    assert visible(folder) == after


MANY = {
    "orders.csv": "order_id,line no,date,product,quantity,amount,discount,status,customer id,branch\n"
    + "".join(
        f"{i * 7 % 23},{i % 3},2024-01-{i % 28 + 1:02},p{i % 5},{i % 4},{i % 11}.{i % 7}5,{i % 2},"
        f"{'paid' if i % 2 else 'open'},c{i % 13},b{i % 3}\n"
        for i in range(400)
    )
}


def tables(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in visible(folder).items() if name.endswith(".parquet")}


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups small enough for a file to have several."""
    for module in (store, writing_out):
        monkeypatch.setattr(module, "ROW_GROUP", 64)


@pytest.mark.usefixtures("small_groups")
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header, *lines = MANY["orders.csv"].splitlines(keepends=True)
    monkeypatch.setattr(store, "_AT_ONCE", 1_000)
    for place in range(3):
        write(load_texts(tmp_path / f"in-{place}", MANY), tmp_path / f"whole-{place}")
    whole = tables(tmp_path / "whole-0")
    assert whole == tables(tmp_path / "whole-1") == tables(tmp_path / "whole-2")
    # Cut into any number of parts, it comes out in the same bytes.
    for most in (1, 7, 50, 150, 399):
        monkeypatch.setattr(store, "_AT_ONCE", most)
        write(load_texts(tmp_path / f"in-parts-{most}", MANY), tmp_path / f"parts-{most}")
        assert tables(tmp_path / f"parts-{most}") == whole, most
    # The order of the lines leaves its trace in the lineage alone.
    write(load_texts(tmp_path / "back", {"orders.csv": header + "".join(reversed(lines))}), tmp_path / "backwards")
    one, other = (
        pl.read_parquet(tmp_path / name / "transactions.parquet").drop("_source_row")
        for name in ("whole-0", "backwards")
    )
    assert one.equals(other)


def test_lines_are_numbered_from_one_within_their_order(tmp_path: Path) -> None:
    text = "order_id,line no,date,amount\nB,20,2024-01-13,1\nA,3,2024-01-13,2\nB,10,2024-01-13,3\nA,1,2024-01-13,4\n"
    write(load_texts(tmp_path / "in", text), tmp_path / "store")
    lines = pl.read_parquet(tmp_path / "store" / "transactions.parquet")
    assert lines.select("order_id", "line_no", "line_amount").rows() == [
        ("A", 1, 4),
        ("A", 2, 2),
        ("B", 1, 3),
        ("B", 2, 1),
    ]


def test_the_ledger_of_orders_is_that_of_the_lines(tmp_path: Path) -> None:
    write(load_texts(tmp_path / "in", MANY), tmp_path / "store")
    lines, kept = (pl.scan_parquet(tmp_path / "store" / f"{name}.parquet") for name in ("transactions", "orders"))
    keys = ("order_id", "customer_id", "ordered_on", "part", "currency")
    made = order_parts(lines).with_columns(alone=pl.len().over("customer_id", "order_id") == 1).collect()
    made = made.select(kept.collect_schema().names()).cast(kept.collect_schema())
    assert kept.collect().equals(made.sort(keys, nulls_last=True))
    for alone in (True, False):
        sources = [str(tmp_path / "store"), *([] if alone else [str(tmp_path / "in" / "exports")])]
        assert (load(sources, IngestOptions(), tmp_path).orders is not None) == alone


@pytest.mark.parametrize("name", ["transactions", "orders"])
def test_an_export_that_is_called_as_a_table_is_not_replaced(name: str, tmp_path: Path) -> None:
    dataset = load_texts(tmp_path / "in", MANY)
    export = tmp_path / "store" / f"{name}.parquet"
    export.parent.mkdir()
    pl.DataFrame({"order_id": ["1"]}).write_parquet(export)
    before = export.read_bytes()
    with pytest.raises(OutputError, match=f"{name}.parquet"):
        write(dataset, export.parent)
    assert ([export.read_bytes()], [export]) == ([before], [*export.parent.iterdir()])


def test_every_table_is_sorted_by_its_key_and_has_all_columns(tmp_path: Path) -> None:
    files = {
        "deals.csv": "deal id,stage,amount,created at\n9,Won,5,2024-01-13\n10,Won,5,2024-01-13\n",
        "products.csv": "sku,product name,price\nZ,Mug,5\nA,Cup,5\n",
        "costs.csv": "date,campaign,spend\n2024-02-13,b,5\n2024-01-13,b,5\n2024-01-13,a,5\n",
        "x.csv": "foo,bar\n2,2\n1,2\n",
    }
    write(load_texts(tmp_path / "in", files), tmp_path / "store")
    for name, table in TABLES.items():
        file = tmp_path / "store" / f"{name}.parquet"
        if not file.exists():
            continue
        frame = pl.read_parquet(file)
        assert tuple(frame.columns[: len(table.names)]) == table.names
        assert frame.equals(frame.sort(table.key, nulls_last=True)), name
    assert pl.read_parquet(tmp_path / "store" / "other_x.parquet")["foo"].to_list() == ["2", "1"]


def test_every_table_says_where_it_came_from(shop: tuple[Path, dict[str, bytes], dict[str, bytes], Dataset]) -> None:
    folder = shop[0]
    for name in ("transactions", "customers", "other_x", "rejects"):
        made = json.loads(pl.read_parquet_metadata(folder / f"{name}.parquet")["acrm"])
        assert (made["table"], made["command"]) == (name, "clean")
        assert {"acrm", "schema_version", "inputs", "rows"} <= made.keys()


def test_the_dictionary_covers_every_column(tmp_path: Path) -> None:
    written = prepare(load_texts(tmp_path / "new", NEW), tmp_path / "store", LINEAGE)
    page = dictionary(written)
    for table in written:
        if table.name not in TABLES:
            continue
        start = page.index(f"## {table.name}\n")
        section = page[start : page.find("\n## ", start) if "\n## " in page[start + 1 :] else None]
        rows = [line[2:-2].split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
        assert [row[0] for row in rows] == list(table.filled)
        assert all(len(row) == 7 and row[4] for row in rows)
    assert "| amount | money |" not in page
    assert "| line_amount | money | 100.0% |" in page


def test_names_from_the_data_are_no_markup_in_the_dictionary(tmp_path: Path) -> None:
    column = "<b>a|b</b> `c` [d](e)"
    text = f"order_id,date,amount,{column}\n1,2024-01-13,5,x\n"
    written = prepare(load_texts(tmp_path / "new", text), tmp_path / "store", LINEAGE)
    field = next(name for table in written for name in table.filled if name.startswith("x_"))
    fields = pl.DataFrame({"file": ["f.csv"], "column": [column], "field": [field]})
    assert r"| &lt;b>a\|b&lt;/b> \`c\` \[d\](e) (f.csv) |" in dictionary(written, fields=fields)


def test_what_is_filled_is_counted(tmp_path: Path) -> None:
    written = {table.name: table for table in prepare(load_texts(tmp_path / "new", NEW), tmp_path / "store", LINEAGE)}
    assert (written["transactions"].rows, written["transactions"].filled["customer_id"]) == (2, 2)
    assert written["transactions"].filled["cost"] == 0
    assert (written["rejects"].rows, written["products"].rows, written["customers"].rows) == (1, 1, 1)
