"""HTML tables that pass for workbooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from acrm.errors import InputError
from acrm.ingest.grid import Merged
from acrm.ingest.html import tables_in
from acrm.ingest.raw import RawTable, ReadOptions
from acrm.ingest.read import read
from acrm.ingest.sources import find

HEADER = "<tr><th>ID</th><th>Клиент</th></tr>"
ROW = "<tr><td>1</td><td>ООО &quot;Ромашка&quot; &amp; Ко</td></tr>"


def table(folder: Path, content: str | bytes, encoding: str | None = None) -> RawTable:
    (folder / "x.xls").write_bytes(content.encode() if isinstance(content, str) else content)
    (found,) = read(find([str(folder / "x.xls")], folder)[0], ReadOptions(encoding=encoding), folder)
    return found


@pytest.mark.parametrize(
    ("declared", "encoding", "name"),
    [
        ("utf-8", "utf-8", "utf-8"),
        ("windows-1251", "cp1251", "cp1251"),
        ("utf-8", "cp1251", "cp1251"),
        ("nonsense", "utf-8", "utf-8"),
        ("utf-8", "utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_what_it_is_whatever_is_declared(
    tmp_path: Path, declared: str, encoding: str, name: str
) -> None:
    page = f'<meta http-equiv="Content-type" content="text/html;charset={declared}" /><table>{HEADER}{ROW}</table>'
    found = table(tmp_path, page.encode(encoding))
    assert found.layout.encoding == name
    assert found.header == ("ID", "Клиент")
    assert found.frame.collect().rows() == [("1", 'ООО "Ромашка" & Ко', 2)]


def test_a_forced_encoding_must_fit(tmp_path: Path) -> None:
    page = f"<table>{HEADER}{ROW}</table>"
    assert table(tmp_path, page.encode("koi8-r"), "koi8-r").header == ("ID", "Клиент")
    with pytest.raises(InputError, match="byte 26 in line 1 is not utf-8"):
        table(tmp_path, page.encode("cp1251"), "utf-8")


def tables(folder: Path, content: str) -> list[RawTable]:
    (folder / "x.xls").write_text(content, encoding="utf-8")
    return read(find([str(folder / "x.xls")], folder)[0], ReadOptions(), folder)


def test_every_table_with_a_header_and_rows_is_a_table(tmp_path: Path) -> None:
    second = "<table><tr><th>SKU</th><th>Название</th></tr><tr><td>7</td><td>Чай</td></tr></table>"
    bare = "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
    inner = f"<table>{HEADER}{ROW}</table>"
    page = f"<meta charset=utf-8><table><tr><td>{inner}</td><td>{second}</td></tr></table>{bare}<table>{HEADER}</table>"
    first, other = tables(tmp_path, page)
    assert (first.name, first.header, other.name, other.header) == (
        "x.xls[2]",
        ("ID", "Клиент"),
        "x.xls[3]",
        ("SKU", "Название"),
    )
    assert other.frame.collect().rows() == [("7", "Чай", 2)]
    assert [str(note) for note in first.notes] == ["x.xls: tables without a header left out, 2 rows: 4"]


def test_a_value_that_spans_rows_counts_for_all_of_them(tmp_path: Path) -> None:
    page = """<meta charset=utf-8><table><tr><th>Заказ</th><th>Товар</th><th>Сумма заказа</th></tr>
      <tr><td rowspan=2>1</td><td>Чай</td><td rowspan=2>100</td></tr><tr><td>Кофе</td></tr>
      <tr><td>2</td><td>Чай</td><td>50</td></tr></table>"""
    (found,) = tables(tmp_path, page)
    assert found.frame.collect().rows() == [("1", "Чай", "100", 2), ("1", "Кофе", "0", 3), ("2", "Чай", "50", 4)]


def test_the_first_table_with_a_header_is_taken(tmp_path: Path) -> None:
    other = "<table><tr><td>menu</td></tr></table><table><tr><td>1</td><td>2</td></tr></table>"
    title = "<tr><td colspan=2>Report</td></tr>"
    page = f"<html><style>td {{ color: red }}</style>{other}<table>{title}{HEADER}{ROW}</table>"
    found = table(tmp_path, page)
    assert (found.header, found.layout.preamble, found.layout.header_row) == (("ID", "Клиент"), ("Report",), 2)
    with pytest.raises(InputError, match="no table on this page"):
        table(tmp_path, "<table><tr><td>only</td></tr></table>")


def test_spans_lines_markup_and_nested_tables() -> None:
    page = """<table><tr><td rowspan=2>A</td><td>1<br/>2</td></tr>
      <tr><td> <b>3</b>
         4&nbsp;5 <table><tr><td>x</td></tr></table> 6</td></tr>
      <tr><td colspan="2">all<script>no</script></td><td>end</table>"""
    outer, inner = tables_in(page)
    assert outer.cells == [["A", "1\n2", ""], ["", "3 4\xa05 6", ""], ["all", "", "end"]]
    assert outer.merged == [Merged(top=0, left=0, bottom=1, right=0), Merged(top=2, left=0, bottom=2, right=1)]
    assert (inner.cells, inner.merged) == ([["x"]], [])


def test_the_export_of_bitrix(data: Path, tmp_path: Path) -> None:
    (source,) = find([str(data / "exports/bitrix24/*.xls")], tmp_path)
    (found,) = read(source, ReadOptions(), tmp_path)
    frame = found.frame.collect()
    assert (frame.height, len(found.header), source.kind) == (3, 26, "html")
    assert frame["Компания: Название компании"][0] == 'ООО "Ромашка"'
