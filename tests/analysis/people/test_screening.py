from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm import messages
from acrm.analysis.people.screening import canonical, screen

ROWS = 400
random = np.random.default_rng(11)
SPEND = random.lognormal(4, 1, ROWS).round(2)
SEX = random.choice(["f", "m"], ROWS, p=[0.6, 0.4])
CITY = random.choice(["Kirov", "Omsk", "Tver"], ROWS)


def reasons(**columns: object) -> dict[str, str]:
    table = pl.DataFrame({"spend": SPEND, "sex": SEX, "city": CITY} | columns)
    return dict(screen(table).select("column", "reason").rows())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None] * ROWS, "empty"),
        ([1.5, 2.0, 7.0] + [None] * (ROWS - 3), "near_empty"),
        (["yes"] * ROWS, "constant"),
        ([0] * (ROWS - 2) + [1, 1], "near_constant"),
        ([date(2025, 1, 1) + timedelta(days=n % 90) for n in range(ROWS)], "date"),
        ([f"{n % 28 + 1:02}.03.2025" for n in range(ROWS)], "date"),
        ([f"client-{n}" for n in range(ROWS)], "id"),
        (random.permutation(ROWS) + 1, "id"),
        (random.choice(1200, ROWS, replace=False), "id"),
        ([f"call {n % 250}" for n in range(ROWS)], "text"),
        (SPEND, "duplicate"),
        ((SPEND * 90 + 5).tolist(), "duplicate"),
        ([Decimal(str(value)) for value in SPEND], "duplicate"),
        (np.where(np.arange(ROWS) == 7, SPEND + 0.5, SPEND), "near_duplicate"),
        (np.where(SEX == "f", 1, 0), "duplicate"),
        (np.where(np.arange(ROWS) < 1, "x", np.where(SEX == "f", "женский", "мужской")), "near_duplicate"),
        ([[city, "all"] for city in CITY], "duplicate"),
    ],
)
def test_useless(values: object, reason: str) -> None:
    assert reasons(x_new=values) == {"x_new": reason}


@pytest.mark.parametrize(
    "values",
    [
        ["yes" if n % 20 == 0 else None for n in range(ROWS)],
        random.choice(["yes", "no"], ROWS).tolist(),
        np.round(random.normal(500, 1e6, ROWS)),
        random.integers(0, 3000, ROWS),
        random.normal(size=ROWS),
        np.where(random.random(ROWS) < 0.05, "x", SEX),
        SPEND + random.normal(0, 20, ROWS),
        [["tea"] if n % 3 else ["tea", "ski"] for n in range(ROWS)],
        (np.arange(ROWS) % 50 == 0).tolist(),
    ],
)
def test_candidates_are_never_lost(values: object) -> None:
    assert reasons(x_has_dog=values) == {}


def test_two_rare_flags_are_not_the_same_for_being_rare() -> None:
    one, other = np.zeros(ROWS), np.zeros(ROWS)
    one[:6], other[4:10] = 1, 1
    assert reasons(x_one=one, x_other=other) == {}


def test_large_numbers_are_ids_by_their_name_only() -> None:
    phones = random.integers(9_000_000_000, 9_999_999_999, ROWS)
    assert reasons(x_client_id=phones) == {"x_client_id": "id"}
    assert reasons(x_turnover=phones) == {}


def test_the_outcome_under_another_name_goes_and_the_outcome_stays() -> None:
    table = pl.DataFrame({"total": SPEND, "sex": SEX, "spend": SPEND * 2})
    assert screen(table, first=("spend",)).rows() == [("total", "duplicate", "says the same as spend")]


def test_the_order_of_rows_does_not_matter() -> None:
    table = pl.DataFrame({"spend": SPEND, "sex": SEX, "id": np.arange(ROWS), "tags": [["b", "a"]] * ROWS})
    shuffled = table.sample(fraction=1, shuffle=True, seed=3)
    assert screen(table).equals(screen(shuffled))
    assert canonical(shuffled).equals(canonical(table))


def test_details_are_sentences_in_the_language_in_use() -> None:
    messages.use("ru")
    found = screen(pl.DataFrame({"a": [1, 1], "b": ["x", "y"]}))
    assert found["detail"].to_list() == ["во всех строках 1"]


def test_marketing_campaign(data: Path) -> None:
    table = pl.read_csv(data / "segment" / "marketing_campaign.csv", separator="\t", infer_schema_length=None)
    assert dict(screen(table).select("column", "reason").rows()) == {
        "Complain": "near_constant",
        "Dt_Customer": "date",
        "ID": "id",
        "Z_CostContact": "constant",
        "Z_Revenue": "constant",
    }


def test_hundreds_of_columns_are_compared_in_a_moment() -> None:
    chance = np.random.default_rng(0)
    many = {f"q{place}": chance.integers(0, 2 + place % 9, 400) for place in range(800)}
    table = pl.DataFrame(many | {"same": many["q7"] * 3 - 1, "words": [f"w{level}" for level in many["q8"]]})
    begun = time.process_time()
    assert screen(table).select("column", "reason").rows() == [("same", "duplicate"), ("words", "duplicate")]
    assert time.process_time() - begun < 5


def test_huge_numbers_are_compared_too() -> None:
    numbers = np.random.default_rng(0).random(40)
    found = screen(pl.DataFrame({"huge": numbers * 1e300, "same": numbers * 2e300, "other": numbers[::-1] * 1e300}))
    assert found.select("column", "reason").rows() == [("same", "duplicate")]
