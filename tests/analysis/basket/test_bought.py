"""What counts as a basket, and what its items are."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.bought import Bought, read_bought
from acrm.analysis.basket.params import BasketParams
from acrm.errors import InputError
from tests.analysis.basket.conftest import lines


def held(bought: Bought) -> list[set[str]]:
    baskets, ids = bought.held.baskets, bought.items["id"].to_list()
    starts = baskets.starts
    return [{ids[code] for code in baskets.items[a:b]} for a, b in pairwise(starts)]


def test_an_order_a_customers_day_or_a_customer() -> None:
    table = lines(["ab", "c", "a", "b", "c", "d"])
    assert held(read_bought(table, BasketParams(), {}, None)) == [{"a", "b"}, {"d"}, {"c"}, {"a"}, {"b"}, {"c"}]
    of_customers = read_bought(table, BasketParams(basket_is="customer"), {}, None)
    assert held(of_customers) == [{"a", "b", "d"}, {"c"}, {"a"}, {"b"}, {"c"}]
    assert of_customers.held.days is None
    one_day = table.with_columns(ordered_on=pl.lit(pl.Series([*lines(["a"]).collect()["ordered_on"]])[0]))
    days = read_bought(one_day, BasketParams(basket_is="customer-day"), {}, None)
    assert held(days) == held(of_customers)
    assert days.held.days is not None


def test_lines_without_a_customer_are_in_orders_and_in_no_customers_basket() -> None:
    table = lines(["ab", "c"]).with_columns(customer_id=pl.when(pl.col("product_id") != "c").then("customer_id"))
    assert sorted(map(sorted, held(read_bought(table, BasketParams(), {}, None)))) == [["a", "b"], ["c"]]
    found = read_bought(table, BasketParams(basket_is="customer"), {}, None)
    assert held(found) == [{"a", "b"}]
    assert "basket.no_key.customer" in {note.id for note in found.notes}
    with pytest.raises(InputError, match="which customer"):
        read_bought(
            table.with_columns(customer_id=pl.lit(None, pl.String)), BasketParams(basket_is="customer"), {}, None
        )


def test_without_an_order_there_are_customers_days_alone() -> None:
    table = lines(["ab"]).drop("order_id")
    with pytest.raises(InputError, match="which order"):
        read_bought(table, BasketParams(), {}, None)
    assert held(read_bought(table, BasketParams(basket_is="customer-day"), {}, None)) == [{"a", "b"}]


def test_amounts_stand_beside_their_entries() -> None:
    table = lines(["ab", "ba", "aab"])
    found = read_bought(table, BasketParams(), {}, None)
    assert found.held.amounts.sum(axis=0).tolist() == [350_000, 210_000, 0]
    joined = read_bought(table, BasketParams(basket_is="customer"), {}, None)
    assert joined.held.amounts.sum(axis=0).tolist() == [350_000, 210_000, 0]
    assert found.products.select("price", "cost").rows() == [(5.0, 3.0), (5.0, 3.0)]
    assert (found.has_amounts, found.has_costs) == (True, True)


def test_a_products_cost_is_that_of_its_line_or_of_its_piece() -> None:
    table = lines(["ab"], cost=None)
    products = pl.LazyFrame({"product_id": ["a"], "cost": [Decimal(2)]}, schema_overrides={"cost": pl.Decimal(38, 4)})
    found = read_bought(table, BasketParams(), {"products": products}, None)
    assert found.held.amounts.tolist() == [[50_000, 20_000, 0], [50_000, 0, 1]]
    assert found.has_costs


def test_levels_are_items_and_never_meet_their_own() -> None:
    table = lines(["ab", "ac"]).with_columns(
        category=pl.col("product_id").replace_strict({"a": "x", "b": "x", "c": "y"}),
        x_aisle=pl.when(pl.col("product_id") != "c").then(pl.lit("1")),
    )
    found = read_bought(table, BasketParams(level=("category",)), {}, None)
    assert held(found) == [{"x"}, {"x", "y"}]
    assert found.held.amounts[:, 0].tolist() == [100_000, 50_000, 50_000]
    found = read_bought(table, BasketParams(level=("item", "category", "aisle")), {}, None)
    ids = found.items["id"].to_list()
    assert ids == ["a", "b", "c", "category:x", "category:y", "aisle:1"]
    pairs = {(ids[one], ids[other]) for one, other in found.apart.tolist()}
    assert ("a", "category:x") in pairs
    assert ("category:x", "aisle:1") in pairs
    assert ("a", "category:y") not in pairs
    assert "basket.no_level" in {note.id for note in found.notes}
    with pytest.raises(InputError, match="no column 'shelf' to go by"):
        read_bought(table, BasketParams(level=("shelf",)), {}, None)


def test_the_table_of_products_tells_the_category_where_lines_do_not() -> None:
    products = pl.LazyFrame({"product_id": ["a", "b"], "category": ["x", "y"]})
    found = read_bought(lines(["ab"]), BasketParams(level=("category",)), {"products": products}, None)
    assert held(found) == [{"x", "y"}]


def test_groups_are_periods_columns_and_segments() -> None:
    table = lines(["a"] * 40).with_columns(channel=pl.when(pl.col("customer_id") == "c1").then(pl.lit("web")))
    months = read_bought(table, BasketParams(by="month"), {}, None)
    assert [(name, int(mask.sum())) for name, mask in months.groups] == [("2025-01", 26), ("2025-02", 14)]
    quarters = read_bought(table, BasketParams(by="quarter"), {}, None)
    assert [name for name, _ in quarters.groups] == ["2025-Q1"]
    channels = read_bought(table, BasketParams(by="channel"), {}, None)
    assert [(name, int(mask.sum())) for name, mask in channels.groups] == [("web", 8)]
    assert "basket.no_group" in {note.id for note in channels.notes}
    people = pl.DataFrame({"customer_id": ["c0", "c1"], "segment": ["new", "loyal"]})
    segments = read_bought(table, BasketParams(by="segment"), {}, people)
    assert [(name, int(mask.sum())) for name, mask in segments.groups] == [("loyal", 8), ("new", 8)]
    cities = pl.LazyFrame({"customer_id": ["c0", "c1"], "city": ["Ufa", "Ufa"]})
    assert [name for name, _ in read_bought(table, BasketParams(by="city"), {"customers": cities}, None).groups] == [
        "Ufa"
    ]
    with pytest.raises(InputError):
        read_bought(table.drop("ordered_on"), BasketParams(by="month"), {}, None)


def test_a_giant_is_left_out_whole() -> None:
    small = lines(["ab", "bc"]).collect()
    many = pl.DataFrame({"order_id": "G", "product_id": [f"x{number}" for number in range(2_001)]})
    rest = small.head(1).drop(many.columns)
    giant = many.join(rest, how="cross").select(small.columns)
    found = read_bought(pl.concat([giant, small]).lazy(), BasketParams(by="month"), {}, None)
    assert found.giants == 1
    assert held(found) == [{"a", "b"}, {"b", "c"}]
    assert [mask.tolist() for _, mask in found.groups] == [[True, True]]
    assert found.held.days is not None
    assert len(found.held.days) == found.held.baskets.n_baskets == len(found.held.names) == 2
    assert np.diff(found.held.baskets.starts).sum() == len(found.held.amounts)


def test_a_basket_of_several_groups_is_told() -> None:
    source = lines(["ab"] * 20).with_columns(
        x_shelf=pl.when((pl.col("product_id") == "a") | (pl.col("order_id") < "00005")).then(1).otherwise(2)
    )
    made = basket(source, BasketParams(by="shelf", min_support=1))
    assert made.tables["groups"].select("group", "baskets").rows() == [("1", 20)]
    assert [note.values for note in made.notes if note.id == "basket.several_groups"] == [
        {"column": "shelf", "baskets": 15}
    ]
    ever = basket(lines(["ab"] * 60), BasketParams(by="month", basket_is="customer", min_support=1))
    assert [note.values["baskets"] for note in ever.notes if note.id == "basket.several_groups"] == [5]


def test_brackets_in_a_pattern_are_brackets() -> None:
    source = lines(["ab"] * 20).with_columns(product_name=pl.format("[{}] tea", pl.col("product_id")))
    made = basket(source, BasketParams(rhs=("[A] t*",), min_support=1, keep_redundant=True))
    assert made.tables["rules"]["consequents"].to_list() == [["a"]]


def test_money_is_exact_or_refused() -> None:
    def revenue(amount: str) -> Decimal:
        source = lines(["ab"] * 3).with_columns(line_amount=pl.lit(Decimal(amount)).cast(pl.Decimal(38, 4)))
        found: Decimal = basket(source, BasketParams(min_support=1)).tables["rules"]["revenue"][0]
        return found

    assert revenue("123456789012.3457") == 6 * Decimal("123456789012.3457")
    with pytest.raises(InputError) as told:
        revenue("900000000000000")
    assert told.value.id == "basket_money"


def test_a_level_may_be_called_anything() -> None:
    for name in ("len", "id", "basket"):
        source = lines(["ab"] * 20).with_columns(pl.lit("one").alias(f"x_{name}"))
        assert basket(source, BasketParams(level=(name,), min_support=1)).summary["items"] == 1


def test_categories_do_not_make_a_basket_a_giant() -> None:
    one = lines(["a"]).collect()
    many = pl.concat([one.with_columns(product_id=pl.lit(f"p{number}")) for number in range(1_500)])
    shelves = many.with_columns(category=pl.concat_str(pl.lit("k"), pl.int_range(pl.len()) % 600)).lazy()
    assert read_bought(shelves, BasketParams(level=("item", "category")), {}, None).giants == 0


def test_one_name_of_several_products_is_told() -> None:
    source = lines(["ab"] * 20).with_columns(product_name=pl.lit("jar"))
    told = [note.values for note in basket(source, BasketParams(min_support=1)).notes if note.id == "goods.named_twice"]
    assert told == [{"n": 1, "names": "jar"}]
