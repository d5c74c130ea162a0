"""The forecast: what comes lies in its interval, and an amount that is not known is the usual one of its product."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from acrm.analysis.funnel.chances import chances
from acrm.analysis.funnel.followed import followed
from acrm.analysis.funnel.forecast import Forecast, forecast
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import pipeline


def at(frame: pl.LazyFrame, day: date) -> Forecast:
    base = ground(frame, FunnelParams(as_of=day), {})
    return forecast(base, chances(base, followed(base), 0), 0)


def test_what_came_lies_in_the_interval() -> None:
    inside = []
    for seed in range(12):
        frame = pipeline(2000, seed, owners={"Ann": 0.8, "Bob": 0.4}, days=45)
        row = at(frame, date(2024, 10, 1)).table.row(0, named=True)
        begin, end = (pl.lit(datetime(2024, month, 1)).dt.replace_time_zone("UTC") for month in (10, 11))
        came = frame.filter(
            (pl.col("created_at") < begin) & pl.col("closed_at").is_between(begin, end) & (pl.col("status") == "won")
        ).collect()
        inside.append(row["amount_low"] <= float(came["amount"].sum()) <= row["amount_high"])
        assert row["amount_low"] <= row["amount"] <= row["amount_high"]
        assert row["won_low"] <= row["won"] <= row["won_high"]
    assert sum(inside) >= 10


def test_unknown_amounts_are_those_usual_for_the_product() -> None:
    frame = pipeline(1500, 3).with_columns(
        product_id=pl.when(pl.col("deal_id").str.ends_with("0")).then(pl.lit("dear")).otherwise(pl.lit("cheap")),
    )
    priced = pl.when(pl.col("product_id") == "dear").then(pl.lit(9000)).otherwise(pl.lit(100)).cast(pl.Decimal(38, 4))
    frame = frame.with_columns(amount=pl.when(pl.col("status") == "won").then(priced))
    base = ground(frame, FunnelParams(), {})
    found = chances(base, followed(base), 0)
    made = forecast(base, found, 0)
    assert not made.own.any()
    assert set(zip(found.rows["product_id"], made.worth.tolist(), strict=True)) == {("dear", 9000.0), ("cheap", 100.0)}


def test_it_is_tried_beside_the_months_before() -> None:
    made = at(pipeline(3000, 4, days=30), date(2024, 11, 1))
    assert made.tried > 5
    assert made.error is not None
    assert made.naive_error is not None
    assert made.error < 0.4
    assert made.table["month"][0] == date(2024, 11, 1)
    assert made.table["naive_amount"][0] is not None


def test_what_is_left_of_a_month_is_not_held_against_whole_months() -> None:
    naive = at(pipeline(1500, 3), date(2024, 11, 20)).table["naive_amount"]
    assert naive[0] is None
    assert naive[1] is not None


def test_without_amounts_deals_are_foretold_and_no_sums() -> None:
    made = at(pipeline(1500, 3).drop("amount"), date(2024, 11, 1))
    assert made.table["won"][0] > 0
    assert made.table["amount"].null_count() == made.table.height
    assert made.error is None


def test_nothing_learned_no_forecast() -> None:
    assert at(pipeline(30, 3), date(2024, 11, 1)).table.is_empty()
