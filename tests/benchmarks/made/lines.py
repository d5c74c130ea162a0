"""Made-up order lines with the columns of Online Retail: `python -m tests.benchmarks.made.lines COUNT [EACH] FILE`.

Two years; about 2.5 lines an order and 12 a customer, or EACH; customers and products by a
power law, so that a few come very often and most seldom. Two orders in a hundred are credit notes (`C...`, negative
quantity), five lack a customer. The same count gives the same file, written in pieces so that memory does not grow with
the count.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

PIECE = 250_000
LINES_AN_ORDER, LINES_A_CUSTOMER = 2.5, 12
PRODUCTS = 20_000
START, DAYS = np.datetime64("2023-01-01", "ms"), 730
COUNTRIES = np.array(["United Kingdom", "Germany", "France", "EIRE", "Spain"])


def piece(random: np.random.Generator, first: int, lines: int, total: int, per_customer: float) -> pl.DataFrame:
    """Lines `first` to `first + lines` of `total`, in the order of time."""
    orders = int(lines / LINES_AN_ORDER)
    order = np.sort(random.integers(0, orders, lines))
    customer = (random.random(orders) ** 2 * total / per_customer).astype(int)
    known = random.random(orders) >= 0.05
    credit = random.random(orders) < 0.02
    number = int(first / LINES_AN_ORDER) + order
    since = number * LINES_AN_ORDER / total * DAYS * np.timedelta64(86_400_000, "ms")
    product = (random.random(lines) ** 3 * PRODUCTS).astype(int)
    quantity = random.integers(1, 9, lines)
    return pl.DataFrame(
        {
            "InvoiceNo": number,
            "StockCode": product,
            "Quantity": np.where(credit[order], -quantity, quantity),
            "InvoiceDate": START + since,
            "UnitPrice": (product * 7919 % 9900 + 99) / 100,
            "CustomerID": customer[order],
            "Country": COUNTRIES[customer[order] % COUNTRIES.size],
            "known": known[order],
            "credit": credit[order],
        }
    ).select(
        pl.when("credit")
        .then(pl.format("C{}", "InvoiceNo"))
        .otherwise(pl.format("{}", "InvoiceNo"))
        .alias("InvoiceNo"),
        pl.format("P{}", "StockCode").alias("StockCode"),
        pl.format("PRODUCT No {}", "StockCode").alias("Description"),
        "Quantity",
        pl.col("InvoiceDate").dt.strftime("%Y-%m-%d %H:%M:%S"),
        "UnitPrice",
        pl.when("known").then(pl.format("{}", "CustomerID")).alias("CustomerID"),
        "Country",
    )


def main(count: int, path: Path, per_customer: float = LINES_A_CUSTOMER) -> None:
    """Write `count` lines to a CSV file."""
    random = np.random.default_rng(0)
    with path.open("wb") as file:
        for first in range(0, count, PIECE):
            lines = piece(random, first, min(PIECE, count - first), count, per_customer)
            lines.write_csv(file, include_header=first == 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[-1]), *map(float, sys.argv[2:-1]))
