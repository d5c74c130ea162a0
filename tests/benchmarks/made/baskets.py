"""Baskets as two arrays of codes in one file: `python -m tests.benchmarks.made.baskets NAME SOURCE FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

ITEMS = 50_000


def groceries(folder: Path) -> pl.DataFrame:
    """Receipts."""
    return pl.read_csv(folder / "groceries_long.csv", columns=["basket", "item"])


def online(folder: Path) -> pl.DataFrame:
    """Invoices without cancellations and free lines."""
    lines = pl.read_csv(folder / "online_retail.csv", infer_schema=False)
    sold = (pl.col("Quantity").cast(int) > 0) & (pl.col("UnitPrice").cast(float) > 0)
    sold &= ~pl.col("InvoiceNo").str.starts_with("C")
    return lines.filter(sold).select("InvoiceNo", pl.col("StockCode").str.to_uppercase())


def t10i4(folder: Path) -> pl.DataFrame:
    """One line per basket."""
    lines = pl.Series((folder / "T10I4D100K.dat").read_text(encoding="ascii").splitlines())
    words = lines.str.strip_chars().str.split(" ")
    return pl.DataFrame({"basket": range(len(words)), "item": words}).explode("item")


def zipf(lines: int) -> pl.DataFrame:
    """About so many lines, 1 + Poisson(4.6) a basket; the item of rank r is drawn in proportion to 1 / r."""
    random = np.random.default_rng(0)
    sizes = random.poisson(4.6, int(lines / 5.6)) + 1
    climbed = np.cumsum(1 / np.arange(1, ITEMS + 1))
    item = np.searchsorted(climbed / climbed[-1], random.random(int(sizes.sum())))
    return pl.DataFrame({"basket": np.repeat(np.arange(len(sizes)), sizes), "item": item})


def main(name: str, source: str, file: Path) -> None:
    """Write the codes; they ascend with the names."""
    if name == "zipf":
        lines = zipf(int(source))
    else:
        lines = {"groceries": groceries, "online": online, "t10i4": t10i4}[name](Path(source))
        lines = lines.select(pl.all().rank("dense") - 1)
    basket, item = (lines[column].cast(pl.Int32).to_numpy() for column in lines.columns)
    np.savez(file, basket=basket, item=item)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
