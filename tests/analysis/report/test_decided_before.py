"""What was decided before: promised and got."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.actions.decisions import decisions as recorded
from acrm.analysis.report.decided_before import Before, decided_before, difference
from acrm.analysis.report.decisions import decisions
from tests.analysis.report.decided import DAY, planned
from tests.analysis.report.orders import table

LATER = DAY + timedelta(days=60)


def told(bought: dict[str, bool], as_of: date = LATER) -> Before:
    """The plan of 400 customers as a store keeps it, and who of them has ordered a week later."""
    rows: list[dict[str, Any]] = [{"order_id": "0", "customer_id": "nobody"}]
    week = DAY + timedelta(days=7)
    rows += [
        {"order_id": who, "customer_id": who, "ordered_on": week, "line_amount": Decimal(5)}
        for who, some in bought.items()
        if some
    ]
    found = decided_before({"decisions": recorded(planned(400)).lazy(), "transactions": table(rows)}, as_of)
    assert found is not None
    return found


def groups(scenario: str) -> tuple[list[str], list[str]]:
    rows = planned(400).tables["actions"].filter(scenario=scenario)
    return tuple(rows.filter(pl.col("control") == side)["customer_id"].to_list() for side in (False, True))  # type: ignore[return-value]


def test_what_came_is_the_difference_to_those_kept_apart() -> None:
    asked, apart = groups("call")
    half, few = asked[: len(asked) // 2], apart[: len(apart) // 10]
    row = told(dict.fromkeys([*half, *few], True)).table.row(by_predicate=pl.col("scenario") == "call", named=True)
    assert (row["customers"], row["control"]) == (len(asked), len(apart))
    assert row["realised"] == pytest.approx(len(half) / len(asked) - len(few) / len(apart))
    assert row["low"] < row["realised"] < row["high"]
    assert (row["promised"], row["verdict"]) == (pytest.approx(0.1), "more")


@pytest.mark.parametrize(("who", "verdict"), [("nobody", "less"), ("everybody", "unclear"), ("control", "less")])
def test_what_would_have_come_anyway_is_no_effect(who: str, verdict: str) -> None:
    asked, apart = groups("call")
    bought = {"nobody": [], "everybody": [*asked, *apart], "control": apart}[who]
    row = told(dict.fromkeys(bought, True)).table.row(by_predicate=pl.col("scenario") == "call", named=True)
    assert row["realised"] == {"nobody": 0, "everybody": 0, "control": -1}[who]
    assert row["verdict"] == verdict


def test_what_is_not_due_is_open_and_told_beside_the_same_decision() -> None:
    before = told({}, DAY + timedelta(days=3))
    assert before.table["open"].all()
    assert not before.notes
    assert before.table["verdict"].to_list() == ["open", "open"]
    again = decisions({"segment": planned(400)}, before=before)
    rows: list[dict[str, Any]] = again.tables["decisions"].to_dicts()
    assert all(row["before"] and "2026-03-08" in row["before"] for row in rows)
    assert again.tables["before"].height == 2


def test_without_a_control_or_orders_nothing_can_be_told() -> None:
    rows = recorded(planned(400)).with_columns(control=pl.lit(value=False))
    found = decided_before({"decisions": rows.lazy(), "transactions": table([{}])}, LATER)
    assert found is not None
    assert set(found.table["verdict"]) == {"not_separable"}
    assert [note.id for note in found.notes] == ["report_decisions.learned_nothing"]
    without = decided_before({"decisions": recorded(planned(400)).lazy()}, LATER)
    assert without is not None
    assert set(without.table["verdict"]) == {"not_separable"}
    assert decided_before({}, LATER) is None
    assert decided_before({"decisions": rows.lazy()}, DAY) is None


def test_limits_of_a_difference() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table II, method 10: rows (b), (e) and (f).
    assert difference(9, 10, 3, 10)[1:] == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert difference(5, 56, 0, 29)[1:] == pytest.approx((-0.0381, 0.1926), abs=5e-5)
    assert difference(0, 10, 0, 20)[1:] == pytest.approx((-0.1611, 0.2775), abs=5e-5)
