"""Reasons of all who are at high risk, counted."""

import polars as pl

from acrm.analysis.churn.causes import causes

BANDS = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "risk_band": ["high", "high", "high", "low"]})
NONE = pl.lit(None, pl.String)


def told(*rows: tuple[object, ...]) -> pl.DataFrame:
    text = {f"{name}_{n}": pl.String for name in ("reason", "feature") for n in (1, 2)}
    share = {f"share_{n}": pl.Float64 for n in (1, 2)}
    return pl.DataFrame(rows, schema={"customer_id": pl.String, **text, **share}, orient="row")


WHY = told(
    ("a", "3 calls", "plan: monthly", "calls", "plan", 0.5, 0.25),
    ("b", "4 calls", None, "calls", None, 0.7, None),
    ("c", "plan: monthly", "4 calls", "plan", "calls", 0.35, 0.3),
    ("d", "age: 65+", None, "age", None, 1.0, None),
)


def test_how_many_and_how_much_of_those_at_high_risk_alone() -> None:
    assert causes(BANDS, WHY).rows() == [
        ("calls", 3, 1.0, 2, 0.5, "4 calls"),
        ("plan", 2, 0.666667, 1, 0.3, "plan: monthly"),
    ]


def test_the_order_of_rows_says_nothing() -> None:
    assert causes(BANDS[::-1], WHY[::-1]).equals(causes(BANDS, WHY))


def test_nobody_at_high_risk_has_no_causes() -> None:
    assert causes(BANDS[3:], WHY).is_empty()
