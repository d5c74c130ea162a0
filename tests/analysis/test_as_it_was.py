"""What was known on a day in the past."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from acrm.analysis.as_it_was import as_it_was

DAY = date(2024, 6, 30)


def test_later_customers_are_left_out_unless_they_had_bought() -> None:
    made = pl.Series(
        [datetime(2024, 1, 1), datetime(2025, 1, 1), datetime(2025, 1, 1), None, datetime(2024, 6, 30, 23)]
    )
    tables = {
        "customers": pl.LazyFrame({"customer_id": ["a", "late", "buyer", "undated", "last"], "created_at": made}),
        "transactions": pl.LazyFrame(
            {
                "customer_id": ["buyer", "buyer", "late"],
                "ordered_on": [date(2024, 3, 1), date(2024, 4, 1), date(2025, 3, 1)],
            }
        ),
    }
    found = as_it_was(tables, DAY)
    assert found["customers"].collect()["customer_id"].to_list() == ["a", "buyer", "undated", "last"]
    assert found["customers"].collect_schema().names() == ["customer_id", "created_at"]
    assert found["transactions"].collect()["ordered_on"].max() == date(2024, 4, 1)


def test_deals_closed_later_are_open_and_later_ones_are_not_there() -> None:
    deals = pl.LazyFrame(
        {
            "deal_id": ["won", "lost later", "new"],
            "created_at": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 8, 1)],
            "closed_at": [date(2024, 2, 1), date(2024, 7, 1), None],
            "status": ["won", "lost", "open"],
        }
    )
    found = as_it_was({"deals": deals, "products": pl.LazyFrame({"product_id": ["p"]})}, DAY)
    assert found["deals"].select("deal_id", "status", "closed_at").collect().rows() == [
        ("won", "won", date(2024, 2, 1)),
        ("lost later", "open", None),
    ]
    assert found["products"].collect().height == 1
