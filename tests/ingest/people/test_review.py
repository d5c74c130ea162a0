"""What a person decides about pairs of customers holds, in this run and in later ones."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from acrm.errors import InputError
from acrm.ingest import dataset as ingested
from acrm.ingest.dataset import Dataset
from acrm.ingest.options import IngestOptions
from acrm.ingest.people import review
from acrm.lineage import Lineage
from acrm.store import commit, prepare
from tests.conftest import Acrm

PEOPLE = "customer id,full name,email,phone\n1,Анна Иванова,a@x.com,\n2,Anna Ivanova,b@x.com,\n3,Пётр Лис,b@x.com,\n"
SALES = "order_id,date,amount,customer id\n1,2024-01-13,5,1\n2,2024-01-14,6,2\n3,2024-01-15,7,3\n"
HEADER = "decision,probability,evidence,one,other\n"


def cleaned(sources: list[Path], out: Path, decisions: str | None = None) -> Dataset:
    scratch = out.with_name(f"{out.name}-scratch")
    scratch.mkdir(exist_ok=True)
    path = None
    if decisions is not None:
        path = scratch / "review.csv"
        path.write_text(decisions, encoding="utf-8-sig")
    dataset = ingested.load([str(source) for source in sources], IngestOptions(decisions=path), scratch)
    commit(out, prepare(dataset, out, Lineage(command="clean", options={})), {})
    return dataset


def buyers(store: Path) -> list[str]:
    return pl.read_parquet(store / "transactions.parquet").sort("order_id")["customer_id"].to_list()


@pytest.fixture
def exports(tmp_path: Path) -> list[Path]:
    people, sales = tmp_path / "people.csv", tmp_path / "sales.csv"
    people.write_text(PEOPLE, encoding="utf-8")
    sales.write_text(SALES, encoding="utf-8")
    return [people, sales]


def test_decisions_join_and_keep_apart_and_last(exports: list[Path], tmp_path: Path) -> None:
    store = tmp_path / "store"
    cleaned(exports, store)
    # Two people with one address: a household, not a customer.
    assert buyers(store) == ["1", "2", "3"]
    cleaned([store], store, HEADER + "same,,,id:unknown:1,id:unknown:2\n,,,id:unknown:1,id:unknown:3\n")
    assert buyers(store) == ["1", "1", "3"]
    # A later run with more data knows of it without being told again.
    more = tmp_path / "more.csv"
    more.write_text("order_id,date,amount,customer id\n4,2024-02-13,5,2\n", encoding="utf-8")
    cleaned([store, more], store)
    assert buyers(store) == ["1", "1", "3", "1"]
    assert pl.read_parquet(store / "links.parquet").select("one", "other", "rule").rows() == [
        ("id:unknown:1", "id:unknown:2", "decision")
    ]
    # The last decision counts.
    cleaned([store], store, HEADER + "different;;;id:unknown:2;id:unknown:1\n".replace(";", ","))
    assert buyers(store) == ["1", "2", "3", "2"]


def test_what_is_decided_to_be_two_is_not_joined_by_a_shared_phone(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("customer id,full name,phone\n1,Анна,+79271112233\n2,Анна,+79271112233\n", encoding="utf-8")
    one = cleaned([people], tmp_path / "one")
    assert one.tables["customers"].collect().height == 1
    two = cleaned([people], tmp_path / "two", HEADER + "нет,,,id:unknown:1,id:unknown:2\n")
    assert two.tables["customers"].collect().height == 2


def test_a_review_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_text("one,other\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="no review file"):
        review.decided(path)
    path.write_text(HEADER + "\nmaybe,,,a,b\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 3: maybe"):
        review.decided(path)
    with pytest.raises(InputError, match="no such file"):
        review.decided(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8-sig", ","), ("cp1251", ";"), ("utf-16", "\t"), ("utf-8", ";"), ("xlsx", "")]
)
def test_a_review_file_as_spreadsheets_save_it(tmp_path: Path, encoding: str, mark: str) -> None:
    rows = [
        ("Decision", "evidence", "one_full_name", "one", "other"),
        ("Разные", "имя; адрес", "Лис, Пётр", "id:crm:007", "email:a@x.ru"),
        (None, "имя", "Ёж", "id:crm:8", "id:crm:9"),
        ("ОДНО", "имя", 'ООО "Лис"', "id:crm:1", "id:crm:2"),
    ]
    path = tmp_path / "review.csv"
    if encoding == "xlsx":
        path = path.with_suffix(".xlsx")
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=mark).writerows(rows)
    assert review.decided(path).select("ref", "anchor", "rule").rows() == [
        ("email:a@x.ru", "id:crm:007", "apart"),
        ("id:crm:1", "id:crm:2", "decision"),
    ]


def test_decisions_that_are_not_given_back_yet_stay_in_the_file(tmp_path: Path) -> None:
    pairs = pl.DataFrame({"decision": ["", "", ""], "one": ["a", "a", "c"], "other": ["b", "c", "d"]})
    path = tmp_path / "review.csv"
    assert review.carried(pairs, path).equals(pairs)
    path.write_bytes("Decision;one;other\r\nда;a;c\r\nsame;x;y\r\n;a;b\r\n".encode("cp1251"))
    assert review.carried(pairs, path).rows() == [("", "a", "b"), ("да", "a", "c"), ("", "c", "d")]
    path.write_text("decision,one,other\n", encoding="utf-8")
    assert review.carried(pairs, path).equals(pairs)


def test_a_second_run_by_likeness_changes_nothing_and_reads_no_review_file(acrm: Acrm, tmp_path: Path) -> None:
    pytest.importorskip("splink")
    # Clear couples, and some of whom only the name is like.
    lines = [f"{n},Анна Иванова {n},198{n % 10}-02-0{1 + n % 9},Самара {n % 4}\n" for n in range(40)]
    lines += [f"{100 + n},Анна Ивонова {n},198{(n + n % 3) % 10}-02-0{1 + n % 9},Казань\n" for n in range(20)]
    (tmp_path / "people.csv").write_text("customer id,full name,birth date,city\n" + "".join(lines), encoding="utf-8")
    assert acrm("clean", "people.csv", "-o", "store", "--link").code == 0
    review_file = tmp_path / "store/review.csv"
    assert len(review_file.read_text(encoding="utf-8-sig").splitlines()) > 1
    again = acrm("clean", "people.csv", "-o", "store", "--link")
    assert "nothing has changed in store" in again.out
    assert acrm("clean", "people.csv", "-o", "store").code == 0
    assert "60 rows in = 60 kept" in acrm("clean", "people.csv", "-o", "store").out
    assert review_file.exists()
    assert not list((tmp_path / "store").glob("other_*"))
