"""The page of past profit, drawn in both languages."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.clv.profit import ProfitParams, ProfitResult, profit
from acrm.render.clv_profit import profit_page
from acrm.render.terminal import render
from acrm.schema import polars_schema

DAY, D = date(2025, 1, 10), Decimal


def shop(**costs: int) -> ProfitResult:
    orders = pl.LazyFrame(
        [(who, who, DAY, D(50), D(cost), "EUR") for who, cost in costs.items()] + [("0", None, DAY, D(8), D(4), "EUR")],
        schema=polars_schema(
            "transactions", ("order_id", "customer_id", "ordered_on", "line_amount", "cost", "currency")
        ),
        orient="row",
    )
    bills = pl.LazyFrame(
        [(date(2025, 1, 1), D(10), "packing"), (date(2024, 1, 1), D(7), None)],
        schema=polars_schema("service_costs", ("period", "cost", "activity")),
        orient="row",
    )
    spend = pl.LazyFrame(
        [(DAY, "spring", D(3))], schema=polars_schema("campaigns", ("date", "campaign", "spend")), orient="row"
    )
    return profit(orders, ProfitParams(), service_costs=bills, campaigns=spend)


def shown(result: ProfitResult, width: int = 80) -> str:
    return render(profit_page(result), width=width, plain=True, colour=False)


def test_the_page_says_what_became_of_every_amount() -> None:
    drawn = shown(shop(ada=20, bob=49))
    assert drawn.startswith("past profit 21.00\u00a0EUR from 2 customers; 1 of them (50.0%) lost 4.00\u00a0EUR\n")
    for line in (
        "revenue 108.00 0.00 100.00 8.00",
        "service 17.00 0.00 10.00 7.00",
        "advertising 3.00 0.00 0.00 3.00",
        "service nothing to share it by in the period 7.00",
        "packing orders 0.00 10.00",
        "bob -4.00 50.00 service",
    ):
        assert line in " ".join(drawn.split())
    assert "50.0% of the customers earn 25.00\u00a0EUR; the rest bring it down to 21.00\u00a0EUR" in drawn
    assert "! advertising of 3.00 (100.0%) fits no order and stays apart" in drawn


def test_only_the_worst_are_named() -> None:
    drawn = shown(shop(**{f"c{n:02}": 60 + n for n in range(12)}))
    assert "c11" in drawn
    assert "c01" not in drawn.partition("below zero")[2]
    assert "… 2 more" in drawn


def test_the_page_in_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shop(ada=20, bob=49)
    monkeypatch.setattr(messages, "_language", "ru")
    drawn = shown(result)
    assert drawn.startswith("прошлая прибыль 21,00\u00a0EUR, клиентов: 2; убыточных 1 (50,0%)")
    assert not {"customers", "service", "orders", "revenue"} & set(drawn.split())


def test_revenue_alone_is_called_revenue() -> None:
    bare = pl.LazyFrame({"order_id": ["1"], "customer_id": ["ada"], "ordered_on": [DAY], "line_amount": [D(5)]})
    drawn = shown(profit(bare, ProfitParams()))
    assert drawn.startswith("revenue 5.00 from 1 customer; past profit is not known\n")
