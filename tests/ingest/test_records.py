"""Records with wrong quotes and widths are cut without swallowing their neighbours."""

from __future__ import annotations

import csv
import io
import time

import pytest

from acrm.ingest.records import records, tolerant


def cut(text: str, width: int | None = None, delimiter: str = ",", quote: str | None = '"') -> list[tuple[object, ...]]:
    lines = io.StringIO(text, newline="\n")
    return [(record.line, record.fields, record.rule) for record in records(lines, delimiter, quote, width)]


def test_a_quote_that_never_closes_swallows_nothing() -> None:
    text = '1,"open,x\n' + "".join(f"{place},b,c\n" for place in range(2, 5000))
    found = cut(text, 3)
    assert found[0] == (1, ["1", '"open', "x"], None)
    assert found[1:] == [(place, [str(place), "b", "c"], None) for place in range(2, 5000)]


def test_a_quote_that_closes_in_another_record_is_a_letter() -> None:
    assert cut('1,"5 pipe,x\n2,b,c\n3,"6 pipe",z\n', 3) == [
        (1, ["1", '"5 pipe', "x"], None),
        (2, ["2", "b", "c"], None),
        (3, ["3", "6 pipe", "z"], None),
    ]


def test_quotes_inside_a_quoted_field_stay() -> None:
    assert cut('1,"ООО "Ромашка"",x\n2,"he said ""no""",y\n', 3) == [
        (1, ["1", 'ООО "Ромашка"', "x"], None),
        (2, ["2", 'he said "no"', "y"], None),
    ]


def test_a_record_of_several_lines_is_mended_as_a_whole() -> None:
    assert cut('1,"he said "no" to\nus, twice",x\n2,b,c\n', 3) == [
        (1, ["1", 'he said "no" to\nus, twice', "x"], None),
        (3, ["2", "b", "c"], None),
    ]


def test_backslashes_protect_delimiters_and_quotes() -> None:
    assert cut('1,INDIE\\, X,2\n1,"INDIE\\, X",2\n1,"say \\"hi\\", ok",2\n', 3) == [
        (1, ["1", "INDIE, X", "2"], None),
        (2, ["1", "INDIE\\, X", "2"], None),
        (3, ["1", 'say "hi", ok', "2"], None),
    ]


def test_widths_are_mended_where_nothing_is_lost_and_named_where_something_would_be() -> None:
    assert cut("1,2,3,,\n1,2,3,4\n1\n\n", 3) == [
        (1, ["1", "2", "3"], None),
        (2, ["1", "2", "3", "4"], "too_many_fields"),
        (3, ["1", "", ""], None),
        (4, ["", "", ""], None),
    ]


def test_a_short_record_with_a_wrong_quote_is_not_guessed_at() -> None:
    assert cut('1,"x\n', 3) == [(1, ["1", '"x', ""], "unreadable")]


def test_blanks_are_one_delimiter_and_no_quote_means_none() -> None:
    assert cut(" 1  19970101   2.50\r\n", 3, " ", None) == [(1, ["1", "19970101", "2.50"], None)]
    assert cut('a\t"b\n', 2, "\t", None) == [(1, ["a", '"b'], None)]


@pytest.mark.parametrize("text", ['1,"' + '"' * 5001 + "x", "1," + '"a""' * 3000, '1,"' + "x\n" * 100_000])
def test_no_text_takes_long(text: str) -> None:
    start = time.perf_counter()
    cut(text, 3)
    assert time.perf_counter() - start < 5


def test_well_formed_text_is_cut_as_csv_cuts_it() -> None:
    text = 'a,"b\r\nc",""\r\n"""q""",,"x,y"\r\n"last"\r\n'
    assert [fields for _, fields, _ in cut(text)] == list(csv.reader(io.StringIO(text, newline="")))
    assert tolerant('"x,y",z', ",", '"') == ["x,y", "z"]
