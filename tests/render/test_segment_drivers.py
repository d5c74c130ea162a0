from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.drivers.conditions import ConditionParams, conditions
from acrm.analysis.drivers.drivers import DriverParams, DriversResult, drivers
from acrm.render.blocks import Grid, Headline, Lines, Page
from acrm.render.segment_drivers import condition_blocks, driver_blocks
from acrm.render.terminal import render


def shop() -> pl.DataFrame:
    """Sales fall by 2% for 1% of price within a brand; dear brands sell more."""
    random = np.random.default_rng(1)
    brand = random.integers(0, 3, 900)
    price = np.exp(brand + random.normal(0, 0.2, 900))
    promo = random.integers(0, 2, 900)
    sales = np.exp(9 + 3 * brand - 2 * np.log(price) + 0.5 * promo + random.normal(0, 0.2, 900))
    return pl.DataFrame(
        {
            "brand": [f"brand {one}" for one in brand],
            "price": price,
            "promo": promo,
            "colour": random.choice(["red", "green"], 900),
            "same": ["x"] * 900,
            "sales": sales,
        }
    )


@pytest.fixture(scope="module")
def result() -> DriversResult:
    return drivers(shop(), "sales", DriverParams(hold=("brand",), each=("brand",), log="both", randomised=("promo",)))


def lines(block: object) -> list[str]:
    assert isinstance(block, Lines)
    return [line.replace("\u00a0", " ") for line in block.lines]


def test_pooled_and_held_stand_side_by_side(result: DriversResult) -> None:
    headline, grid, words, fit, each, notes = driver_blocks(result)
    assert isinstance(headline, Headline)
    assert headline.text.startswith("sales: 2 of 3 coefficients are clear of chance")
    assert headline.text.endswith("within the same brand")
    assert isinstance(grid, Grid)
    assert [column.label for column in grid.columns][:4] == ["driver", "pooled", "95% interval", "held"]
    assert [row[0] for row in grid.rows] == ["log(price)", "promo = 1", "colour = green"]
    assert float(str(grid.rows[0][1])) > 0 > float(str(grid.rows[0][3]))
    price, promo, rest = lines(words)
    assert price.startswith("price 1% higher: goes with sales -1.9")
    assert "within the same brand; pooled +" in price
    assert promo.startswith("promo 1 instead of 0: changes sales by +6")
    assert rest == "1 more coefficient could be chance"
    assert isinstance(fit, Grid)
    assert [row[0] for row in fit.rows] == ["pooled", "brand held", "own for each brand"]
    assert isinstance(each, Grid)
    assert len(each.rows) == 3
    assert lines(notes)[0].startswith("associated, not caused")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_page_fits_and_has_no_blank_in_words(result: DriversResult, language: str, width: int) -> None:
    messages.use(language)
    table = shop().with_columns(bought=(pl.col("promo") == 1) & (pl.col("price") > 3))
    found = [conditions(table, outcome, ConditionParams()) for outcome in ("sales", "bought")]
    levels = drivers(table.drop("sales"), "bought", DriverParams(log="none"))
    none = drivers(shop().head(9), "sales", DriverParams())
    blocks = [*driver_blocks(result), *driver_blocks(levels), *driver_blocks(none)]
    blocks += [block for one in found for block in condition_blocks(one)]
    for plain in (True, False):
        page = render(Page(blocks), width=width, plain=plain, colour=False)
        assert "None" not in page
        assert "nan" not in page
        assert max(map(cell_len, page.splitlines())) <= width


def test_shares_change_by_points() -> None:
    table = shop().with_columns(many=pl.col("sales") > pl.col("sales").median()).drop("sales")
    words = driver_blocks(drivers(table, "many", DriverParams(factors=("promo",))))[2]
    assert " points (+" in lines(words)[0]


def test_conditions_are_a_table() -> None:
    table = shop().with_columns(bought=(pl.col("promo") == 1) & (pl.col("colour") == "red")).drop("sales", "brand")
    grid, notes = condition_blocks(conditions(table, "bought", ConditionParams()))
    assert isinstance(grid, Grid)
    assert grid.title == "Where bought differs"
    (pair,) = [row for row in grid.rows if row[0] == "colour = red, promo = 1"]
    assert (pair[2], pair[3]) == (1.0, 0.0)
    assert str(pair[4]).startswith("+100")
    assert lines(notes)[0].endswith("each finding allows for all of them")


def test_no_findings_are_a_sentence() -> None:
    table = pl.DataFrame({"x": np.arange(700) % 7, "y": np.arange(700) % 11})
    (notes,) = condition_blocks(conditions(table, "y", ConditionParams()))
    assert "no condition among 6 changes y by more than chance would" in lines(notes)
