"""`acrm clv` from files to files: nothing that was typed is left out unsaid, no amount is lost on the way."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.conftest import Acrm


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two and a half years of 60 customers, of whom two thirds come back, with what they and others cost."""
    folder = tmp_path_factory.mktemp("exports")
    first = date(2023, 1, 2)
    orders = ["Order ID,Customer ID,Order Date,Amount,Channel"]
    for n in range(60):
        for k in range(1 + n % 6):
            day = first + timedelta(days=(n * 7) % 400 + k * (60 + n % 5 * 17))
            orders.append(f"o{n}-{k},c{n},{day},{20 + n % 7 * 5 + k},{('web', 'shop')[n % 2]}")
    (folder / "orders.csv").write_text("\n".join(orders), encoding="utf-8")
    calls = ["Customer ID,Kind,Started at", *(f"{who},call,2024-02-0{1 + k} 10:00:00" for k, who in enumerate(CALLERS))]
    (folder / "calls.csv").write_text("\n".join(calls), encoding="utf-8")
    costs = "Period,Activity,Cost,Customer ID,Segment\n2024-02-01,Call centre,100,,\n2024-02-01,Desk,50,,CHAMPIONS\n"
    (folder / "service_costs.csv").write_text(costs, encoding="utf-8")
    terms = ["Customer ID,Start date,End date,Price,Region"]
    for n in range(90):
        start = first + timedelta(days=n * 5)
        end = start + timedelta(days=30 * (1 + n % 7)) if n % 2 else ""
        terms.append(f"k{n},{start},{end},10,{('North', 'South')[n % 2]}")
    (folder / "contracts.csv").write_text("\n".join(terms), encoding="utf-8")
    return folder


CALLERS = ("c1", "c2", "lead", "lead")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--npv --margin 100 --retention 0.8 --object household", "--object: only with orders"),
        ("--npv --margin 100 --retention 0.8 --cac 3 --cac web=4", "either one cost, or one per channel"),
        ("--npv --margin 100 --retention 0.8 --cac 30%", "--cac 30%"),
        ("--npv --margin 100 --retention 0.8 --cac =30", "--cac =30"),
        ("contracts.csv --npv --cac 5", "--npv, --cac: not for contracts"),
        ("contracts.csv --by region,plan", "divided by one column"),
        ("orders.csv --by order_id", "no table has a column order_id"),
    ],
)
def test_what_has_no_meaning_is_refused(words: str, told: str, exports: Path, acrm: Acrm, tmp_path: Path) -> None:
    typed = [exports / word if word.endswith(".csv") else word for word in words.split()]
    ran = acrm("clv", *typed, "-o", tmp_path)
    assert ran.code in (2, 3)
    assert told in " ".join(ran.err.split())
    assert "hint:" in ran.err


def test_a_cost_to_win_asks_for_net_present_value(acrm: Acrm, tmp_path: Path) -> None:
    ran = acrm("clv", "--margin", 100, "--retention", 0.8, "--cac", "==cmd()=150", "-o", tmp_path)
    assert ran.code == 0
    assert pl.read_parquet(tmp_path / "npv_channels.parquet")["channel"].to_list() == ["==cmd()"]


def test_a_calculation_leaves_the_values_of_customers_alone(exports: Path, acrm: Acrm, tmp_path: Path) -> None:
    assert acrm("clv", exports / "orders.csv", "-o", tmp_path).code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("clv")}
    assert acrm("clv", "--npv", "--margin", 100, "--retention", 0.8, "-o", tmp_path).code == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("clv")} == before
    # A result with other files takes the place of one with a model, and the next run finds the folder in order.
    for _ in range(2):
        assert acrm("clv", exports / "contracts.csv", "-o", tmp_path).code == 0
    assert not (tmp_path / "clv_model.json").exists()


def test_every_cost_has_a_row_and_the_page_says_so(exports: Path, acrm: Acrm, tmp_path: Path) -> None:
    ran = acrm("clv", *(exports / f"{name}.csv" for name in ("orders", "calls", "service_costs")), "-o", tmp_path)
    assert ran.code == 0
    customers = pl.read_parquet(tmp_path / "clv.parquet")["service_cost"].sum()
    others = pl.read_parquet(tmp_path / "clv_profit_others.parquet")
    assert others.select("customer_id", "service_cost").rows() == [("lead", 50)]
    # The desk serves a segment that is made on the spot, whatever its letters.
    assert str(customers) == "100.0000"
    for part in ("Where the money went", "Customers below zero", "lead"):
        assert part in ran.out


def test_a_cut_by_segments_says_whose_they_are(exports: Path, acrm: Acrm, tmp_path: Path) -> None:
    orders = exports / "orders.csv"
    assert acrm("rfm", orders, "-o", tmp_path / "rfm").code == 0
    parts: list[Any] = []
    for beside, note in (([], "acrm rfm with its defaults"), ([tmp_path / "rfm"], "segments are those of")):
        ran = acrm("clv", orders, *beside, "--by", "segment", "-o", tmp_path / "clv", "--json")
        assert ran.code == 0
        assert note in json.dumps(json.loads(ran.out)["notes"])
        parts.append(pl.read_parquet(tmp_path / "clv" / "clv_parts.parquet"))
    assert parts[0].equals(parts[1])
    assert parts[0].height > 2


def test_contracts_are_chosen_and_cut_like_orders(exports: Path, acrm: Acrm, tmp_path: Path) -> None:
    found = {}
    for words in ("--by region", "--where price>5", "--currency EUR", ""):
        ran = acrm("clv", exports / "contracts.csv", *words.split(), "-o", tmp_path, "--json")
        assert ran.code == 0, ran.err
        found[words] = json.loads(ran.out)["summary"]
    assert found["--currency EUR"]["currency"] == "EUR"
    assert found["--where price>5"]["customers"] == 90
    ran = acrm("clv", exports / "contracts.csv", exports / "orders.csv", "-o", tmp_path)
    assert "there are contracts among the sources too" in ran.out
