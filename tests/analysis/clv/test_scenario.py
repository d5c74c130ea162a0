from dataclasses import replace
from typing import Any

import pytest

from acrm.analysis.clv.npv import NpvParams, npv
from acrm.analysis.clv.scenario import changed, compare, parse
from acrm.analysis.clv.terms import Terms
from acrm.errors import UsageError

WEB = Terms(label="web", margin=30, revenue=100, retention=0.8, discount=0.1, years=10, cost=50, customers=10)
SHOP = replace(WEB, label="shop", customers=1000)


def test_a_price_goes_into_the_margin_with_the_cost_held() -> None:
    after = changed(WEB, parse({"price": {"change": "+5%"}}))
    assert [after.revenue, after.margin] == pytest.approx([105, 35])
    both = changed(WEB, parse({"price": {"change": "+5%"}, "cost": {"change": "+10%"}}))
    assert both.margin == pytest.approx(105 - 77)


@pytest.mark.parametrize(
    ("name", "change", "field", "value"),
    [
        ("margin", "+1%", "margin", 30.3),
        ("margin", "-1 pp", "margin", 29),
        ("retention", "-2pp", "retention", 0.78),
        ("retention", "+2 п.п.", "retention", 0.82),
        ("retention", "-2,5%", "retention", 0.78),
        ("retention", "+30pp", "retention", 1.0),
        ("discount", "+1pp", "discount", 0.11),
        ("cac", "-10%", "cost", 45),
    ],
)
def test_every_input_can_change(name: str, change: str, field: str, value: float) -> None:
    after = changed(WEB, parse({name: {"change": change}}))
    assert getattr(after, field) == pytest.approx(value)
    assert replace(after, **{field: getattr(WEB, field)}) == WEB


def test_segments_are_ranked_by_what_all_their_customers_gain() -> None:
    document = {"price": {"change": "+5%", "segment": {"web": "-5%"}}, "retention": {"change": "-2pp"}}
    table, _ = compare([WEB, SHOP], parse(document))
    assert table["segment"].to_list() == ["shop", "web"]
    shop = table.row(0, named=True)
    assert shop["total_change"] == pytest.approx(1000 * shop["existing_change"])
    assert shop["existing_after"] - shop["existing_before"] == pytest.approx(shop["existing_change"])
    assert table["existing_change"][1] < 0


def test_margin_in_money_alone() -> None:
    params = NpvParams(margin=100, retention=0.8, acquisition_cost=150, scenario={"margin": {"change": "+5%"}})
    row = npv(None, None, params).tables["npv_scenario"].row(0, named=True)
    assert row["existing_change"] == pytest.approx(255.6273612 * 0.05)
    with pytest.raises(UsageError) as caught:
        npv(None, None, replace(params, scenario={"price": {"change": "+5%"}}))
    assert caught.value.id == "npv_scenario_revenue"


def test_a_cost_that_is_not_known_cannot_change() -> None:
    result = npv(None, None, NpvParams(margin=100, retention=0.8, scenario={"cac": {"change": "-10%"}}))
    assert [note.id for note in result.notes] == ["npv.scenario_no_cost"]


@pytest.mark.parametrize(
    ("document", "error", "near"),
    [
        ({"prise": {"change": "+5%"}}, "npv_scenario_key", "price"),
        ({"price": {"chnage": "+5%"}}, "npv_scenario_key", "price.change"),
        ({"price": {"change": "+5%", "segment": {"wbe": "+1%"}}}, "npv_scenario_key", "web"),
        ({"price": {"change": 5}}, "npv_scenario_change", None),
        ({"price": {"change": "5"}}, "npv_scenario_change", None),
        ({"price": {"change": "-101%"}}, "npv_scenario_change", None),
        ({"price": "+5%"}, "npv_scenario_change", None),
        ({"price": {}}, "npv_scenario_change", None),
        ({"cac": {"change": "-2pp"}}, "npv_scenario_points", None),
        ({}, "npv_scenario_empty", None),
    ],
)
def test_what_is_no_scenario(document: dict[str, Any], error: str, near: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        compare([WEB, SHOP], parse(document))
    assert caught.value.id == error
    assert caught.value.values.get("near") == near
    assert caught.value.hint
