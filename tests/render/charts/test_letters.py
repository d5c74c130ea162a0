import pytest

from acrm.render.blocks import Chart, Page
from acrm.render.charts.letters import grid
from acrm.render.pictures import Axis, Heat, Point, Stack, Trend
from acrm.render.terminal import render
from tests.pictures import MONTHS, SAMPLES, chart


def shown(name: str) -> str:
    return render(Page([chart(name)]), width=80, plain=False, colour=False)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in ("calibration", "scatter")])
def test_a_chart_has_title_figures_and_count_in_a_terminal(name: str) -> None:
    lines = shown(name).splitlines()
    assert lines[0] == f"All about {name}"
    assert lines[-1].startswith("  n = 1,234 · note")


@pytest.mark.parametrize("name", ["calibration", "scatter"])
def test_what_letters_cannot_show_is_left_out(name: str) -> None:
    assert grid(chart(name)) is None
    assert not shown(name)


def test_a_trend_is_a_line_between_its_ends() -> None:
    assert "  revenue, GBP   100k  ▄▄▅▅▅▅▅▅▆▆▆▆▆▆▇▇▇▇▇▇████  215k" in shown("trend")


def test_intervals_stand_beside_their_values() -> None:
    assert "  East  63.0% ███████████▊  60.0% – 66.0%" in shown("dots")


def test_a_funnel_tells_both_shares() -> None:
    assert [line.split()[-5:] for line in shown("funnel").splitlines() if "400" in line] == [
        ["40.0%", "37.0%", "–", "43.0%", "40.0%"]
    ]


def test_the_sum_of_a_waterfall_is_computed() -> None:
    assert [line.split() for line in shown("waterfall").splitlines()[3:7:3]] == [
        ["2010", "100,000"],
        ["2011", "107,000"],
    ]


def test_parts_over_days_are_lines() -> None:
    rows = grid(chart("stack by day"))
    assert rows is not None
    assert [row[0] for row in rows.rows] == ["new", "loyal"]
    assert [row[1:4:2] for row in rows.rows] == [["100%", "4.2%"], ["0%", "96%"]]


def test_a_map_too_wide_for_letters_and_one_of_counts_are_left_out() -> None:
    wide = Heat(["a"], [str(step) for step in range(20)], [[0.5] * 20], Axis("share", "share"))
    counts = Heat(["a"], ["b"], [[5]], Axis("customers", "int"))
    assert [grid(Chart("t", "d", picture)) for picture in (wide, counts)] == [None, None]


def test_no_data_draws_nothing() -> None:
    for picture in (Trend(Axis("x"), [Point(MONTHS[0], None)]), Stack([], [], Axis("x"))):
        assert not render(Page([Chart("t", "d", picture)]), width=80, plain=True, colour=False)
