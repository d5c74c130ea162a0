"""Texts to exact decimals."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.errors import InputError
from acrm.ingest import numbers


def read(texts: list[str], preferred: str | None = None) -> list[Decimal | None]:
    form = numbers.decide(pl.Series(texts), preferred)
    return pl.DataFrame({"t": texts}).select(numbers.parse(pl.col("t"), form)).to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("350 000", "350000"),
        ("90 000,50", "90000.50"),
        ("24\u00a0800,00", "24800"),
        ("€ 2.900,00", "2900"),
        ("$12,500.00", "12500"),
        ("-$18.00", "-18"),
        ("(500,00)", "-500"),
        ("\u22125", "-5"),
        ("5-", "-5"),
        ("45k", "45000"),
        ("1'000", "1000"),
        ("1 234,50 р.", "1234.50"),
        ("USD 3,000.00", "3000"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("0,125", "0.125"),
        ("1.2E+05", "120000"),
        ("100%", "100"),
        ("0.001", "0.001"),
        ("12.345.678,90", "12345678.90"),
        ("1 234,5 тыс.", "1234500"),
        ("1,23456 млн", "1234560"),
        ("(1,234.50)", "-1234.50"),
        ("1.5e3", "1500"),
        ("$1.2M", "1200000"),
        ("1,23,456.78", "123456.78"),
        ("1,23,456", "123456"),
        ("100 баксов", "100"),
        ("50 у.е.", "50"),
    ],
)
def test_one_way_of_writing(text: str, expected: str) -> None:
    assert read([text]) == [Decimal(expected)]


@pytest.mark.parametrize("text", ["", "abc", "M500", "2 шт по 5", "7-я линия 12", "٣", "½", "5½"])
def test_what_is_no_number_is_null(text: str) -> None:
    assert read([text, "1,50"])[0] is None


@pytest.mark.parametrize("spelled", ["{}", "${}", "{} р."])
def test_every_way_of_writing_rounds_half_away_from_zero(spelled: str) -> None:
    values = ["2.00005", "-2.00005", "2.00015", "2.00004999999999999999", "-0.00005"]
    expected = ["2.0001", "-2.0001", "2.0002", "2.0000", "-0.0001"]
    assert read([spelled.format(value) for value in values]) == [Decimal(value) for value in expected]
    commas = [spelled.format(value).replace(".", ",", 1) for value in values]
    assert read(commas) == [Decimal(value) for value in expected]
    frame = pl.DataFrame({"f": [2.00005, -2.00005], "d": [Decimal("2.00005"), Decimal("-2.00005")]})
    for name in frame.columns:
        typed = frame.select(numbers.of_typed(pl.col(name), frame.schema[name]))[name].to_list()
        assert typed == [Decimal("2.0001"), Decimal("-2.0001")]


def test_a_share_is_no_money() -> None:
    form = numbers.decide(pl.Series(["100%", "5"]))
    cells = pl.DataFrame({"t": ["100%", "5"]})
    assert cells.select(numbers.parse(pl.col("t"), form, shares=False))["t"].to_list() == [None, Decimal(5)]


def test_a_column_decides_what_a_lone_mark_before_three_digits_is() -> None:
    assert read(["1,234", "12.50"])[0] == Decimal(1234)
    assert read(["1,234", "12,5"])[0] == Decimal("1.234")
    assert read(["40,000", "2 000,000", "-5,000"]) == [Decimal(40), Decimal(2000), Decimal(-5)]
    assert read(["1.234", "0.5"])[0] == Decimal("1.234")
    assert read(["1.234", "2.500,10"])[0] == Decimal(1234)


def test_a_mark_that_reads_both_ways_is_refused_unless_told() -> None:
    with pytest.raises(InputError) as caught:
        numbers.refuse_doubt("a.csv", "sum", numbers.decide(pl.Series(["1,234", "2,500"])))
    assert "--decimal" in str(caught.value.hint)
    assert read(["1,234"], ",") == [Decimal("1.234")]
    assert read(["1,234"], ".") == [Decimal(1234)]
    assert read(["1.234"], ",") == [Decimal(1234)]


cents = st.decimals(-(10**9), 10**9, places=2)


@given(st.lists(cents, min_size=1))
def test_russian_spelling_is_read_back(values: list[Decimal]) -> None:
    texts = [f"{value:,.2f}".replace(",", "\u00a0").replace(".", ",") for value in values]
    assert read(texts) == values


@given(st.lists(cents, min_size=1))
def test_english_spelling_is_read_back(values: list[Decimal]) -> None:
    assert read([f"${value:,.2f}" for value in values]) == values


@given(st.lists(cents, min_size=1))
def test_plain_spelling_is_read_back(values: list[Decimal]) -> None:
    assert read([str(value) for value in values]) == values
