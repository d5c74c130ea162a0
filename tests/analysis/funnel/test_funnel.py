"""The whole: published figures on real deals, the same result whatever the order of rows, sums that add up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams, FunnelResult
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from tests.analysis.funnel.conftest import pipeline


def of_files(data: Path, *names: str) -> FunnelResult:
    with TemporaryDirectory() as scratch:
        tables: Mapping[str, pl.LazyFrame] = load(
            [str(data / name) for name in names], IngestOptions(), Path(scratch)
        ).tables
        return funnel(tables["deals"], FunnelParams(), tables)


@pytest.fixture(scope="module")
def maven(data: Path) -> FunnelResult:
    names = ("sales_pipeline", "accounts", "products", "sales_teams")
    return of_files(data, *(f"deals/{name}.csv" for name in names))


@pytest.fixture(scope="module")
def olist(data: Path) -> FunnelResult:
    return of_files(data, "deals/olist_marketing_qualified_leads_dataset.csv", "deals/olist_closed_deals_dataset.csv")


def test_maven_counts(maven: FunnelResult) -> None:
    figures = maven.summary
    assert dict(maven.tables["funnel"].select("stage", "now").rows()) == {
        "Prospecting": 500,
        "Engaging": 1589,
        "won": 4238,
    }
    assert (figures["lost"], figures["won"], figures["open"]) == (2473, 4238, 2089)
    assert figures["amount_won"] == Decimal(10_005_534)
    assert isinstance(figures["win_rate"], float)
    assert round(100 * figures["win_rate"], 3) == 63.150


def test_maven_regions_do_not_differ(maven: FunnelResult) -> None:
    regions = maven.tables["cuts"].filter(cut="region")
    assert {group: round(100 * rate, 1) for group, rate in regions.select("group", "win_rate").rows()} == {
        "Central": 62.6,
        "East": 63.0,
        "West": 63.9,
    }
    assert set(regions["verdict"]) == {"none"}
    said = [str(note) for note in maven.notes if note.id == "funnel.cut_none"]
    assert any(one.startswith("region: no difference shown") for one in said)


def test_maven_quarters_are_no_fall(maven: FunnelResult) -> None:
    """By quarter of beginning 82, 68, 62, 60, 61% of the closed are won: the export has no ends before March 2017."""
    said = {note.id: note for note in maven.notes}
    assert said["funnel.since"].values["day"] == date(2017, 3, 1)
    assert "funnel.no_trend" in said
    assert "funnel.fall" not in said
    compared = maven.tables["cohorts"].filter(comparable="yes")
    assert compared["begun"].min() == date(2017, 3, 1)
    assert compared["begun"].max() == date(2017, 8, 1)


def test_maven_chances_are_tried(maven: FunnelResult) -> None:
    figures = maven.summary
    assert isinstance(figures["trial_error"], float)
    assert isinstance(figures["trial_base_error"], float)
    assert figures["trial_error"] < figures["trial_base_error"]
    assert maven.tables["open"].filter(pl.col("stage") == "Prospecting")["p_win"].null_count() == 500


def test_olist(olist: FunnelResult) -> None:
    figures = olist.summary
    assert (figures["deals"], figures["won"]) == (8000, 842)
    assert figures["won_of_all"] == 0.10525
    assert isinstance(figures["source_chi_square"], float)
    assert (round(figures["source_chi_square"], 2), figures["source_df"]) == (140.69, 10)
    # Not recorded is a group of its own, and the one that is won most often.
    groups = olist.tables["cuts"].filter(cut="source")
    missing = groups.filter(pl.col("group").is_null()).row(0, named=True)
    assert (missing["deals"], missing["win_rate"]) == (60, groups["win_rate"].max())
    defect = olist.tables["defects"].filter(defect="closed_before_created").row(0, named=True)
    assert (defect["deals"], defect["examples"]) == (1, "b91cf8812365f50ff4bda4bcd6206b05")


def test_the_order_of_rows_makes_no_difference() -> None:
    frame = pipeline(1200, 8, owners={"Ann": 0.8, "Bob": 0.4}).collect()
    one = funnel(frame.lazy(), FunnelParams())
    other = funnel(frame.sample(fraction=1.0, shuffle=True, seed=3).lazy(), FunnelParams())
    assert one.summary == other.summary
    for name, table in one.tables.items():
        assert table.equals(other.tables[name]), name


def test_counts_add_up() -> None:
    result = funnel(pipeline(900, 3), FunnelParams())
    figures, tables = result.summary, result.tables
    assert figures["deals"] == 900
    assert sum(int(str(figures[side])) for side in ("open", "won", "lost")) == 900
    assert tables["open"].height == figures["open"]
    assert tables["cuts"].filter(cut="owner")["deals"].sum() == 900
    assert tables["lost"]["deals"].sum() == figures["lost"]
    assert tables["cohorts"]["deals"].sum() == 900
    assert next(iter(tables)) == "funnel"


def test_the_next_month_is_a_whole_one_and_is_named() -> None:
    frame = pipeline(1500, 4, days=30)
    for day, month, place in ((date(2024, 11, 1), date(2024, 11, 1), 0), (date(2024, 12, 15), date(2025, 1, 1), 1)):
        result = funnel(frame, FunnelParams(as_of=day))
        assert result.summary["next_whole_month"] == month
        assert result.summary["next_whole_month_amount"] == result.tables["forecast"]["amount"][place]
