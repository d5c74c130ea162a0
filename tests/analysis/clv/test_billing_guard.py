"""Billing is told from buying; shops are not taken for it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.clv.billing_guard import billing_guard
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions


def lines(days: dict[str, list[date]]) -> pl.LazyFrame:
    rows = [(f"{name}-{day}", name, day, Decimal(10)) for name, some in days.items() for day in some]
    # Each order has two lines, and each customer a refund the day after the first.
    rows += rows + [(f"{name}-r", name, some[0] + timedelta(days=1), Decimal(-5)) for name, some in days.items()]
    schema: dict[str, Any] = {
        "order_id": pl.String,
        "customer_id": pl.String,
        "ordered_on": pl.Date,
        "line_amount": pl.Decimal(38, 4),
    }
    return pl.LazyFrame(rows, schema=schema, orient="row")


def test_monthly_payments_are_recognised() -> None:
    start = date(2024, 1, 5)
    paid = {
        f"c{number:02}": pl.date_range(
            start + timedelta(days=number), date(2025, 1, 1), interval="1mo", eager=True
        ).to_list()
        for number in range(20)
    }
    found = billing_guard(lines(paid))
    assert found.recognised
    assert found.period == "month"
    assert found.customers == found.regular == 20
    assert not billing_guard(lines(paid), as_of=date(2024, 2, 1)).recognised


def test_buying_at_random_is_not() -> None:
    rng = np.random.default_rng(0)
    bought = {
        f"c{number:02}": [date(2024, 1, 1) + timedelta(days=int(day)) for day in np.cumsum(rng.geometric(1 / 30, 12))]
        for number in range(40)
    }
    assert not billing_guard(lines(bought)).recognised


@pytest.mark.parametrize("source", ["clv/CDNOW_master.txt", "basket/online_retail.csv"])
def test_shops(data: Path, tmp_path: Path, source: str) -> None:
    found = billing_guard(load([str(data / source)], IngestOptions(), tmp_path).tables["transactions"])
    assert found.customers > 500
    assert found.share < 0.05
    assert not found.recognised
