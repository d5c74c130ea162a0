"""The section of regions by order sums."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.lists.bands import BandsParams, BandsResult, bands
from acrm.render.pictures import Heat
from acrm.render.report.regions import regions_section
from tests.analysis.clv.conftest import build, buyers
from tests.render.report.shown import charts, grids, headline, sound, words

REGIONS = ("north", "south", None)


def made(by: str | None = "region", customers: int = 200) -> BandsResult:
    names = [f"c{n:03}" for n in range(customers)]
    # One customer of a region of his own, whose shares say nothing.
    told = ["islands", *(REGIONS[n % 3] for n in range(1, customers))]
    people = pl.LazyFrame({"customer_id": names, "region": told})
    return bands(build(buyers(customers, 300)), people, BandsParams(bins="amount=20,50,100", by=by))


@pytest.fixture(scope="module")
def result() -> BandsResult:
    return made()


def test_sums_add_up_and_few_orders_are_not_drawn(result: BandsResult) -> None:
    section = sound(regions_section(result))
    table = result.tables["bins"]
    grid = grids(section)["Region by region"]
    assert {row[0] for row in grid.rows} == {"north", "south", "unknown", "islands"}
    assert sum(Decimal(str(row[2])) for row in grid.rows) == table["amount"].sum()
    assert sum(float(str(row[3])) for row in grid.rows) == pytest.approx(1)
    (chart,) = charts(section)
    heat = chart.picture
    assert isinstance(heat, Heat)
    assert chart.n == table["orders"].sum()
    assert [name.split(" (")[0] for name in heat.rows] == [str(row[0]) for row in grid.rows if int(str(row[1])) >= 30]
    for name, cells in zip(heat.rows, heat.cells, strict=True):
        value = name.split(" (")[0]
        own = table.filter(pl.col("value").eq_missing(pl.lit(None if value == "unknown" else value, pl.String)))
        assert list(cells) == own["share"].to_list()


def test_what_is_unknown_is_no_region_to_be_first(result: BandsResult) -> None:
    unknown = result.tables["bins"].with_columns(
        pl.when(pl.col("value").is_null()).then(pl.col("amount") * 1000).otherwise("amount").alias("amount")
    )
    section = sound(regions_section(replace(result, tables={"bins": unknown})))
    assert not headline(section).startswith("Unknown")
    assert not charts(section)[0].title.startswith("Largest orders: unknown")


def test_one_region_or_none_is_nothing_to_say() -> None:
    assert regions_section(made(by=None)) is None
    result = made(customers=30)
    one = result.tables["bins"].filter(value="north")
    assert regions_section(replace(result, tables={"bins": one})) is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(result: BandsResult, language: str) -> None:
    messages.use(language)
    said = words(sound(regions_section(result, personal=False)))
    assert not [n for n in range(200) if f"c{n:03}" in said]
