"""Small results to decide upon, each made by the analysis itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from acrm.analysis.actions.actions import ActionParams, ActionsResult, plan
from acrm.analysis.actions.scenarios import load_scenarios
from acrm.analysis.churn.churn import ChurnParams, ChurnResult
from acrm.analysis.churn.economics import EconomicsParams, economics
from acrm.messages import text
from tests.analysis.report.orders import table

DAY = date(2026, 3, 1)
SCENARIO: dict[str, Any] = {
    "id": "call",
    "segments": ["big"],
    "action": "call_and_ask",
    "channel": "phone",
    "owner": "sales",
    "days": 7,
    "cost": 5,
    "response": 0.1,
    "low": 0.05,
    "high": 0.2,
    "base": 0.1,
    "value": "margin",
    "control": 0.2,
}
MAIL = SCENARIO | {"id": "mail", "segments": ["*"], "action": "next_product", "channel": "email", "cost": 0.5}
MAIL |= {"response": 0.02, "low": 0, "high": 0.04, "owner": "marketing"}


def planned(count: int, *, margin: int = 200, seed: int = 0) -> ActionsResult:
    """A plan for customers c000, c001, …, the first half of them big."""
    half = count // 2
    rows = pl.DataFrame(
        {
            "customer_id": [f"c{number:03}" for number in range(count)],
            "segment_id": [0] * half + [1] * (count - half),
            "segment": ["big"] * half + ["small"] * (count - half),
            "margin": [Decimal(margin + number) for number in range(count)],
        }
    )
    scenarios = load_scenarios({"name": "mine", "scenario": [SCENARIO, MAIL]})
    made = plan(rows, scenarios, None, ActionParams(as_of=DAY, seed=seed, currency="EUR"))
    return replace(made, tables={**made.tables, "customers": rows})


def leaving(probabilities: list[float], *, value: float = 400.0, first: int = 0, **figures: Any) -> ChurnResult:
    """Customers from c000 on (or from `first`), who leave with these probabilities; the first one refuses."""
    ids = [f"c{number:03}" for number in range(first, first + len(probabilities))]
    scored = pl.DataFrame({"customer_id": ids, "churn_probability": probabilities, "value": [value] * len(ids)})
    params = ChurnParams(costs=EconomicsParams(contact=1.0, incentive=10.0))
    weighed = economics(scored, params.costs)
    pays = weighed.tables["customers"]["contact"].to_list()
    actions = [text("churn.action.offer" if pay else "churn.action.watch") for pay in pays]
    actions[0] = text("churn.action.refused")
    customers = scored.select("customer_id", "churn_probability").with_columns(action=pl.Series(actions))
    summary = {"as_of": DAY, "window_days": 90, "currency": "EUR", "roc_auc": 0.7, "roc_auc_low": 0.6, **figures}
    return ChurnResult(
        params=params, tables={"customers": customers}, summary={**summary, **weighed.figures}, economics=weighed
    )


def shop(customers: int = 120, seed: int = 0) -> pl.LazyFrame:
    """Order lines of customers with two goods of their own that they mostly buy; bread and butter go together."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(customers):
        own = rng.choice(30, size=2, replace=False)
        for week in sorted(rng.choice(40, size=int(rng.integers(3, 12)), replace=False)):
            goods = {f"good {good}" for good in own if rng.random() < 0.7}
            goods |= {f"good {good}" for good in rng.choice(30, size=3)}
            goods |= {"bread", "butter"} if rng.random() < 0.3 else set()
            rows += [
                {
                    "order_id": f"{number}-{week}",
                    "customer_id": f"c{number:03}",
                    "ordered_on": DAY - timedelta(days=280 - int(week) * 7 - number % 7),
                    "product_id": good,
                    "line_amount": Decimal(3 + len(good)),
                    "quantity": Decimal(1),
                    "currency": "EUR",
                }
                for good in sorted(goods)
            ]
    return table(rows)
