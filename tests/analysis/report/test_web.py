"""Sessions and what becomes of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.report.web import Web, web
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.schema import polars_schema
from tests.analysis.report.orders import table

START = datetime(2025, 3, 3, 9, tzinfo=UTC)
NAMES = ("kind", "started_at", "customer_id", "page", "source")


def visits(*rows: tuple[str | None, int, str | None]) -> pl.LazyFrame:
    """Who, minutes after the start, page."""
    return pl.LazyFrame(
        [("web_visit", START + timedelta(minutes=at), who, page, "mail") for who, at, page in rows],
        schema=polars_schema("interactions", NAMES),
        orient="row",
    )


def found(rows: pl.LazyFrame, *orders: dict[str, Any]) -> Web:
    made = web({"interactions": rows} | ({"transactions": table(orders)} if orders else {}))
    assert made is not None
    return made


ROWS = visits(
    ("ada", 0, "/"),
    ("ada", 29, "/cart"),
    ("ada", 59, "/"),
    ("ada", 75, "/pen"),
    ("bob", 10, "/"),
    (None, 1, "/"),
    (None, 2, "/"),
)


def test_a_pause_of_half_an_hour_begins_a_session() -> None:
    order = {"customer_id": "ada", "ordered_at": START + timedelta(minutes=40), "ordered_on": START.date()}
    made = found(ROWS, order)
    # Of ada two, of bob one, and of strangers each their own.
    assert made.figures["sessions"] == 5
    assert made.figures["visitors"] == 2
    rows = {(row["cut"], row["value"]): row for row in made.conversion.iter_rows(named=True)}
    assert (rows["all", None]["sessions"], rows["all", None]["converted"]) == (3, 1)
    assert (rows["visitor", "new"]["converted"], rows["visitor", "returning"]["converted"]) == (1, 0)
    assert "report.web_unknown" in [note.id for note in made.notes]
    pages = {row["page"]: row for row in made.pages.iter_rows(named=True)}
    assert (pages["/"]["sessions"], pages["/"]["exits"]) == (5, 3)
    assert (pages["/cart"]["converted"], pages["/cart"]["exits"]) == (1, 0)
    assert pages["/pen"]["exit_share"] == 1


def test_orders_that_tell_days_alone_belong_to_the_sessions_of_their_day() -> None:
    made = found(ROWS, {"customer_id": "ada", "ordered_on": START.date()})
    assert made.figures["converted"] == 2


def test_without_orders_nothing_is_said_of_conversion() -> None:
    made = found(ROWS)
    assert "conversion" not in made.figures
    assert "report.web_no_orders" in [note.id for note in made.notes]


def test_the_order_of_visits_says_nothing() -> None:
    one, other = found(ROWS), found(ROWS.reverse())
    assert one.conversion.equals(other.conversion)
    assert one.pages.equals(other.pages)


def test_no_visits_no_report() -> None:
    assert web({}) is None
    assert web({"other_x": pl.LazyFrame({"revenue": ["1200.50", "3"]})}) is None


def test_online_shoppers(data: Path, tmp_path: Path) -> None:
    tables = load([str(data / "web" / "online_shoppers_intention.csv")], IngestOptions(), tmp_path).tables
    made = web(tables)
    assert made is not None
    assert (made.figures["converted"], made.figures["sessions"]) == (1908, 12_330)
    assert made.figures["conversion"] == pytest.approx(0.1547, abs=5e-5)
    shares = {row["value"]: row["share"] for row in made.conversion.filter(cut="visitortype").iter_rows(named=True)}
    assert shares["New_Visitor"] == pytest.approx(0.249, abs=5e-4)
    assert shares["Returning_Visitor"] == pytest.approx(0.139, abs=5e-4)
