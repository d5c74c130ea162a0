"""The section of the sales funnel."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams, FunnelResult
from acrm.render.blocks import Chart, Section
from acrm.render.pictures import Bars, Funnel
from acrm.render.report.funnel import funnel_section
from tests.analysis.funnel.conftest import deals, pipeline
from tests.render.report.shown import charts, grids, headline, lines, sound, words


@pytest.fixture(scope="module")
def result() -> FunnelResult:
    people = pipeline(900, 1, owners={"Ann Lee": 0.8, "Bob Ray": 0.4})
    source = pl.when(pl.col("deal_id").hash(1) % 2 == 0).then(pl.lit("mail")).otherwise(pl.lit("fair"))
    return funnel(people.with_columns(source=source), FunnelParams())


def bars(section: Section, start: str) -> tuple[Chart, Bars]:
    chart = next(chart for chart in charts(section) if chart.title.startswith(start))
    assert isinstance(chart.picture, Bars)
    return chart, chart.picture


def test_the_figures_are_those_of_the_result(result: FunnelResult) -> None:
    section = sound(funnel_section(result))
    assert headline(section).startswith(f"{result.summary['win_rate']:.2%} of the closed deals were won (")
    stages = charts(section)[0].picture
    assert isinstance(stages, Funnel)
    assert [stage.value for stage in stages.stages] == result.tables["funnel"]["reached"].to_list()
    _, forecast = bars(section, "The open deals are expected to bring")
    months = result.tables["forecast"].head(8)
    name = "amount" if months["amount"].count() else "won"
    assert [(row.value, row.low, row.high) for row in forecast.rows] == months.select(
        name, f"{name}_low", f"{name}_high"
    ).rows()


def test_groups_that_differ_come_first_and_people_are_not_for_the_board(result: FunnelResult) -> None:
    chart, owners = bars(sound(funnel_section(result)), "Win rates differ by owner")
    assert {row.name for row in owners.rows} == {"Ann Lee", "Bob Ray"}
    assert owners.reference == result.summary["win_rate"]
    assert chart.n == result.summary["won"] + result.summary["lost"]  # type: ignore[operator]
    section = sound(funnel_section(result, personal=False))
    _, sources = bars(section, "By source no difference of win rates is shown")
    assert {row.name for row in sources.rows} == {"mail", "fair"}
    told = {row[0]: row[2] for row in grids(section)["Who wins more?"].rows}
    assert told == {"owner": "differ beyond chance", "source": "no difference shown"}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_board_sees_no_deal_and_nobody(result: FunnelResult, language: str) -> None:
    messages.use(language)
    said = words(sound(funnel_section(result, personal=False)))
    assert "Ann" not in said
    assert not set(result.tables["open"]["deal_id"]) & set(said.splitlines())
    assert set(result.tables["open"]["deal_id"]) & set(words(sound(funnel_section(result))).splitlines())


def test_a_deal_that_ended_before_it_began_is_told_without_its_name() -> None:
    rows: list[tuple[str, ...]] = [(f"d{n}", "Won", "won", "2024-02-01", "2024-03-01") for n in range(20)]
    rows += [("odd", "Won", "won", "2024-02-10", "2024-02-01"), ("o", "1 New", "open", "2024-03-05")]
    section = sound(funnel_section(funnel(deals(*rows), FunnelParams()), personal=False))
    assert "1 of 21 closed deals ended on a day before they began" in lines(section)
    assert "odd" not in words(section)
    assert headline(section).startswith("21 of 22 deals were won")


def test_maven(data: Path) -> None:
    from tests.analysis.funnel.test_funnel import of_files

    files = [f"deals/{name}.csv" for name in ("sales_pipeline", "accounts", "products", "sales_teams")]
    section = sound(funnel_section(of_files(data, *files)))
    assert headline(section).startswith("63.15% of the closed deals were won")
    assert "10,005,534" in headline(section)
    _, regions = bars(section, "By region no difference of win rates is shown")
    assert sorted(f"{row.value:.1%}" for row in regions.rows) == ["62.6%", "63.0%", "63.9%"]
    assert any(line.startswith("no rise or fall of the win rate is shown") for line in lines(section))
