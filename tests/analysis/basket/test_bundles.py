"""Bundles reckoned by hand."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.params import BasketParams
from tests.analysis.basket.conftest import lines

BASKETS = ["ab"] * 30 + ["c"] * 50 + ["a"] * 10 + ["b"] * 10


def test_what_a_discount_gives_away_and_what_pays_for_it() -> None:
    """a and b at 5 each, cost 3 each: 10% off 10 leaves 3 of margin, and 30 baskets get 1 each for nothing."""
    made = basket(lines(BASKETS), BasketParams(min_support=0.1)).tables["bundles"]
    row = made.row(0, named=True)
    assert made.height == 1
    assert (row["items"], row["items_text"], row["baskets"]) == (["a", "b"], "AA + BB", 30)
    assert row["lift"] == pytest.approx(0.3 / 0.16)
    money = ("price_separately", "price_bundle", "margin_separately", "margin_bundle", "given_away")
    assert [row[name] for name in money] == [Decimal(10), Decimal(9), Decimal(4), Decimal(3), Decimal(30)]
    # Who would have bought one of them anyway brings 3 - 2 = 1.
    assert (row["extra_new"], row["extra_upgraded"]) == (10, 30)


def test_without_costs_it_is_revenue_and_a_discount_may_never_pay() -> None:
    plain = lines(BASKETS, cost=None)
    row = basket(plain, BasketParams(min_support=0.1)).tables["bundles"].row(0, named=True)
    assert (row["margin_bundle"], row["extra_new"], row["extra_upgraded"]) == (None, 4, 8)
    half = (
        basket(lines(BASKETS), BasketParams(min_support=0.1, discount=Decimal("0.5")))
        .tables["bundles"]
        .row(0, named=True)
    )
    assert (half["margin_bundle"], half["extra_new"], half["extra_upgraded"]) == (Decimal(-1), None, None)


def test_without_amounts_there_are_bundles_without_prices() -> None:
    made = basket(lines(BASKETS).drop("line_amount", "cost"), BasketParams(min_support=0.1)).tables["bundles"]
    assert made["baskets"].to_list() == [30]
    assert made["price_separately"].null_count() == 1


def test_three_need_each_of_them() -> None:
    """c is bought as often with a and b as without: a bundle of a, b and c is none."""
    baskets = ["abc", "ab"] * 40 + ["c", "d"] * 60
    made = basket(lines(baskets), BasketParams(min_support=0.1)).tables["bundles"]
    assert made["items_text"].to_list() == ["AA + BB"]
    together = basket(lines(["abc"] * 40 + ["d"] * 60), BasketParams(min_support=0.1)).tables["bundles"]
    assert together.filter(pl.col("items").list.len() == 3)["lift"].to_list() == pytest.approx([0.4 / 0.4**3])


def test_categories_are_no_bundles() -> None:
    table = lines(BASKETS).with_columns(category=pl.col("product_id"))
    assert "bundles" not in basket(table, BasketParams(min_support=0.1, level=("category",))).tables
    mixed = basket(table, BasketParams(min_support=0.1, level=("item", "category"))).tables["bundles"]
    assert mixed["items"].to_list() == [["a", "b"]]


def test_what_divides_evenly_needs_no_basket_more() -> None:
    """10% of 90 baskets is paid for by 10 at 90%, whatever the prices are."""
    prices = {"a": Decimal("1.1"), "b": Decimal("2.2")}
    priced = lines(["ab"] * 90 + ["c"] * 300, cost=None).with_columns(
        line_amount=pl.col("product_id").replace_strict(prices, default=Decimal(5), return_dtype=pl.Decimal(38, 4))
    )
    made = basket(priced, BasketParams(min_support=0.1)).tables["bundles"]
    assert (made["price_separately"][0], made["extra_new"][0]) == (Decimal("3.3"), 10)
