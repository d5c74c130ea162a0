"""Data that figures are published on: CDNOW for purchase models, three sets of baskets; histories written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
import pytest

from acrm.models.baskets import Baskets
from acrm.models.histories import FloatArray, Histories


class Seen(Protocol):
    """Histories from numbers; one number stands for all groups."""

    def __call__(
        self,
        frequency: Sequence[float] | FloatArray | float,
        recency: Sequence[float] | FloatArray | float,
        age: Sequence[float] | FloatArray | float,
        count: Sequence[float] | FloatArray | float = 1,
    ) -> Histories: ...


@dataclass(frozen=True)
class Buyers:
    """Customers of CDNOW, times in weeks: one group per customer, distinct histories, repeat orders in the holdout."""

    each: Histories
    grouped: Histories
    later: FloatArray


@pytest.fixture(scope="session")
def seen() -> Seen:
    def build(
        frequency: Sequence[float] | FloatArray | float,
        recency: Sequence[float] | FloatArray | float,
        age: Sequence[float] | FloatArray | float,
        count: Sequence[float] | FloatArray | float = 1,
    ) -> Histories:
        columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, float)) for c in (frequency, recency, age, count)))
        return Histories(**dict(zip(("frequency", "recency", "age", "count"), columns, strict=True)))

    return build


def _buyers(file: Path, seen: Seen, end: date) -> Buyers:
    words = [line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    dates, ids = (words[0].index("date"), 0) if "date" in words[0] else (2, 1)
    rows = [(word[ids], word[dates]) for word in words if word[dates].isdigit()]
    # Orders of one day are one order.
    days = (
        pl.DataFrame(rows, schema=["id", "day"], orient="row")
        .unique()
        .with_columns(pl.col("day").str.to_date("%Y%m%d"))
    )
    before, day = pl.col("day") <= end, pl.col("day")
    found = (
        days.group_by("id")
        .agg(
            before.sum().cast(float) - 1,
            (day.filter(before).max() - day.min()).dt.total_days().alias("recency") / 7,
            (end - day.min()).dt.total_days().alias("age") / 7,
            (~before).sum().cast(float).alias("later"),
        )
        .rename({"day": "frequency"})
        .sort("id")
    )
    keys = ["frequency", "recency", "age"]
    groups = found.group_by(keys).len().sort(keys).cast(pl.Float64)
    return Buyers(
        seen(*(found[key].to_numpy() for key in keys)),
        seen(*(groups[key].to_numpy() for key in (*keys, "len"))),
        found["later"].to_numpy(),
    )


@pytest.fixture(scope="session")
def sample(data: Path, seen: Seen) -> Buyers:
    """2,357 customers, the tenth that is published on: calibration to 1997-09-30, holdout of 39 weeks."""
    return _buyers(data / "clv" / "CDNOW_sample.txt", seen, date(1997, 9, 30))


@pytest.fixture(scope="session")
def whole_sample(data: Path, seen: Seen) -> Buyers:
    """The same over all 78 weeks."""
    return _buyers(data / "clv" / "CDNOW_sample.txt", seen, date(1998, 6, 30))


@pytest.fixture(scope="session")
def master(data: Path, seen: Seen) -> Buyers:
    """All 23,570 customers, calibration to 1997-09-30."""
    return _buyers(data / "clv" / "CDNOW_master.txt", seen, date(1997, 9, 30))


def _baskets(lines: pl.DataFrame) -> Baskets:
    codes = lines.select(pl.all().rank("dense") - 1)
    return Baskets.of(*(codes[name].to_numpy() for name in codes.columns))


@pytest.fixture(scope="session")
def groceries(data: Path) -> Baskets:
    """9,835 receipts of 169 items; codes in the order of their names."""
    return _baskets(pl.read_csv(data / "basket" / "groceries_long.csv", columns=["basket", "item"]))


@pytest.fixture(scope="session")
def online_retail(data: Path) -> Baskets:
    """19,960 invoices of 3,812 items: no cancellations, nothing free; item codes in capitals."""
    lines = pl.read_csv(data / "basket" / "online_retail.csv", infer_schema=False)
    sold = (pl.col("Quantity").cast(int) > 0) & (pl.col("UnitPrice").cast(float) > 0)
    sold &= ~pl.col("InvoiceNo").str.starts_with("C")
    return _baskets(lines.filter(sold).select("InvoiceNo", pl.col("StockCode").str.to_uppercase()))


@pytest.fixture(scope="session")
def t10i4(data: Path) -> Baskets:
    """100,000 made-up baskets of ten items on average, of the IBM Almaden generator."""
    lines = (data / "basket" / "T10I4D100K.dat").read_text(encoding="ascii").splitlines()
    sizes = [len(line.split()) for line in lines]
    return Baskets.of(np.repeat(np.arange(len(lines)), sizes), np.array(" ".join(lines).split(), dtype=np.int64))
