"""Orders, deals and payments as entries of one ledger."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from acrm.analysis.ledger import ledger

AT = datetime(2026, 1, 1, 22, tzinfo=UTC)
DAY = date(2026, 1, 2)


def lines(*rows: dict[str, Any]) -> pl.LazyFrame:
    usual = {"order_id": "1", "ordered_on": DAY, "line_amount": Decimal(10), "status": "paid", "is_test": False}
    usual |= {"is_refund": False, "_flags": None, "_source_file": "a.csv", "_source_row": 2, "customer_id": "ada"}
    money = {"line_amount": pl.Decimal(38, 4), "_flags": pl.String(), "customer_id": pl.String()}
    return pl.LazyFrame([usual | row for row in rows], schema_overrides=money)


def deals(*rows: dict[str, Any]) -> pl.LazyFrame:
    usual = {"deal_id": "1", "status": "won", "created_at": AT, "closed_at": None, "amount": Decimal(10)}
    usual |= {"_flags": None, "_source_file": "d.csv", "_source_row": 2, "customer_id": "ada"}
    kinds = {"amount": pl.Decimal(38, 4), "closed_at": pl.Datetime("us", "UTC"), "_flags": pl.String()}
    return pl.LazyFrame([usual | row for row in rows], schema_overrides=kinds)


def found(tables: dict[str, pl.LazyFrame], *columns: str, zone: str | None = None) -> list[tuple[Any, ...]]:
    return ledger(tables, zone).select(columns).collect().sort(pl.all(), nulls_last=True).rows()


def test_an_order_is_the_sum_of_its_lines_without_refunds_and_cancelled_ones() -> None:
    told = lines(
        {},
        {"line_amount": Decimal(4), "is_refund": True},
        {"line_amount": Decimal(3), "status": "cancelled"},
        {"order_id": "2", "status": "cancelled"},
        {"order_id": "3", "is_test": True},
    )
    assert found({"transactions": told}, "id", "standing", "amount", "gross") == [
        ("1", "due", Decimal(6), Decimal(10)),
        ("2", "cancelled", Decimal(10), Decimal(0)),
        ("3", "test", Decimal(10), Decimal(0)),
    ]


def test_an_order_in_two_currencies_is_never_one_sum() -> None:
    told = lines({"currency": "EUR"}, {"currency": "USD"})
    assert found({"transactions": told}, "id", "currency", "amount") == [
        ("1", "EUR", Decimal(10)),
        ("1", "USD", Decimal(10)),
    ]


def test_what_a_deal_is_to_the_ledger() -> None:
    told = deals(
        {},
        {"deal_id": "2", "status": "lost"},
        {"deal_id": "3", "status": "open"},
        {"deal_id": "4", "_flags": "test_row"},
    )
    assert found({"deals": told}, "id", "standing") == [("1", "due"), ("2", "cancelled"), ("3", "open"), ("4", "test")]
    assert found({"deals": deals({})}, "on") == [(date(2026, 1, 1),)]
    assert found({"deals": deals({})}, "on", zone="Europe/Moscow") == [(DAY,)]


def test_sales_made_of_a_deal_are_the_deal() -> None:
    made = lines({"_flags": "from_deal", "line_amount": Decimal(7)}, {"_flags": "from_deal", "line_amount": Decimal(5)})
    told = {"transactions": made, "deals": deals({"amount": None})}
    assert found(told, "kind", "id", "amount", "on") == [("deal", "1", Decimal(12), DAY)]


def test_a_person_pays_and_owes_for_the_company() -> None:
    customers = pl.LazyFrame({"customer_id": ["ada", "bob"], "company_id": ["Acme", None]})
    told = lines({}, {"order_id": "2", "customer_id": "bob"}, {"order_id": "3", "customer_id": None})
    assert found({"transactions": told, "customers": customers}, "id", "party") == [
        ("1", "Acme"),
        ("2", "bob"),
        ("3", None),
    ]


def test_a_payment_has_its_place_for_a_name() -> None:
    told = pl.LazyFrame({"paid_at": [AT], "amount": [Decimal(5)], "_source_file": ["b.csv"], "_source_row": [7]})
    assert found({"payments": told}, "kind", "id", "on", "standing") == [("payment", "b.csv:7", date(2026, 1, 1), None)]
