"""Figures that stand beside those of sales: of deals, customers, contacts and visits, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Told:
    """Where a figure comes from: `value` and `n` (their sum) are figures of the part's, `n_of` says what is counted."""

    name: str
    part: str
    value: str
    unit: str
    n: tuple[str, ...]
    n_of: str


TOLD = (
    Told(name="retention", part="cohorts", value="retention_1", unit="share", n=("retention_1_n",), n_of="buyers"),
    Told(name="value_ahead", part="clv", value="clv", unit="money", n=("customers",), n_of="customers"),
    Told(name="at_risk", part="churn", value="at_risk_share", unit="share", n=("customers",), n_of="customers"),
    Told(name="win_rate", part="funnel", value="win_rate", unit="share", n=("won", "lost"), n_of="deals"),
    Told(name="pipeline", part="funnel", value="expected_amount", unit="money", n=("open",), n_of="open"),
    Told(
        name="first_response",
        part="service",
        value="first_response_median",
        unit="hours",
        n=("contacts",),
        n_of="contacts",
    ),
    Told(
        name="satisfaction", part="service", value="satisfaction", unit="ratio", n=("satisfaction_n",), n_of="contacts"
    ),
    Told(name="conversion", part="web", value="conversion", unit="share", n=("conversion_n",), n_of="sessions"),
)
"""In the order in which they are shown; `report.kpi.<name>` and `report.definition.<name>` are their words."""


def beside(results: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The figures as rows of the table `kpis`, as far as they are known; none is held against an earlier period."""
    from acrm.analysis.report.parts import figures_of

    for one in TOLD:
        figures = figures_of(results[one.part]) if one.part in results else {}
        value = figures.get(one.value)
        counts: list[int] = [figures[name] for name in one.n if figures.get(name) is not None]
        if value is not None:
            n = sum(counts) if len(counts) == len(one.n) else None
            yield {"measure": one.name, "unit": one.unit, "value": float(value), "n": n, "n_of": one.n_of}
