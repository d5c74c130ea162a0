"""Open deals by what they should bring, each with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import END, deals, pipeline


def test_every_open_deal_once_by_expected_amount() -> None:
    frame = pipeline(1500, 5, days=60)
    table = funnel(frame, FunnelParams()).tables["open"]
    open_ones = frame.filter(pl.col("status") == "open").collect()["deal_id"]
    assert sorted(table["deal_id"]) == sorted(open_ones)
    assert table["expected_amount"].is_sorted(descending=True)
    product = (table["p_win"] * table["amount"].cast(pl.Float64) - table["expected_amount"]).abs().max()
    assert product is not None
    assert float(product) < 1e-6  # type: ignore[arg-type]
    assert table["reason"].null_count() == 0
    assert "within" in table["reason"][0]


def test_what_is_late_is_said_first() -> None:
    late = pl.lit(END - timedelta(days=9)).dt.replace_time_zone("UTC")
    soon = pl.lit(END + timedelta(days=9)).dt.replace_time_zone("UTC")
    next_step = pl.when(pl.col("deal_id").str.ends_with("1")).then(late).otherwise(soon)
    result = funnel(pipeline(1500, 5).with_columns(next_step_at=next_step), FunnelParams(as_of=END.date()))
    table = result.tables["open"]
    overdue = table.filter(pl.col("overdue_days").is_not_null())
    assert overdue["overdue_days"].unique().to_list() == [9.0]
    assert overdue["deal_id"].str.ends_with("1").all()
    assert overdue["reason"].str.starts_with("next step overdue by 9 days").all()
    assert result.summary["overdue"] == overdue.height


def test_a_deal_without_a_date_has_no_chance_and_says_why() -> None:
    table = funnel(
        deals(("a", "Talk", "open"), ("b", "Won", "won", "2024-01-01", datetime(2024, 2, 1).isoformat())),
        FunnelParams(),
    ).tables["open"]
    assert table.select("deal_id", "p_win", "reason").rows() == [("a", None, "no date of creation")]
