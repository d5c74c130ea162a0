from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.models.billing import Billing, detect_billing


def detect(days: pl.DataFrame) -> Billing:
    """`customer` and `day`, in any order, repeated or not."""
    gaps = (
        days.unique()
        .sort("customer", "day")
        .with_columns(gap=pl.col("day").diff().over("customer"), number=pl.col("customer").rank("dense") - 1)
        .drop_nulls("gap")
    )
    return detect_billing(gaps["gap"].to_numpy().astype(np.float64), gaps["number"].to_numpy().astype(np.int64))


def billed(period: str, seed: int, *, years: int = 2, customers: int = 300) -> pl.DataFrame:
    """Payments of a plan: 6% fail and are skipped, 8% come up to 6 days late, 5% of customers leave at each payment."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        start = np.datetime64("2024-01-01") + rng.integers(0, 365)
        left = rng.geometric(0.05)
        for number in range(left):
            if period == "month":
                due = min(
                    (start.astype("datetime64[M]") + number).astype("datetime64[D]")
                    + (start - start.astype("datetime64[M]")).astype(int),
                    (start.astype("datetime64[M]") + number + 1).astype("datetime64[D]") - 1,
                )
            else:
                due = start + number * int(period)
            if due > np.datetime64("2024-01-01") + 365 * years:
                break
            if rng.random() < 0.06:
                continue
            rows.append((customer, int(due.astype(int)) + (rng.integers(1, 7) if rng.random() < 0.08 else 0)))
    return pl.DataFrame(rows, schema={"customer": pl.Int64, "day": pl.Int64}, orient="row")


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("period", "name", "years"), [("month", "month", 2), ("7", "week", 1), ("365", "year", 9), ("45", "days", 2)]
)
def test_billing_with_failures_and_cancellations_is_recognised(period: str, name: str, years: int, seed: int) -> None:
    found = detect(billed(period, seed, years=years))
    assert found.recognised
    assert found.period == name
    assert found.share > 0.7


@pytest.mark.parametrize("mean", [1.5, 7, 14, 30, 90])
def test_buying_at_random_is_not(mean: float) -> None:
    rng = np.random.default_rng(3)
    gaps = rng.geometric(1 / mean, 4000).astype(np.float64)
    customer = np.repeat(np.arange(1000), 4)
    found = detect_billing(gaps, customer)
    assert found.customers == 1000
    assert found.share < 0.25


def test_shoppers_with_a_favourite_day_are_not() -> None:
    rng = np.random.default_rng(4)
    found = detect_billing(7 * rng.geometric(0.4, 5000).astype(np.float64), np.repeat(np.arange(1000), 5))
    assert found.share < 0.45


def test_nobody_to_judge() -> None:
    none = detect_billing(np.array([]), np.array([], dtype=np.int64))
    assert (none.customers, none.share, none.recognised) == (0, 0, False)
    one = detect_billing(np.array([30.0, 30.0, 31.0]), np.zeros(3, dtype=np.int64))
    assert one.share == 1
    assert not one.recognised


def test_cdnow_is_not_billed(data: Path) -> None:
    text = (data / "clv" / "CDNOW_master.txt").read_text(encoding="ascii")
    rows = [line.split()[:2] for line in text.splitlines()[1:] if line.strip()]
    table = pl.DataFrame(rows, schema=["customer", "day"], orient="row")
    found = detect(table.with_columns(pl.col("day").str.to_date("%Y%m%d").cast(pl.Int32)))
    assert found.customers > 5000
    assert found.share < 0.1


def test_online_retail_is_not_billed(data: Path) -> None:
    file = next((data / "basket").glob("online_retail*.csv"))
    table = (
        pl.scan_csv(file, infer_schema=False)
        .filter(pl.col("CustomerID").str.len_chars() > 0)
        .select(customer="CustomerID", day=pl.col("InvoiceDate").str.slice(0, 10))
        .unique()
        .collect()
    )
    assert detect(table.with_columns(pl.col("day").str.to_date("%Y-%m-%d").cast(pl.Int32))).share < 0.1
