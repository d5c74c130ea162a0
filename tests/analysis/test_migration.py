"""Who moved: the matrix, twice, and the list of customers behind it."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from acrm.analysis.migration import compare, migration
from acrm.analysis.rfm import RfmParams, Scoring, rfm

START = date(2025, 1, 1)
GRID = {"classes": 2, "segment": [{"id": "big", "m": 2}, {"id": "small", "m": 1}]}


def history(**spend: int) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(customer, customer, START, Decimal(amount)) for customer, amount in spend.items()],
        schema={
            "order_id": pl.String,
            "customer_id": pl.String,
            "ordered_on": pl.Date,
            "line_amount": pl.Decimal(38, 4),
        },
        orient="row",
    )


def params(scoring: Scoring = "tie-safe") -> RfmParams:
    return RfmParams(classes=2, grid=GRID, scoring=scoring)


def test_kept_edges_show_growth_that_recut_edges_hide() -> None:
    before = rfm(history(ann=1, bob=2, cid=3, dan=4), params())
    now = rfm(history(ann=10, bob=20, cid=30, dan=40), params())
    result = compare(now, before.tables["customers"])
    assert result.tables["migration"].rows() == [
        ("kept", "big", "big", 2, 1.0),
        ("kept", "small", "big", 2, 1.0),
        ("recut", "big", "big", 2, 1.0),
        ("recut", "small", "small", 2, 1.0),
    ]
    assert result.tables["moves"].rows() == [("ann", "small", "small", "big"), ("bob", "small", "small", "big")]
    assert (result.summary["stayed_share_kept"], result.summary["stayed_share_recut"]) == (0.5, 1.0)
    assert result.summary["compared_with"] == START + timedelta(1)
    assert result.tables["customers"].equals(now.tables["customers"])


def test_new_and_gone_customers_are_counted() -> None:
    before = rfm(history(ann=1, bob=4), params()).tables["customers"]
    result = compare(rfm(history(bob=4, cid=1), params()), before)
    keys = ("customers_before", "customers_in_both", "customers_appeared", "customers_gone")
    assert [result.summary[key] for key in keys] == [2, 1, 1, 1]
    assert result.tables["moves"].rows() == [("ann", "small", None, None), ("cid", None, "small", "small")]


def test_nobody_in_common_is_no_share() -> None:
    before = rfm(history(ann=1), params()).tables["customers"]
    assert compare(rfm(history(bob=1), params()), before).summary["stayed_share_kept"] is None


def test_nothing_changed_means_nobody_moved_even_where_ties_are_split() -> None:
    scorings: tuple[Scoring, ...] = ("tie-safe", "rank", "ntile", "r-rfm")
    for scoring in scorings:
        result = rfm(history(ann=1, bob=1, cid=1, dan=9), params(scoring))
        assert compare(result, result.tables["customers"]).summary["stayed_share_kept"] == 1.0


def test_rows_sum_to_one() -> None:
    before = pl.DataFrame({"customer_id": list("abcdef"), "segment": ["x", "x", "x", "y", "y", "z"]})
    now = pl.DataFrame({"customer_id": list("abdeg"), "segment": ["x", "y", "y", "y", "x"]})
    sums = migration(before, now).group_by("before").agg(pl.col("share").sum().round(9))
    assert set(sums["share"]) == {1.0}


def test_online_retail_half_a_year_apart(data: Path) -> None:
    # Champions of June in December, orders by rank and edges cut anew: 41.3% stay, 35.8% loyal, 16.4% at risk.
    source = (
        pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema=False)
        .filter(~pl.col("InvoiceNo").str.starts_with("C"))
        .select(
            pl.col("InvoiceNo").alias("order_id"),
            pl.col("CustomerID").alias("customer_id"),
            pl.col("InvoiceDate").str.slice(0, 10).str.to_date("%Y-%m-%d").alias("ordered_on"),
            (pl.col("Quantity").cast(pl.Int64) * pl.col("UnitPrice").cast(pl.Decimal(38, 4))).alias("line_amount"),
        )
    )
    june, december = (
        rfm(source, RfmParams(as_of=day, refunds="ignore", scoring="rank"))
        for day in (date(2011, 6, 11), date(2011, 12, 11))
    )
    result = compare(december, june.tables["customers"])
    assert result.summary["customers_in_both"] == 2811
    champions = result.tables["migration"].filter(cut="recut", before="champions")
    shares = dict(champions.select("now", pl.col("share").round(3)).rows())
    assert shares == {"champions": 0.413, "loyal": 0.358, "at_risk": 0.164, "cant_lose": 0.065}
