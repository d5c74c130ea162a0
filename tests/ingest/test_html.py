"""HTML tables that pass for workbooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from acrm.errors import InputError
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
    assert tables_in(page) == [
        [["A", "1\n2", ""], ["", "3 4\xa05 6", ""], ["all", "", "end"]],
        [["x"]],
    ]


def test_the_export_of_bitrix(data: Path, tmp_path: Path) -> None:
    (source,) = find([str(data / "exports/bitrix24/*.xls")], tmp_path)
    (found,) = read(source, ReadOptions(), tmp_path)
    frame = found.frame.collect()
    assert (frame.height, len(found.header), source.kind) == (3, 26, "html")
    assert frame["Компания: Название компании"][0] == 'ООО "Ромашка"'
