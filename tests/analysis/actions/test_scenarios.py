"""Scenarios: every segment finds one, and a file with faults is told all of them at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from acrm import messages
from acrm.analysis.actions.scenarios import load_scenarios
from acrm.errors import UsageError

ONE = {
    "id": "call",
    "segments": ["*lapsed*"],
    "action": "call",
    "channel": "phone",
    "owner": "sales",
    "days": 7,
    "cost": 60,
    "response": 0.05,
    "value": 900,
}


def test_those_that_come_with_acrm_know_every_stage_and_every_name() -> None:
    default = load_scenarios()
    stages = ("new", "active", "loyal", "partner", "at_risk", "lapsed", "returned")
    found = [default.of("segment 3", stage) for stage in stages]
    assert all(found)
    assert len({one.id for one in found if one}) == 6
    for language in messages.LANGUAGES:
        known = messages.catalogue(language)
        assert all(f"segment_actions.action.{one.action}" in known for one in default.scenarios)


def test_those_that_come_with_acrm_are_chosen_alike_in_every_language() -> None:
    default = load_scenarios()
    for name in ("lapsed medium spenders", "ушедшие средние покупатели"):
        found = default.of(name, "at_risk")
        assert found is not None
        assert found.id == "save_at_risk"


def test_a_name_comes_before_a_stage_and_a_stage_before_the_rest() -> None:
    made = load_scenarios(
        {
            "scenario": [
                ONE | {"id": "rest", "segments": ["*"]},
                ONE | {"id": "stage", "stages": ["new"], "segments": ["x"]},
                ONE | {"id": "name", "segments": ["Big *", "tall"]},
            ]
        }
    )
    asked = [("big spenders", "new"), ("BIG one", None), ("small", "new"), ("small", "old"), ("big", None)]
    found = [made.of(*who) for who in asked]
    assert [one and one.id for one in found] == ["name", "name", "stage", "rest", "rest"]


def test_without_a_scenario_for_all_a_segment_may_have_none() -> None:
    assert load_scenarios({"scenario": [ONE]}).of("students", "new") is None


def test_what_is_not_told_is_wide() -> None:
    one = load_scenarios({"scenario": [ONE | {"cost": "2,5%"}]}).scenarios[0]
    assert (one.low, one.high, one.base) == (Decimal(0), Decimal("0.10"), Decimal(0))
    assert (one.cost, one.cost_share, one.value) == (Decimal("0.025"), True, Decimal(900))


def test_all_faults_are_told_at_once() -> None:
    document: dict[str, Any] = {
        "nme": "mine",
        "margin_rate": 30,
        "caps": {"fone": 10},
        "scenario": [
            ONE | {"chanel": "sms", "days": "7", "response": True},
            {"id": "short", "segments": [], "value": "margn"},
            ONE | {"id": "range", "low": 0.2},
            ONE | {"id": "range", "base": 0.99, "control": 0.6, "cost": -1},
            ONE | {"id": "much", "base": 0.99, "control": 0.6},
            ONE | {"id": "far", "days": 10**9, "min_gap": 10**14, "cap": 10**20, "stages": ["laped"]},
            ONE | {"id": "dear", "cost": 1e15, "value": 1e300},
            ONE | {"id": "share", "cost": "99999999999%"},
        ],
    }
    with pytest.raises(UsageError) as caught:
        load_scenarios(document)
    said = str(caught.value)
    expected = [
        "unknown: nme (meant: name?)",
        "margin_rate: a share",
        "unknown: caps.fone (meant: phone?)",
        "unknown: call.chanel (meant: channel?)",
        "call.days: a whole number",
        "call.response: a share",
        "short.action is missing",
        "short.cost is missing",
        "short.segments: a list",
        "short.value: an amount above 0",
        "range.response: above 0 and from low to high",
        "two scenarios are called range",
        "range.cost: an amount from 0 to 10,000,000,000",
        "far.days: a whole number of days, 0 to 3,660",
        "far.min_gap: a whole number of days",
        "far.cap: a whole number of customers",
        "unknown: far.stages.laped (meant: lapsed?)",
        "dear.cost: an amount",
        "dear.value: an amount",
        "share.cost: an amount",
        "much.base: base and response are more than 1 together",
        "much.control: half",
    ]
    assert [part for part in expected if part not in said] == []


@pytest.mark.parametrize("document", [{}, {"scenario": []}, {"scenario": "call"}, {"scenario": [1]}])
def test_no_scenarios_are_no_scenarios(document: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no \\[\\[scenario\\]\\] tables"):
        load_scenarios(document)
