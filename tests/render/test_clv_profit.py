"""The page of past profit, drawn in both languages."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.clv.joined import with_profit
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.profit import ProfitParams, profit
from acrm.analysis.clv.value import ClvResult
from acrm.render.blocks import Page
from acrm.render.clv_profit import profit_blocks
from acrm.render.terminal import render
from acrm.schema import polars_schema

DAY, D = date(2025, 1, 10), Decimal


def shop(**costs: int) -> ClvResult:
    orders = pl.LazyFrame(
        [(who, who, DAY, D(50), D(cost), "EUR") for who, cost in costs.items()] + [("0", None, DAY, D(8), D(4), "EUR")],
        schema=polars_schema(
            "transactions", ("order_id", "customer_id", "ordered_on", "line_amount", "cost", "currency")
        ),
        orient="row",
    )
    bills = pl.LazyFrame(
        [
            (date(2025, 1, 1), D(10), "packing", None),
            (date(2024, 1, 1), D(7), None, None),
            (date(2025, 1, 1), D(1), "packing", "caller"),
        ],
        schema=polars_schema("service_costs", ("period", "cost", "activity", "customer_id")),
        orient="row",
    )
    spend = pl.LazyFrame(
        [(DAY, "spring", D(3))], schema=polars_schema("campaigns", ("date", "campaign", "spend")), orient="row"
    )
    buyers = pl.DataFrame({"customer_id": sorted(costs)})
    valued = ClvResult(params=ClvParams(), tables={"customers": buyers}, summary={"currency": "EUR"}, notes=())
    return with_profit(valued, profit(orders, ProfitParams(), service_costs=bills, campaigns=spend))


def shown(result: ClvResult, width: int = 80) -> str:
    return render(Page(profit_blocks(result)), width=width, plain=True, colour=False)


def test_the_page_says_what_became_of_every_amount() -> None:
    drawn = shown(shop(ada=20, bob=49))
    assert drawn.startswith("past profit 20.00\u00a0EUR from 3 customers; 2 of them (66.7%) lost 5.00\u00a0EUR\n")
    for line in (
        "revenue 108.00 100.00 0.00 8.00",
        "service 18.00 10.00 1.00 7.00",
        "advertising 3.00 0.00 0.00 3.00",
        "past profit 14.00 21.00 -1.00 -6.00",
        "service nothing to share it by in the period 7.00",
        "packing orders 1.00 10.00",
        "bob -4.00 50.00 service",
    ):
        assert line in " ".join(drawn.split())
    assert "33.3% of the customers earn 25.00\u00a0EUR; the rest bring it down to 20.00\u00a0EUR" in drawn


def test_only_the_worst_are_named() -> None:
    drawn = shown(shop(**{f"c{n:02}": 60 + n for n in range(12)}))
    assert "c11" in drawn
    assert "c01" not in drawn.partition("below zero")[2]
    assert "… 3 more" in drawn


def test_the_page_in_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shop(ada=20, bob=49)
    monkeypatch.setattr(messages, "_language", "ru")
    drawn = shown(result)
    assert drawn.startswith("прошлая прибыль 20,00\u00a0EUR, клиентов: 3; убыточных 2 (66,7%)")
    assert not {"customers", "service", "orders", "revenue"} & set(drawn.split())


def test_every_amount_is_in_a_row_of_the_result() -> None:
    result = shop(ada=20, bob=49)
    assert result.tables["profit_others"].rows() == [("caller", D(0), D(0), D(1), D(0), D(-1))]
    totals = result.tables["profit_totals"]
    assert (totals["source"] == totals.select(pl.exclude("item", "source")).sum_horizontal()).all()
    for item, customers in totals.select("item", "customers").rows():
        if item != "revenue":
            assert result.tables["customers"][item].sum() == customers


def test_without_costs_there_is_nothing_to_tell() -> None:
    bare = pl.LazyFrame({"order_id": ["1"], "customer_id": ["ada"], "ordered_on": [DAY], "line_amount": [D(5)]})
    valued = ClvResult(
        params=ClvParams(), tables={"customers": pl.DataFrame({"customer_id": ["ada"]})}, summary={}, notes=()
    )
    assert not profit_blocks(with_profit(valued, profit(bare, ProfitParams())))
