"""Waiting times, those who still wait among them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.report.service import Service, ServiceParams, service
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.schema import polars_schema
from tests.analysis.report.orders import table

START = datetime(2025, 3, 3, 9, tzinfo=UTC)


def contacts(rows: list[dict[str, Any]]) -> dict[str, pl.LazyFrame]:
    names = ("kind", "started_at", "first_response_at", "ended_at", "medium", "satisfaction")
    whole = [{"kind": "ticket", "started_at": START, **row} for row in rows]
    frame = pl.LazyFrame(
        [{name: row.get(name) for name in names} for row in whole], schema=polars_schema("interactions", names)
    )
    return {
        "interactions": frame.with_columns(x_product=pl.Series([row.get("product") for row in whole], dtype=pl.String))
    }


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def measured(rows: list[dict[str, Any]], **params: Any) -> Service:
    found = service(contacts(rows), ServiceParams(**params))
    assert found is not None
    return found


def test_who_still_waits_counts_as_long_as_he_has_waited() -> None:
    done = [{"first_response_at": hours(k), "ended_at": hours(2 * k)} for k in range(1, 41)]
    waiting = [{"first_response_at": hours(1)}] * 12
    found = measured(done + waiting, as_of=date(2025, 3, 3))
    rows = {(row["measure"], row["cut"]): row for row in found.times.iter_rows(named=True)}
    assert rows["first_response", "all"]["n"] == 52
    # The 26th of 52 answers came after 14 hours; what came at midnight or later is not known yet.
    assert rows["first_response", "all"]["median"] == 14
    assert rows["first_response", "all"]["open"] == 26
    assert rows["first_response", "all"]["p90"] is None
    assert rows["resolution", "all"]["median"] is None
    assert rows["resolution", "all"]["open"] == 45
    whole = measured(done + waiting)
    assert whole.figures["first_response_p90"] == 35
    assert whole.figures["open"] == 12


def test_a_promise_is_broken_by_those_who_wait_longer_already() -> None:
    rows = [{"first_response_at": hours(1)}] * 30 + [{"first_response_at": hours(5)}] * 10 + [{}] * 10
    rows += [{"started_at": hours(4.5)}] * 10
    found = measured(rows, response_hours=4.0)
    late = found.breaches.filter(cut="all").row(0, named=True)
    # Ten have been waiting for half an hour only: nobody knows yet.
    assert (late["n"], late["late"]) == (50, 20)
    assert found.figures["first_response_late_share"] == pytest.approx(0.4)


def test_impossible_times_refuse_all_of_them_or_are_left_out() -> None:
    good = [{"first_response_at": hours(1), "ended_at": hours(2)}] * 200
    bad = [{"first_response_at": hours(3), "ended_at": hours(2)}]
    few = measured(good + bad)
    assert few.times.filter(cut="all")["n"].to_list() == [200, 200]
    assert [note.id for note in few.notes] == ["report.service_left_out"]
    many = measured(good + bad * 3)
    assert many.times.is_empty()
    assert [note.id for note in many.notes] == ["report.service_refused"]
    assert many.defects.filter(defect="solved_before_answer").row(0)[1:3] == (3, 203)


def test_few_contacts_of_a_channel_have_no_time() -> None:
    rows = [{"first_response_at": hours(1), "medium": "mail"}] * 40 + [
        {"first_response_at": hours(9), "medium": "chat"}
    ] * 3
    rows += [{"first_response_at": hours(1.5), "ended_at": hours(3), "medium": "mail"}]
    times = measured(rows).times.filter(measure="first_response", cut="channel")
    assert times.select("value", "n", "median", "small").rows() == [("chat", 3, None, True), ("mail", 41, 1.0, False)]


def test_calls_and_visits_wait_for_nothing() -> None:
    assert service(contacts([{"kind": "call", "ended_at": hours(1)}]), ServiceParams()) is None
    assert service({}, ServiceParams()) is None


def test_contacts_by_product_hour_and_day() -> None:
    rows: list[dict[str, Any]] = [
        {"product": "pen", "ended_at": hours(30), "satisfaction": "4,5"},
        {"product": "pen"},
        {"started_at": hours(30)},
    ]
    tables = contacts(rows) | {"transactions": table([{"product_id": "pen"}] * 8)}
    found = service(tables, ServiceParams())
    assert found is not None
    assert found.products.rows() == [("pen", 2, 8, 25.0)]
    assert found.load.rows() == [(1, 9, 2), (2, 15, 1)]
    assert found.backlog.rows() == [(date(2025, 3, 3), 2, 0, 2), (date(2025, 3, 4), 1, 1, 2)]
    assert found.figures["satisfaction"] == 4.5


def test_the_order_of_contacts_says_nothing() -> None:
    rows = [{"first_response_at": hours(k % 7), "ended_at": hours(k % 7 + 1), "medium": "ab"[k % 2]} for k in range(70)]
    one, other = measured(rows, response_hours=3), measured(rows[::-1], response_hours=3)
    assert one.times.equals(other.times)
    assert one.breaches.equals(other.breaches)


def test_support_tickets(data: Path, tmp_path: Path) -> None:
    tables = load([str(data / "service" / "customer_support_tickets.csv")], IngestOptions(), tmp_path).tables
    found = service(tables, ServiceParams())
    assert found is not None
    # Read day first, 176 rows would have no time, and it would be 1,268 of 2,593.
    assert found.defects.filter(defect="solved_before_answer").row(0)[1:3] == (1365, 2769)
    assert found.times.is_empty()
    assert {note.id for note in found.notes} == {"report.service_refused", "report.service_no_start"}
    assert found.figures["contacts"] == 8469
    assert "1,365" in str(found.notes[1])
