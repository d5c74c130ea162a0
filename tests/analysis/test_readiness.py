"""What the data carries, counted by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.readiness import NEEDS, figures, readiness
from acrm.messages import Message

COLUMNS: dict[str, type[pl.DataType] | pl.DataType] = {
    "order_id": pl.String,
    "customer_id": pl.String,
    "product_id": pl.String,
    "ordered_on": pl.Date,
    "line_amount": pl.Decimal(38, 4),
    "status": pl.String,
    "is_refund": pl.Boolean,
    "is_test": pl.Boolean,
}
DAY = date(2024, 1, 13)


def line(order: str, customer: str | None, product: str | None, amount: int = 5, **marks: Any) -> dict[str, Any]:
    return {
        "order_id": order,
        "customer_id": customer,
        "product_id": product,
        "ordered_on": DAY,
        "line_amount": Decimal(amount),
        "status": "paid",
        "is_refund": False,
        "is_test": False,
    } | marks


LINES = pl.LazyFrame(
    [
        # ann: two orders, one of them of two products.
        line("1", "ann", "mug"),
        line("1", "ann", "cup"),
        line("2", "ann", "mug"),
        # bob: one order of one product on two lines.
        line("3", "bob", "mug"),
        line("3", "bob", "mug"),
        # Nobody's order of two products is a basket all the same.
        line("4", None, "mug"),
        line("4", None, "cup"),
        # No sales.
        line("5", "bob", "mug", status="cancelled"),
        line("6", "bob", "mug", -5, is_refund=True),
        line("7", "eve", "mug", is_test=True),
        line("8", "eve", "mug", 0),
    ],
    schema=COLUMNS,
)


def counted(tables: dict[str, pl.LazyFrame]) -> dict[str, int]:
    filled = {name: frame.select(pl.all().count()).collect().row(0, named=True) for name, frame in tables.items()}
    return figures(tables, filled)


def test_figures() -> None:
    customers = pl.LazyFrame({"customer_id": ["ann", "bob", "eve"]})
    found = counted({"transactions": LINES, "customers": customers})
    assert {name: count for name, count in found.items() if count} == {
        "customers": 3,
        "buyers": 2,
        "repeat_buyers": 1,
        "baskets": 2,
        "sales": 11,
    }
    assert set(counted({}).values()) == {0}
    assert counted({"transactions": LINES.drop("product_id", "status")})["baskets"] == 0


FULL = {
    "transactions": {"": 9, "customer_id": 9, "ordered_at": 9, "line_amount": 9, "order_id": 9, "product_name": 9},
    "customers": {"": 9, "customer_id": 9},
}
MANY = dict.fromkeys(counted({}), 0) | {
    "customers": 500,
    "buyers": 25,
    "repeat_buyers": 199,
    "baskets": 100,
    "sales": 9,
}


def test_enough_of_what_is_needed() -> None:
    found = readiness(FULL, MANY)
    assert found.select("command", "ready", "missing").rows() == [
        ("rfm", True, None),
        ("clv", True, None),
        ("basket", True, None),
        ("segment", True, None),
        ("churn", False, None),
        ("funnel", False, "deals.status, deals.created_at"),
        ("channels", False, NEEDS[-5].columns[0]),
        ("report", True, None),
    ]
    assert found.select("counted", "have", "minimum").row(4) == ("repeat_buyers", 199, 200)


def test_labels_and_contracts_tell_who_left_where_purchases_do_not() -> None:
    people = pl.LazyFrame({"customer_id": [f"c{k}" for k in range(50)], "x_churn": ["yes", "no"] * 25})
    counts = counted({"customers": people})
    assert counts["labelled"] == 50
    filled = {"customers": {"": 50, "customer_id": 50, "x_churn": 50}}
    found = readiness(filled, counts).filter(command="churn").row(0, named=True)
    assert (found["ready"], found["missing"], found["counted"], found["have"]) == (True, None, "labelled", 50)
    assert readiness(filled, counts | {"labelled": 9}).filter(command="churn").row(0, named=True)["minimum"] == 40
    days = [date(2023, 1, 1 + k % 28) for k in range(60)]
    contracts = pl.LazyFrame(
        {"customer_id": [f"c{k}" for k in range(61)], "start_at": [*days, date(2024, 1, 1)], "end_at": [*days, None]}
    )
    counts = counted({"contracts": contracts})
    filled = {"contracts": {"": 61, "customer_id": 61, "start_at": 61, "end_at": 60}}
    found = readiness(filled, counts).filter(command="churn").row(0, named=True)
    assert (found["ready"], found["counted"], found["have"]) == (True, "ended_contracts", 60)


def test_deals_are_for_the_funnel_the_channels_and_the_report() -> None:
    deals = pl.LazyFrame({"status": ["won", "lost", "open"] * 30, "source": ["web"] * 90, "created_at": [DAY] * 90})
    counts = counted({"deals": deals})
    assert (counts["deals"], counts["ended_deals"], counts["named"]) == (90, 60, 90)
    filled = {"deals": dict.fromkeys(("", "status", "source", "created_at"), 90)}
    assert readiness(filled, counts).filter("ready")["command"].to_list() == ["funnel", "channels", "report"]


def test_too_few() -> None:
    assert readiness(FULL, MANY | {"buyers": 24})["ready"].to_list()[0] is False


def test_missing_columns_are_named_and_an_empty_one_is_missing() -> None:
    empty = FULL | {"transactions": FULL["transactions"] | {"customer_id": 0, "product_name": 0}}
    found = dict(readiness(empty, MANY).select("command", "missing").iter_rows())
    assert found["rfm"] == "transactions.customer_id"
    assert found["basket"] == "transactions.product_id|transactions.product_name"
    assert found["churn"] == "transactions.customer_id|contracts.customer_id"
    assert not readiness(empty, MANY)["ready"].to_list()[0]
    assert readiness({}, MANY)["missing"].null_count() == 0


@pytest.mark.parametrize("need", NEEDS, ids=[need.command for need in NEEDS])
def test_every_need_is_of_columns_that_exist_and_can_be_said(need: Any) -> None:
    from acrm.schema import TABLES

    for columns in need.columns:
        for column in columns.split("|"):
            table, _, name = column.partition(".")
            assert name in TABLES[table].names
    assert Message(f"clean.counted_{need.counted}").exists
    assert need.minimum > 0


def test_products_known_by_name_alone_are_products() -> None:
    lines = LINES.with_columns(product_name=pl.col("product_id"), product_id=pl.lit(None, pl.String))
    assert counted({"transactions": lines})["baskets"] == counted({"transactions": LINES})["baskets"] > 0
