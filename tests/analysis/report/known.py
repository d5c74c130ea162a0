"""One shop's customers with everything that may be known of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from acrm.schema import polars_schema
from tests.analysis.report.decided import DAY
from tests.analysis.report.orders import table


def frame(name: str, *rows: dict[str, Any]) -> pl.LazyFrame:
    """A canonical table of the columns that any row has."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    whole = [{column: row.get(column) for column in columns} for row in rows]
    return pl.LazyFrame(whole, schema=polars_schema(name, columns))


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def tables() -> dict[str, pl.LazyFrame]:
    """Ann Lee (c1) has bought every ten days until 50 days ago; Bob Lee (c2) refuses; two more are called Ann Roy."""
    orders = [
        {"order_id": f"o{k}", "customer_id": "c1", "ordered_on": ago(50 + 10 * k), "product_id": "tea"}
        for k in range(5)
    ]
    orders += [
        {"order_id": "o0", "customer_id": "c1", "ordered_on": ago(48), "line_amount": Decimal(-4), "is_refund": True},
        {"order_id": "o9", "customer_id": "c1", "ordered_on": ago(20), "status": "cancelled"},
        {"order_id": "p1", "customer_id": "c2", "ordered_on": ago(5)},
    ]
    call = {"customer_id": "c1", "action": "call_and_ask"}
    return {
        "transactions": table(orders),
        "customers": frame(
            "customers",
            {"customer_id": "c1", "full_name": "Ann Lee", "email": "Ann@Lee.example", "phone_e164": "+79072359255"},
            {"customer_id": "c2", "full_name": "Bob Lee", "consent": False, "card_number": "0042"},
            {"customer_id": "c3", "full_name": "Ann Roy"},
            {"customer_id": "c4", "full_name": "ann roy "},
        ),
        "interactions": frame(
            "interactions",
            {"kind": "ticket", "started_at": at(ago(3)), "customer_id": "c1", "subject": "broken", "ended_at": None},
            {"kind": "ticket", "started_at": at(ago(30)), "customer_id": "c1", "ended_at": at(ago(29))},
            {"kind": "call", "started_at": at(ago(2)), "customer_id": "c1"},
        ),
        "deals": frame(
            "deals",
            {
                "deal_id": "d1",
                "customer_id": "c1",
                "stage": "Lost",
                "status": "lost",
                "created_at": at(ago(40)),
                "closed_at": at(ago(35)),
                "lost_reason": "price",
                "amount": Decimal(900),
            },
        ),
        "contracts": frame(
            "contracts", {"customer_id": "c1", "start_at": ago(400), "end_at": ago(35), "plan": "gold", "price": 7}
        ),
        "payments": frame("payments", {"customer_id": "c1", "paid_at": at(ago(49)), "amount": Decimal(6)}),
        "decisions": frame(
            "decisions",
            *({"decision_id": f"x{k}", "made_at": ago(k), "due": None, "reason": None, **call} for k in range(1, 9)),
        ),
    }
