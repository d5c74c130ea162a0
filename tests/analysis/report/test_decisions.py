"""What to do: seven at most, the surest first, nobody twice, whatever order the results come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.params import BasketParams
from acrm.analysis.channels.params import ChannelsParams, ChannelsResult
from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams
from acrm.analysis.offers.offers import OffersParams, offers
from acrm.analysis.products.params import ProductsParams
from acrm.analysis.products.products import products
from acrm.analysis.report.decisions import LIMIT, OF_ONE, Decided, decisions
from acrm.analysis.report.goals import read_goals, scorecard
from acrm.analysis.report.health import health
from acrm.analysis.report.service import ServiceParams, service
from acrm.analysis.rfm import RfmParams, rfm
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.messages import LANGUAGES, use
from tests.analysis.funnel.conftest import deals, pipeline
from tests.analysis.report.decided import DAY, leaving, planned, shop
from tests.analysis.report.test_service import contacts, hours


def rows(found: Decided) -> list[dict[str, Any]]:
    return found.tables["decisions"].to_dicts()


def of(found: Decided, kind: str) -> dict[str, Any]:
    return found.tables["decisions"].row(by_predicate=pl.col("kind") == kind, named=True)


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    lines = shop()
    defective = [{"first_response_at": hours(5), "ended_at": hours(1)}] * 60
    tables: dict[str, Any] = {"transactions": lines}
    return {
        "rfm": rfm(lines, RfmParams()),
        "segment": planned(60),
        "churn": leaving([0.4] * 50),
        "basket": basket(lines, BasketParams(min_support=0.05), tables),
        "offers": offers(lines, OffersParams(), tables),
        "products": products(lines, ProductsParams(), tables),
        "funnel": funnel(pipeline(300), FunnelParams()),
        "service": service(contacts(defective), ServiceParams()),
        "health": health({}, {"lines": 100, "lines_without_customer": 60}),
    }


def test_seven_at_most_of_one_result_three_and_failed_gates_first(everything: dict[str, Any]) -> None:
    found = decisions(everything)
    table = found.tables["decisions"]
    assert table["part"][0] == "health"
    assert table.height <= LIMIT
    assert table["part"].value_counts()["count"].max() <= OF_ONE  # type: ignore[operator]
    assert decisions(everything, limit=2).tables["decisions"].height == 2
    # Figures of customers are withheld with so many lines of nobody: what rests on them is no decision.
    assert not set(table["part"]) & {"segment", "churn", "rfm", "offers"}
    assert "report_decisions.withheld" in [note.id for note in found.notes]


def test_a_decision_says_all_that_a_reader_needs_in_both_languages(everything: dict[str, Any]) -> None:
    sound = {name: part for name, part in everything.items() if name != "health"}
    for language in LANGUAGES:
        use(language)
        found = decisions(sound)
        for row in rows(found):
            assert all(row[name] for name in ("action", "who", "reason", "source", "basis", "check")), row
        assert all(str(note) for note in found.notes)


def test_order_of_results_does_not_matter(everything: dict[str, Any]) -> None:
    backwards = dict(reversed(everything.items()))
    one, other = decisions(everything), decisions(backwards)
    assert one.tables["decisions"].equals(other.tables["decisions"])
    assert one.tables["ids"].equals(other.tables["ids"])
    assert [*map(str, one.notes)] == [*map(str, other.notes)]


@settings(max_examples=15, deadline=None)
@given(
    st.integers(10, 80),
    st.lists(st.floats(0.01, 0.99), min_size=5, max_size=60),
    st.integers(0, 40),
    st.floats(20, 2000),
)
def test_nobody_is_in_two_decisions_and_counts_are_those_of_ids(
    count: int, risks: list[float], first: int, value: float
) -> None:
    found = decisions({"segment": planned(count), "churn": leaving(risks, first=first, value=value)})
    table, ids = found.tables["decisions"], found.tables["ids"]
    people = ids.filter(of="customer")
    assert people["id"].is_unique().all()
    assert table["customers"].sum() == people.height
    counted = ids.group_by("decision_id").len().sort("decision_id")
    assert counted.rows() == table.filter(pl.col("of") != "row").sort("decision_id").select("decision_id", "n").rows()
    assert (table["low"] <= table["effect"]).all()
    assert (table["effect"] <= table["high"]).all()
    lows = table.filter(pl.col("low") > 0)["low"]
    assert lows.is_sorted(descending=True)


def test_the_effect_of_a_plan_is_that_of_the_plan() -> None:
    made = planned(400, margin=2000)
    found = decisions({"segment": made})
    lines = made.tables["budget"]
    call = found.tables["decisions"].filter(owner="sales").row(0, named=True)
    own = lines.filter(scenario="call").row(0, named=True)
    assert call["n"] == own["contacts"]
    assert (call["effect"], call["cost"]) == (own["expected_margin"], own["cost"])
    for end, ours in (("margin_low", "low"), ("margin_high", "high")):
        # To the cent: the worth of an order is found back from what is expected of it.
        assert abs(call[ours] - own[end]) < Decimal("0.05")
    assert (call["basis"], call["due"]) == ("assumed", DAY + timedelta(days=7))
    assert "5.0% to 20.0%" in call["reason"]


def test_those_of_a_better_decision_count_there_alone() -> None:
    risky = leaving([0.6] * 100, value=2000.0)
    both = decisions({"segment": planned(100), "churn": risky})
    keep = of(both, "keep")
    # The first one refuses to be contacted.
    assert (keep["n"], keep["elsewhere"]) == (99, 0)
    assert keep["effect"] == pytest.approx(
        Decimal(str(risky.summary["campaign_profit"])) * 99 / 100, abs=Decimal("0.1")
    )
    alone = decisions({"segment": planned(100)})
    assert alone.tables["decisions"].height == 2
    # Only c000 is left to the plan: fewer than a tenth of those it would contact.
    assert both.tables["decisions"]["part"].to_list() == ["churn"]
    assert "report_decisions.more" in [note.id for note in both.notes]


def test_who_is_kept_apart_to_measure_a_plan_gets_no_offer() -> None:
    plan, offer = planned(400, margin=20000), leaving([0.3] * 400, value=500.0)
    found = decisions({"segment": plan, "churn": offer})
    assert found.tables["decisions"]["part"].to_list()[0] == "segment"
    chosen = found.tables["decisions"].filter(part="churn")["decision_id"]
    # The plan's own second scenario is worth less than the offer, and goes on without those who get it.
    apart = set(plan.tables["actions"].filter(pl.col("control"), scenario="call")["customer_id"])
    kept = found.tables["ids"].filter(pl.col("decision_id").is_in(chosen.implode()))["id"]
    assert apart
    assert kept.len()
    assert not apart & set(kept)


def test_a_model_no_better_than_chance_decides_nothing() -> None:
    found = decisions({"churn": leaving([0.5] * 50, roc_auc_low=0.49)})
    assert found.tables["decisions"].is_empty()
    assert found.tables["ids"].is_empty()
    assert found.figures["decisions"] == 0
    assert str(found.notes[0]).startswith("no decision: churn: nobody is worth a contact")


def test_nothing_to_go_by_is_said() -> None:
    assert [str(note) for note in decisions({}).notes] == ["no decision: no analysis could be made of these data"]


def test_deals_that_wait_are_in_one_decision_each() -> None:
    frame = pipeline(600, seed=3)
    late = pl.Series([datetime(2024, 12, 1, tzinfo=UTC)] * 600, dtype=pl.Datetime("us", "UTC"))
    result = funnel(frame.with_columns(next_step_at=late), FunnelParams())
    found = decisions({"funnel": result})
    ids = found.tables["ids"]
    assert ids["id"].is_unique().all()
    assert set(ids["of"]) == {"deal"}
    overdue = of(found, "overdue")
    assert overdue["n"] + overdue["elsewhere"] == result.summary["overdue"] == result.summary["open"]
    assert overdue["effect"] is None
    assert overdue["basis"] == "not_separable"
    assert overdue["stake"] > 0


def test_no_open_deal_no_decision() -> None:
    closed = deals(*[(f"d{k}", "Won", "won", "2024-01-01", "2024-02-01", 100, "Ann") for k in range(5)])
    found = decisions({"funnel": funnel(closed, FunnelParams())})
    assert found.figures["decisions"] == 0


def marginal(*told: tuple[str, float, float, float, str], outcome: str = "revenue") -> ChannelsResult:
    names = ("channel", "marginal", "marginal_low", "marginal_high", "verdict")
    table = pl.DataFrame(told, schema=names, orient="row").with_columns(
        outcome=pl.lit(outcome), spend=pl.lit(1000.0), periods=pl.lit(52)
    )
    summary: dict[str, Any] = {"currency": "EUR", "column": "source", "not_recorded_share": 0.0, "of": "leads"}
    return ChannelsResult(params=ChannelsParams(), tables={"marginal": table}, summary=summary)


def test_spend_moves_only_where_more_is_sure() -> None:
    sure = marginal(("ads", 0.5, 0.2, 0.8, "less"), ("mail", 3.0, 2.0, 4.0, "more"))
    row = of(decisions({"channels": sure}), "move")
    assert (row["effect"], row["low"], row["high"]) == (Decimal(250), Decimal(120), Decimal(380))
    assert row["basis"] == "measured"
    assert "from ads to mail" in row["action"]
    leads = marginal(("ads", 0.5, 0.2, 0.8, "less"), ("mail", 3.0, 2.0, 4.0, "more"), outcome="leads")
    assert of(decisions({"channels": leads}), "move")["effect"] is None
    unsure = marginal(("ads", 0.5, -0.2, 2.8, "nothing"), ("mail", 3.0, 2.0, 4.0, "more"))
    assert of(decisions({"channels": unsure}), "pause")["who"].startswith("100")
    assert decisions({"channels": marginal(("ads", 1.0, 0.5, 2.0, "same"))}).figures["decisions"] == 0


def test_red_goals_are_named_beside_what_serves_them() -> None:
    goals = read_goals({"goal": [{"figure": "revenue", "goal": 10, "name": "Turnover"}]}, ["revenue"])
    card = scorecard(goals, {"revenue": 1})
    found = decisions({"segment": planned(100), "churn": leaving([0.5] * 20, first=90)}, goals=card)
    assert {row["part"]: row["goal"] for row in rows(found)} == {"segment": "Turnover", "churn": None}


def test_ids_of_decisions_do_not_hang_on_the_day_or_on_who() -> None:
    one, other = decisions({"segment": planned(50)}), decisions({"segment": planned(90, seed=5)})
    assert set(one.tables["decisions"]["decision_id"]) == set(other.tables["decisions"]["decision_id"])


def test_goods_are_reminded_of_bundled_and_looked_through(everything: dict[str, Any]) -> None:
    found = decisions({name: everything[name] for name in ("rfm", "offers", "basket", "products")})
    remind, bundle = of(found, "remind"), of(found, "bundle")
    offered = everything["offers"].tables["offers"].filter(kind="repeat", rank=1)
    ids = found.tables["ids"].filter(decision_id=remind["decision_id"])["id"]
    assert set(ids) <= set(offered["customer_id"])
    assert remind["n"] + remind["elsewhere"] >= ids.len()
    assert remind["effect"] is None
    assert remind["stake"] > 0
    assert found.tables["ids"].filter(decision_id=bundle["decision_id"])["id"].to_list() == ["bread", "butter"]
    sets = everything["basket"].tables["bundles"].row(0, named=True)
    assert bundle["cost"] == round(sets["given_away"], 2)
    assert f"{sets['extra_new']} further" in bundle["source"]
    # Nothing says what a contact of a segment brings.
    called = decisions({"rfm": everything["rfm"]}).tables["decisions"]
    assert set(called["basis"]) == {"not_separable"}
    assert called["effect"].null_count() == called.height
    sizes = dict(everything["rfm"].tables["segments"].select("segment", "customers").iter_rows())
    assert sorted(called["n"]) == sorted(sizes[name] for name in ("cant_lose", "at_risk") if sizes[name])


def test_deals_of_a_real_pipeline(data: Path, tmp_path: Path) -> None:
    folder = data / "deals"
    files = ("sales_pipeline.csv", "products.csv", "sales_teams.csv", "accounts.csv")
    tables = load([str(folder / name) for name in files], IngestOptions(), tmp_path).tables
    result = funnel(tables["deals"], FunnelParams())
    found = decisions({"funnel": result})
    stale = of(found, "stale")
    # 500 of the 2,089 open deals have no day on which they began.
    old = result.tables["open"].filter(pl.col("age_days") > result.summary["long_enough_days"])
    assert (stale["n"], old.height) == (1427, 1427)
    assert found.tables["decisions"]["kind"].to_list() == ["stale", "first_deals"]
    assert of(found, "first_deals")["n"] == 20
