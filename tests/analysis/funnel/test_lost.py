"""Reasons of lost deals, blank ones included."""

from __future__ import annotations

from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.lost import lost_table
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals


def test_reasons_are_counted_and_none_is_one() -> None:
    lost = [(f"d{k}", "Lost", "lost", "2024-01-01", f"2024-01-{10 + k}", 10 * k) for k in range(5)]
    reasons = ["price", " ", None, "price ", "rival"]
    frame = deals(*lost, ("w", "Won", "won", "2024-01-01", "2024-01-02", 5), lost_reason=[*reasons, None])
    table = lost_table(ground(frame, FunnelParams(), {}))
    rows = {reason: (count, share) for reason, count, share in table.select("lost_reason", "deals", "share").rows()}
    assert rows == {"price": (2, 0.4), None: (2, 0.4), "rival": (1, 0.2)}
    assert table["deals"].is_sorted(descending=True)
    assert table.filter(lost_reason="price")["median_days"].to_list() == [10.5]
    assert table["deals"].sum() == 5
    assert table["amount"].sum() == 100
