"""RFM: published figures on public data, and what must hold on any."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from acrm.analysis.grid import load_grid
from acrm.analysis.rfm import RfmParams, RfmResult, Scoring, name, rfm, score
from acrm.errors import UsageError

MONEY = pl.Decimal(38, 4)
START = date(2025, 1, 1)
SCORINGS = [scoring for scoring in get_args(Scoring) if scoring != "fixed"]

sales = st.lists(
    st.tuples(st.integers(0, 25), st.integers(0, 9), st.integers(0, 300), st.integers(-500, 4000)),
    min_size=1,
    max_size=60,
)


Row = tuple[int, int, int, int]


def lines(rows: list[Row]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"{o}", f"c{c}", START + timedelta(day), Decimal(units).scaleb(-2)) for o, c, day, units in rows],
        schema={"order_id": pl.String, "customer_id": pl.String, "ordered_on": pl.Date, "line_amount": MONEY},
        orient="row",
    )


def scores(result: RfmResult) -> list[tuple[Any, ...]]:
    return result.tables["customers"].select("customer_id", "r", "f", "m", "segment").rows()


@settings(max_examples=25, deadline=None)
@given(rows=sales, scoring=st.sampled_from(SCORINGS), random=st.randoms())
def test_the_order_of_rows_never_matters(rows: list[Row], scoring: Scoring, random: Random) -> None:
    assume(any(row[3] > 0 for row in rows))
    shuffled = random.sample(rows, len(rows))
    one, other = (rfm(lines(order), RfmParams(scoring=scoring)) for order in (rows, shuffled))
    assert all(one.tables[table].equals(other.tables[table]) for table in one.tables)
    assert one.summary == other.summary
    assert one.notes == other.notes


@settings(max_examples=25, deadline=None)
@given(rows=sales, factor=st.integers(1, 10**6))
def test_the_unit_of_money_does_not_matter(rows: list[Row], factor: int) -> None:
    assume(any(row[3] > 0 for row in rows))
    scaled = [(*row[:3], row[3] * factor) for row in rows]
    assert scores(rfm(lines(rows), RfmParams())) == scores(rfm(lines(scaled), RfmParams()))


@settings(max_examples=25, deadline=None)
@given(rows=sales)
def test_equal_values_score_equal_and_spend_is_conserved(rows: list[Row]) -> None:
    assume(any(row[3] > 0 for row in rows))
    result = rfm(lines(rows), RfmParams())
    customers = result.tables["customers"]
    for axis, column in (("r", "days_since_last"), ("f", "orders"), ("m", "spend")):
        assert customers.group_by(column).agg(pl.col(axis).n_unique())[axis].max() == 1
    buyers = {f"c{row[1]}" for row in rows if row[3] > 0}
    spent = sum(Decimal(row[3]).scaleb(-2) for row in rows if f"c{row[1]}" in buyers)
    assert customers["customer_id"].to_list() == sorted(buyers)
    assert customers["spend"].sum() == result.tables["segments"]["spend"].sum() == result.summary["spend"] == spent
    assert result.tables["grid"]["customers"].sum() == result.tables["segments"]["customers"].sum() == len(buyers)


def test_columns_and_types_are_those_promised() -> None:
    customers = rfm(lines([(1, 1, 0, 100)]), RfmParams()).tables["customers"]
    assert dict(customers.schema) == {
        "customer_id": pl.String,
        "days_since_last": pl.Int64,
        "orders": pl.Int64,
        "spend": MONEY,
        **dict.fromkeys("rfm", pl.UInt8),
        "segment": pl.String,
        "first_order_at": pl.Date,
        "last_order_at": pl.Date,
    }


def test_one_customer_works_and_says_that_scores_are_empty() -> None:
    result = rfm(lines([(1, 1, 0, 100)]), RfmParams())
    assert scores(result) == [("c1", 5, 1, 1, "new")]
    assert [note.id for note in result.notes] == ["rfm.empty_scores_ties"] * 3
    assert "nobody scores 2, 3, 4, 5" in str(result.notes[1])


def test_segments_stand_in_the_order_of_the_grid_empty_ones_too() -> None:
    result = rfm(lines([(1, 1, 0, 100)]), RfmParams())
    segments = result.tables["segments"]
    assert tuple(segments["segment"]) == load_grid("ten").segments
    assert segments.filter(segment="new").drop("label", "next_step").rows() == [
        ("new", 1, 1.0, 1, Decimal(1), 1.0, 1.0)
    ]
    assert result.summary["new_share"] == 1.0
    assert result.summary["champions_share"] == 0.0


def test_edges_say_where_scores_begin() -> None:
    rows = [(number, number, 0, 100 * number) for number in range(1, 11)]
    edges = rfm(lines(rows), RfmParams()).tables["edges"].filter(axis="m").drop("axis")
    assert [tuple(map(float, row[:4])) for row in edges.rows()] == [(n, 2 * n - 1, 2 * n, 2) for n in range(1, 6)]
    assert [edge and float(edge) for edge in edges["edge"]] == [2.8, 4.6, 6.4, 8.2, None]


def test_fixed_cuts_leave_other_axes_tie_safe() -> None:
    rows = [(number, number, 10 * number, 100 * number) for number in range(1, 11)]
    result = rfm(lines(rows), RfmParams(scoring="fixed", cuts={"m": (Decimal(1), 2, 3, Decimal("9.99"))}))
    assert result.tables["customers"].sort("spend")["m"].to_list() == [1, 2, 3, 4, 4, 4, 4, 4, 4, 5]
    assert result.tables["customers"].sort("spend")["r"].to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(
    ("params", "cause"),
    [
        (RfmParams(scoring="r-rfm"), "r_rfm"),
        (RfmParams(scoring="fixed", cuts={"m": (10, 20, 30, 40)}), "cuts"),
    ],
)
def test_empty_scores_of_other_edges_have_their_own_cause(params: RfmParams, cause: str) -> None:
    # Ten different amounts from 0.10 to 1.00: quantiles plus 1 lie above all of them.
    result = rfm(lines([(number, number, number, 10 * number) for number in range(1, 11)]), params)
    told = [note for note in result.notes if note.values.get("axis") == "m"]
    assert [note.id for note in told] == [f"rfm.empty_scores_{cause}"]
    assert "nobody scores 2, 3, 4, 5" in str(told[0])


def test_rank_and_ntile_confess_that_they_split_ties() -> None:
    rows = [(number, number, 0, 100) for number in range(10)]
    notes = {scoring: rfm(lines(rows), RfmParams(scoring=scoring)).notes for scoring in ("rank", "ntile")}
    split = {
        scoring: [note.values["axis"] for note in found if note.id == "rfm.split_ties"]
        for scoring, found in notes.items()
    }
    assert split == {"rank": ["f"], "ntile": ["r", "f", "m"]}
    assert notes["ntile"][0].values["share"] == 1.0


def test_a_grid_with_holes_is_told_and_the_rest_is_other() -> None:
    rules = [{"id": "a", "r": [1, 4]}, {"id": "b", "r": [4, 5], "f": [2, 5]}]
    result = rfm(lines([(1, 1, 0, 100)]), RfmParams(grid={"name": "mine", "segment": rules}))
    assert result.tables["segments"]["segment"].to_list() == ["a", "b", "other"]
    told = {note.id: dict(note.values) for note in result.notes if "grid" in note.id}
    assert told["rfm.grid_uncovered"] == {"grid": "mine", "cells": 1, "of": 25, "customers": 1}
    assert told["rfm.grid_overlap"] == {"grid": "mine", "cells": 4, "of": 25, "customers": 0}


def test_more_refunded_than_bought_is_told() -> None:
    result = rfm(lines([(1, 1, 0, 100), (2, 1, 5, -300)]), RfmParams())
    assert result.tables["customers"].select("days_since_last", "orders", "spend").rows() == [(6, 1, Decimal(-2))]
    assert result.summary["new_spend_share"] is None
    assert "rfm.spend_not_positive" in [note.id for note in result.notes]
    assert rfm(lines([(1, 1, 0, 100), (2, 1, 5, -300)]), RfmParams(refunds="ignore")).summary["spend"] == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scoring": "fixed"}, "rfm_no_cuts"),
        ({"cuts": {"m": (1, 2, 3, 4)}}, "rfm_cuts_unused"),
        ({"scoring": "fixed", "cuts": {"m": (1, 2)}}, "rfm_cuts"),
        ({"scoring": "fixed", "cuts": {"m": (1, 2, 2, 4)}}, "rfm_cuts"),
        ({"scoring": "fixed", "cuts": {"x": (1, 2, 3, 4)}}, "rfm_cuts"),
        ({"scoring": "quintiles"}, "rfm_choice"),
        ({"refunds": "no"}, "rfm_choice"),
        ({"classes": 1}, "rfm_classes"),
        ({"classes": 4}, "rfm_grid_classes"),
        ({"grid": "eleven"}, "rfm_no_grid"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        rfm(lines([(1, 1, 0, 100)]), RfmParams(**wrong))
    assert caught.value.id == said
    assert str(caught.value)


# Customers by segment in Online Retail (UCI 352) as of 2011-12-11, credit notes and zero lines left out: what Python
# tutorials with this map publish (orders by rank), and the same with equal customers scored equally.
BY_RANK = {
    "hibernating": 1071,
    "loyal": 819,
    "champions": 633,
    "at_risk": 593,
    "potential_loyalists": 484,
    "about_to_sleep": 352,
    "need_attention": 187,
    "promising": 94,
    "cant_lose": 63,
    "new": 42,
}
TIE_SAFE = dict(zip(BY_RANK, (1335, 688, 604, 357, 484, 478, 121, 169, 35, 67), strict=True))


def online_retail(data: Path) -> pl.LazyFrame:
    number = pl.col("Quantity", "UnitPrice").cast(MONEY)
    return (
        pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema=False)
        .with_columns(number)
        .select(
            pl.col("InvoiceNo").alias("order_id"),
            pl.col("CustomerID").str.strip_suffix(".0").alias("customer_id"),
            pl.col("InvoiceDate").str.slice(0, 10).str.to_date("%Y-%m-%d").alias("ordered_on"),
            (pl.col("Quantity") * pl.col("UnitPrice")).cast(MONEY).alias("line_amount"),
            pl.col("InvoiceNo").str.starts_with("C").alias("is_refund"),
        )
    )


@pytest.mark.parametrize(("scoring", "published"), [("rank", BY_RANK), ("tie-safe", TIE_SAFE)])
def test_online_retail_as_published(data: Path, scoring: Scoring, published: dict[str, int]) -> None:
    params = RfmParams(as_of=date(2011, 12, 11), refunds="ignore", scoring=scoring)
    source = online_retail(data).collect()
    result = rfm(source.lazy(), params)
    assert dict(result.tables["segments"].select("segment", "customers").rows()) == published
    figures = {key: result.summary[key] for key in ("customers", "orders", "lines", "lines_used", "spend")}
    assert list(figures.values()) == [4338, 18532, 541909, 397884, Decimal("8911407.904")]
    if scoring == "rank":
        assert result.tables["segments"].filter(segment="champions")["spend"].item() == Decimal("4341073.16")
    else:
        shuffled = rfm(source.sample(fraction=1, shuffle=True, seed=1).lazy(), params)
        assert shuffled.tables["customers"].equals(result.tables["customers"])


# R package rfm: data set rfm_data_orders (each row an order) and the segments of its vignette.
R_ORDERS = {
    "champions": (35, 316, 31646),
    "potential_loyalists": (342, 2211, 204856),
    "loyal": (170, 799, 76562),
    "promising": (9, 28, 4249),
    "new": (104, 329, 28837),
    "cant_lose": (47, 274, 32446),
    "at_risk": (28, 216, 22227),
    "need_attention": (10, 57, 4562),
    "about_to_sleep": (102, 283, 23449),
    "lost": (148, 393, 35324),
}
R_CUTS = {"r": [115, 181, 297.4, 482], "f": [4, 5, 6, 8], "m": [255.8, 382, 506.4, 666]}


def test_r_package_orders_as_published(data: Path) -> None:
    orders = pl.scan_csv(data / "segment" / "rfm_data_orders.csv", infer_schema=False).with_row_index()
    source = orders.select(
        pl.col("index").cast(pl.String).alias("order_id"),
        "customer_id",
        pl.col("order_date").str.to_date("%Y-%m-%d").alias("ordered_on"),
        pl.col("revenue").cast(MONEY).alias("line_amount"),
    )
    result = rfm(source, RfmParams(as_of=date(2006, 12, 31), scoring="r-rfm"))
    segments = result.tables["segments"].select("segment", "customers", "orders", "spend")
    assert {row[0]: row[1:] for row in segments.rows()} == R_ORDERS
    edges = result.tables["edges"].drop_nulls("edge").sort("edge")
    assert {axis: [float(edge) for edge in edges.filter(axis=axis)["edge"]] for axis in "rfm"} == R_CUTS
    sizes = {axis: result.tables["edges"].filter(axis=axis)["customers"].to_list() for axis in "rfm"}
    assert sizes["r"] == [197, 200, 199, 199, 200]
    assert sizes["f"] == [268, 187, 176, 244, 120]
    assert sizes["m"] == [200, 200, 198, 202, 195]


def test_r_package_customers_as_published(data: Path) -> None:
    # rfm_data_customer is one row per customer already, with the days counted to 2007-01-01.
    history = pl.read_csv(data / "segment" / "rfm_data_customer.csv", infer_schema=False).select(
        "customer_id",
        pl.col("recency_days").cast(pl.Float64).cast(pl.Int64).alias("days_since_last"),
        pl.col("number_of_orders").cast(pl.Float64).cast(pl.Int64).alias("orders"),
        pl.col("revenue").cast(MONEY).alias("spend"),
    )
    scored, edges = score(history, RfmParams(scoring="r-rfm"))
    named = name(scored, load_grid("r-rfm"))
    assert {axis: [int(edge) for edge in edges[axis].values] for axis in "rfm"} == {
        "r": [77, 126, 177, 266],
        "f": [8, 10, 11, 13],
        "m": [641, 827, 1003, 1226],
    }
    assert dict(named["segment"].value_counts().rows()) == {
        "potential_loyalists": 12762,
        "loyal": 6965,
        "lost": 5535,
        "new": 4475,
        "about_to_sleep": 4095,
        "at_risk": 2081,
        "champions": 1571,
        "cant_lose": 1471,
        "need_attention": 679,
        "promising": 297,
        "other": 68,
    }
