"""Tenths of contacts by what they bring."""

from __future__ import annotations

import random
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.actions.gains import gains


def actions(margins: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [f"c{number:03}" for number in range(len(margins))],
            "expected_value": pl.Series(
                [None if one is None else Decimal(one + 2) for one in margins], dtype=pl.Decimal(38, 4)
            ),
            "cost": pl.Series([Decimal(2)] * len(margins), dtype=pl.Decimal(38, 4)),
            "control": pl.Series([one == 999 for one in margins], dtype=pl.Boolean),
        }
    )


def test_the_best_tenth_is_first_and_all_add_up() -> None:
    margins: list[int | None] = [*range(1, 24), None, 999]
    random.Random(0).shuffle(margins)
    found = gains(actions(margins))
    assert found["part"].to_list() == list(range(1, 11))
    assert found["contacts"].sum() == 23
    assert found.row(0, named=True) | {"share": 0, "cumulative": 0} == {
        "part": 1,
        "contacts": 3,
        "cost": Decimal(6),
        "expected_margin": Decimal(23 + 22 + 21),
        "least": Decimal(21),
        "share": 0,
        "cumulative": 0,
    }
    assert found["share"][0] == pytest.approx(66 / 276, abs=1e-6)
    assert found["cumulative"][-1] == 1
    assert found["least"].to_list() == sorted(found["least"], reverse=True)


@pytest.mark.parametrize("margins", [[], [1] * 9, [None] * 50])
def test_a_few_contacts_have_no_tenths(margins: list[int | None]) -> None:
    assert gains(actions(margins)).is_empty()


def test_equals_are_taken_by_id() -> None:
    found = gains(actions([5] * 40))
    assert found["contacts"].to_list() == [4] * 10
    assert found["cumulative"].to_list() == [round(part / 10, 6) for part in range(1, 11)]
