"""The scorecard, counted by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.scorecard import changes, figures, problems, scorecard
from acrm.schema import polars_schema

NOW = date(2025, 6, 1)


def table(name: str, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema={**polars_schema(name), "_flags": pl.String})


CUSTOMERS: list[dict[str, Any]] = [
    # Good in every way; ordered this year.
    {
        "customer_id": "a",
        "email": "A@mail.ru",
        "email_key": "a@mail.ru",
        "phone": "1",
        "phone_e164": "+79271234567",
        "birth_date": date(1980, 1, 1),
        "tax_id": "7707083893",
        "city": "Самара",
    },
    # The same address again; a birth date that could not be read; ordered long ago.
    {"customer_id": "b", "email": "a@mail.ru", "email_key": "a@mail.ru", "_flags": "bad_value:birth_date"},
    # No address and no phone by what stands there; a birth date taken out; made known this year.
    {
        "customer_id": "c",
        "email": "none at all",
        "created_at": datetime(2025, 1, 1),
        "_flags": "stale impossible:birth_date=1893-01-01",
    },
    # Nothing told; a tax number that lost its digits.
    {"customer_id": "d", "tax_id": "500100732259", "_flags": "id_exponent:tax_id"},
]


def line(customer: str | None, amount: int, day: date = NOW, **more: Any) -> dict[str, Any]:
    return {"order_id": "1", "customer_id": customer, "ordered_on": day, "line_amount": Decimal(amount)} | more


LINES = [
    line("a", 60),
    line("b", 20, date(2024, 5, 31)),
    line(None, 20),
    line("c", 500, is_test=True),
    line("c", 500, status="cancelled"),
    line("c", -500, is_refund=True),
    line("d", 7, date(2052, 1, 1), status="cancelled"),
]


def card(
    customers: list[dict[str, Any]] = CUSTOMERS,
    lines: list[dict[str, Any]] | None = LINES,
    identities: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    tables = {"customers": table("customers", customers), "other_x": pl.LazyFrame({"row": [1]})}
    if lines is not None:
        tables["transactions"] = table("transactions", lines)
    filled = {}
    for name, frame in tables.items():
        counts = frame.select(pl.len().alias(""), pl.exclude("_flags").count()).collect()
        filled[name] = counts.row(0, named=True)
    return scorecard(tables, filled, identities, NOW)


def measures(found: pl.DataFrame, field: str, name: str = "customers") -> tuple[Any, ...]:
    row = found.filter(table=name, field=field).drop("table", "field", "rows", "agreeing", "compared")
    return row.row(0)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        # filled, valid, unique, fresh, revenue (of 100)
        ("customer_id", (1.0, None, 1.0, 0.5, 0.8)),
        ("email", (0.75, round(2 / 3, 6), 0.5, round(2 / 3, 6), 0.8)),
        ("phone", (0.25, 1.0, 1.0, 1.0, 0.6)),
        # Three tell it: one read, one not read, one taken out.
        ("birth_date", (0.75, round(1 / 3, 6), None, 1.0, 0.6)),
        ("tax_id", (0.5, 0.5, 1.0, 0.5, 0.6)),
        ("city", (0.25, None, None, 1.0, 0.6)),
        ("contact", (0.75, round(2 / 3, 6), None, round(2 / 3, 6), 0.8)),
        ("gender", (0.0, None, None, None, 0.0)),
    ],
)
def test_customers(field: str, expected: tuple[float | None, ...]) -> None:
    assert measures(card(), field) == expected


def test_transactions() -> None:
    found = card()
    assert measures(found, "customer_id", "transactions") == (round(6 / 7, 6), None, None, round(4 / 6, 6), None)
    assert measures(found, "line_amount", "transactions") == (1.0, 1.0, None, round(5 / 7, 6), None)
    assert found["table"].unique().sort().to_list() == ["customers", "transactions"]


def test_sales_in_two_currencies_are_not_added() -> None:
    mixed = [line("a", 60, currency="RUB"), line("b", 20, currency="EUR")]
    assert measures(card(lines=mixed), "email")[-1] is None
    assert measures(card(lines=None), "email")[-1] is None


def test_a_table_without_rows() -> None:
    assert measures(card(customers=[], lines=[]), "email") == (None, None, None, None, None)


def mention(customer: str, file: str, **told: Any) -> dict[str, Any]:
    return {"customer_id": customer, "_source_file": file, "_outdated": False} | told


def test_files_that_agree_and_that_do_not() -> None:
    told = pl.LazyFrame(
        [
            mention("a", "crm.csv", full_name="Орлова Алёна", email="A@x.ru", email_key="a@x.ru", city="Самара"),
            mention("a", "shop.csv", full_name="алена ОРЛОВА", email="a@x.ru", email_key="a@x.ru", city="Москва"),
            mention("b", "crm.csv", full_name="Bob", city="Самара"),
            mention("b", "shop.csv", full_name="Rob"),
            # One file telling two things is a matter of its own.
            mention("c", "crm.csv", full_name="Cid"),
            mention("c", "crm.csv", full_name="Sid"),
            # Nor is what a list said before it was told anew.
            mention("c", "crm-old.csv", full_name="Syd") | {"_outdated": True},
        ],
        schema=dict.fromkeys(("customer_id", "_source_file", "full_name", "email", "email_key", "city"), pl.String())
        | {"_outdated": pl.Boolean()},
    )
    found = {
        field: (agreeing, compared)
        for field, agreeing, compared in card(identities=told).select("field", "agreeing", "compared").iter_rows()
        if compared
    }
    assert found == {"full_name": (0.5, 2), "email": (1.0, 1), "city": (0.0, 1)}
    one_file = told.with_columns(_source_file=pl.lit("crm.csv"))
    assert card(identities=one_file)["agreeing"].null_count() == card().height


def test_problems_come_worst_first() -> None:
    told = pl.LazyFrame([mention("a", file, city=file) for file in ("x", "y")])
    found = problems(card(identities=told))
    assert found.select("table", "field", "problem", "rows").rows() == [
        ("customers", "birth_date", "invalid", 2),
        ("customers", "city", "disputed", 1),
        ("customers", "contact", "empty", 1),
        ("customers", "contact", "invalid", 1),
        ("customers", "email", "invalid", 1),
        ("customers", "email", "shared", 1),
        ("customers", "tax_id", "invalid", 1),
        ("transactions", "customer_id", "empty", 1),
    ]


def test_figures_have_names() -> None:
    found = figures(card())
    assert found["email.filled"] == found["customers.email.filled"] == 0.75
    assert found["transactions.line_amount.valid"] == 1.0
    assert "line_amount.valid" not in found


def test_changes_since_an_earlier_run() -> None:
    before = card(customers=CUSTOMERS[:3])
    found = changes(card(), before).filter(field="contact", measure="filled")
    assert found.rows() == [("customers", "contact", "filled", 1.0, 0.75)]
    assert changes(card(), card()).is_empty()
    assert changes(card(), None).columns == changes(card(), before).columns
    # A measure that an earlier version did not know of is no change.
    assert changes(card(), before.drop("fresh")).filter(measure="fresh").is_empty()
