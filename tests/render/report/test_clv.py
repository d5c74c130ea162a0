"""The section of customer value."""

import pytest

from acrm import messages
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.value import ClvResult, clv
from acrm.render.blocks import Section
from acrm.render.pictures import Bars, Calibration, Concentration, Heat
from acrm.render.report.clv import clv_section
from acrm.render.report.told import amount
from tests.analysis.clv.conftest import build, buyers
from tests.render.report.shown import charts, grids, headline, lines, sound, words


@pytest.fixture(scope="module")
def result() -> ClvResult:
    return clv(build(buyers(300, 400)), ClvParams(model="mbg-nbd", margin=0.5))


@pytest.fixture
def section(result: ClvResult) -> Section:
    return sound(clv_section(result))


def test_the_year_with_its_limits_comes_first(result: ClvResult, section: Section) -> None:
    figures = result.summary
    low, worth, high = (amount(figures[f"year_revenue{end}"]) for end in ("_low", "", "_high"))
    assert headline(section) == (
        f"{figures['customers']} customers will bring {worth} in the next 12 months ({low} to {high});"
        f" worth {amount(figures['clv'])} today"
    )


def test_the_pictures_are_of_the_result(result: ClvResult, section: Section) -> None:
    curve, held_out, worth, quadrants = (chart.picture for chart in charts(section))
    assert isinstance(curve, Concentration)
    assert [point.at for point in curve.points] == sorted(point.at for point in curve.points)
    assert curve.marked is not None
    assert float(curve.marked.value or 0) == pytest.approx(float(str(result.summary["top_decile_share"])), abs=0.02)
    assert isinstance(held_out, Calibration)
    deciles = result.tables["forecast_deciles"]
    told = sum(float(point.value or 0) * (point.n or 0) for point in held_out.points)
    assert told == pytest.approx(float(deciles["actual"].sum()))
    assert isinstance(worth, Bars)
    assert [(row.low, row.value, row.high) for row in worth.rows] == [
        tuple(result.summary[f"{name}{end}"] for end in ("_low", "", "_high")) for name in ("year_revenue", "equity")
    ]
    assert isinstance(quadrants, Heat)
    counts = dict(result.tables["matrix"].select("quadrant", "customers").iter_rows())
    assert quadrants.cells == [[counts["win_back"], counts["keep"]], [counts["leave"], counts["grow"]]]


def test_whom_to_win_back(result: ClvResult, section: Section) -> None:
    win = result.tables["matrix"].filter(quadrant="win_back").row(0, named=True)
    assert any(
        line.startswith(f"{win['customers']} customers brought {amount(win['spend'])}") for line in lines(section)
    )
    (grid,) = grids(section).values()
    assert [row[1] for row in grid.rows] == result.tables["matrix"]["customers"].to_list()


def test_without_time_to_hold_out_there_is_no_check() -> None:
    short = clv(build(buyers(150, 30)), ClvParams(model="mbg-nbd"))
    pictures = [chart.picture for chart in charts(sound(clv_section(short)))]
    assert [type(picture) for picture in pictures] == [Concentration, Bars, Heat]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(result: ClvResult, language: str) -> None:
    messages.use(language)
    for personal in (True, False):
        said = words(sound(clv_section(result, personal=personal)))
        assert not [who for who in result.tables["customers"]["customer_id"] if who in said]
