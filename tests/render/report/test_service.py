"""The section of service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from acrm import messages
from acrm.analysis.report.service import Service, ServiceParams, service
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.render.blocks import Section
from acrm.render.pictures import Bars, Heat, Trend
from acrm.render.report.service import BLOCKS, service_section
from tests.analysis.report.test_service import START, hours, measured
from tests.render.report.shown import charts, grids, headline, lines, sound


def busy() -> Service:
    """Forty e-mails that wait k hours, forty chats that wait half of it, and twelve of each that still wait."""
    rows = [
        {
            "started_at": START + timedelta(hours=k % 9, days=k),
            "first_response_at": START + timedelta(hours=k % 9 + k / part, days=k),
            "ended_at": START + timedelta(hours=k % 9 + k, days=k),
            "medium": medium,
            "satisfaction": "4",
            "product": "pen" if k % 4 else "ink" if k % 8 else "cap",
        }
        for k in range(1, 41)
        for medium, part in (("mail", 1), ("chat", 2))
    ]
    rows += [{"medium": "mail", "started_at": START + timedelta(days=40)}] * 12
    return measured(rows, response_hours=8.0)


@pytest.fixture
def section() -> Section:
    return sound(service_section(busy()))


def test_the_answer_is_the_median_with_those_who_wait(section: Section) -> None:
    found = busy()
    (median,) = found.times.filter(measure="first_response", cut="all")["median"]
    assert headline(section).startswith(f"Half of the customers wait {median:.1f} hours or less for the first answer")
    assert "92 contacts, 12 still open; satisfaction 4.00 (n = 80)" in section.blocks[0].sub  # type: ignore[union-attr]


def test_the_pictures_are_of_the_result(section: Section) -> None:
    found = busy()
    answers, solved, backlog, load, products = (chart.picture for chart in charts(section))
    assert isinstance(answers, Bars)
    assert isinstance(solved, Bars)
    by_channel = found.times.filter(measure="first_response", cut="channel")
    assert {row.name: (row.value, row.low, row.high, row.n) for row in answers.rows} == {
        row["value"]: (row["median"], row["low"], row["high"], row["n"]) for row in by_channel.iter_rows(named=True)
    }
    assert answers.rows[0].name == "mail"
    assert isinstance(backlog, Trend)
    assert [point.value for point in backlog.seen] == found.backlog["open"].to_list()
    assert isinstance(load, Heat)
    assert sum(n or 0 for row in load.cells for n in row) == 92
    assert [len(row) for row in load.cells] == [len(BLOCKS)] * 7
    assert isinstance(products, Bars)
    assert [row.value for row in products.rows] == found.products["contacts"].to_list()


def test_promises_and_what_to_do(section: Section) -> None:
    late = busy().breaches.filter(cut="all").row(0, named=True)
    (table,) = grids(section).values()
    assert [*table.rows[0]][:4] == ["the first answer, 8", "all", late["n"], late["share"]]
    assert "Answer the 12 open contacts first, the oldest before the others." in lines(section)


def test_impossible_times_are_refused_and_told() -> None:
    rows = [{"first_response_at": hours(5), "ended_at": hours(2)}] * 10 + [
        {"first_response_at": hours(1), "ended_at": hours(3)}
    ] * 30
    section = sound(service_section(measured(rows)))
    assert headline(section) == "No mean time is told: 10 of 40 contacts were solved before the first answer"
    assert not [chart for chart in charts(section) if chart.title.startswith("Longest")]
    assert "Have the export of the tickets repaired before anybody is judged by its times." in lines(section)


def test_the_tickets_that_are_known_to_be_wrong(data: Path, tmp_path: Path) -> None:
    read = load([str(data / "service" / "customer_support_tickets.csv")], IngestOptions(), tmp_path)
    found = service(read.tables, ServiceParams())
    assert found is not None
    section = sound(service_section(found, personal=False))
    assert headline(section) == "No mean time is told: 1,365 of 2,769 contacts were solved before the first answer"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_both_languages(language: str) -> None:
    messages.use(language)
    assert len(charts(sound(service_section(busy(), personal=False)))) == 5


def test_times_are_told_in_the_unit_they_are_read_in() -> None:
    minutes = [{"first_response_at": START + timedelta(minutes=12), "ended_at": hours(200)}] * 40
    assert headline(sound(service_section(measured(minutes)))) == (
        "Half of the customers wait 12 minutes or less for the first answer, 8.3 days or less for the solution"
    )
