"""Stock: the newest count of each unit, its value, and how long it lasts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from acrm.analysis.products.shelves import newest_counts, shelves
from acrm.schema import polars_schema

TODAY = date(2025, 7, 1)
STOCK: dict[str, Any] = polars_schema("stock")


def stock(*counts: tuple[str, int, date | None, str | None, int | None]) -> pl.LazyFrame:
    rows = [
        (id, Decimal(n), day, unit, None if value is None else Decimal(value)) for id, n, day, unit, value in counts
    ]
    return pl.LazyFrame(rows, schema=STOCK, orient="row")


def sales(*sold: tuple[str, int, int, int | None]) -> pl.DataFrame:
    """Product, days ago, units, cost."""
    rows = [
        (f"o{n}", id, TODAY - timedelta(days=ago), Decimal(units), None if cost is None else Decimal(cost))
        for n, (id, ago, units, cost) in enumerate(sold)
    ]
    schema = {"order_id": pl.String, "product_id": pl.String, "day": pl.Date}
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(("quantity", "cost"), pl.Decimal(38, 4)), orient="row")


COSTS = pl.DataFrame({"product_id": ["b"], "each": [2.5]})


def held(counts: pl.LazyFrame, rows: pl.DataFrame) -> dict[str, tuple[Any, ...]]:
    table = shelves(newest_counts(counts), rows, COSTS, TODAY, 90)
    return {id: tuple(map(float_, rest)) for id, *rest in table.rows()}


def float_(value: Any) -> float | None:
    return None if value is None else float(value)


def test_the_newest_count_of_each_unit_adds_up() -> None:
    old, new = date(2025, 5, 1), date(2025, 6, 1)
    counts = stock(
        ("a", 9, old, "n", None), ("a", 4, new, "n", None), ("a", 5, old, "s", None), ("b", 7, None, "n", 30)
    )
    assert held(counts, sales(("a", 300, 1, None)))["a"] == (9, None, None)
    assert held(counts, sales(("a", 10, 9, None)))["b"] == (7, 30, None)


def test_days_of_cover_count_from_the_first_sale_of_a_new_product() -> None:
    counts = stock(("a", 30, None, None, None), ("b", 30, None, None, None), ("c", 0, None, None, None))
    found = held(counts, sales(("a", 200, 900, 900), ("a", 45, 30, 60), ("b", 10, 10, None), ("c", 5, 1, None)))
    assert found["a"] == (30, round(30 * 960 / 930, 4), 90)
    assert found["b"] == (30, 75, 30)
    assert found["c"][2] == 0


def test_a_price_that_nobody_can_tell_is_none() -> None:
    odd = sales(("a", 10, 2, 4), ("a", 9, -2, 4), ("c", 8, -1, 4))
    found = held(stock(("a", 5, None, None, None), ("c", 5, None, None, None)), odd)
    assert found["a"][1] == 10
    assert found["c"] == (5, None, None)


def test_a_count_that_says_nothing_leaves_the_one_before() -> None:
    days = [date(2025, 1, 1), date(2025, 2, 1)]
    stock = pl.LazyFrame({"product_id": ["a", "a"], "date": days, "quantity": [5, None]})
    assert newest_counts(stock)["quantity"].to_list() == [5]
