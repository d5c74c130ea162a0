"""Shares of channels: the published leads of Olist, intervals that hold, and what is not recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.channels.compare import by_channel
from acrm.analysis.channels.counted import Counted


def leads(channel: Sequence[str | None], converted: Sequence[bool | None]) -> Counted:
    units = pl.DataFrame(
        {"source": channel, "converted": converted}, schema={"source": pl.String, "converted": pl.Boolean}
    ).with_columns(
        customer_id=pl.lit(None, pl.String),
        day=pl.lit(date(2025, 1, 1)),
        amount=pl.when("converted").then(pl.lit("7.50").cast(pl.Decimal(38, 4))),
    )
    return Counted(of="leads", units=units, columns=("source",))


def test_the_leads_of_olist(data: Path) -> None:
    # Reckoned by hand from the public files: 842 of 8,000, chi-square 140.69 with 10 degrees of freedom.
    people = pl.read_csv(data / "deals/olist_marketing_qualified_leads_dataset.csv")
    won = pl.read_csv(data / "deals/olist_closed_deals_dataset.csv")["mql_id"]
    table, whole = by_channel(
        leads(people["origin"].to_list(), people["mql_id"].is_in(won.implode()).to_list()), "source"
    )
    assert (whole["units"], whole["converted"], whole["not_recorded"]) == (8000, 842, 60)
    assert (round(whole["chi_square"], 2), whole["df"], f"{whole['p']:.1e}") == (140.69, 10, "3.0e-25")
    rows = {row["channel"]: row for row in table.iter_rows(named=True)}
    rates = {name: tuple(round(rows[name][end], 3) for end in ("rate", "rate_low", "rate_high")) for name in rows}
    assert rates["unknown"] == (0.163, 0.142, 0.186)
    assert rates["social"] == (0.056, 0.045, 0.069)
    assert rates[None] == (0.233, 0.144, 0.354)
    assert {name for name in rows if rows[name]["verdict"] == "less"} == {"social", "email", "other"}
    assert {name for name in rows if rows[name]["verdict"] == "more"} == {"unknown", None}
    assert table["share"].sum() == pytest.approx(1)


def test_letter_case_and_blanks_make_no_channel() -> None:
    table, whole = by_channel(
        leads(["Ads", "ads ", "Ads", "mail", "", None], [True, False, None, False, True, None]), "source"
    )
    assert table.select("channel", "units", "judged", "converted", "amount").rows() == [
        ("Ads", 3, 2, 1, pytest.approx(7.5)),
        (None, 2, 1, 1, pytest.approx(7.5)),
        ("mail", 1, 1, 0, None),
    ]
    assert whole["channels"] == 2
    assert set(table["verdict"]) == {"few"}


def test_without_a_column_all_are_of_no_channel() -> None:
    table, whole = by_channel(leads([None] * 40, [True, False] * 20), None)
    assert table.select("channel", "units", "rate", "verdict").rows() == [(None, 40, 0.5, "alone")]
    assert (whole["chi_square"], whole["channels"], whole["not_recorded"]) == (None, 0, 40)


def test_what_cannot_be_told_is_not_judged() -> None:
    table, whole = by_channel(leads(["a"] * 40 + ["b"] * 40, [None] * 80), "source")
    assert table.select("rate", "rate_low", "p", "verdict").rows() == [(None,) * 4] * 2
    assert whole["judged"] == 0


def test_intervals_hold_and_equal_channels_are_called_so() -> None:
    rng = np.random.default_rng(0)
    truth = {"a": 0.1, "b": 0.1, "c": 0.1, "d": 0.1}
    held = called = 0
    for _ in range(200):
        names = [name for name in truth for _ in range(150)]
        table, _ = by_channel(leads([*names], (rng.random(600) < 0.1).tolist()), "source")
        held += sum(low <= 0.1 <= high for low, high in table.select("rate_low", "rate_high").rows())
        called += table["verdict"].is_in(["more", "less"]).any()
    assert held / 800 == pytest.approx(0.95, abs=0.02)
    assert called / 200 <= 0.08


def test_a_channel_that_is_better_is_found() -> None:
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(50):
        converted = [bool(rng.random() < rate) for rate in (0.1, 0.1, 0.1, 0.25) for _ in range(300)]
        table, _ = by_channel(leads([name for name in "abcd" for _ in range(300)], converted), "source")
        found += table.filter(channel="d")["verdict"].item() == "more"
    assert found >= 48


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "A", "b", None]), st.sampled_from([True, False, None])), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[str | None, bool | None]], random: object) -> None:
    other = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    (one, whole), (two, again) = (
        by_channel(leads(*map(list, zip(*some, strict=True))), "source") for some in (rows, other)
    )
    assert one.equals(two)
    assert whole == again
