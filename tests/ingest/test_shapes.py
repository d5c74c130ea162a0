"""What the values of a column look like."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from acrm.ingest.shapes import fits


@pytest.mark.parametrize(
    ("values", "kind", "answer"),
    [
        (["2024-01-13", "13.01.24", "1/13/2024 5:00 PM"], "date", True),
        (["20240113", "45384", "45384.5", "1700000000"], "datetime", True),
        (["13 янв 2024", "Jan 13, 2024", "янв.26"], "date", True),
        (["spring", "summer", "2024-01-13"], "date", False),
        (["350 000", "€ 2.900,00", "(500,00)", "-$18.00", "USD 0.00", "1 234,50 р."], "money", True),
        (["5", "-5", "−5", "5%", "1e3"], "number", True),
        (["Mug", "Cup", "5"], "money", False),
        (["10%", "5 %", "7"], "money", False),
        (["382-4657", "371 71 91", "(3) 71-719-1"], "phone", False),
        (["8 (495) 371-71-91", "030 901820", "7,9271E+10"], "phone", True),
        (["anything", "5"], "text", True),
        (["anything", "5"], "id", True),
        ([None, "", "n/a", "-"], "money", True),
        # Six of ten are enough, null words not counted.
        (["1", "2", "3", "x", "y", "n/a", "", "Итого:"], "money", True),
        (["1", "2", "x", "y"], "money", False),
    ],
)
def test_texts(values: list[str | None], kind: str, answer: bool) -> None:
    assert fits(pl.Series(values, dtype=pl.String), kind) is answer


def test_typed_columns_are_what_their_type_says() -> None:
    day, number = pl.Series([date(2024, 1, 13)]), pl.Series([5])
    assert fits(day, "date")
    assert fits(day, "datetime")
    assert not fits(day, "money")
    assert fits(number, "money")
    assert not fits(number, "datetime")
    assert fits(number, "id")
