"""Past profit: every amount of the sources is a customer's, left out, or said to be nobody's."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.clv.profit import ProfitParams, ProfitResult, profit
from acrm.errors import InputError, UsageError
from acrm.schema import polars_schema

JAN, FEB, MAR = date(2025, 1, 10), date(2025, 2, 10), date(2025, 3, 10)
LINES = (
    "order_id",
    "customer_id",
    "ordered_on",
    "line_amount",
    "discount",
    "cost",
    "channel",
    "campaign",
    "is_refund",
    "is_test",
)
D = Decimal


def table(name: str, columns: tuple[str, ...], *rows: tuple[Any, ...]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=polars_schema(name, columns), orient="row")


ORDERS = table(
    "transactions",
    LINES,
    ("1", "ada", JAN, D(100), D(5), D(40), "web", "Spring", False, False),
    ("1", "ada", JAN, D(0), D(20), D(8), "web", "Spring", False, False),
    ("2", "ada", FEB, D(60), D(0), D(30), "shop", None, False, False),
    ("2", "ada", FEB, D(30), D(0), D(15), "shop", None, True, False),
    ("3", "bob", FEB, D(20), D(0), D(15), "web", "spring ", False, False),
    ("4", None, FEB, D(50), D(0), D(25), "shop", None, False, False),
    ("5", "cid", FEB, D(10), D(0), D(12), "shop", None, False, False),
    ("6", "cid", MAR, D(99), D(0), D(9), "shop", None, False, True),
)
COSTS = ("period", "cost", "customer_id", "segment", "activity")
CALLS = table(
    "interactions",
    ("kind", "started_at", "customer_id"),
    *[("call", datetime(2025, 1, 31, 23, tzinfo=UTC), customer) for customer in ("ada", "dan", None)],
)


def amounts(result: ProfitResult) -> dict[str, dict[str, Decimal]]:
    rows = result.tables["profit"].iter_rows(named=True)
    return {row.pop("customer_id"): row for row in rows}


def ties(result: ProfitResult) -> None:
    for row in result.tables["totals"].iter_rows(named=True):
        assert row["source"] == row["left_out"] + row["customers"] + row["unallocated"], row
    lost = result.tables["unallocated"].group_by("item").agg(pl.col("amount").sum())
    totals = result.tables["totals"].filter(pl.col("unallocated") != 0, pl.col("item") != "past_profit")
    assert dict(lost.rows()) == dict(totals.select("item", "unallocated").rows())


def test_goods_free_ones_and_returned_ones_included() -> None:
    result = profit(ORDERS, ProfitParams())
    assert amounts(result) == {
        "ada": {"revenue": D(130), "discounts": D(25), "goods_cost": D(63), "past_profit": D(67)},
        "bob": {"revenue": D(20), "discounts": D(0), "goods_cost": D(15), "past_profit": D(5)},
        "cid": {"revenue": D(10), "discounts": D(0), "goods_cost": D(12), "past_profit": D(-2)},
    }
    ties(result)
    assert result.tables["totals"].row(0) == ("revenue", D(309), D(99), D(160), D(50))
    assert result.tables["unallocated"].rows() == [
        ("revenue", "no_customer", D(50)),
        ("goods_cost", "no_customer", D(25)),
    ]
    assert result.tables["losses"].select("customer_id", "cause").rows() == [("cid", "goods")]
    assert (result.summary["loss_makers"], result.summary["peak_profit"]) == (1, D(72))
    assert result.tables["whale"].rows() == [(0, 0.0, D(0)), (1, 1 / 3, D(67)), (2, 2 / 3, D(72)), (3, 1.0, D(70))]


def test_service_goes_to_its_customer_or_follows_its_driver() -> None:
    costs = table(
        "service_costs",
        COSTS,
        (date(2025, 1, 1), D(9), "bob", None, "Visits"),
        (date(2025, 1, 1), D(10), None, None, "Call centre"),
        (date(2025, 2, 1), D(10), None, None, "Packing"),
        (date(2025, 2, 1), D(6), None, "small", "Packing"),
        (date(2025, 2, 1), D(7), None, "large", "Packing"),
        (date(2025, 2, 1), D(3), None, None, "Call centre"),
    )
    small = pl.DataFrame({"customer_id": ["bob", "cid"], "segment": ["small", "small"]})
    result = profit(ORDERS, ProfitParams(), service_costs=costs, interactions=CALLS, segments=small)
    ties(result)
    service = {customer: row["service_cost"] for customer, row in amounts(result).items()}
    # Three calls in January, one by nobody known; dan called but never bought. Ada's refund leaves her order one.
    assert service == {
        "ada": D("3.3334") + D("3.3334"),
        "bob": 9 + D("3.3333") + 3,
        "cid": D("3.3333") + 3,
        "dan": D("3.3333"),
    }
    assert result.tables["unallocated"].filter(item="service_cost").select("reason", "amount").rows() == [
        ("no_units", D(3)),
        ("no_units_in_segment", D(7)),
        ("unknown_customer", D("3.3333")),
    ]
    assert result.tables["service"].rows() == [
        ("Call centre", "calls", 2, D(0), D(13)),
        ("Packing", "orders", 3, D(0), D(23)),
        ("Visits", "orders", 1, D(9), D(0)),
    ]
    assert result.tables["losses"]["cause"].to_list() == ["service", "goods", "service"]


def test_the_driver_can_be_chosen() -> None:
    costs = table("service_costs", COSTS, (date(2025, 2, 1), D(12), None, None, "Packing"))
    result = profit(ORDERS, ProfitParams(drivers={"packing": "revenue"}), service_costs=costs)
    # Of 30 + 20 + 10 kept in February.
    assert [row["service_cost"] for row in amounts(result).values()] == [D(6), D(4), D(2)]
    with pytest.raises(InputError) as caught:
        profit(ORDERS, ProfitParams(drivers={"postage": "orders"}), service_costs=costs)
    assert "Packing" in str(caught.value.message)
    with pytest.raises(UsageError):
        ProfitParams(drivers={"packing": "weight"})


def test_a_quarter_of_costs_is_shared_over_the_quarter() -> None:
    quarters = [(date(2025, month, 1), D(8), None, None, None) for month in (1, 4)]
    result = profit(ORDERS, ProfitParams(), service_costs=table("service_costs", COSTS, *quarters))
    assert [row["service_cost"] for row in amounts(result).values()] == [D(4), D(2), D(2)]
    assert result.tables["totals"].filter(item="service_cost").row(0)[1:] == (D(16), D(0), D(8), D(8))
    ties(result)


def test_costs_after_the_last_day_are_left_out() -> None:
    costs = [(date(2025, month, 1), D(8), None, None, None) for month in (1, 2)]
    params = ProfitParams(as_of=date(2025, 1, 31))
    result = profit(ORDERS, params, service_costs=table("service_costs", COSTS, *costs))
    assert result.tables["totals"].filter(item="service_cost").row(0)[1:] == (D(16), D(8), D(8), D(0))
    assert result.tables["totals"].filter(item="revenue").row(0)[1:] == (D(309), D(209), D(100), D(0))


CAMPAIGNS = table(
    "campaigns",
    ("date", "campaign", "spend", "source", "currency"),
    (date(2025, 1, 3), "SPRING", D(7), "vk", None),
    (date(2025, 2, 3), "spring", D(4), "vk", None),
    (date(2025, 3, 3), "spring", D(2), "vk", None),
    (date(2025, 2, 5), "shelf", D(6), "shop", None),
    (date(2025, 2, 7), "radio", D(5), "fm", None),
    (date(2025, 2, 9), None, D(3), "Friends", None),
)


def test_advertising_goes_to_orders_of_its_name() -> None:
    people = table("customers", ("customer_id", "source"), ("bob", "friends"), ("ada", None))
    result = profit(ORDERS, ProfitParams(), campaigns=CAMPAIGNS, customers=people)
    ties(result)
    cost = {customer: row["campaign_cost"] for customer, row in amounts(result).items()}
    # spring: ada in January, bob in February, nobody in March; shelf by its source: the shop orders of ada and cid.
    assert cost == {"ada": D(7 + 3), "bob": D(4 + 3), "cid": D(3)}
    assert result.tables["unallocated"].filter(item="campaign_cost").select("reason", "amount").rows() == [
        ("no_order_in_month", D(2)),
        ("no_order_of_name", D(5)),
    ]


def test_advertising_in_other_money_is_named_and_left_out() -> None:
    euros = ORDERS.with_columns(currency=pl.lit("EUR"))
    dollars = CAMPAIGNS.with_columns(currency=pl.when(campaign="radio").then(pl.lit("USD")))
    result = profit(euros, ProfitParams(), campaigns=dollars)
    assert result.tables["totals"].filter(item="campaign_cost")["source"].item() == D(22)
    assert "5.00 USD" in str(result.notes[0])


def test_what_no_source_tells_has_no_column() -> None:
    bare = ORDERS.select("order_id", "customer_id", "ordered_on", "line_amount", "is_refund", "is_test")
    result = profit(bare, ProfitParams())
    assert result.tables["profit"].columns == ["customer_id", "revenue"]
    assert [note.id for note in result.notes] == ["profit.no_costs"]
    assert "whale" not in result.tables
    ties(result)


def test_products_cost_what_lines_do_not_tell() -> None:
    lines = table(
        "transactions",
        ("order_id", "customer_id", "ordered_on", "line_amount", "quantity", "product_id", "cost"),
        ("1", "ada", JAN, D(100), D(2), "pen", None),
        ("1", "ada", JAN, D(-50), D(-1), "pen", None),
        ("1", "ada", JAN, D(10), D(1), "pen", D(3)),
        ("2", "ada", JAN, D(40), D(1), "ink", None),
    )
    products = table("products", ("product_id", "cost"), ("pen", D("4.5")), ("ink", None))
    result = profit(lines, ProfitParams(), products=products)
    assert amounts(result)["ada"]["goods_cost"] == D("4.5") + 3
    assert [(note.id, note.values) for note in result.notes] == [("profit.goods_partly", {"lines": 1, "share": 0.4})]


def test_no_sale_is_an_error() -> None:
    with pytest.raises(InputError):
        profit(ORDERS.filter(pl.col("is_test")), ProfitParams())


money = st.integers(-90_000, 9_000_000).map(lambda units: D(units).scaleb(-4))


@settings(max_examples=25, deadline=None)
@given(
    lines=st.lists(st.tuples(st.sampled_from(["ada", "bob", "cid", None]), money, money), min_size=1, max_size=15),
    bills=st.lists(st.tuples(st.integers(1, 4), money, st.sampled_from(["ada", None]), st.booleans()), max_size=12),
)
def test_everything_adds_up(lines: list[tuple[Any, ...]], bills: list[tuple[Any, ...]]) -> None:
    orders = table(
        "transactions",
        LINES,
        ("0", "ada", JAN, D(1), None, None, None, None, None, None),
        *[
            (str(n), who, date(2025, 1 + n % 3, 5), amount, None, cost, "web", "spring", None, n % 7 == 6)
            for n, (who, amount, cost) in enumerate(lines)
        ],
    )
    costs = table(
        "service_costs",
        COSTS,
        *[(date(2025, month, 1), cost, who, None, "a" if calls else "calls") for month, cost, who, calls in bills],
    )
    spent = table("campaigns", ("date", "campaign", "spend"), *[(date(2025, m, 9), "spring", c) for m, c, *_ in bills])
    params = ProfitParams(as_of=date(2025, 3, 31), drivers={"a": "revenue"} if any(b[3] for b in bills) else {})
    ties(profit(orders, params, service_costs=costs, interactions=CALLS, campaigns=spent))


def test_real_shop(data: Path) -> None:
    lines = pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema=False).select(
        order_id="InvoiceNo",
        customer_id="CustomerID",
        ordered_on=pl.col("InvoiceDate").str.head(10).str.to_date(strict=False),
        line_amount=(pl.col("Quantity").cast(pl.Decimal(38, 4)) * pl.col("UnitPrice").cast(pl.Decimal(38, 4))),
    )
    costs = table("service_costs", COSTS, (date(2011, 5, 1), D("99999.9999"), None, None, "parcels"))
    ties(profit(lines, ProfitParams(), service_costs=costs))
