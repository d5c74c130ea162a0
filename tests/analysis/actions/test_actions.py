"""The plan: who is contacted, within the budget, and who is kept apart; every customer has one fate."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm import messages
from acrm.analysis.actions.actions import ActionParams, ActionsResult, plan
from acrm.analysis.actions.contacts import FATES
from acrm.analysis.actions.scenarios import Scenarios, load_scenarios
from acrm.errors import InputError, UsageError

DAY = date(2026, 3, 1)
CALL = {
    "id": "call",
    "segments": ["big"],
    "action": "call",
    "channel": "phone",
    "owner": "sales",
    "days": 7,
    "cost": 10,
    "response": 0.1,
    "low": 0.05,
    "high": 0.2,
    "base": 0.1,
    "value": "margin",
    "control": 0,
}
MAIL = CALL | {"id": "mail", "segments": ["*"], "action": "mail", "channel": "email", "cost": 0.5, "response": 0.01}
MAIL |= {"low": 0, "high": 0.02}


def scenarios(*entries: dict[str, Any], **rest: Any) -> Scenarios:
    return load_scenarios({"name": "mine", "scenario": list(entries or (CALL, MAIL)), **rest})


def customers(count: int, *, margin: int = 200, **columns: list[Any]) -> pl.DataFrame:
    """Customers c000, c001, …, the first half of them big, with margins of `margin`, `margin` + 1, …"""
    half = count // 2
    return pl.DataFrame(
        {
            "customer_id": [f"c{number:03}" for number in range(count)],
            "segment_id": [0] * half + [1] * (count - half),
            "segment": ["big"] * half + ["small"] * (count - half),
            "margin": [Decimal(margin + number) for number in range(count)],
            **columns,
        }
    )


def run(
    rows: pl.DataFrame, made: Scenarios | None = None, people: pl.DataFrame | None = None, **rest: Any
) -> ActionsResult:
    return plan(rows, made or scenarios(), people, ActionParams(as_of=DAY, **rest))


def accounts(result: ActionsResult, rows: pl.DataFrame) -> None:
    """What holds for every plan."""
    actions, budget, figures = result.tables["actions"], result.tables["budget"], result.summary
    assert actions["customer_id"].is_sorted()
    assert actions["customer_id"].n_unique() == actions.height
    assert actions["decision_id"].n_unique() == actions.height
    assert (budget.select(pl.sum_horizontal(FATES)).to_series() == budget["customers"]).all()
    assert budget["customers"].sum() == rows.height == figures["customers"]
    assert actions["cost"].sum() == budget["cost"].sum() == figures["cost"]
    assert actions["expected_value"].sum() == budget["expected_value"].sum() == figures["expected_value"]
    assert budget["expected_margin"].sum() == figures["expected_margin"]
    assert actions.filter("control")["cost"].sum() == 0
    assert (actions["control"].sum(), (~actions["control"]).sum()) == (figures["control"], figures["contacts"])
    for low, middle, high in budget.select("margin_low", "expected_margin", "margin_high").iter_rows():
        assert low <= middle <= high
    if result.params.budget is not None:
        assert figures["cost"] <= result.params.budget  # type: ignore[operator]


def test_a_plan_by_hand() -> None:
    rows = customers(4)
    result = run(rows, budget=Decimal(11))
    accounts(result, rows)
    table = result.tables["actions"].select(
        "customer_id", "action", "expected_value", "cost", "due", "owner", "channel"
    )
    # One call of 10, at 0.1 x 201; then two mails of 0.50, at 0.01 x 202 and 203.
    assert table.rows() == [
        ("c001", "call", Decimal("20.1000"), Decimal("10.0000"), date(2026, 3, 8), "sales", "phone"),
        ("c002", "mail", Decimal("2.0200"), Decimal("0.5000"), date(2026, 3, 8), "sales", "email"),
        ("c003", "mail", Decimal("2.0300"), Decimal("0.5000"), date(2026, 3, 8), "sales", "email"),
    ]
    assert result.summary["expected_margin"] == Decimal("13.1500")
    assert result.summary["budget_left"] == 0
    assert result.tables["budget"].select("segment", "contacts", "left", "cost").rows() == [
        ("big", 1, 1, Decimal(10)),
        ("small", 2, 0, Decimal(1)),
    ]
    assert result.tables["actions"]["reason"][0] == (
        "big: 10.0% more are expected to buy when contacted (assumed 5.0% to 20.0%)"
    )


def test_who_refuses_who_was_just_contacted_and_who_is_not_worth_it_are_left_out() -> None:
    rows = customers(6, margin=98)
    people = pl.DataFrame(
        {
            "customer_id": [f"c00{number}" for number in range(6)],
            "consent": [True, None, False, True, False, None],
            "last_contact": [None, DAY - timedelta(14), None, DAY - timedelta(13), DAY, None],
        }
    )
    result = run(rows, people=people)
    accounts(result, rows)
    # c000: 0.1 x 98 is less than the 10 of a call; c001: 9.9; c003: 13 days ago; c002, c004 refuse.
    assert result.tables["actions"]["customer_id"].to_list() == ["c005"]
    figures = result.summary
    assert [figures[name] for name in FATES] == [1, 0, 0, 2, 0, 1, 2]
    assert "segment_actions.too_soon" in {note.id for note in result.notes}


@st.composite
def plans(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame, Scenarios]:
    count = draw(st.integers(1, 40))
    share = st.sampled_from([0, 0.2, 0.5])
    made = scenarios(
        CALL | {"control": draw(share), "cost": draw(st.integers(0, 40)), "min_control": draw(st.integers(0, 5))},
        MAIL | {"control": draw(share), "cap": draw(st.integers(0, 30))},
        caps={"phone": draw(st.integers(0, 20))},
    )
    margins = draw(st.lists(st.none() | st.integers(-50, 900), min_size=count, max_size=count))
    rows = customers(count, margin=0).with_columns(margin=pl.Series(margins, dtype=pl.Decimal(38, 4)))
    rows = pl.concat(
        [
            rows,
            customers(2).with_columns(
                customer_id=pl.lit("x") + pl.col("customer_id"), margin=pl.col("margin").cast(pl.Decimal(38, 4))
            ),
        ]
    )
    consent = draw(st.lists(st.sampled_from([True, False, None]), min_size=count, max_size=count))
    people = rows.head(count).select("customer_id", consent=pl.Series(consent, dtype=pl.Boolean))
    return rows, people, made


@settings(max_examples=60, deadline=None)
@given(case=plans(), budgets=st.lists(st.integers(0, 300), min_size=2, max_size=2).map(sorted))
def test_more_budget_never_brings_less_and_nobody_is_contacted_who_refuses(
    case: tuple[pl.DataFrame, pl.DataFrame, Scenarios], budgets: list[int]
) -> None:
    rows, people, made = case
    less, more = (run(rows, made, people, budget=Decimal(budget)) for budget in budgets)
    for result in (less, more):
        accounts(result, rows)
        refusing = people.filter(consent=False)["customer_id"]
        assert not set(refusing) & set(result.tables["actions"]["customer_id"])
        assert result.tables["budget"].filter(action="mail")["contacts"].sum() <= made.scenarios[1].cap  # type: ignore[operator]
        assert result.tables["budget"].filter(channel="phone")["contacts"].sum() <= made.caps["phone"]
    assert more.summary["expected_margin"] >= less.summary["expected_margin"]  # type: ignore[operator]
    shuffled = run(rows.sample(fraction=1, shuffle=True, seed=1), made, people, budget=Decimal(budgets[1]))
    assert all(shuffled.tables[name].equals(more.tables[name]) for name in more.tables)
    assert shuffled.summary == more.summary


def test_control_is_a_share_and_stays_when_customers_are_added() -> None:
    made = scenarios(CALL | {"control": 0.2}, MAIL | {"control": 0.1})
    rows = customers(1000)
    before, after = (run(part, made).tables["actions"] for part in (rows.gather_every(2), rows))
    both = before.join(after, on="customer_id", suffix="_after")
    assert both.height == 500
    assert (both["control"] == both["control_after"]).all()
    shares = dict(after.group_by("scenario").agg(pl.col("control").mean()).iter_rows())
    assert shares["call"] == pytest.approx(0.2, abs=0.05)
    assert shares["mail"] == pytest.approx(0.1, abs=0.04)
    other = run(rows, made, seed=1).tables["actions"]
    assert not (other["control"] == after["control"]).all()


def test_of_the_control_those_count_who_would_have_been_contacted() -> None:
    rows = customers(1000)
    actions = run(rows, scenarios(CALL | {"control": 0.5}, MAIL), budget=Decimal(500)).tables["actions"]
    calls = actions.filter(action="call").join(rows, on="customer_id")
    contacted, control = (calls.filter(control=which)["margin"] for which in (False, True))
    assert len(contacted) > 20
    assert control.min() > contacted.min()  # type: ignore[operator]
    # The next below would have been contacted before the last contacted one, had it not been control.
    assert len(control) == pytest.approx(len(contacted), abs=20)


def test_a_least_control_group_is_kept_up_to_half() -> None:
    made = scenarios(CALL | {"min_control": 30}, MAIL | {"min_control": 900})
    budget = run(customers(1000), made).tables["budget"]
    assert budget.select("scenario", "control").rows() == [("call", 30), ("mail", 250)]


def test_a_control_group_too_small_to_tell_is_told() -> None:
    rows = customers(2000)
    small = run(rows, scenarios(CALL | {"control": 0.01}, MAIL))
    call, mail = small.tables["budget"].select("measurable", "control_needed").rows()
    assert (call[0], mail) == (False, (False, None))
    assert 100 < call[1] < 400
    note = next(note for note in small.notes if note.id == "segment_actions.small")
    assert "too few for any control group" in str(note)
    large = run(rows, scenarios(CALL | {"control": 0.5}, MAIL))
    assert large.tables["budget"]["measurable"].to_list() == [True, False]
    assert large.summary["segments_unmeasurable"] == 1


def test_the_interval_holds_what_chance_and_the_assumed_range_do() -> None:
    rows = customers(400)
    sure = run(rows, scenarios(CALL | {"low": 0.1, "high": 0.1}, MAIL | {"low": 0.01, "high": 0.01}))
    wide = run(rows)
    low, high = (float(sure.summary[end]) for end in ("margin_low", "margin_high"))  # type: ignore[arg-type]
    middle = float(sure.summary["expected_margin"])  # type: ignore[arg-type]
    # 200 calls at margins of about 300, 200 mails at about 500: variance 200 (.09 x 300^2 + .0099 x 500^2).
    spread = 1.96 * (200 * (0.09 * 300**2 + 0.0099 * 500**2)) ** 0.5
    assert high - middle == pytest.approx(spread, rel=0.03)
    assert middle - low == pytest.approx(spread, rel=0.03)
    assert wide.summary["margin_low"] < sure.summary["margin_low"]  # type: ignore[operator]
    assert wide.summary["margin_high"] > sure.summary["margin_high"]  # type: ignore[operator]


def test_prices_stand_in_for_margins_and_costs_may_be_shares_of_an_order() -> None:
    rows = customers(4).rename({"margin": "spend"})
    made = scenarios(CALL | {"cost": "1%"}, MAIL | {"value": "spend"}, margin_rate=0.25)
    result = run(rows, made)
    first, last = result.tables["actions"].select("expected_value", "cost").rows()[::3]
    # 0.1 x 0.25 x 200, and 1% of the lower median, 201; then 0.01 x 203.
    assert (first, last) == ((Decimal("5.0000"), Decimal("2.0100")), (Decimal("2.0300"), Decimal("0.5000")))
    assert "segment_actions.by_rate" in {note.id for note in result.notes}


def test_a_segment_without_scenario_is_an_error_that_names_it() -> None:
    with pytest.raises(InputError, match="small") as caught:
        run(customers(4), scenarios(CALL))
    assert "mine" in str(caught.value)


def test_no_value_and_no_budget_are_told() -> None:
    with pytest.raises(InputError, match="call, mail"):
        run(customers(4).drop("margin"), budget=Decimal(5))
    with pytest.raises(InputError, match="mail"):
        run(customers(4).drop("margin"), scenarios(MAIL | {"value": 5, "cost": "1%"}), budget=Decimal(5))
    with pytest.raises(UsageError):
        run(customers(4), budget=Decimal(-1))
    nothing = run(customers(4), budget=Decimal(0))
    assert nothing.tables["actions"].is_empty()
    assert "segment_actions.nobody" not in {note.id for note in nothing.notes}


def test_decisions_have_one_name_for_a_day_a_customer_and_a_scenario() -> None:
    first = run(customers(4)).tables["actions"]["decision_id"]
    messages.use("ru")
    again = run(customers(4)).tables["actions"]
    assert again["decision_id"].equals(first)
    assert again["reason"][0].startswith("big: при контакте")
    later = plan(customers(4), scenarios(), None, ActionParams(as_of=DAY + timedelta(1))).tables["actions"]
    assert not set(later["decision_id"]) & set(first)


def test_without_what_orders_are_worth_everybody_has_an_action_without_a_price() -> None:
    rows = customers(40).drop("margin")
    made = scenarios(CALL | {"control": 0.5, "cap": 5}, MAIL | {"value": 300})
    result = run(rows, made, pl.DataFrame({"customer_id": ["c001"], "consent": [False]}))
    actions = result.tables["actions"]
    calls, mails = (actions.filter(action=action) for action in ("call", "mail"))
    assert calls["control"].not_().sum() == 5
    assert calls.select("expected_value", "cost").null_count().row(0) == (calls.height, calls.height)
    assert "c001" not in set(calls["customer_id"])
    assert mails.filter(cost=Decimal("0.5"), expected_value=Decimal(3)).height == mails.height == 20
    assert result.tables["budget"].select("cost", "margin_low").rows()[0] == (None, None)
    assert result.summary["unpriced"] == 5
    assert result.summary["cost"] == Decimal(10)
    assert "segment_actions.unpriced" in {note.id for note in result.notes}
