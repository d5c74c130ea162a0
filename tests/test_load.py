"""From sources and options to the lines an analysis takes."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm import publish
from acrm.earlier import earlier_result
from acrm.errors import InputError, UsageError
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.lineage import KEY, Lineage
from acrm.load import Sales, crowd, moment, sales, toml_file, undisturbed
from acrm.options import Reading, Selecting
from acrm.store import commit, prepare
from acrm.summaries.customers import customer_history
from tests.conftest import Acrm
from tests.ingest.conftest import load_texts

ORDERS = {
    "orders.csv": "order_id,date,amount,currency,customer id,email,branch\n"
    "1,2024-01-13,5,EUR,7,a@x.com,Bath\n2,2024-02-14,6,USD,8,b@x.com,Oxford\n3,2024-03-15,7,EUR,9,A@x.com,Bath\n4,,8,EUR,7,,\n",
    "people.csv": "customer id,gender\n7,f\n8,m\n",
}


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    load_texts(tmp_path / "files", ORDERS)
    return tmp_path / "files" / "exports"


@pytest.fixture
def cleaned(tmp_path: Path, exports: Path) -> Path:
    (tmp_path / "scratch of clean").mkdir()
    folder = tmp_path / "store"
    dataset = load([str(exports)], IngestOptions(), tmp_path / "scratch of clean")
    commit(folder, prepare(dataset, folder, Lineage(command="clean", options={})), {})
    return folder


def found(source: Path, tmp_path: Path, **selecting: Any) -> Sales:
    scratch = tmp_path / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    return sales([str(source)], "rfm", Reading(), Selecting(**selecting), scratch)


def lines(made: Sales) -> list[tuple[Any, ...]]:
    columns = ("order_id", "customer_id", "ordered_on", "line_amount", "currency")
    return made.lines.select(columns).sort("order_id").collect().rows()


@pytest.mark.parametrize(
    "where", [None, "currency = 'EUR'", "gender = 'f'", "branch = 'Bath'", "unit = 'Bath' AND gender = 'f'"]
)
def test_exports_give_what_their_store_gives(where: str | None, exports: Path, cleaned: Path, tmp_path: Path) -> None:
    # The shop's branch is a field of ours.
    condition = where.replace("branch", "unit") if where else None
    raw = lines(found(exports, tmp_path, where=condition))
    assert raw == lines(found(cleaned, tmp_path, where=condition))
    assert len(raw) == (3 if where is None else 2)


def test_orders_of_one_customer(exports: Path, tmp_path: Path) -> None:
    assert lines(found(exports, tmp_path)) == [
        ("1", "7", date(2024, 1, 13), Decimal(5), "EUR"),
        ("2", "8", date(2024, 2, 14), Decimal(6), "USD"),
        ("3", "7", date(2024, 3, 15), Decimal(7), "EUR"),
    ]


def test_one_currency(exports: Path, tmp_path: Path) -> None:
    assert [row[0] for row in lines(found(exports, tmp_path, currency="usd"))] == ["2"]
    rates = tmp_path / "rates.csv"
    rates.write_text("EUR,1\nUSD,0.5\n", encoding="utf-8")
    assert [row[3:] for row in lines(found(exports, tmp_path, rates=rates))] == [(5, "EUR"), (3, "EUR"), (7, "EUR")]


def test_what_was_left_out_is_said(exports: Path, tmp_path: Path) -> None:
    made = found(exports, tmp_path, currency="USD")
    assert made.counted() == {"rows_in": 6, "rejected": 1, "rejected_share": round(1 / 6, 6)}
    said = {note.id: note.values for note in made.notes()}
    assert said["clean.rejected_note"]["rejected"] == 1
    assert said["clean.other_currencies"] == {"rows": 2, "currency": "USD"}


def test_a_condition_that_cannot_be(exports: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no column 'town'"):
        found(exports, tmp_path, where="town = 'Bath'")
    with pytest.raises(UsageError) as raised:
        found(exports, tmp_path, where="gender == = 'f'")
    assert raised.value.id == "where_syntax"


def test_no_sales(tmp_path: Path) -> None:
    load_texts(tmp_path / "files", {"people.csv": "customer id,email\n7,a@x.com\n"})
    with pytest.raises(InputError, match="rfm needs transactions"):
        found(tmp_path / "files" / "exports", tmp_path)


@pytest.fixture
def half(cleaned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose run died after the first rename; of its two old tables one goes, and a new one comes."""
    files = {"orders.csv": "order_id,date,amount\n9,2024-01-13,5\n", "stock.csv": "sku,quantity,date\nM,5,2024-01-13\n"}
    written = prepare(load_texts(tmp_path / "newer", files), cleaned, Lineage(command="clean", options={}))
    real = Path.replace
    renamed: list[str] = []

    def dying(path: Path, target: Path) -> Path:
        if len(renamed) == 2:
            raise SystemExit
        renamed.append(target.name)
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(SystemExit):
            commit(cleaned, written, {})
    assert renamed[0] == publish.JOURNAL
    return cleaned


NINE = [("9", None, date(2024, 1, 13), Decimal(5), None)]


def test_a_commit_that_was_broken_off_is_finished_by_the_next_who_reads(half: Path, tmp_path: Path) -> None:
    with undisturbed([str(half)]):
        assert not list(half.glob(".*"))
        assert lines(found(half, tmp_path)) == NINE


@pytest.mark.parametrize("named", [".", "transactions.parquet", "*.parquet", "tr*t"])
def test_a_commit_that_cannot_be_finished_is_read_as_if_it_were(half: Path, tmp_path: Path, named: str) -> None:
    before = sorted(path.name for path in half.iterdir())
    made = found(half / named, tmp_path)
    assert lines(made) == NINE
    names = {source.name for source in made.dataset.inputs}
    if named in (".", "*.parquet"):
        assert names == {"stock.parquet", "transactions.parquet"}, "customers are gone"
    else:
        assert names == {"transactions.parquet"}
    assert sorted(path.name for path in half.iterdir()) == before


def test_a_folder_of_exports_passes_over_a_store_that_is_not_yet_whole(half: Path, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    half.rename(tmp_path / "all" / "store")
    (tmp_path / "all" / "orders.csv").write_text("order_id,date,amount\n7,2024-01-13,5\n", encoding="utf-8")
    made = found(tmp_path / "all", tmp_path)
    assert [source.name for source in made.dataset.inputs] == ["orders.csv"]


def test_a_moment_is_a_date_or_something_that_is_there(tmp_path: Path) -> None:
    assert moment("2024-02-29") == date(2024, 2, 29)
    assert moment(str(tmp_path)) is None
    for word in ("2024-02-30", str(tmp_path / "nowhere")):
        with pytest.raises(UsageError, match="neither a date nor a file"):
            moment(word)


def test_an_earlier_result(tmp_path: Path) -> None:
    frame = pl.DataFrame({"customer_id": ["7"]})
    frame.write_parquet(tmp_path / "rfm.parquet", metadata=Lineage(command="rfm", options={}).metadata())
    for path in (tmp_path, tmp_path / "rfm.parquet"):
        result = earlier_result(str(path), "rfm")
        assert result is not None
        assert result.equals(frame)
    assert earlier_result(str(tmp_path), "clv") is None
    assert earlier_result(str(tmp_path / "rfm.parquet"), "clv") is None
    (tmp_path / "clv.parquet").write_bytes(b"no Parquet")
    frame.write_parquet(tmp_path / "churn.parquet")
    assert earlier_result(str(tmp_path), "clv") is None
    assert earlier_result(str(tmp_path), "churn") is None


def test_a_toml_file(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_bytes(b"\xef\xbb\xbfclasses = 5\n")
    assert toml_file(str(file)) == {"classes": 5}
    for content in (b"classes = \n", b"name = '\xff'\n"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="not TOML"):
            toml_file(str(file))
    with pytest.raises(InputError, match="no such file"):
        toml_file(str(tmp_path / "nowhere.toml"))


def customers_of(made: Sales) -> list[str]:
    return sorted(made.dataset.tables["customers"].select("customer_id").collect()["customer_id"])


@pytest.mark.parametrize(
    ("where", "chosen"),
    [("gender = 'f'", "7"), ("unit = 'Oxford'", "8"), ("unit = 'Bath' AND gender = 'f'", "7")],
)
def test_a_crowd_is_those_that_a_condition_on_either_table_leaves(
    exports: Path, tmp_path: Path, where: str, chosen: str
) -> None:
    made = crowd([str(exports)], Reading(), Selecting(where=where), tmp_path)
    assert ({row[1] for row in lines(made)}, customers_of(made)) == ({chosen}, [chosen])


def test_a_crowd_without_orders_is_chosen_too(exports: Path, tmp_path: Path) -> None:
    path = str(exports / "people.csv")
    assert customers_of(crowd([path], Reading(), Selecting(where="gender = 'f'"), tmp_path)) == ["7"]
    (tmp_path / "again").mkdir()
    with pytest.raises(UsageError, match="unit"):
        crowd([path], Reading(), Selecting(where="unit = 'Bath'"), tmp_path / "again")


def test_rows_of_any_table_that_has_the_columns_stand_for_customers(tmp_path: Path) -> None:
    rows = "Leaf Width (cm),Height,colour\n" + "".join(f"{n}.5,{n % 7}.25,{'rgb'[n % 3]}\n" for n in range(40))
    (tmp_path / "leaves.csv").write_text(rows, encoding="utf-8")

    def made(*columns: str, where: str | None = None) -> Sales:
        scratch = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        return crowd([str(tmp_path / "leaves.csv")], Reading(), Selecting(where=where), scratch, columns)

    table = made("Leaf Width (cm)", "height").dataset.tables["customers"].collect()
    assert (table.height, table.columns) == (40, ["customer_id", "x_leaf_width_cm", "x_height", "x_colour"])
    assert len(customers_of(made("height", where="colour = 'r'"))) == 14
    with pytest.raises(InputError, match="leaf_width_cm"):
        made("width", "nothing")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({}, True),
        ({"where": "order_id < '3'"}, True),
        ({"where": "ordered_on > '2024-01-13'"}, False),
        ({"where": "gender = 'f'"}, True),
        ({"where": "channel = 'web'"}, False),
        ({"currency": "EUR"}, False),
    ],
)
def test_a_ledger_stands_for_the_lines_that_are_asked_for(tmp_path: Path, asked: dict[str, Any], kept: bool) -> None:
    orders = "order_id,customer_id,date,amount,currency,channel\n" + "".join(
        f"{n // 2},c{n // 2 % 7},2024-01-{n % 28 + 1:02},{n % 5 - 1},EUR,{'web' if n % 3 else 'shop'}\n"
        for n in range(90)
    )
    people = "customer_id,gender\n" + "".join(f"c{n},{'fm'[n % 2]}\n" for n in range(7))
    dataset = load_texts(tmp_path / "in", {"orders.csv": orders, "customers.csv": people})
    folder = tmp_path / "store"
    commit(folder, prepare(dataset, folder, Lineage(command="clean", options={})), {})
    made = found(folder, tmp_path, **asked)
    assert (made.ledger is not None) == kept
    histories = [
        customer_history(lines, refunds="net", as_of=None).collect().sort("customer_id")
        for lines in (made.lines, made.orders)
    ]
    assert histories[0].height
    assert histories[0].equals(histories[1])


def test_lines_beside_those_of_a_store_count_too(cleaned: Path, tmp_path: Path) -> None:
    later = pl.read_parquet(cleaned / "transactions.parquet").with_columns(order_id=pl.format("later-{}", "order_id"))
    metadata = pl.read_parquet_metadata(cleaned / "transactions.parquet")
    later.write_parquet(cleaned / "transactions-2.parquet", metadata={"acrm": metadata["acrm"]})
    made = found(cleaned, tmp_path)
    assert made.ledger is None
    assert made.lines.collect()["order_id"].sort().to_list() == ["1", "2", "3", "later-1", "later-2", "later-3"]


def test_a_ledger_of_other_lines_is_not_believed(tmp_path: Path, cleaned: Path) -> None:
    assert found(cleaned, tmp_path, where="currency = 'EUR'").ledger is not None
    path = cleaned / "transactions.parquet"
    metadata = {key: value for key, value in pl.read_parquet_metadata(path).items() if key == KEY}
    pl.read_parquet(path).filter(order_id="1").write_parquet(path, metadata=metadata)
    made = found(cleaned, tmp_path, where="currency = 'EUR'")
    assert made.ledger is None
    assert len(lines(made)) == 1


@pytest.mark.parametrize("part", ["orders", "rejects"])
def test_a_part_of_a_store_alone_is_named_with_its_folder(cleaned: Path, tmp_path: Path, part: str) -> None:
    with pytest.raises(InputError, match=f"{part}.parquet is a part of a store") as found:
        sales([str(cleaned / f"{part}.parquet")], "rfm", Reading(), Selecting(), tmp_path)
    assert str(cleaned) in str(found.value.hint)


@pytest.mark.parametrize("command", ["report", "doctor"])
def test_damage_inside_a_store_is_an_error_of_the_input(acrm: Acrm, cleaned: Path, command: str) -> None:
    path = cleaned / "transactions.parquet"
    path.write_bytes(path.read_bytes()[:8] + b"\xff" * 52 + path.read_bytes()[60:])
    ran = acrm(command, cleaned)
    assert ran.code == 3
    assert "error: a Parquet file among the sources is damaged" in ran.err


def test_what_nobody_fills_can_still_be_asked_for(cleaned: Path, tmp_path: Path) -> None:
    found = sales([str(cleaned)], "rfm", Reading(), Selecting(where="coupon is null"), tmp_path)
    assert found.lines.select(pl.len()).collect().item() == 3
