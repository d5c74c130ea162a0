"""The section of RFM."""

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.rfm import RfmParams, RfmResult, rfm
from acrm.render.blocks import Section
from acrm.render.pictures import Heat, Stack
from acrm.render.report.rfm import rfm_section
from tests.analysis.clv.conftest import build, buyers
from tests.render.report.shown import charts, grids, headline, lines, sound, words


@pytest.fixture(scope="module")
def result() -> RfmResult:
    return rfm(build(buyers(300, 400)), RfmParams())


@pytest.fixture
def section(result: RfmResult) -> Section:
    return sound(rfm_section(result))


def test_the_figures_are_those_of_the_result(result: RfmResult, section: Section) -> None:
    segments = result.tables["segments"]
    best = segments.sort("spend", descending=True).row(0, named=True)
    assert headline(section).startswith(f"{best['share']:.0%} of the customers ({best['label']})")
    stack, heat = (chart.picture for chart in charts(section))
    assert isinstance(stack, Stack)
    customers, spend = (amounts for _, amounts in stack.rows)
    assert sum(amount or 0 for amount in customers) == result.summary["customers"]
    assert float(sum(amount or 0 for amount in spend)) == pytest.approx(float(segments["spend"].sum()))
    assert isinstance(heat, Heat)
    grid = {(r, f): n for r, f, n in result.tables["grid"].select("r", "f", "customers").iter_rows()}
    assert [list(row) for row in heat.cells] == [[grid[r, f] for f in range(1, 6)] for r in (5, 4, 3, 2, 1)]


def test_half_of_the_spend_is_told_of_as_few_segments_as_have_it(result: RfmResult, section: Section) -> None:
    shares = sorted(result.tables["segments"]["spend_share"], reverse=True)
    few = int(charts(section)[0].title.split()[0])
    assert sum(shares[: few - 1]) < 0.5 <= sum(shares[:few])


def test_eight_segments_at_the_most_and_nobody_is_in_none(result: RfmResult, section: Section) -> None:
    grid = grids(section)["Segments"]
    filled = result.tables["segments"].filter(pl.col("customers") > 0)
    assert len(grid.rows) == min(8, filled.height)
    assert len(grid.rows) + grid.more == filled.height


def test_what_to_do_is_about_the_segment_that_is_worth_most_each(result: RfmResult, section: Section) -> None:
    said = next(line for line in lines(section) if line.startswith("First: "))
    quiet = next(row for row in result.tables["segments"].iter_rows(named=True) if f": {row['label']}," in said)
    assert f"{quiet['customers']} customers" in said
    assert quiet["median_days"] > result.tables["customers"]["days_since_last"].median()


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(result: RfmResult, language: str) -> None:
    messages.use(language)
    for personal in (True, False):
        said = words(sound(rfm_section(result, personal=personal)))
        assert not [who for who in result.tables["customers"]["customer_id"] if f"{who}\n" in said]


def test_one_customer_has_no_map() -> None:
    one = rfm(build([("ada", 1, 5), ("ada", 9, 5)]), RfmParams())
    assert len(charts(sound(rfm_section(one)))) == 1
