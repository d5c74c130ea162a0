"""The page of channels, in English and Russian: leads with costs, values and credit; and nothing known at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.channels.channels import channels
from acrm.analysis.channels.params import ChannelsParams, ChannelsResult
from acrm.render.blocks import Grid, Headline, Lines, Steps
from acrm.render.channels import between, chance, channels_page
from acrm.render.terminal import render
from acrm.schema import polars_schema

START = datetime(2024, 1, 1)
SOURCES = ("ads", "mail", "fair", None)


def shop() -> dict[str, pl.LazyFrame]:
    """Two years of leads, weekly spend, and touches of the same people before they were won."""
    people = [(number, SOURCES[number % 4], START + timedelta(days=number)) for number in range(700)]
    deals = [
        (f"d{number}", "won" if number % 40 < (20 if source == "fair" else 4) else "lost", day, f"c{number}", source)
        for number, source, day in people
    ]
    seen = [
        ("web_visit", day - timedelta(days=back), f"c{number}", other)
        for number, source, day in people
        for back, other in ((1, source), (3, SOURCES[number % 3]))
    ]
    spent = [
        ((START + timedelta(days=7 * week)).date(), source, source, Decimal(cost * (1 + week % 3)))
        for week in range(100)
        for source, cost in (("ads", 50), ("mail", 5))
    ]
    tables: dict[str, tuple[Any, tuple[str, ...]]] = {
        "deals": (deals, ("deal_id", "status", "created_at", "customer_id", "source")),
        "interactions": (seen, ("kind", "started_at", "customer_id", "source")),
        "campaigns": (spent, ("date", "campaign", "source", "spend")),
    }
    return {
        name: pl.LazyFrame(rows, schema=polars_schema(name, columns), orient="row")
        for name, (rows, columns) in tables.items()
    }


@pytest.fixture(scope="module")
def result() -> ChannelsResult:
    worth = pl.DataFrame({"customer_id": [f"c{n}" for n in range(700)], "clv": [float(n % 90) for n in range(700)]})
    return channels(shop(), None, ChannelsParams(), worth)


def test_the_page_has_all_parts(result: ChannelsResult) -> None:
    page = channels_page(result, "acrm-store")
    headline = page.blocks[0]
    assert isinstance(headline, Headline)
    assert headline.text.startswith("144 of 700 leads won (20.6%); channels differ: fair 51.4%, ads 10.3%")
    assert "df 3, p " in headline.sub
    grids = [block for block in page.blocks if isinstance(block, Grid) and block.rows]
    assert [grid.title for grid in grids] == [
        "Leads by source",
        "What they cost",
        "What one more would cost, beside the average",
        "What a customer of each is worth",
        "Who gets the credit: shares of 144 conversions",
        "Other columns that name channels",
    ]
    assert {row[0] for row in grids[0].rows} == {"ads", "mail", "fair", "not recorded"}
    assert {row[0] for row in grids[2].rows} <= {"ads", "mail"}
    lines = [line for block in page.blocks if isinstance(block, Lines) for line in block.lines]
    assert any("no channel is recorded" in line for line in lines)
    steps = page.blocks[-1]
    assert isinstance(steps, Steps)
    assert steps.steps[0][0] == "acrm channels acrm-store --margin 0.3"


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_in_both_languages(result: ChannelsResult, width: int, language: str) -> None:
    messages.use(language)
    page = render(channels_page(result), width=width, plain=True, colour=False)
    assert max(cell_len(line) for line in page.splitlines()) <= width


def test_nothing_recorded() -> None:
    nobody = shop() | {"deals": shop()["deals"].with_columns(source=pl.lit(None, pl.String))}
    page = channels_page(channels({"deals": nobody["deals"]}, None, ChannelsParams()))
    assert isinstance(page.blocks[0], Headline)
    assert page.blocks[0].text == "Where 700 leads come from is not recorded"
    assert "--by COLUMN" in page.blocks[0].sub


def test_customers_of_a_list_are_counted() -> None:
    rows = [(f"c{number}", SOURCES[number % 2], date(2024, 1, 1)) for number in range(60)]
    schema = {"customer_id": pl.String, "source": pl.String, "created_at": pl.Date}
    page = channels_page(
        channels({"customers": pl.LazyFrame(rows, schema=schema, orient="row")}, None, ChannelsParams())
    )
    assert isinstance(page.blocks[0], Headline)
    assert page.blocks[0].text == "Customers: 60, most by ads (50.0%); 2 channels in all"


def test_no_difference_is_called_so() -> None:
    rows = [("won" if number % 4 < 2 else "lost", SOURCES[number % 2]) for number in range(120)]
    deals = pl.LazyFrame(rows, schema={"status": pl.String, "source": pl.String}, orient="row").with_columns(
        deal_id=pl.int_range(pl.len()).cast(pl.String), created_at=pl.lit(START)
    )
    page = channels_page(channels({"deals": deals}, None, ChannelsParams()))
    assert isinstance(page.blocks[0], Headline)
    assert page.blocks[0].text == "60 of 120 leads won (50.0%); no difference between channels shown"


def test_numbers_of_little_cells() -> None:
    assert chance(0.5) == "0.500"
    assert between(None, 0.2) is None
    messages.use("ru")
    assert (chance(3e-7), between(0.1, 0.2)) == ("3,0e-07", "10,0% - 20,0%")


def test_without_a_won_deal_the_interval_is_that_of_a_lead() -> None:
    tables = shop()
    tables["deals"] = tables["deals"].with_columns(status=pl.lit("lost"))
    page = channels_page(channels(tables, None, ChannelsParams()))
    (cost,) = (block for block in page.blocks if isinstance(block, Grid) and block.title == "What they cost")
    assert [column.label for column in cost.columns][-2:] == ["a lead", "95% interval"]
    assert all(row[-1] for row in cost.rows)


def test_spend_that_is_there_is_not_asked_for() -> None:
    tables = shop()
    codes = tables["campaigns"].with_columns(
        currency=pl.when(pl.col("source") == "ads").then(pl.lit("EUR")).otherwise(pl.lit("USD"))
    )
    for spend, asked in ((None, True), (codes, False)):
        beside = {name: frame for name, frame in tables.items() if name != "campaigns"}
        result = channels(beside if spend is None else {**beside, "campaigns": spend}, None, ChannelsParams())
        (steps,) = (block for block in channels_page(result).blocks if isinstance(block, Steps))
        assert any("spend.csv" in str(step) for step in steps.steps) == asked
