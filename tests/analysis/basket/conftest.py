"""Shops small enough to reckon by hand, and the groceries as order lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from acrm.schema import polars_schema

COLUMNS = ("order_id", "customer_id", "ordered_on", "product_id", "product_name", "quantity", "line_amount", "cost")
START = date(2025, 1, 6)


def lines(baskets: Iterable[str], *, cost: str | None = "3") -> pl.LazyFrame:
    """One basket a day, one customer of five in turn; a letter is a product at 5."""
    rows = [
        (
            f"{number:05}",
            f"c{number % 5}",
            START + timedelta(days=number),
            item,
            item.upper() * 2,
            Decimal(1),
            Decimal(5),
        )
        for number, items in enumerate(baskets)
        for item in items
    ]
    costs = [(*row, None if cost is None else Decimal(cost)) for row in rows]
    return pl.LazyFrame(costs, schema=polars_schema("transactions", COLUMNS), orient="row")


@pytest.fixture
def groceries(data: Path) -> pl.LazyFrame:
    """Neither dates nor amounts nor customers."""
    table = pl.scan_csv(data / "basket" / "groceries_long.csv", infer_schema=False)
    return table.select(order_id="basket", product_name="item", x_level2="level2", x_level1="level1")
