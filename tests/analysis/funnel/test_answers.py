"""First answers: what counts as one, who still waits, and that deals without any contact recorded are not forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from acrm.analysis.funnel.answers import answers
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals

MADE = "2024-01-10T09:00:00"
ROWS = (
    ("quick", "Talk", "open", MADE),
    ("late", "Talk", "open", MADE),
    ("called us", "Talk", "open", MADE),
    ("by customer", "Won", "won", MADE, "2024-01-20T00:00:00"),
    ("silent", "Talk", "open", MADE),
    ("lost soon", "Lost", "lost", MADE, "2024-01-10T10:00:00"),
)
WHO = ["c1", "c2", "c3", "c4", "c5", "c6"]


def contacts(*rows: tuple[Any, ...]) -> dict[str, pl.LazyFrame]:
    names = ("deal_id", "customer_id", "kind", "direction", "started_at", "first_response_at")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    times = [pl.col(name).str.to_datetime(time_zone="UTC", time_unit="us") for name in names[4:]]
    return {"interactions": frame.with_columns(times).lazy()}


TABLES = contacts(
    ("quick", None, "call", "outbound", "2024-01-10T10:30:00", None),
    ("quick", None, "call", "outbound", "2024-01-09T10:30:00", None),
    ("late", None, "email", "in", "2024-01-10T09:00:00", "2024-01-12T09:00:00"),
    ("called us", None, "call", "inbound", "2024-01-10T10:00:00", None),
    (None, "c4", "chat", None, "2024-01-11T08:00:00", None),
    ("silent", None, "web_visit", None, "2024-01-10T10:00:00", None),
)


def test_hours_to_the_first_answer() -> None:
    found = answers(ground(deals(*ROWS, customer_id=WHO), FunnelParams(), {}), TABLES, 24.0, None)
    assert found is not None
    # Answered in 1.5, 48 and 23 hours; two wait since ten days; who lost interest within the hour was not asked.
    assert (found.asked, found.answered, found.waiting) == (5, 3, 2)
    assert found.late.select("deal_id", "hours", "answered").rows() == [
        ("called us", 255.0, False),
        ("silent", 255.0, False),
        ("late", 48.0, True),
    ]
    assert found.share == pytest.approx(3 / 5)
    assert found.median_hours == 48.0
    assert not found.days_only


def test_a_longer_limit_has_fewer_late() -> None:
    base = ground(deals(*ROWS, customer_id=WHO), FunnelParams(), {})
    late = [found.late.height for sla in (1.0, 24.0, 72.0) if (found := answers(base, TABLES, sla, None))]
    assert late == [5, 3, 2]


def test_no_contacts_no_answers() -> None:
    base = ground(deals(*ROWS), FunnelParams(), {})
    assert answers(base, {}, 24.0, None) is None
    assert answers(base, contacts(("other", None, "call", None, "2024-01-10T10:00:00", None)), 24.0, None) is None
    by_day = ground(deals(("a", "Talk", "open", "2024-01-10")), FunnelParams(), {})
    found = answers(by_day, contacts(("a", None, "call", None, "2024-01-10T10:00:00", None)), 24.0, None)
    assert found is not None
    assert found.days_only
    assert datetime(2024, 1, 11) == by_day.until
