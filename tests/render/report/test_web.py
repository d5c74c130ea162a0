"""The section of the web site."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.report.web import Web, web
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.render.pictures import Bars
from acrm.render.report.web import web_section
from tests.analysis.report.test_web import START, found, visits
from tests.render.report.shown import charts, grids, headline, lines, sound, words


def site() -> Web:
    """Sixty visitors who come twice, five of six the second time to buy; a cart that many leave."""
    rows = [(f"c{n:02}", n * 200 + later, page) for n in range(60) for later in (0, 90) for page in ("/", "/cart")]
    bought = [
        {"customer_id": f"c{n:02}", "ordered_at": at, "ordered_on": at.date()}
        for n in range(60)
        if n % 6
        for at in (START + timedelta(minutes=n * 200 + 95),)
    ]
    return found(visits(*rows), *bought)


def test_the_figures_are_those_of_the_result() -> None:
    made = site()
    section = sound(web_section(made))
    assert headline(section) == "50 of 120 sessions end in an order: 41.67%"
    visitor, exits = (chart.picture for chart in charts(section))
    assert isinstance(visitor, Bars)
    told = made.conversion.filter(cut="visitor").sort("share", descending=True)
    assert [(row.name, row.value, row.low, row.high, row.n) for row in visitor.rows] == told.select(
        "value", "share", "low", "high", "sessions"
    ).rows()
    assert charts(section)[0].title == "Returning: 83.3%, new: 0.0%"
    assert isinstance(exits, Bars)
    assert [(row.name, row.value) for row in exits.rows] == made.pages.filter(pl.col("exits") > 0).select(
        "page", "exits"
    ).rows()
    assert any(line.startswith(f"Look at {exits.rows[0].name} first") for line in lines(section))


def test_without_orders_nothing_is_said_of_them() -> None:
    section = sound(web_section(found(visits(*[(f"c{n}", n, "/") for n in range(40)]))))
    assert headline(section) == "40 sessions; what became of them is not known"
    assert not [chart for chart in charts(section) if "%" in chart.title and "sessions" not in chart.title]


def test_no_session_is_nothing_to_say() -> None:
    made = site()
    empty = Web(conversion=made.conversion.clear(), pages=made.pages.clear(), figures={"sessions": 0}, notes=())
    assert web_section(empty) is None


def test_the_known_sessions(data: Path, tmp_path: Path) -> None:
    read = load([str(data / "web" / "online_shoppers_intention.csv")], IngestOptions(), tmp_path)
    made = web(read.tables)
    assert made is not None
    section = sound(web_section(made))
    assert headline(section) == "1,908 of 12,330 sessions end in an order: 15.47%"
    assert charts(section)[0].title == "New visitors: 24.9%, returning visitors: 13.9%"
    (others,) = grids(section).values()
    assert {row[0]: row[5] for row in others.rows}["region"] == "overlap"
    assert made.conversion.filter(pl.col("cut") == "month")["value"].n_unique() == 10


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(language: str) -> None:
    messages.use(language)
    said = words(sound(web_section(site(), personal=False)))
    assert not [n for n in range(60) if f"c{n:02}" in said]
