"""`acrm sequence` from files to files."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm

FIRST = ["pattern", "customers", "support", "confidence", "lift", "days_median", "days_p25", "days_p75"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Sixty customers who look at two pages and order tea, then a cup; every order pays for its delivery."""
    visits = ["Interaction ID,Kind,Started at,Customer ID,Page"]
    orders = ["Order ID,Customer ID,Order Date,Product,Amount"]
    for who in range(60):
        for n, item in enumerate(("tea", "cup")):
            at = datetime(2025, 1, 1, 9) + timedelta(days=who + n * (10 + who % 3))
            visits += [f"v{who}-{n}-{k},web_visit,{at + timedelta(minutes=k)},c{who},/{'ab'[k]}" for k in (0, 1)]
            orders += [f"o{who}-{n},c{who},{at + timedelta(minutes=5)},{what},{5 + n}" for what in (item, "Postage")]
    (tmp_path / "orders.csv").write_text("\n".join(orders), encoding="utf-8")
    (tmp_path / "visits.csv").write_text("\n".join(visits), encoding="utf-8")
    return tmp_path


def test_what_follows_what(shop: Path, acrm: Acrm) -> None:
    ran = acrm("sequence", "orders.csv", "--format", "parquet,csv")
    assert ran.code == 0
    assert "tea → cup" in ran.out
    assert "Postage (delivery)" in " ".join(ran.out.split())
    table = pl.read_parquet(shop / "acrm-out" / "sequence.parquet")
    assert table.columns[:8] == FIRST
    assert table.row(0)[:8] == (["tea", "cup"], 60, 1.0, 1.0, 1.0, 11.0, 10.0, 12.0)
    written = (shop / "acrm-out" / "sequence.csv").read_text(encoding="utf-8-sig")
    assert '"tea, cup",60' in written


def test_services_are_kept_when_that_is_asked(shop: Path, acrm: Acrm) -> None:
    assert acrm("sequence", "orders.csv", "--keep-services", "-q").code == 0
    patterns = pl.read_parquet(shop / "acrm-out" / "sequence.parquet")["pattern"].to_list()
    assert ["Postage + tea", "Postage + cup"] in patterns


def test_pages_before_an_order(shop: Path, acrm: Acrm) -> None:
    ran = acrm("sequence", "orders.csv", "visits.csv", "--of", "web", "--max-gap", "0.05", "--json")
    summary = json.loads(ran.out)["summary"]
    assert (summary["customers"], summary["purchases"], summary["interactions"]) == (60, 120, 240)
    paths = pl.read_parquet(shop / "acrm-out" / "sequence_paths.parquet")
    last = paths.filter(pl.col("path") == pl.lit(["/a", "/b"]))
    assert last["purchase_rate"].to_list() == [1.0]
    limited = acrm("sequence", "orders.csv", "visits.csv", "--of", "web", "--where", "page = '/b'", "--json")
    assert json.loads(limited.out)["summary"]["interactions"] == 120


def test_limits_reach_the_result_and_the_lineage(shop: Path, acrm: Acrm) -> None:
    ran = acrm("sequence", "orders.csv", "--max-gap", "10", "--min-support", "0.2", "--json")
    assert ran.code == 0
    table = pl.read_parquet(shop / "acrm-out" / "sequence.parquet")
    assert table["customers"].to_list() == [20]
    made = json.loads((shop / "acrm-out" / "sequence.json").read_text(encoding="utf-8"))
    assert made["options"]["max_gap"] == {"value": 10.0, "origin": "flag"}


@pytest.mark.parametrize("words", ["--min-support 2", "--max-gap 0", "--min-gap 9 --window 3", "--max-length 1"])
def test_what_has_no_meaning_is_refused(words: str, shop: Path, acrm: Acrm) -> None:
    ran = acrm("sequence", "orders.csv", *words.split())
    assert ran.code == 2
    assert "hint:" in ran.err


def test_no_visits_are_an_error(shop: Path, acrm: Acrm) -> None:
    ran = acrm("sequence", "orders.csv", "--of", "web")
    assert ran.code == 3
