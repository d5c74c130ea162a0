"""The page of products, in English and Russian, with and without costs, stock, dates and groups."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.products.params import ProductsParams, ProductsResult
from acrm.analysis.products.products import products
from acrm.render.blocks import Grid, Headline, Lines, Steps
from acrm.render.products import products_page
from acrm.render.terminal import render
from acrm.schema import polars_schema

COLUMNS = ("order_id", "customer_id", "ordered_on", "product_id", "category", "quantity", "line_amount", "cost")


def shop() -> pl.LazyFrame:
    rows = []
    for number in range(240):
        day, who = date(2025, 1, 1) + timedelta(days=number), f"c{number % 30}"
        sold = [("milk", "Food", 40, 30), ("bread", "Food", 8, 5)][: 1 + number % 2]
        sold += [("lamp", "Home", 3, 2)] if number in (9, 100, 101) else []
        rows += [(f"o{number}", who, day, id, kind, Decimal(1), *map(Decimal, sums)) for id, kind, *sums in sold]
    return pl.LazyFrame(rows, schema=polars_schema("transactions", COLUMNS), orient="row")


@pytest.fixture
def result() -> ProductsResult:
    people = pl.LazyFrame({"customer_id": [f"c{n}" for n in range(30)], "city": ["Ufa", "Perm"] * 15})
    stock = pl.LazyFrame({"product_id": ["milk", "lamp"], "quantity": [Decimal(2), Decimal(60)]})
    return products(shop(), ProductsParams(by="city"), {"customers": people, "stock": stock})


def test_the_page_has_all_parts(result: ProductsResult) -> None:
    page = products_page(result, "orders.csv")
    headline, matrix, actions, *_ = page.blocks
    assert isinstance(headline, Headline)
    assert headline.text == "1 of 3 products make 91% of 10,569.00; margin 2,763.00 (26.1%)"
    assert isinstance(matrix, Grid)
    assert [row[0] for row in matrix.rows] == ["A", "B", "C"]
    assert isinstance(actions, Grid)
    assert [row[:2] for row in actions.rows] == [["restock", 1], ["sell off", 1], ["keep", 1]]
    titles = [block.title for block in page.blocks if isinstance(block, Grid) and block.rows]
    assert titles[2:] == ["To restock", "To sell off: dead stock", "Stock and sales by category"]
    lines = [line for block in page.blocks if isinstance(block, Lines) for line in block.lines]
    assert any(line.startswith("Home: ") and line.endswith("too much of it") for line in lines)
    steps = page.blocks[-1]
    assert isinstance(steps, Steps)
    assert [command for command, _ in steps.steps] == ["acrm products orders.csv --zeros ignore"]


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_in_both_languages(result: ProductsResult, width: int, language: str) -> None:
    messages.use(language)
    page = render(products_page(result), width=width, plain=True, colour=False)
    assert max(map(cell_len, page.splitlines())) <= width
    assert "{" not in page


def test_what_is_not_known_is_left_out() -> None:
    bare = shop().drop("customer_id", "cost", "ordered_on", "line_amount", "category")
    page = render(products_page(products(bare, ProductsParams())), width=100, plain=True, colour=False)
    assert "2 of 3 products make 99% of units sold" in page
    assert "no dates" in page
    assert "--by segment" in page
    assert "stock.csv" in page
