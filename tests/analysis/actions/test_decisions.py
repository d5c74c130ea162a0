"""Plans become decisions, and what was decided and done before keeps the next plan from asking too often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl

from acrm.analysis.actions.actions import ActionParams, plan
from acrm.analysis.actions.decisions import decisions, last_contacts, people
from acrm.analysis.actions.scenarios import load_scenarios
from acrm.schema import polars_schema

DAY = date(2026, 3, 1)
PEOPLE = pl.DataFrame(
    {
        "customer_id": [f"c{number}" for number in range(200)],
        "segment_id": [0] * 200,
        "segment": ["new"] * 200,
        "margin": [Decimal(100)] * 200,
    }
)


def test_decisions_have_the_columns_of_their_table() -> None:
    result = plan(PEOPLE, load_scenarios(), None, ActionParams(as_of=DAY, currency="EUR"))
    made = decisions(result)
    assert made.schema == pl.Schema(polars_schema("decisions"))
    assert made.height == result.tables["actions"].height > 0
    assert made.select("made_at", "currency", "owner", "expected_response").unique().rows() == [
        (DAY, "EUR", "marketing", Decimal("0.0300"))
    ]
    assert made["due"].unique().to_list() == [DAY + timedelta(10)]
    assert made["expected_value"].sum() == result.summary["expected_value"]


def test_what_comes_from_the_customer_is_no_contact() -> None:
    told = [
        ("a", "web_visit", 20, None),
        ("b", "call", 20, "Исходящий"),
        ("b", "email", 10, None),
        ("c", "call", 20, "Входящий"),
        ("d", "call", 20, "Inbound"),
        ("e", "call", 31, "outgoing"),
        (None, "call", 20, "outgoing"),
    ]
    interactions = pl.DataFrame(
        [(who, kind, datetime(2026, 2, 1, 10, tzinfo=UTC) + timedelta(day), way) for who, kind, day, way in told],
        schema={
            "customer_id": pl.String,
            "kind": pl.String,
            "started_at": pl.Datetime("us", "UTC"),
            "direction": pl.String,
        },
        orient="row",
    )
    found = last_contacts(interactions.lazy(), None, DAY)
    assert found.rows() == [("b", date(2026, 2, 21))]
    assert last_contacts(None, None, DAY).is_empty()


def test_a_plan_made_again_is_the_same_and_the_next_one_leaves_who_is_waiting_alone() -> None:
    scenarios = load_scenarios()
    first = plan(PEOPLE, scenarios, None, ActionParams(as_of=DAY))
    kept = decisions(first).lazy()
    again = plan(PEOPLE, scenarios, last_contacts(None, kept, DAY), ActionParams(as_of=DAY))
    assert again.tables["actions"].equals(first.tables["actions"])
    # Ten days to the deadline, and fourteen of rest.
    for days, contacts in ((1, 0), (23, 0), (24, first.summary["contacts"])):
        day = DAY + timedelta(days)
        later = plan(PEOPLE, scenarios, last_contacts(None, kept, day), ActionParams(as_of=day))
        assert later.summary["contacts"] == contacts
        assert later.summary["too_soon"] == (0 if contacts else first.summary["contacts"])


def test_consent_and_contacts_come_together() -> None:
    customers = pl.LazyFrame({"customer_id": ["a", "b"], "consent": [False, None]})
    called = pl.LazyFrame(
        {"customer_id": ["b", "c"], "kind": ["call", "call"], "started_at": [datetime(2026, 2, 1, tzinfo=UTC)] * 2}
    )
    found = people({"customers": customers, "interactions": called}, DAY)
    assert found.rows() == [("a", False, None), ("b", None, date(2026, 2, 1)), ("c", None, date(2026, 2, 1))]
    assert people({}, DAY).is_empty()
