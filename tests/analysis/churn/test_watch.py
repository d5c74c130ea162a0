"""What changed since an earlier run, and contracts that end soon."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.watch import compare, drift, ending
from acrm.analysis.people.features import Feature

FEATURES = (
    Feature(name="days", axis="behaviour", kind="number"),
    Feature(name="city", axis="demo", kind="category"),
    Feature(name="tags", axis="demo", kind="multi"),
)


def customers(
    rows: int = 1000, *, seed: int, shift: float = 0.0, moscow: float = 0.5, vip: float = 0.2
) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "days": rng.normal(shift, 1, rows),
            "city": np.where(rng.random(rows) < moscow, "Moscow", "Omsk"),
            "tags": [["vip"] if one else [] for one in rng.random(rows) < vip],
        },
        schema_overrides={"tags": pl.List(pl.String)},
    )


def test_nothing_moved() -> None:
    found = drift(customers(seed=1), customers(seed=2), FEATURES)
    assert found.figures["drifted"] == 0
    assert found.tables["drift"]["drift"].to_list() == ["none"] * 3
    assert [note.id for note in found.notes] == ["churn_watch.no_drift"]


@pytest.mark.parametrize(
    ("column", "change"), [("days", {"shift": 1.0}), ("city", {"moscow": 0.9}), ("tags", {"vip": 0.6})]
)
def test_a_column_that_moved_is_named(column: str, change: dict[str, float]) -> None:
    found = drift(customers(seed=1), customers(seed=2, **change), FEATURES)  # type: ignore[arg-type]
    first = found.tables["drift"].row(0, named=True)
    assert (first["column"], first["drift"], found.figures["drifted"]) == (column, "large", 1)
    assert first["index"] > first["chance"]
    if column == "city":
        assert (first["before"] - first["now"]) in (pytest.approx(0.4, abs=0.05), pytest.approx(-0.4, abs=0.05))


def test_few_customers_are_not_called_drift() -> None:
    found = drift(customers(30, seed=1), customers(30, seed=2), FEATURES)
    assert found.figures["drifted"] == 0


def test_values_that_came_to_be_unknown_and_new_levels_count() -> None:
    before, now = customers(seed=1), customers(seed=2)
    now = now.with_columns(days=pl.when(pl.int_range(pl.len()) % 2 == 0).then("days"), city=pl.lit("Kazan"))
    table = drift(before, now, FEATURES).tables["drift"]
    assert set(table.filter(drift="large")["column"]) == {"days", "city"}
    assert table.filter(column="days")["level"].item() == "unknown"


def test_of_nobody_there_is_nothing_to_compare() -> None:
    found = drift(customers(seed=1), customers(seed=2).head(0), FEATURES)
    assert found.tables["drift"].is_empty()
    assert found.notes == ()


def test_a_column_that_is_gone_is_told() -> None:
    found = drift(customers(seed=1), customers(seed=2).drop("city"), FEATURES)
    assert found.tables["drift"].filter(column="city")["drift"].item() == "missing"
    assert "churn_watch.missing" in [note.id for note in found.notes]


def test_bands_then_and_now() -> None:
    before = pl.DataFrame(
        {"customer_id": ["a", "b", "c"], "churn_probability": [0.8, 0.1, 0.2], "risk_band": ["high", "low", "low"]}
    )
    now = pl.DataFrame(
        {
            "customer_id": ["a", "b", "d", "e"],
            "churn_probability": [0.3, 0.9, 0.7, 0.1],
            "risk_band": ["low", "high", "high", "low"],
            "expected_loss": [1.0, 2.0, 5.0, 0.1],
        }
    )
    found = compare(before, now, ["high", "low"], ["high"])
    assert found.tables["bands"].select("risk_band", "before", "now").rows() == [("high", 1, 2), ("low", 2, 2)]
    assert found.tables["entered"].select("customer_id", "before").rows() == [("d", None), ("b", "low")]
    assert found.figures["at_risk_share"] == 0.5
    assert found.figures["at_risk_share_before"] == pytest.approx(1 / 3)
    assert (found.figures["entered"], found.figures["recovered"], found.figures["customers_in_both"]) == (2, 1, 2)
    assert found.tables["moves"]["customers"].sum() == 5


def test_contracts_that_end_soon_by_expected_loss() -> None:
    contracts = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "e", None],
            "start_at": [date(2023, 1, 1)] * 6,
            "end_at": [
                date(2024, 1, 10),
                date(2024, 1, 5),
                date(2024, 3, 1),
                date(2023, 12, 1),
                date(2024, 1, 9),
                None,
            ],
            "end_reason": [None, None, None, None, "moved", None],
            "plan": ["Max", None, "Max", "Max", "Max", None],
            "price": [Decimal(10)] * 6,
        },
        schema_overrides={"price": pl.Decimal(38, 4)},
    )
    churn = pl.DataFrame(
        {
            "customer_id": ["a", "b"],
            "churn_probability": [0.5, 0.2],
            "expected_loss": [100.0, 300.0],
            "action": ["10% off", "call"],
        }
    )
    why = pl.DataFrame(
        {
            "customer_id": ["b", "a"],
            "reason_1": ["9 days to the renewal", "plan: Max"],
            "reason_2": [None, "3 calls about delivery"],
            "feature_1": ["days_to_renewal", "plan"],
            "feature_2": [None, "about_delivery_30d"],
        }
    )
    found = ending(contracts.lazy(), churn, date(2024, 1, 1), 30, why)
    table = found.tables["ending"]
    assert table.select("rank", "customer_id", "days_left").rows() == [(1, "b", 4), (2, "a", 9)]
    assert table["action"].to_list() == ["call", "10% off"]
    assert table["line"][0] == "Your contract runs until 2024-01-05: shall we renew it?"
    assert table["line"][1].startswith("Your contract 'Max' runs until 2024-01-10: shall we renew it? ")
    assert table["line"][1].endswith("Ask about: 3 calls about delivery.")
    assert found.figures == {"ending": 2, "ending_expected_loss": 400.0}


def test_renewals_count_and_none_may_end() -> None:
    contracts = pl.DataFrame(
        {"customer_id": ["a"], "start_at": [date(2023, 1, 1)], "renewal_at": [date(2024, 1, 20)]}
    ).lazy()
    churn = pl.DataFrame({"customer_id": ["a"], "churn_probability": [0.5]})
    assert ending(contracts, churn, date(2024, 1, 1), 30).tables["ending"]["customer_id"].to_list() == ["a"]
    none = ending(contracts, churn, date(2024, 1, 1), 5)
    assert none.tables["ending"].is_empty()
    assert [note.id for note in none.notes] == ["churn_watch.none_ending"]
