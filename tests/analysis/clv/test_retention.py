"""Retention tables in the layouts they come in, and tables that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.clv.retention import Retention, find_retention


def read(columns: dict[str, Any], cohort: int = 1000) -> Retention:
    found = find_retention(pl.DataFrame(columns, strict=False), cohort)
    assert found
    return found


def survivors(found: Retention, group: str = "") -> list[float]:
    """Customers of the group who left, by period, and those still there."""
    durations = found.groups[group].durations()
    return [*durations.lost[durations.time > 0].tolist(), float(durations.kept.sum())]


def test_one_row_per_period_as_text() -> None:
    found = read(
        {
            "row": [1, 2, 3, 4],
            "Месяц": ["0", "1", "2", "3"],
            "Осталось": ["100,0 %", "80,5 %", "70,5 %", "64,0 %"],
            "comment": ["start", None, "price rise", None],
            "_source_row": [2, 3, 4, 5],
        }
    )
    assert survivors(found) == pytest.approx([195, 100, 65, 640])
    assert found.period == "month"
    assert [note.id for note in found.notes] == ["clv_contract.shares"]
    assert survivors(read({"month": [0, 1, 2, 3], "kept": [1.0, 0.8, 0.75, 0.6]}, cohort=20)) == pytest.approx(
        [4, 1, 3, 12]
    )


def test_a_count_of_a_hundred_is_no_share() -> None:
    found = read({"quarter": [1, 2, 3, 4], "customers": [100, 80, 70, 64]})
    assert survivors(found) == [20, 10, 6, 64]
    assert found.period == "quarter"
    assert not found.notes


def test_columns_are_groups_or_cohorts() -> None:
    years = {"year": [0, 1, 2, 3]}
    products = read({**years, "basic": [90, 60, 50, 45], "premium": [40, 38, 37, 36], "price": [5, 6, 6, 7]})
    assert list(products.groups) == ["basic", "premium"]
    assert survivors(products, "premium") == [2, 1, 1, 36]
    cohorts = read({**years, "2021": [90, 60, 50, 45], "2022": [80, 70, 65, None], "2023": [50, 30, None, None]})
    assert list(cohorts.groups) == [""]
    assert survivors(cohorts) == [30 + 10 + 20, 10 + 5, 5, 45 + 65 + 30]
    assert [note.values["cohorts"] for note in cohorts.notes] == [3]


def test_cohorts_below_each_other() -> None:
    found = read(
        {
            "cohort": ["2024-01"] * 4 + ["2024-02"] * 3,
            "period": [0, 1, 2, 3, 0, 1, 2],
            "customers": [100, 80, 70, 65, 90, 75, 64],
            "churned": [0, 20, 10, 5, 0, 15, 11],
        }
    )
    assert survivors(found) == [35, 21, 5, 65 + 64]
    assert found.period is None


@pytest.mark.parametrize("first", [0, 1])
def test_one_row_per_cohort(first: int) -> None:
    names = [f"month {number}" for number in range(first, 4)]
    size = {"size": [100, 90, 80]} if first else {}
    values: list[Any] = [[100, 90, 80], [80, 75, 60], [70, 64, None], [65, None, None]]
    found = read({"cohort": ["2024-01", "2024-02", "2024-03"], **size, **dict(zip(names, values[first:], strict=True))})
    assert survivors(found) == [20 + 15 + 20, 10 + 11, 5, 65 + 64 + 60]
    assert found.period == "month"


@pytest.mark.parametrize(
    "columns",
    [
        {"name": ["a", "b", "c", "d"], "amount": [9, 5, 4, 3]},
        {"year": [0, 1, 2, 3], "sales": [5, 6, 4, 3]},
        {"year": [0, 1, 2, 3], "same": [5, 5, 5, 5]},
        {"year": [0, 1, 3, 4], "left": [9, 5, 4, 3]},
        {"year": [0, 1, 2], "left": [9, 5, 4]},
        {"month 0": [9, 8], "month 1": [7, 9], "month 2": [6, 9], "month 3": [6, 9]},
        {"year": [], "left": []},
    ],
)
def test_tables_that_are_none(columns: dict[str, Any]) -> None:
    assert find_retention(pl.DataFrame(columns, strict=False), 1000) is None


def test_the_published_table(data: Path) -> None:
    table = pl.read_csv(data / "clv" / "sbg_retention.csv", infer_schema=False)
    found = find_retention(table, 1000)
    assert found
    assert list(found.groups) == ["high_end_pct", "regular_pct"]
    assert found.period == "year"
    assert survivors(found, "regular_pct")[:3] == pytest.approx([369, 163, 86])
