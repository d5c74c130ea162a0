"""Order lines of a few words, a made-up shop, and Online Retail as it is commonly cleaned."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.records import Records, read_records
from acrm.schema import polars_schema

FIRST = date(2024, 1, 1)
COLUMNS = ("order_id", "customer_id", "ordered_on", "line_amount", "product_id", "discount", "channel")


class Lines(Protocol):
    """Order lines from (customer, days since 2024-01-01, amount); a list adds order id, product, discount, channel."""

    def __call__(self, rows: Iterable[tuple[object, ...]]) -> pl.LazyFrame: ...


def build(rows: Iterable[tuple[object, ...]]) -> pl.LazyFrame:
    cells = []
    for place, row in enumerate(rows):
        whole = [*row, *[None] * (7 - len(row))]
        customer, day, amount, order, product, discount, channel = whole
        cells.append(
            (
                order or f"order {place}",
                customer,
                FIRST + timedelta(int(str(day))),
                Decimal(str(amount)),
                product or "tea",
                Decimal(str(discount or 0)),
                channel or "shop",
            )
        )
    return pl.LazyFrame(cells, schema=polars_schema("transactions", COLUMNS), orient="row")


@pytest.fixture(scope="session")
def lines() -> Lines:
    return build


def buyers(customers: int = 500, days: int = 400, seed: int = 5) -> list[tuple[object, ...]]:
    """Customers with a rhythm of their own, who buy until they leave."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for number in range(customers):
        usual, day, left = rng.gamma(3, 8), float(rng.integers(0, 200)), rng.exponential(250)
        first = day
        while day < min(days, first + left):
            rows.append((f"c{number:03}", int(day), round(float(rng.gamma(4, 10)) + 1, 2)))
            day += max(1.0, rng.gamma(3, usual / 3))
    return rows


@pytest.fixture(scope="session")
def shop() -> Records:
    return read_records(build(buyers()), {})


@pytest.fixture(scope="session")
def retail(data: Path) -> Records:
    """Online Retail without lines that lack a customer, and without credit notes and free goods."""
    raw = pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema_length=0)
    number, price = pl.col("Quantity").cast(pl.Decimal(18, 4)), pl.col("UnitPrice").cast(pl.Decimal(18, 4))
    kept = raw.filter(
        pl.col("CustomerID").str.len_chars() > 0, ~pl.col("InvoiceNo").str.starts_with("C"), number > 0, price > 0
    )
    lines = kept.select(
        order_id="InvoiceNo",
        customer_id="CustomerID",
        product_id="StockCode",
        ordered_on=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
        line_amount=(number * price).cast(pl.Decimal(38, 4)),
    )
    return read_records(lines, {})
