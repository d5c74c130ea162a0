"""Order lines for the tests of a report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl

from acrm.schema import polars_schema

COLUMNS = (
    "order_id",
    "customer_id",
    "ordered_at",
    "ordered_on",
    "product_id",
    "category",
    "quantity",
    "line_amount",
    "cost",
    "currency",
    "status",
    "is_refund",
    "is_test",
    "channel",
    "unit",
)


def table(rows: Sequence[dict[str, Any]]) -> pl.LazyFrame:
    """Order lines from what differs of each; by default a sale of 10 to ada on 2025-01-01."""
    whole = []
    for number, row in enumerate(rows):
        line: dict[str, Any] = {
            "order_id": str(number),
            "customer_id": "ada",
            "ordered_on": date(2025, 1, 1),
            "line_amount": Decimal(10),
        }
        line |= row
        line.setdefault("ordered_at", datetime.combine(line["ordered_on"], time(), UTC))
        whole.append({name: line.get(name) for name in COLUMNS})
    return pl.LazyFrame(whole, schema=polars_schema("transactions", COLUMNS))


def random_lines(seed: int, count: int = 400, days: int = 200) -> list[dict[str, Any]]:
    """Lines of all kinds; some columns are not always told."""
    random = Random(seed)
    rows = []
    for _ in range(count):
        order = random.randrange(count // 2)
        own = Random(order)
        day = date(2024, 11, 20) + timedelta(own.randrange(days))
        refund = random.random() < 0.1
        amount = Decimal(random.randrange(1, 90_000)).scaleb(-2)
        rows.append(
            {
                "order_id": str(order),
                "customer_id": own.choice(["ada", "bob", "eve", "joe", "kim", "lea", None]),
                "ordered_on": day + timedelta(random.randrange(30) if refund else 0),
                "ordered_at": datetime.combine(day, time(random.randrange(24)), UTC),
                "product_id": random.choice(["pen", "ink", "cap", "mug"]),
                "category": random.choice(["desk", "home", None]),
                "quantity": Decimal(random.randrange(1, 5)),
                "line_amount": -amount if refund else amount,
                "cost": random.choice([None, amount / 2]),
                "currency": "EUR",
                "status": random.choice(["paid", "paid", None, "cancelled"]) if random.random() < 0.2 else "paid",
                "is_refund": refund,
                "is_test": random.random() < 0.02,
                "channel": own.choice(["shop", "web", None]),
                "unit": own.choice(["A1", "A2", "B1", "B", "Z", None]),
            }
        )
    return rows


def counted(row: dict[str, Any]) -> bool:
    """Whether a line of `random_lines` has a part in the figures."""
    return not row["is_test"] and row["status"] != "cancelled"
