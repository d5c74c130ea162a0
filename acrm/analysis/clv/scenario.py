"""What if: price, cost, margin, retention, acquisition cost or discount change, and with them the net present value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from acrm.analysis.clv.terms import Terms
from acrm.errors import UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

RELATIVE = ("price", "cost", "cac")
"""What changes by percent only."""
INPUTS = (*RELATIVE, "margin", "retention", "discount")
"""What a scenario may change: these by percent, or the last three by percentage points."""
_SETTINGS = ("change", "segment")
_CHANGE = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*(%|pp|п\.?\s?п\.?)", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """By how much: a share of what it was, or percentage points."""

    amount: float
    points: bool

    def of(self, value: float) -> float:
        """The value after the change.

        >>> Change(-0.02, points=True).of(0.8), round(Change(-0.02, points=False).of(0.8), 3)
        (0.78, 0.784)
        """
        return value + self.amount if self.points else value * (1 + self.amount)


@dataclass(frozen=True)
class Scenario:
    """Changes by input, and where segments differ, by input and segment."""

    changes: Mapping[str, Change]
    segments: Mapping[str, Mapping[str, Change]]

    def change(self, name: str, segment: str) -> Change | None:
        """The change of an input in a segment: its own if it has one, else that of all."""
        return self.segments.get(name, {}).get(segment, self.changes.get(name))


def parse(document: Mapping[str, Any]) -> Scenario:
    """Read a scenario: tables `price`, `cost`, `cac`, `margin`, `retention`, `discount`, with a `change` each.

    `change` is a text: "+5%" of what it was, "-2pp" percentage points (margin, retention, discount). A table `segment`
    within gives segments changes of their own, by name.

    >>> parse({"price": {"change": "+5%", "segment": {"web": "+2%"}}}).change("price", "web")
    Change(amount=0.02, points=False)

    Raises:
        UsageError: An unknown key, or a change that is none.
    """
    changes: dict[str, Change] = {}
    segments: dict[str, dict[str, Change]] = {}
    for name, settings in document.items():
        if name not in INPUTS:
            _unknown(name, INPUTS)
        if not isinstance(settings, Mapping):
            raise UsageError("npv_scenario_change", name=name, value=settings)
        for setting in settings:
            if setting not in _SETTINGS:
                _unknown(f"{name}.{setting}", [f"{name}.{known}" for known in _SETTINGS])
        own = settings.get("segment", {})
        if not isinstance(own, Mapping) or not settings:
            raise UsageError("npv_scenario_change", name=name, value=settings)
        segments[name] = {segment: _change(name, value) for segment, value in own.items()}
        if "change" in settings:
            changes[name] = _change(name, settings["change"])
    if not document:
        raise UsageError("npv_scenario_empty", known=listed(INPUTS))
    return Scenario(changes, segments)


def _change(name: str, value: Any) -> Change:
    found = _CHANGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise UsageError("npv_scenario_change", name=name, value=value)
    points = found[2] != "%"
    if points and name in RELATIVE:
        raise UsageError("npv_scenario_points", name=name, value=value)
    change = Change(float(Decimal(found[1].replace(",", ".")) / 100), points)
    if not points and change.amount < -1:
        raise UsageError("npv_scenario_change", name=name, value=value)
    return change


def _unknown(name: str, known: Sequence[str]) -> NoReturn:
    near = get_close_matches(name, known, 1, 0.5)
    raise UsageError("npv_scenario_key", name=name, near=near[0] if near else listed(known))


def changed(terms: Terms, scenario: Scenario) -> Terms:
    """The terms after the changes.

    The number of customers and what they buy stay: a price goes wholly into the margin, with the cost of what is sold
    held, so that a margin of share m at revenue R becomes R (1 + p) - R (1 - m) (1 + c). `margin` then changes what
    came of it, percentage points those of the new revenue. Retention stays between 0 and 1, the discount 0 or more.

    Raises:
        UsageError: A change needs the revenue, and only a margin in money is known.
    """
    changes = {name: change for name in INPUTS if (change := scenario.change(name, terms.label)) is not None}
    revenue, margin = terms.revenue, terms.margin
    of_revenue = [
        name for name, change in changes.items() if name in ("price", "cost") or (name == "margin" and change.points)
    ]
    if revenue is None:
        if of_revenue:
            raise UsageError("npv_scenario_revenue", name=of_revenue[0])
    else:
        cost = revenue - margin
        revenue = changes["price"].of(revenue) if "price" in changes else revenue
        margin = revenue - (changes["cost"].of(cost) if "cost" in changes else cost)
    if "margin" in changes:
        change = changes["margin"]
        margin = margin + change.amount * (revenue or 0.0) if change.points else change.of(margin)
    retention = changes["retention"].of(terms.retention) if "retention" in changes else terms.retention
    discount = changes["discount"].of(terms.discount) if "discount" in changes else terms.discount
    cac = terms.cost
    return replace(
        terms,
        revenue=revenue,
        margin=margin,
        retention=min(max(retention, 0.0), 1.0),
        discount=max(discount, 0.0),
        cost=changes["cac"].of(cac) if cac is not None and "cac" in changes else cac,
    )


def compare(segments: Sequence[Terms], scenario: Scenario) -> tuple[pl.DataFrame, tuple[Message, ...]]:
    """Net present value of each segment before and after, the greatest change of the existing customers first.

    Returns:
        By segment: `segment`, `customers`, `existing_before`, `existing_after`, `existing_change` (per customer),
        `total_change` (of all its customers), `new_before`, `new_after`, `new_change` (less the acquisition cost);
        and what the scenario asks for in vain.

    Raises:
        UsageError: The scenario names a segment that there is not, or one of `changed`.
    """
    import polars as pl

    labels = [terms.label for terms in segments]
    for own in scenario.segments.values():
        for label in own:
            if label not in labels:
                _unknown(label, labels)
    rows: list[dict[str, Any]] = []
    for before in segments:
        after = changed(before, scenario)
        row: dict[str, Any] = {"segment": before.label, "customers": before.customers}
        for name, one, other in (("existing", before.existing, after.existing), ("new", before.new, after.new)):
            row |= {f"{name}_before": one.npv, f"{name}_after": other.npv, f"{name}_change": other.npv - one.npv}
        row["total_change"] = None if before.customers is None else before.customers * row["existing_change"]
        rows.append(row)
    known = any(terms.cost is not None for terms in segments)
    asked = "cac" in scenario.changes or "cac" in scenario.segments
    notes = () if known or not asked else (Message("npv.scenario_no_cost"),)
    money = (
        "existing_before",
        "existing_after",
        "existing_change",
        "total_change",
        "new_before",
        "new_after",
        "new_change",
    )
    schema = {"segment": pl.String, "customers": pl.Int64, **dict.fromkeys(money, pl.Float64)}
    order = ["total_change", "existing_change", "new_change", "segment"]
    # A value without end has no change either.
    ended = pl.when(pl.col(money).is_finite()).then(pl.col(money))
    table = (
        pl.DataFrame(rows, schema=schema)
        .with_columns(ended)
        .sort(order, descending=[True, True, True, False], nulls_last=True)
    )
    return table, notes
