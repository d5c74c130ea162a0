"""What is done with a product, rule by rule: a row in which one thing at a time speaks for another action."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.products.actions import Usual, decided

TODAY = date(2025, 6, 1)
USUAL = Usual(repeat_rate=0.2, margin_rate=0.3, reach=0.1, customers=1000, days=800)
DUD: dict[str, Any] = {
    "product_id": "p",
    "revenue": Decimal(100),
    "margin": Decimal(5),
    "margin_rate": 0.05,
    "orders": 20,
    "customers": 15,
    "abc": "C",
    "abc_margin": "C",
    "xyz": "Z",
    "cv": 1.4,
    "repeat_rate": 0.1,
    "repeat_low": 0.05,
    "reach": 0.015,
    "pull": 0.9,
    "pull_low": 0.7,
    "pull_high": 1.2,
    "beside": Decimal(20),
    "newcomers": 2,
    "brings": 0.8,
    "brings_low": 0.3,
    "only_buyers": 0,
    "first_on": date(2023, 4, 1),
    "days_since_last": 30,
    "on_hand": None,
    "stock_value": None,
    "days_cover": None,
    "season_from": None,
    "season_to": None,
    "is_active": None,
}


def action(as_of: date | None = TODAY, usual: Usual = USUAL, **changes: Any) -> tuple[str, str, Decimal | None]:
    table = pl.DataFrame([DUD | changes], infer_schema_length=None)
    row = decided(table, usual, as_of, 90).row(0, named=True)
    return row["action"], row["reason"], row["expected_value"]


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("remove", {}),
        ("remove", {"abc_margin": None, "margin": None}),
        ("keep", {"abc": "B"}),
        ("keep", {"abc_margin": "A"}),
        ("keep", {"pull": 1.5, "pull_low": 1.1}),
        ("watch", {"pull": 1.3, "pull_low": 0.9}),
        ("keep", {"brings": 2.0, "brings_low": 1.2}),
        ("keep", {"repeat_rate": 0.6, "repeat_low": 0.3}),
        ("keep", {"xyz": "X", "cv": 0.3}),
        ("watch", {"first_on": date(2025, 4, 1)}),
        ("watch", {"first_on": date(2025, 4, 1), "xyz": "X"}),
        ("watch", {"season_from": 11, "season_to": 2}),
        ("promote", {"repeat_rate": 0.6, "repeat_low": 0.3, "margin_rate": 0.3}),
        ("keep", {"repeat_rate": 0.6, "repeat_low": 0.3, "margin_rate": 0.3, "customers": 9}),
        ("keep", {"repeat_rate": 0.6, "repeat_low": 0.3, "margin_rate": 0.3, "reach": 0.1}),
        ("keep", {"repeat_rate": 0.6, "repeat_low": 0.3, "margin_rate": 0.3, "on_hand": Decimal(0), "days_cover": 0.0}),
        ("clear", {"on_hand": Decimal(4), "days_since_last": 91}),
        ("remove", {"on_hand": Decimal(4), "days_since_last": 90}),
        ("watch", {"on_hand": Decimal(4), "days_since_last": 91, "season_from": 7, "season_to": 8}),
        ("clear", {"on_hand": Decimal(4), "days_since_last": 91, "season_from": 12, "season_to": 2}),
        ("clear", {"on_hand": Decimal(4), "is_active": False}),
        ("withdrawn", {"is_active": False}),
        ("restock", {"abc": "A", "on_hand": Decimal(0), "days_cover": 0.0}),
        ("restock", {"abc": "B", "on_hand": Decimal(5), "days_cover": 13.9}),
        ("keep", {"abc": "A", "on_hand": Decimal(0), "days_cover": 0.0, "days_since_last": 200}),
        ("remove", {"on_hand": Decimal(0), "days_cover": 0.0}),
    ],
)
def test_one_thing_decides(expected: str, changes: dict[str, Any]) -> None:
    assert action(**changes)[0] == expected


def test_without_dates_nothing_is_taken_out() -> None:
    assert action(as_of=None, first_on=None, days_since_last=None)[0] == "watch"


def test_reasons_name_their_figures_and_values_what_they_are_of() -> None:
    promoted = action(repeat_rate=0.6, repeat_low=0.3, margin_rate=0.4)
    # 85 buyers more, each worth 5 / 15.
    assert promoted[2] == Decimal("28.3333")
    assert "60.0% of its buyers" in promoted[1]
    assert "margin 40.0% (30.0% of all)" in promoted[1]
    removed = action(only_buyers=1, on_hand=Decimal(4), stock_value=Decimal(12))
    assert removed[1].endswith("2.28 a year at stake; 1 customer bought nothing else")
    assert removed[2] == Decimal(12)
    assert action(pull=1.5, pull_low=1.1)[2] == Decimal("133.3333")
    assert action(abc="A", on_hand=Decimal(0), days_cover=0.0)[2] == Decimal("0.0875")
    assert action(on_hand=Decimal(4), days_since_last=91, stock_value=Decimal(12))[1].endswith("; 12.00 tied up")
