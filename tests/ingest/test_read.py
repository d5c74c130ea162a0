"""Texts and Parquet files come out as tables of untouched cells, each row with its place in the file."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.errors import InputError, UsageError
from acrm.ingest import read as reading
from acrm.ingest.raw import ROW, RawTable, ReadOptions
from acrm.ingest.read import read
from acrm.ingest.sources import find


def table(folder: Path, content: str | bytes, *, lenient: bool = False, **options: object) -> RawTable:
    path = folder / "x.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    given = ReadOptions(**options)  # type: ignore[arg-type]
    (found,) = read(find([str(path)], folder)[0], given, folder, lenient=lenient)
    assert found.frame.collect_schema() == dict.fromkeys(found.header, pl.String) | {ROW: pl.Int64}
    return found


def rows(found: RawTable) -> list[tuple[object, ...]]:
    return found.frame.collect().rows()


def test_a_report_of_1c_with_everything_known_about_it(tmp_path: Path) -> None:
    text = "Отчёт о продажах\r\nПериод: январь\r\n\r\nДата;Клиент;Сумма;\r\n01.02.2026; А;24\xa0800,00;\r\n;;Итого;\r\n"
    found = table(tmp_path, text.encode("cp1251"))
    assert found.header == ("Дата", "Клиент", "Сумма")
    assert rows(found) == [("01.02.2026", " А", "24\xa0800,00", 5), ("", "", "Итого", 6)]
    assert found.layout.preamble == ("Отчёт о продажах", "Период: январь")
    assert (found.layout.encoding, found.layout.delimiter, found.layout.quote) == ("cp1251", ";", None)
    assert (found.layout.header_row, found.layout.lenient, found.name) == (4, False, "x.csv")


@pytest.mark.parametrize("lenient", [False, True])
def test_a_row_is_the_line_where_its_record_starts(tmp_path: Path, lenient: bool) -> None:
    found = table(tmp_path, 'id,"no\nte",x\n1,"a\nb\r\nc",2\n3,4,5\n\n6,"\n",7\n8\n', lenient=lenient)
    assert found.header == ("id", "no te", "x")
    assert rows(found) == [
        ("1", "a\nb\r\nc", "2", 3),
        ("3", "4", "5", 6),
        ("", "", "", 7),
        ("6", "\n", "7", 8),
        ("8", "", "", 10),
    ]


@pytest.mark.parametrize("limit", [0, 1 << 30])
def test_large_and_small_texts_are_read_alike(tmp_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "STRICT_CHECK", limit)
    for text in ('id,note,\n1,"a\nb",\n2,"c, d",\n', "id,x\n1,2\n3,4\n"):
        assert [row[-1] for row in rows(table(tmp_path, text))] == ([2, 4] if "note" in text else [2, 3])
    assert table(tmp_path, "id,sum,,\n1,2,3,\n").header == ("id", "sum", "column_3")


def test_what_polars_refuses_is_cut_record_by_record(tmp_path: Path) -> None:
    found = table(tmp_path, 'id,name,sum\n1,"a\nb",2\n3,5" pipe,4\n5,6,7,8\n9,INDIE\\, X,0\n')
    assert found.layout.lenient
    assert rows(found) == [("1", "a\nb", "2", 2), ("3", '5" pipe', "4", 4), ("9", "INDIE, X", "0", 6)]
    assert found.broken is not None
    assert found.broken.rows() == [(5, "too_many_fields", "5,6,7,8")]


def test_quotes_that_polars_would_drop_are_kept(tmp_path: Path) -> None:
    assert rows(table(tmp_path, 'id,name\n1,"ООО "Ромашка""\n2,"a, b"\n')) == [
        ("1", 'ООО "Ромашка"', 2),
        ("2", "a, b", 3),
    ]


def test_a_large_text_that_is_not_well_formed_says_so_when_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STRICT_CHECK", 0)
    text = "id,x\n" + "1,2\n" * 100_000 + "3,4,5\n"
    with pytest.raises(pl.exceptions.ComputeError):
        rows(table(tmp_path, text))
    found = table(tmp_path, text, lenient=True)
    assert found.frame.select(pl.len()).collect().item() == 100_000
    assert found.broken is not None
    assert found.broken.rows() == [(100_002, "too_many_fields", "3,4,5")]


def test_bytes_that_are_not_utf8_cost_one_record(tmp_path: Path) -> None:
    text = "id,имя\n" + "".join(f"{place},Покупатель{place}\n" for place in range(20))
    found = table(tmp_path, text.encode().replace("ель7".encode(), b"\xd0", 1))
    assert len(rows(found)) == 19
    assert found.broken is not None
    assert found.broken.rows() == [(9, "unreadable", "7,Покупат\\xd0")]


def test_columns_without_a_name_stay_when_filled(tmp_path: Path) -> None:
    found = table(tmp_path, ",sum,sum,,\n1,2,3,,4\n")
    assert (found.header, found.layout.renamed) == (("column_1", "sum", "sum__2", "column_5"), ("sum__2",))
    assert rows(found) == [("1", "2", "3", "4", 2)]


def test_blanks_delimit_and_names_stand_in_for_a_header(tmp_path: Path) -> None:
    text = " 00004 0001 19970101  2   29.33\r\n 00021 0002 19970118  2   29.73\r\n"
    with pytest.raises(InputError) as raised:
        table(tmp_path, text)
    assert str(raised.value.hint) == "name the columns: --names a,b,c,d,e"
    found = table(tmp_path, text, names=("id", "sample", "day", "cds", "sum"))
    assert rows(found)[0] == ("00004", "0001", "19970101", "2", "29.33", 1)
    assert (found.layout.delimiter, found.layout.header_row, found.layout.lenient) == (" ", None, False)
    with pytest.raises(InputError, match="5 columns, but 2 names"):
        table(tmp_path, text, names=("id", "day"))


def test_a_mark_at_the_start_of_a_text_is_no_part_of_it(tmp_path: Path) -> None:
    assert table(tmp_path, '\ufeff"id","x"\n"1","2"\n').header == ("id", "x")
    assert rows(table(tmp_path, "\ufeff1,2\n3,4\n", names=("id", "x"))) == [("1", "2", 1), ("3", "4", 2)]


def test_what_is_forced_is_used(tmp_path: Path) -> None:
    assert table(tmp_path, "a,b;c\n1,2;3\n", delimiter=";").header == ("a,b", "c")
    assert table(tmp_path, "a\tb\n1\t2\n", delimiter="tab").header == ("a", "b")
    assert table(tmp_path, "имя,x\n1,2\n".encode("cp866"), encoding="cp866").header == ("имя", "x")
    with pytest.raises(UsageError, match="one character"):
        table(tmp_path, "a\n", delimiter="::")


def test_tables_without_records(tmp_path: Path) -> None:
    assert rows(table(tmp_path, "id,x")) == []
    for blank in ("\n\n  \n", "\ufeff"):
        with pytest.raises(InputError, match="empty"):
            table(tmp_path, blank)


def test_parquet_keeps_its_types_and_metadata(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["007", None], "n": [1, 2], ROW: [5, 6]})
    frame.write_parquet(tmp_path / "p.parquet", metadata={"acrm": "{}"})
    (tmp_path / "p.gz").write_bytes(gzip.compress((tmp_path / "p.parquet").read_bytes()))
    for file in find([str(tmp_path / "p.parquet"), str(tmp_path / "p.gz")], tmp_path):
        (found,) = read(file, ReadOptions(), tmp_path)
        assert found.header == ("id", "n", f"{ROW}__2")
        assert rows(found) == [("007", 1, 5, 1), (None, 2, 6, 2)]
        assert found.metadata == {"acrm": "{}"}
    (tmp_path / "p.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(InputError, match="damaged"):
        read(find([str(tmp_path / "p.parquet")], tmp_path)[0], ReadOptions(), tmp_path)


CELLS = st.text(alphabet='ab1,;\t|" \nй', max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    body=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1251")),
    line_end=st.sampled_from(("\n", "\r\n")),
    every=st.booleans(),
)
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    body: list[tuple[str, str, str]],
    delimiter: str,
    encoding: str,
    line_end: str,
    every: bool,
) -> None:
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    )
    starts = []
    for record in [("номер", "имя", "город"), *body]:
        starts.append(text.getvalue().count("\n") + 1)
        writer.writerow(record)
    folder = tmp_path_factory.mktemp("x")
    expected = [(*record, line) for record, line in zip(body, starts[1:], strict=True)]
    for lenient in (False, True):
        found = table(folder, text.getvalue().encode(encoding), lenient=lenient, delimiter=delimiter, encoding=encoding)
        assert (found.header, rows(found)) == (("номер", "имя", "город"), expected)


def test_real_files_are_read_as_csv_reads_them(data: Path, tmp_path: Path) -> None:
    expected = {
        "basket/online_retail.csv": (541_909, ","),
        "marketing/hillstrom_data.csv": (64_000, ","),
        "churn/Telco-Customer-Churn.csv": (7_043, ","),
        "segment/marketing_campaign.csv": (2_240, "\t"),
        "service/customer_support_tickets.csv": (8_470, ","),
        "web/online_shoppers_intention.csv": (12_330, ";"),
        "exports/shopify/orders_export_1.csv": (4, ","),
        "exports/amocrm/amocrm_export_leads_2026-03-31.csv": (5, ","),
    }
    for name, (height, delimiter) in expected.items():
        (found,) = read(find([str(data / name)], tmp_path)[0], ReadOptions(), tmp_path)
        frame = found.frame.collect()
        assert (frame.height, found.layout.delimiter, found.layout.lenient) == (height, delimiter, False)
        with (data / name).open(encoding="utf-8-sig", newline="") as file:
            plain = csv.reader(file, delimiter=delimiter)
            next(plain)
            line = plain.line_num
            for number, mine in enumerate(frame.head(2000).iter_rows()):
                record = next(plain)
                assert mine == (*record, *[""] * (len(mine) - 1 - len(record)), line + 1), (name, number)
                line = plain.line_num


def test_the_master_of_cdnow(data: Path, tmp_path: Path) -> None:
    (found,) = read(find([str(data / "clv/CDNOW_master.txt")], tmp_path)[0], ReadOptions(), tmp_path)
    assert found.header == ("customer_id", "date", "number_of_cds", "dollar_value")
    assert rows(found)[-1] == ("23570", "19970326", "2", "42.96", 69_660)
