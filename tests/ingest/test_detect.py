"""Delimiters, quotes and the beginning of the table in texts as systems write them."""

from __future__ import annotations

import pytest

from acrm.ingest.detect import text_layout
from acrm.ingest.records import SINGLE_COLUMN


@pytest.mark.parametrize(
    ("sample", "delimiter", "header_line"),
    [
        ("id;amount\na1;1,50\na2;2,50\n", ";", 1),
        ("name;amount\nAnna, M;1,50\nBob, X;2,50\n", ";", 1),
        ('id,contacts\n1,"a;b"\n2,"c;d"\n', ",", 1),
        ("id|name\n1|Ann\n2|Bob\n", "|", 1),
        ("a\tb, c\n1\t2\n", "\t", 1),
        ("sep=;\nid;sum\n1;2\n", ";", 2),
        ("Отчёт\nПериод: 01.01.2026 - 31.03.2026\n\nДата;Клиент;Сумма\n01.02.2026;А;1 000,50\n;;Итого\n", ";", 4),
        ("# ----\n# Sessions, by source\n\nSource / medium,Sessions\ngoogle / cpc,10\n", ",", 4),
        ("Report\nid,client,sum\n1,A,5\n2,B,6\n", ",", 2),
        ('"A","B","C"\n"x","y","z"\n\n"Total (1 record)"\n"Do not distribute"\n"All rights reserved"\n"."\n', ",", 1),
        ("rec_id, given_name, postcode\nrec-1, ann, 4011\n", ",", 1),
        (" customer  date n sum\r\n 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n", " ", 1),
        ('id,"note\nlong",x\n1,"a\nb",2\n', ",", 1),
    ],
)
def test_the_delimiter_and_the_header_are_found(sample: str, delimiter: str, header_line: int) -> None:
    found = text_layout(sample)
    assert (found.delimiter, found.header_line) == (delimiter, header_line)


@pytest.mark.parametrize(
    "sample",
    [
        "email\na@b.ru\nc@d.ru\n",
        "name\nPeter, Paul\nMary, Anne\n",
        'name\n"Peter, Paul"\n"Mary, Anne"\n',
        "full name\nIvan Petrov\nPyotr Sidorov\n",
        "tags\na,b\nc,d\n",
        "note\nHello, dear\nYes\nNo, but, well\n",
        "id",
    ],
)
def test_a_single_column_keeps_its_header(sample: str) -> None:
    found = text_layout(sample)
    assert (found.delimiter, found.header) == (SINGLE_COLUMN, (sample.split("\n", maxsplit=1)[0],))


def test_the_first_record_starts_below_all_lines_of_the_header() -> None:
    assert text_layout('id,"note\nlong",x\n1,a,2\n').first_line == 3


def test_names_choose_the_delimiter_that_gives_as_many_columns() -> None:
    assert text_layout("1;2,5;3\n2;3,5;4\n", names=3).delimiter == ";"
    assert text_layout("1,2,5\n2,3,5\n", names=3).header is None


def test_rows_too_long_stay_too_long_unless_all_are() -> None:
    assert text_layout("a,b,c\n1,2,3\n4,5,6,7\n").width == 3
    assert text_layout("a;b;c\n1;2;3;\n4;5;6;\n").width == 4


def test_quotes_as_inches_are_no_quotes() -> None:
    assert text_layout('id\tname\n1\t"Set" 4\n2\t"Cup" 2\n').quote is None
    assert text_layout('id,name\n1,"a\nb"\n2,"c, d"\n').quote == '"'
    assert not text_layout('id,name\n1,"OOO "X""\n2,b\n').orderly
