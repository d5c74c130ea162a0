"""Every reduction with the tables it takes, so that engines can be compared on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from acrm.schema import dtype, polars_schema
from acrm.summaries import customers, days, items, ledger, sales

DAY = date(2024, 9, 30)
"""A day within the lines, after which nothing counts where a case says so."""
Frames = Mapping[str, Any]

CASES: dict[str, Callable[[Frames], Any]] = {
    "contactable": lambda of: customers.contactable(of["customers"]),
    "customer_history": lambda of: customers.customer_history(of["lines"], refunds="net", as_of=None),
    "customer_history, sales until a day": lambda of: customers.customer_history(
        of["lines"], refunds="ignore", as_of=DAY
    ),
    "customer_margins": lambda of: customers.customer_margins(of["lines"], unit_costs=of["products"], as_of=None),
    "customers_of": lambda of: customers.customers_of(of["lines"]),
    "edge_orders, first": lambda of: customers.edge_orders(of["lines"], ["channel", "unit"], edge="first", as_of=None),
    "edge_orders, last": lambda of: customers.edge_orders(of["lines"], ["channel"], edge="last", as_of=DAY),
    "line_counts": lambda of: customers.line_counts(of["lines"], as_of=DAY),
    "loose_refunds": lambda of: customers.loose_refunds(of["lines"], as_of=None),
    "order_amounts": lambda of: customers.order_amounts(of["lines"], ["channel"], as_of=None),
    "order_parts": lambda of: ledger.order_parts(of["lines"]),
    "order_parts, their history": lambda of: customers.customer_history(
        ledger.order_parts(of["lines"]), refunds="net", as_of=DAY
    ),
    "order_outcomes": lambda of: customers.order_outcomes(of["lines"], as_of=None),
    "orders_by_month": lambda of: customers.orders_by_month(of["lines"], ["channel", "campaign"], as_of=None),
    "purchase_days": lambda of: customers.purchase_days(of["lines"], as_of=None),
    "spend_by_window": lambda of: customers.spend_by_window(
        of["lines"], edges=(date(2023, 9, 30), date(2024, 3, 31), DAY)
    ),
    "contact_days": lambda of: days.contact_days(of["interactions"], topics=["late delivery"], as_of=DAY),
    "order_days": lambda of: days.order_days(of["lines"], as_of=None),
    "product_orders": lambda of: items.product_orders(of["lines"], columns=["channel"], as_of=None),
    "in_currency": lambda of: customers.line_counts(ledger.in_currency(of["lines"], "EUR"), as_of=None),
    "in_currency, none": lambda of: customers.line_counts(ledger.in_currency(of["lines"], None), as_of=None),
    "bought_in_periods": lambda of: sales.bought_in_periods(
        customers.purchase_days(of["lines"], as_of=None), of["calendar"]
    ),
    "last_day": lambda of: sales.last_day(of["lines"]),
    "lines_by_day": lambda of: sales.lines_by_day(of["lines"]),
    "orders_after": lambda of: sales.orders_after(of["lines"], DAY),
    "sold_days": lambda of: sales.sold_days(of["lines"], ["channel"], unit_costs=of["products"], as_of=None),
}
"""By the name of the function; what stands behind a comma tells two cases of one apart."""


def write_tables(lines: int, folder: Path) -> dict[str, Path]:
    """Made-up tables as Parquet, by name: lines of every kind, with gaps wherever a source may have some."""
    random = np.random.default_rng(0)
    orders, people, goods = max(lines * 2 // 5, 1), max(lines // 12, 1), 200
    order = random.integers(0, orders, lines)
    customer = (random.random(orders) ** 2 * people).astype(int)
    day = np.datetime64("2023-01-01") + random.integers(0, 730, orders)
    cents = random.integers(-2_000, 20_000, lines)

    def some(values: Any, share: float) -> pl.Series:
        """The values with so many gaps."""
        return pl.Series(values).set(pl.Series(random.random(len(values)) < share), None)

    def word(words: list[str | None]) -> Any:
        return pl.Series([words[place] for place in random.integers(0, len(words), lines)], dtype=pl.String)

    def money(values: Any) -> pl.Series:
        return (pl.Series(values).cast(dtype("money")) / 100).cast(dtype("money"))

    goods_of = random.integers(0, goods, lines)
    frames = {
        "lines": pl.DataFrame(
            {
                "order_id": pl.Series(order).cast(pl.String),
                "customer_id": some([f"c{one}" for one in customer[order]], 0.05),
                "ordered_on": some(day[order], 0.01),
                "product_id": some([f"p{one}" for one in goods_of], 0.02),
                "quantity": money(random.integers(1, 900, lines)),
                "line_amount": some(money(cents), 0.01),
                "discount": some(money(random.integers(0, 300, lines)), 0.5),
                "cost": some(money(random.integers(50, 900, lines)), 0.6),
                "currency": word(["EUR", "EUR", "EUR", None]),
                "status": word(["paid", "paid", "paid", "cancelled", None]),
                "is_refund": some(random.random(lines) < 0.05, 0.3),
                "is_test": some(random.random(lines) < 0.02, 0.3),
                "channel": word(["web", "shop", "phone", None]),
                "unit": word(["north", "south", None]),
                "campaign": word(["spring", None, None]),
            }
        ),
        "products": pl.DataFrame(
            {
                "product_id": [f"p{one % goods}" for one in range(goods + 5)],
                "cost": money(random.integers(50, 900, goods + 5)),
            }
        ),
        "customers": pl.DataFrame(
            {
                "customer_id": [f"c{one}" for one in range(people)],
                "consent": some(random.random(people) < 0.7, 0.2),
            }
        ),
        "calendar": pl.DataFrame({"day": pl.date_range(date(2023, 1, 1), DAY, eager=True)}).with_columns(
            period=pl.col("day").dt.truncate("1mo")
        ),
        "interactions": _interactions(random, people, max(lines // 10, 1)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in frames}


def _interactions(random: np.random.Generator, people: int, rows: int) -> pl.DataFrame:
    begun = np.datetime64("2023-01-01T00:00:00", "us") + random.integers(0, 700 * 86_400, rows) * np.timedelta64(1, "s")
    subjects = ["Late delivery ", "жалоба на упаковку", "a complaint", "thanks", None]
    kinds = ["call", "email", "web_visit"]
    schema = polars_schema("interactions", ("started_at", "first_response_at", "ended_at"))
    return pl.DataFrame(
        {
            "customer_id": [f"c{one}" if one else None for one in random.integers(0, people, rows)],
            "kind": [kinds[place] for place in random.integers(0, 3, rows)],
            "started_at": begun,
            "first_response_at": begun + random.integers(-3_600, 86_400, rows) * np.timedelta64(1, "s"),
            "ended_at": begun + random.integers(0, 172_800, rows) * np.timedelta64(1, "s"),
            "subject": pl.Series([subjects[place] for place in random.integers(0, 5, rows)], dtype=pl.String),
            "outcome": pl.Series([subjects[place] for place in random.integers(1, 5, rows)], dtype=pl.String),
            "satisfaction": pl.Series(random.integers(0, 6, rows)).replace(0, None).cast(pl.Float64),
        }
    ).with_columns(pl.col(name).dt.replace_time_zone("UTC").cast(kind) for name, kind in schema.items())
