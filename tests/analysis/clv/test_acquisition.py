from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from scipy.stats import poisson

from acrm.analysis.clv.acquisition import Acquisition, from_campaigns, from_given
from acrm.analysis.clv.npv import NpvParams, npv
from acrm.analysis.clv.npv_inputs import Base
from acrm.messages import Message

MONEY = pl.Decimal(38, 4)
FIRST, SINCE = date(2023, 1, 1), date(2024, 3, 4)
EDGES = (date(2023, 1, 1), date(2024, 1, 1), date(2025, 1, 1))


def base(won: list[tuple[date, str | None]], column: str = "channel") -> Base:
    customers = pl.DataFrame(
        [(f"c{place}", day, name) for place, (day, name) in enumerate(won)],
        schema={"customer_id": pl.String, "first_order_at": pl.Date, column: pl.String},
        orient="row",
    )
    return Base(customers=customers, as_of=EDGES[2], edges=EDGES, first_order_at=FIRST, currency="EUR", notes=())


def campaigns(rows: Sequence[tuple[date, str, str | None, str]]) -> pl.LazyFrame:
    frame = pl.LazyFrame(rows, schema=["date", "campaign", "source", "spend"], orient="row")
    return frame.with_columns(pl.col("spend").cast(MONEY))


def weeks(source: str | None, spend: str, campaign: str = "x") -> list[tuple[date, str, str | None, str]]:
    return [(SINCE + timedelta(7 * week), campaign, source, spend) for week in range(4)]


SPEND = [*weeks("Ads ", "100.0001"), *weeks("tv", "50"), *weeks(None, "7.77")]
WON: list[tuple[date, str | None]] = [
    (FIRST, "ads"),
    (SINCE - timedelta(1), "ads"),
    *[(SINCE, "ADS")] * 8,
    (SINCE + timedelta(27), "email"),
    (SINCE + timedelta(27), None),
    (SINCE + timedelta(28), "ads"),
]


def test_spend_by_the_customers_whose_first_order_came_meanwhile() -> None:
    found = from_campaigns(campaigns(SPEND), base(WON), 0.8)
    assert isinstance(found, Acquisition)
    assert (found.column, found.since, found.until) == ("channel", SINCE, SINCE + timedelta(27))
    assert found.table.select("part", "channel", "spend", "new_customers").rows() == [
        ("channel", "Ads", Decimal("400.0004"), 8),
        ("channel", "tv", Decimal("200.0000"), 0),
        ("other_customers", None, Decimal("0.0000"), 2),
        ("unnamed_spend", None, Decimal("31.0800"), 0),
    ]
    assert found.cost == pytest.approx(631.0804 / 10)
    ads = found.table.row(0, named=True)
    assert ads["cac"] == pytest.approx(50.00005)
    # Eight are as few as the upper rate gives one time in ten, and as many as the lower one does.
    assert poisson.cdf(8, 400.0004 / ads["cac_low"]) == pytest.approx(0.1)
    assert poisson.sf(7, 400.0004 / ads["cac_high"]) == pytest.approx(0.1)


def test_where_money_came_back_there_is_no_cost() -> None:
    back = from_campaigns(campaigns([*weeks("ads", "-30"), *weeks("tv", "50")]), base(WON), 0.8)
    assert isinstance(back, Acquisition)
    assert back.table.select("channel", "spend", "cac").rows()[:2] == [
        ("ads", Decimal(-120), None),
        ("tv", Decimal(200), None),
    ]
    assert back.cost == pytest.approx(8)
    assert [note.id for note in back.notes] == ["npv.negative_spend"]
    nothing = from_campaigns(campaigns(weeks("ads", "-30")), base(WON), 0.8)
    assert isinstance(nothing, Acquisition)
    assert nothing.cost is None


def test_the_column_that_tells_most_customers_is_the_one() -> None:
    named = base(WON)
    customers = named.customers.with_columns(campaign=pl.when(pl.col("channel") == "email").then(pl.lit("x")))
    found = from_campaigns(campaigns(SPEND), replace(named, customers=customers), 0.8)
    assert isinstance(found, Acquisition)
    assert found.column == "channel"


def test_where_nothing_matches_all_customers_share_the_cost() -> None:
    found = from_campaigns(campaigns(weeks("radio", "25")), base(WON), 0.8)
    assert isinstance(found, Acquisition)
    assert found.table.select("part", "spend", "new_customers").rows() == [
        ("other_customers", Decimal("0.0000"), 10),
        ("unnamed_spend", Decimal("100.0000"), 0),
    ]
    assert found.cost == pytest.approx(10)
    assert [note.id for note in found.notes] == ["npv.no_channel"]


def test_in_the_first_year_of_orders_nobody_is_new() -> None:
    early = [(FIRST + timedelta(30), "x", "ads", "999"), *SPEND]
    found = from_campaigns(campaigns(early), base(WON), 0.8)
    assert isinstance(found, Acquisition)
    assert found.since == SINCE
    assert [(note.id, note.values["spend"]) for note in found.notes] == [("npv.looks_new", Decimal("999.0000"))]
    alone = from_campaigns(campaigns(early[:1]), base(WON), 0.8)
    assert isinstance(alone, Message)
    assert alone.id == "npv.all_look_new"


def test_no_spend() -> None:
    late = [(EDGES[2] + timedelta(1), "x", "ads", "5")]
    for rows in (late, [(SINCE, "x", "ads", "0")]):
        found = from_campaigns(campaigns(rows), base(WON), 0.8)
        assert isinstance(found, Message)
        assert found.id == "npv.no_spend"


def test_given_costs_are_weighted_by_the_new_customers_of_a_year() -> None:
    found = from_given({"ads": 30, "email": 10, "tv": 99}, base(WON))
    assert found.column == "channel"
    # Ten of ads and one of e-mail since 2024; one has no channel.
    assert found.cost == pytest.approx((10 * 30 + 1 * 10) / 11)
    assert dict(found.table.select("channel", "new_customers").rows()) == {"ads": 10, "email": 1, "tv": 0, None: 1}


def test_a_channel_is_worth_what_its_own_customers_are() -> None:
    def lines(name: str, stay: int, channel: str) -> list[tuple[str, date, int, str]]:
        customers = [f"{name}{number}" for number in range(200)]
        bought = [(customer, date(2023, 12, 1), 100, channel) for customer in customers]
        return bought + [(customer, date(2024, 12, 1), 100, channel) for customer in customers[:stay]]

    rows = [("z", date(2020, 1, 1), 100, "ads"), *lines("a", 180, "ads"), *lines("t", 60, "tv")]
    orders = pl.LazyFrame(rows, schema=["customer_id", "ordered_on", "line_amount", "channel"], orient="row")
    orders = orders.with_row_index("order_id").with_columns(
        pl.col("order_id").cast(pl.String), pl.col("line_amount").cast(MONEY)
    )
    spent = campaigns([(date(2023, 12, 1), "x", name, "12000") for name in ("ads", "tv")])
    params = NpvParams(margin=0.5, as_of=EDGES[2])
    result = npv(orders, {"campaigns": spent}, params)
    ads, tv = result.tables["npv_channels"].rows(named=True)
    assert ads["cac"] == tv["cac"] == 60
    assert ads["retention"] == pytest.approx(0.9, abs=0.01)
    assert tv["retention"] == pytest.approx(0.3, abs=0.01)
    assert ads["npv"] > tv["npv"]
    assert ads["ltv_cac_low"] < ads["ltv_cac"] < ads["ltv_cac_high"]
    assert result.summary["npv_spend"] == 24000
    foreign = {"campaigns": spent.with_columns(currency=pl.lit("USD"))}
    dear = npv(orders.with_columns(currency=pl.lit("EUR")), foreign, params)
    assert "npv_channels" not in dear.tables
    assert "npv.spend_currency" in [note.id for note in dear.notes]
