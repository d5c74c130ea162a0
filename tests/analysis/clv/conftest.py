"""Order lines of a few words, a made-up shop, and CDNOW."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
import pytest

from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.purchases import Purchases, read_purchases
from acrm.analysis.clv.value import ClvResult, clv
from acrm.schema import polars_schema

FIRST = date(2024, 1, 1)
Line = tuple[str, int, str | float] | tuple[str, int, str | float, str]


class Lines(Protocol):
    """Order lines from (customer, days since 2024-01-01, amount[, order id])."""

    def __call__(self, rows: Iterable[Line]) -> pl.LazyFrame: ...


def build(rows: Iterable[Line]) -> pl.LazyFrame:
    cells = [
        (str(row[3]) if len(row) == 4 else f"order {place}", row[0], FIRST + timedelta(row[1]), Decimal(str(row[2])))
        for place, row in enumerate(rows)
    ]
    columns = ("order_id", "customer_id", "ordered_on", "line_amount")
    return pl.LazyFrame(cells, schema=polars_schema("transactions", columns), orient="row")


@pytest.fixture(scope="session")
def lines() -> Lines:
    return build


def buyers(customers: int = 400, days: int = 500) -> Iterator[Line]:
    """Customers who buy at random, each at a rate and a price of their own, until an order is their last."""
    rng = np.random.default_rng(7)
    for number in range(customers):
        day, rate, price = float(rng.integers(0, days // 2)), rng.gamma(1.2, 1 / 40), rng.gamma(4, 15)
        lost = rng.beta(1, 6)
        while day < days:
            yield f"c{number:03}", int(day), round(float(price * rng.gamma(5, 0.2)) + 1, 2)
            day += rng.exponential(1 / rate) if rng.random() > lost else days


@pytest.fixture(scope="session")
def orders() -> pl.LazyFrame:
    return build(buyers())


@pytest.fixture(scope="session")
def shop(orders: pl.LazyFrame) -> Purchases:
    return read_purchases(orders, as_of=None)


@pytest.fixture(scope="session")
def result(orders: pl.LazyFrame) -> ClvResult:
    return clv(orders, ClvParams())


@pytest.fixture(scope="session")
def cdnow(data: Path) -> pl.LazyFrame:
    """The tenth of CDNOW that is published; free orders cost a cent, so that they stay orders."""
    words = [row.split() for row in (data / "clv" / "CDNOW_sample.txt").read_text(encoding="utf-8").splitlines()]
    origin = (date(1997, 1, 1) - FIRST).days
    return build(
        (word[1], origin + (date.fromisoformat(word[2]) - date(1997, 1, 1)).days, max(float(word[4]), 0.01))
        for word in words
        if word
    )
