"""What a product does for the others: newcomers against what is usual in their months, buyers of nothing else."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from acrm.analysis.products.drawing import drawing

MONEY = pl.Decimal(38, 4)
SCHEMA: dict[str, Any] = {
    "customer_id": pl.String,
    "order_id": pl.String,
    "product_id": pl.String,
    "day": pl.Date,
    "amount": MONEY,
}


def kept(rows: list[tuple[str | None, str, str, int]]) -> pl.DataFrame:
    start = date(2025, 1, 1)
    table = [(who, order, item, start + timedelta(days=day), Decimal(5)) for who, order, item, day in rows]
    return pl.DataFrame(table, schema=SCHEMA, orient="row").sort("customer_id", "order_id", "product_id")


def test_a_product_that_customers_come_with() -> None:
    rows: list[tuple[str | None, str, str, int]] = []
    for number in range(200):
        who, start = f"c{number:03}", number
        rows.append((who, f"{who}-0", "bait" if number % 2 else "plain", start))
        rows += [(who, f"{who}-{order}", "plain", start + 20 * order) for order in range(1, 4)]
    rows.append(("lonely", "x", "odd", 5))
    found = {row["product_id"]: row for row in drawing(kept(rows)).rows(named=True)}
    assert (found["bait"]["newcomers"], found["bait"]["only_buyers"]) == (100, 0)
    assert found["bait"]["brings_low"] > 1.5
    assert found["plain"]["brings_low"] < 1
    assert found["odd"]["only_buyers"] == 1


def test_without_customers_dates_or_amounts_there_is_a_pull() -> None:
    rows = kept([(None, f"o{n}", item, 0) for n in range(50) for item in ("a", f"b{n % 5}", "c")[: 2 + n % 2]])
    bare = rows.with_columns(pl.lit(None, pl.Date).alias("day"), pl.lit(None, MONEY).alias("amount"))
    found = drawing(bare)
    assert found["newcomers"].null_count() == found.height
    assert found.filter(product_id="c")["pull"][0] > 1
    assert found.filter(product_id="a")["beside"][0] == 1.5
