"""Cohorts: who was still there, and nothing where nobody could see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from acrm.analysis.churn.cohorts import cohorts
from acrm.analysis.churn.stays import stays_of_contracts
from acrm.analysis.clv.contract_groups import ContractParams

TODAY = date(2024, 1, 1)


def triangle(rows: Sequence[tuple[date, date | None]]) -> pl.DataFrame:
    table = pl.DataFrame(
        [(f"c{place:03}", *row) for place, row in enumerate(rows)],
        schema={"customer_id": pl.String, "start_at": pl.Date, "end_at": pl.Date},
        orient="row",
    )
    return cohorts(stays_of_contracts(table.lazy(), ContractParams(as_of=TODAY, period="month")))


def test_cells_that_nobody_could_see_are_empty() -> None:
    # Of 30 who started in September 20 leave in their second month; 10 start in November and stay.
    september = [(date(2023, 9, 5), date(2023, 10, 20))] * 20 + [(date(2023, 9, 5), None)] * 10
    table = triangle([*september, *([(date(2023, 11, 5), None)] * 10)])
    rows = table.select("cohort", "after", "at_start", "there").rows()
    assert rows[:4] == [("2023-09", 0, 30, 30), ("2023-09", 1, 30, 30), ("2023-09", 2, 30, 10), ("2023-09", 3, 30, 10)]
    assert rows[4:] == [
        ("2023-11", 0, 10, 10),
        ("2023-11", 1, 10, 10),
        ("2023-11", 2, 10, None),
        ("2023-11", 3, 10, None),
    ]
    assert table["share"][2] == 10 / 30


def test_a_cohort_is_seen_as_long_as_its_youngest() -> None:
    table = triangle([(date(2023, 9, 2), date(2023, 10, 1))] * 20 + [(date(2023, 9, 28), None)])
    assert table["there"].to_list() == [21, 1, 1, 1]
    late = triangle([(date(2023, 9, 1), date(2023, 9, 20))] * 20 + [(date(2023, 9, 28), None)])
    # On 1 January the first have been watched for four months, the last for three.
    assert late["there"].to_list()[-1] is None


def test_many_months_are_quarters_and_many_quarters_years() -> None:
    days = [date(2015, 1, 10) + timedelta(days=30 * place) for place in range(100)]
    rows = [(day, day + timedelta(days=40)) for day in days]
    assert triangle(rows[-30:])["cohort"][0] == "2020-Q4"
    assert triangle(rows)["cohort"].unique().sort().to_list()[0] == "2015"
