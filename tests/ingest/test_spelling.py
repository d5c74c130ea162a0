"""Dates in words, rewritten."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.ingest.spelling import numeric


def rewritten(*texts: str | None) -> list[str | None]:
    return pl.DataFrame({"t": texts}, schema={"t": pl.String}).select(numeric(pl.col("t"))).to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5. März 2024", "2024-03-5"),
        ("12. Dez. 2023", "2023-12-12"),
        ("12 févr. 2024", "2024-02-12"),
        ("1er août 2024", "2024-08-1"),
        ("15-ene-2024", "2024-01-15"),
        ("5 de enero de 2024", "2024-01-5"),
        ("5 березня 2024 р.", "2024-03-5"),
        ("5 мая 2024 года", "2024-05-5"),
        ("May 5th, 2024", "2024-05-5"),
        ("2024-Jan-05", "2024-01-05"),
        ("05-Jan-70", "1970-01-05"),
        ("05-Jan-69", "2069-01-05"),
        ("янв.26", "2026-01-01"),
        ("2026 январь", "2026-01-01"),
        ("Fri, 13 Feb 2026 12:00:00 +0300", "2026-02-13 12:00:00+0300"),
        ("Fri Feb 13 2026 12:00:00 GMT+0300 (Moscow Standard Time)", "2026-02-13 12:00:00+0300"),
        ("Friday, February 13, 2026", "2026-02-13"),
        ("пт 13.02.2026", "13.02.2026"),
        ("сб, 14.02.2026 10:00", "14.02.2026 10:00"),
        ("mar 13.02.2026", "13.02.2026"),
        ("Mar 5, 2024", "2024-03-5"),
        ("13.02.2026 г.", "13.02.2026"),
        ("13.02.2026 г. в 12:30", "13.02.2026 12:30"),
        ("13.02.2026\u00a012:30", "13.02.2026 12:30"),
        ("12:30 13.02.2026", "13.02.2026 12:30"),
        ("13.02.2026 um 12:30 Uhr", "13.02.2026 12:30"),
        ("13.02.2026 24:00", "13.02.2026 00:00"),
    ],
)
def test_a_date_in_words(text: str, expected: str) -> None:
    assert rewritten(text) == [expected]


@pytest.mark.parametrize("text", ["soon", "5 января", "up to 13.02.2026", "Mar 5", "2026-02-13 12:00 CST", ""])
def test_what_is_no_whole_date_stays(text: str) -> None:
    assert rewritten(text, None) == [text, None]
