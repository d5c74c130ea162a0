"""What columns of texts are: numbers, days, lists or words."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from acrm.analysis.people.kinds import told

DAY = date(2025, 6, 30)


@pytest.mark.parametrize(
    ("values", "kind", "found"),
    [
        (["1", "2", "3,5", " ", "n/a"], "number", [1, 2, 3.5, None, None]),
        (["5%", "10 %", "7%"], "number", [5, 10, 7]),
        (["1 200", "3\u00a0400,5", "12"], "number", [1200, 3400.5, 12]),
        (["$1,234.50", "-$7", "$1,000"], "number", [1234.5, -7, 1000]),
        (["1.234,50 €", "7,5 €", "1 200 руб."], "number", [1234.5, 7.5, 1200]),
        (["12,50 EUR", "USD 7", "1,5"], "number", [12.5, 7, 1.5]),
        (["29.06.2025", "31.05.2025", "20.06.2025"], "number", [1, 30, 10]),
        (["2025-06-29", "2025-06-28T10:00:00", "2024-06-30"], "number", [1, 2, 365]),
        (["yes", "no", None], "category", ["yes", "no", None]),
        (["1", "0", "1"], "category", ["1", "0", "1"]),
        (["tea|ink", "ink", "tea"], "multi", [["ink", "tea"], ["ink"], ["tea"]]),
        (["Smith; John", "a", "b"], "multi", [["John", "Smith"], ["a"], ["b"]]),
        ([None, None], "category", [None, None]),
    ],
)
def test_a_column_is_what_its_values_are(values: list[str | None], kind: str, found: list[Any]) -> None:
    got, column = told(pl.Series(values, dtype=pl.String), DAY)
    assert (got, column.to_list()) == (kind, found)


def test_a_column_that_is_mostly_words_stays_words() -> None:
    assert told(pl.Series(["12", "13", "tea"] * 9), DAY)[0] == "category"
    many = pl.Series([f"one {place}; two {place}" for place in range(100)])
    assert told(many, DAY)[0] == "category"
    assert told(pl.Series([1.5, 2.5, 3.5]), DAY)[1].to_list() == [1.5, 2.5, 3.5]
