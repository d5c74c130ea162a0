"""Deals of some sources: those chosen, in one currency."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Acrm

HEAD = "deal id,stage,created at,closed at,amount,currency,owner\n"


@pytest.fixture
def two(tmp_path: Path) -> str:
    lines = [f"d{k},Won,2024-01-0{k + 1},2024-02-01,{100 * k},{'EUR' if k % 3 else 'USD'},Ann\n" for k in range(6)]
    (tmp_path / "deals.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
    return "deals.csv"


def test_amounts_of_two_currencies_are_not_added_up(acrm: Acrm, two: str) -> None:
    ran = acrm("funnel", two)
    assert ran.code == 3
    assert "--currency EUR" in ran.err
    one = acrm("funnel", two, "--currency", "EUR")
    assert one.code == 0
    assert "1,200.00\u00a0EUR" in one.out or "1,200.00 EUR" in one.out


def test_rates_make_them_one(acrm: Acrm, two: str, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,rate\nEUR,1\nUSD,0.5\n", encoding="utf-8")
    ran = acrm("funnel", two, "--rates", "rates.csv")
    assert ran.code == 0
    assert "1,350.00" in ran.out


def test_a_condition_over_deals(acrm: Acrm, two: str) -> None:
    ran = acrm("funnel", two, "--where", "currency = 'USD'")
    assert ran.code == 0
    assert "2 deals:" in ran.out
    assert acrm("funnel", two, "--where", "colour = 'red'").code == 2
