"""The section of products."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.products.params import ProductsParams, ProductsResult
from acrm.analysis.products.products import products
from acrm.render.pictures import Bars, Heat
from acrm.render.report.products import products_section
from tests.render.report.shown import charts, grids, headline, lines, sound, words
from tests.render.test_products import shop


@pytest.fixture(scope="module")
def result() -> ProductsResult:
    return products(shop(), ProductsParams(), {})


def test_the_figures_are_those_of_the_result(result: ProductsResult) -> None:
    section = sound(products_section(result))
    share = result.tables["matrix"].filter(abc="A")["share"].sum()
    assert headline(section).startswith(
        f"{result.summary['class_a']} of {result.summary['products']} products make {float(share):.0%} of "
    )
    heat, bars = (chart.picture for chart in charts(section))
    assert isinstance(heat, Heat)
    assert sum(float(cell or 0) for row in heat.cells for cell in row) == pytest.approx(1)
    assert sum(count or 0 for row in heat.n or () for count in row) == result.summary["products"]
    assert isinstance(bars, Bars)
    counts = result.tables["products"]["action"].value_counts()["count"].to_list()
    assert sorted(row.value or 0 for row in bars.rows) == sorted(counts)


def test_lists_name_what_is_to_be_done_with_it(result: ProductsResult) -> None:
    remove = result.tables["products"].with_columns(action=pl.lit("remove"))
    section = sound(products_section(replace(result, tables={**result.tables, "products": remove})))
    assert len(grids(section)["To take out of the assortment"].rows) == min(5, remove.height)
    said = next(line for line in lines(section) if line.startswith("Look through"))
    assert f"{float(remove['revenue'].sum()):,.0f}" in said


def test_without_dates_there_is_no_map() -> None:
    section = sound(products_section(products(shop().drop("ordered_on"), ProductsParams(), {})))
    assert [type(chart.picture) for chart in charts(section)] == [Bars]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_customer_and_no_order_is_named(result: ProductsResult, language: str) -> None:
    messages.use(language)
    said = set(words(sound(products_section(result, personal=False))).splitlines())
    assert not ({f"c{number}" for number in range(30)} | {f"o{number}" for number in range(240)}) & said
