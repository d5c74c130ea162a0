"""`acrm funnel` from the command line."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm

HEAD = "deal id,stage,status,created at,closed at,amount,owner,source,pipeline\n"


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """400 deals of 2024: Ann wins three of four, Bob one of four; every tenth is open."""
    lines = []
    for k in range(400):
        begun = date(2024, 1, 1) + timedelta(days=k * 37 % 300)
        owner = "Ann" if k % 2 else "Bob"
        side = "open" if k % 10 == 0 else "won" if (k // 2 % 4 < 3) == (owner == "Ann") else "lost"
        closed = "" if side == "open" else begun + timedelta(days=1 + k * 13 % 60)
        stage = {"open": "Talk" if k % 20 else "Offer", "won": "Won", "lost": "Lost"}[side]
        lines.append(f"d{k},{stage},{side},{begun},{closed},{100 + k},{owner},{'web' if k % 3 else ''},{'AB'[k % 2]}\n")
    path = tmp_path / "deals.csv"
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return path


def test_files_and_figures(acrm: Acrm, pipeline: Path, tmp_path: Path) -> None:
    ran = acrm("funnel", pipeline.name, "--json")
    assert ran.code == 0
    figures = json.loads(ran.out)["summary"]
    assert (figures["deals"], figures["open"]) == (400, 40)
    assert figures["owner_q"] < 0.001
    table = pl.read_parquet(tmp_path / "acrm-out" / "funnel.parquet")
    assert table["stage"].to_list()[-1] == "won"
    opened = pl.read_parquet(tmp_path / "acrm-out" / "funnel_open.parquet")
    assert opened.height == 40


def test_two_runs_and_a_store_tell_the_same(acrm: Acrm, pipeline: Path, tmp_path: Path) -> None:
    assert acrm("clean", pipeline.name).code == 0
    for source, out in ((pipeline.name, "one"), (pipeline.name, "two"), ("acrm-store", "three")):
        assert acrm("funnel", source, "-o", out).code == 0
    for path in (tmp_path / "one").glob("*.parquet"):
        first = pl.read_parquet(path)
        for other in ("two", "three"):
            assert first.equals(pl.read_parquet(tmp_path / other / path.name)), path.name


def test_cuts_stages_and_rows_that_count(acrm: Acrm, pipeline: Path, tmp_path: Path) -> None:
    ran = acrm(
        "funnel", pipeline.name, "--by", "source,owner,source", "--stages", "Offer,Talk", "--where", "pipeline = 'A'"
    )
    assert ran.code == 0
    assert pl.read_parquet(tmp_path / "acrm-out" / "funnel.parquet")["stage"].to_list() == ["Offer", "Talk", "won"]
    cuts = pl.read_parquet(tmp_path / "acrm-out" / "funnel_cuts.parquet")
    assert cuts["cut"].unique(maintain_order=True).to_list() == ["source", "owner"]
    assert cuts.filter(cut="source")["deals"].sum() == 200


def test_a_gate(acrm: Acrm, pipeline: Path, tmp_path: Path) -> None:
    calls = "deal id,call date,direction,duration\nd1,2024-02-08 10:00,outgoing,60\nd2,2024-09-09 10:00,outgoing,60\n"
    (tmp_path / "calls.csv").write_text(calls, encoding="utf-8")
    ran = acrm("funnel", pipeline.name, "calls.csv", "--sla", "2d", "--fail-on", "answers_late_share>0.1")
    assert ran.code == 1
    assert acrm("funnel", pipeline.name, "--fail-on", "win_rate<0.2").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--sla", "soon"), 2),
        (("--sla", "0h"), 2),
        (("--by", "amount"), 2),
        (("--by", "colour"), 3),
        (("--stages", "Talk"), 3),
        (("--stages", "Talk,Offer,Nowhere"), 3),
        (("--as-of", "2020-01-01"), 3),
    ],
)
def test_what_cannot_be_asked(acrm: Acrm, pipeline: Path, words: tuple[str, ...], code: int) -> None:
    ran = acrm("funnel", pipeline.name, *words)
    assert (ran.code, ran.out) == (code, "")
    assert "hint:" in ran.err


def test_sources_without_deals_say_what_is_missing(acrm: Acrm, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,customer_id,order_date,amount\n1,a,2024-01-01,5\n", encoding="utf-8")
    ran = acrm("funnel", "orders.csv")
    assert ran.code == 3
    assert "deals" in ran.err


def test_leads_of_a_marketplace(acrm: Acrm, data: Path, tmp_path: Path) -> None:
    # Olist, leads of 2017 and 2018: 842 of 8,000 leads were won, one of them two days before the first contact.
    names = ("olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv")
    files = [data / "deals" / name for name in names]
    ran = acrm("funnel", *files)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("842 of 8,000 deals were won: 10.53%")
    figures = json.loads((tmp_path / "acrm-out" / "funnel.json").read_text(encoding="utf-8"))["summary"]
    assert (figures["won"], figures["deals"], figures["won_of_all"]) == (842, 8000, 0.10525)
    tests = pl.read_parquet(tmp_path / "acrm-out" / "funnel_tests.parquet").filter(cut="source")
    assert tests.select("df").item() == 10
    assert tests.select("chi_square").item() == pytest.approx(140.69, abs=0.005)
    groups = pl.read_parquet(tmp_path / "acrm-out" / "funnel_cuts.parquet").filter(
        pl.col("group").is_null(), cut="source"
    )
    assert groups.select("deals", "won").rows() == [(60, 14)]
    defects = pl.read_parquet(tmp_path / "acrm-out" / "funnel_defects.parquet").filter(defect="closed_before_created")
    (deal,) = defects["examples"].to_list()
    first, won = (pl.read_csv(file).filter(mql_id=deal) for file in files)
    assert won["won_date"].str.slice(0, 10).str.to_date().item() + timedelta(days=2) == (
        first["first_contact_date"].str.to_date().item()
    )
    assert deal in ran.out.replace("\n  ", "")
