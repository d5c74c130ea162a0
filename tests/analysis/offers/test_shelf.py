"""What may be offered."""

from datetime import date
from decimal import Decimal

import polars as pl

from acrm.analysis.offers.shelf import categories, fitting, with_offered

PRODUCTS = pl.DataFrame(
    {
        "product_id": ["a", "b", "c"],
        "product_name": ["[red]x[/red]", "Red x ", None],
        "categories": [["Toys"], None, ["Sale", "Toys"]],
    }
)


def test_only_star_and_question_mark_stand_for_something() -> None:
    told = {
        one: fitting(PRODUCTS, [one]) for one in ("[red]*", "[RED]x[/red]", "r?d x", "toys", "s*", "?", "[ab]", "a|b")
    }
    assert told["[red]*"] == told["[RED]x[/red]"] == {"a"}
    assert told["r?d x"] == {"b"}
    assert told["toys"] == {"a", "c"}
    assert told["s*"] == {"c"}
    assert told["?"] == {"a", "b", "c"}
    assert told["[ab]"] == told["a|b"] == set()


def test_categories_come_from_lines_and_catalogue() -> None:
    lines = pl.LazyFrame({"product_id": ["a", "a", "b"], "category": ["Y", "X", None]})
    catalogue = pl.LazyFrame({"product_id": ["a", "b", "b"], "category": ["X", "W", "V"]})
    expected = [("a", ["X", "Y"]), ("b", ["V", "W"])]
    assert categories(lines, {"products": catalogue}).rows() == expected
    assert categories(lines, {}).rows() == expected[:1]
    assert categories(lines.select("product_id"), {}).rows() == []


def test_a_count_that_says_nothing_is_no_empty_shelf() -> None:
    stock = pl.LazyFrame(
        {
            "product_id": ["a", "b", "b", "c", "c"],
            "unit": ["1", "1", "2", "1", "1"],
            "date": [date(2025, 1, day) for day in (1, 1, 1, 1, 2)],
            "quantity": [None, Decimal(-1), Decimal(1), Decimal(4), None],
        }
    )
    products, why = with_offered(PRODUCTS, {"stock": stock}, ())
    assert why == {"out_of_stock": 1}
    assert products["offered"].to_list() == [True, False, True]
