"""Rules: published counts, measures by hand, filters, levels, parts and what is said where there are none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.params import BasketParams, BasketResult
from acrm.errors import InputError, UsageError
from tests.analysis.basket.conftest import lines


def notes(result: BasketResult) -> set[str]:
    return {note.id for note in result.notes}


def test_a_rule_by_hand() -> None:
    """Of 100 baskets 40 have a, 40 b, 30 both."""
    result = basket(lines(["ab"] * 30 + ["a"] * 10 + ["b"] * 10 + ["c"] * 50), BasketParams(min_support=30))
    row = result.tables["rules"].row(0, named=True)
    assert (row["antecedents"], row["consequents"]) == (["a"], ["b"])
    assert (row["antecedents_text"], row["consequents_text"]) == ("AA", "BB")
    counts = ("baskets", "antecedent_baskets", "consequent_baskets")
    assert [row[name] for name in counts] == [30, 40, 40]
    measures = ("support", "confidence", "lift", "leverage", "conviction", "improvement")
    assert [row[name] for name in measures] == pytest.approx([0.3, 0.75, 1.875, 0.14, 2.4, 0.35])
    assert row["chi_square"] == pytest.approx(100 * (30 * 50 - 10 * 10) ** 2 / (40 * 60 * 40 * 60))
    # 30 baskets, two products at 5 each with a cost of 3 each.
    assert (row["revenue"], row["margin"]) == (Decimal(300), Decimal(120))
    assert row["confidence_low"] < 0.75 < row["confidence_high"]
    assert row["lift_low"] < 1.875 < row["lift_high"]
    assert result.summary["rules"] == result.summary["tested"] == 2


@pytest.mark.parametrize(
    ("support", "confidence", "rules", "sizes"),
    [
        (0.001, 0.8, 410, {"3": 29, "4": 229, "5": 140, "6": 12}),
        (0.001, 0.5, 5_668, {"2": 11, "3": 1_461, "4": 3_211, "5": 939, "6": 46}),
        (0.006, 0.25, 463, {"2": 150, "3": 297, "4": 16}),
        (0.005, 0.5, 120, {"2": 1, "3": 98, "4": 21}),
    ],
)
def test_published_counts_of_rules(
    groceries: pl.LazyFrame, support: float, confidence: float, rules: int, sizes: dict[str, int]
) -> None:
    """As the R package arules finds them: its vignettes and README, Lantz (2013), "Machine Learning with R"."""
    params = BasketParams(min_support=support, min_confidence=confidence, keep_redundant=True, holdout=0)
    result = basket(groceries, params)
    assert result.summary["rules"] == rules
    assert result.document["rules_by_size"] == sizes


def test_published_rules(groceries: pl.LazyFrame) -> None:
    params = BasketParams(min_support=0.006, min_confidence=0.25, keep_redundant=True, holdout=0)
    top = basket(groceries, params).tables["rules"].row(0, named=True)
    assert (top["antecedents"], top["consequents"], top["baskets"]) == (["herbs"], ["root vegetables"], 69)
    assert top["lift"] == pytest.approx(3.956477, abs=5e-7)
    params = BasketParams(min_support=0.001, min_confidence=0.5, holdout=0)
    top = basket(groceries, params).tables["rules"].row(0, named=True)
    assert (top["antecedents_text"], top["consequents"]) == ("Instant food products + soda", ["hamburger meat"])
    assert top["lift"] == pytest.approx(18.996, abs=5e-4)


def test_published_count_without_redundant_rules(groceries: pl.LazyFrame) -> None:
    result = basket(groceries, BasketParams(min_support=0.001, min_confidence=0.8, holdout=0))
    assert (result.summary["rules"], result.summary["rules_redundant"]) == (392, 18)
    # As many as in the reference have p below 1%; the family of the q values is all rules between frequent sets.
    assert (result.tables["rules"]["p_value"] < 0.01).all()
    assert result.summary["tested"] == 40_943


@pytest.mark.parametrize(
    ("support", "sets", "closed", "maximal"),
    [(0.01, 333, 333, 243), (0.005, 1_001, 1_001, 708), (0.001, 13_492, 13_464, 7_794)],
)
def test_published_counts_of_itemsets(
    groceries: pl.LazyFrame, support: float, sets: int, closed: int, maximal: int
) -> None:
    listed = basket(groceries, BasketParams(min_support=support, itemsets="all", holdout=0)).tables["itemsets"]
    assert (listed.height, listed["closed"].sum(), listed["maximal"].sum()) == (sets, closed, maximal)
    for which, count in (("closed", closed), ("maximal", maximal)):
        params: Any = {"min_support": support, "itemsets": which, "holdout": 0}
        assert basket(groceries, BasketParams(**params)).tables["itemsets"].height == count


def test_levels_of_groceries(groceries: pl.LazyFrame) -> None:
    """Rules at the level of 55 groups, as reckoned by hand from the table of items."""
    params = BasketParams(level=("level2",), min_support=0.01, min_confidence=0.5, keep_redundant=True, holdout=0)
    assert basket(groceries, params).summary["rules"] == 533
    across = basket(
        groceries, BasketParams(level=("item", "level2", "level1"), min_support=0.02, min_confidence=0.5, holdout=0)
    )
    belongs = groceries.select("product_name", "x_level2", "x_level1").unique().collect().rows()
    own = {name: {f"level2:{two}", f"level1:{one}"} for name, two, one in belongs}
    above = {f"level2:{two}": {f"level1:{one}"} for _, two, one in belongs}
    for row in across.tables["rules"].iter_rows(named=True):
        items = {*row["antecedents"], *row["consequents"]}
        assert not any(items & (own | above).get(item, set()) for item in items)


def test_online_retail_as_in_the_benchmarks_of_five_programs(data: Path) -> None:
    """Sales alone, services among them: 391 sets at 2%, 89 of them pairs; 2,049 at 1%, 935 of them pairs."""
    table = pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema=False)
    amount = pl.col("Quantity").cast(pl.Int64) * pl.col("UnitPrice").str.to_decimal(scale=4)
    sales = table.select(
        order_id="InvoiceNo",
        ordered_on=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
        product_id="StockCode",
        product_name="Description",
        line_amount=amount.cast(pl.Decimal(38, 4)),
    )
    for support, sets, pairs in ((0.02, 391, 89), (0.01, 2_049, 935)):
        params = BasketParams(
            min_support=support, refunds="ignore", keep_services=True, itemsets="all", max_length=None, holdout=0
        )
        listed = basket(sales, params).tables["itemsets"]
        assert (listed.height, listed.filter(size=2).height) == (sets, pairs)


def test_sides_are_chosen_before_the_tests() -> None:
    table = lines(["abc"] * 20 + ["ab"] * 20 + ["d"] * 60)
    everything = basket(table, BasketParams(min_support=0.1, keep_redundant=True))
    right = basket(table, BasketParams(min_support=0.1, keep_redundant=True, rhs=("BB",)))
    assert {tuple(row) for row in right.tables["rules"]["consequents"]} == {("b",)}
    left = basket(table, BasketParams(min_support=0.1, keep_redundant=True, lhs=("c",)))
    assert all("c" in row for row in left.tables["rules"]["antecedents"])
    either = basket(table, BasketParams(min_support=0.1, keep_redundant=True, with_item=("c*", "x")))
    assert 0 < either.summary["tested"] < everything.summary["tested"]  # type: ignore[operator]
    assert "basket.family_sides" in notes(either)
    assert "basket.no_fit" in notes(basket(table, BasketParams(min_support=0.1, rhs=("zz*",))))


def test_limits_of_length_and_lift() -> None:
    table = lines(["abc"] * 30 + ["d"] * 70)
    longest = basket(table, BasketParams(min_support=0.1, max_length=2, keep_redundant=True))
    assert longest.document["rules_by_size"] == {"2": 6}
    wide = basket(table, BasketParams(min_support=0.1, rhs_size=2, keep_redundant=True))
    assert wide.tables["rules"]["consequents"].list.len().max() == 2
    assert basket(table, BasketParams(min_support=0.1, min_lift=4)).tables["rules"].is_empty()


def test_parts_have_rules_of_their_own() -> None:
    baskets = ["ab" if n % 2 else "c" for n in range(60)] + ["a" if n % 2 else "bc" for n in range(60)]
    result = basket(lines(baskets), BasketParams(by="quarter", min_support=0.2, itemsets="all"))
    assert result.tables["groups"]["group"].to_list() == ["2025-Q1", "2025-Q2"]
    assert result.tables["rules"].columns[0] == result.tables["itemsets"].columns[0] == "group"
    found = result.tables["rules"].select("group", "antecedents_text", "consequents_text").rows()
    assert ("2025-Q1", "AA", "BB") in found
    assert ("2025-Q2", "AA", "BB") not in found
    assert "bundles" not in result.tables
    many = lines(["ab"] * 60).with_columns(channel=pl.col("order_id"))
    with pytest.raises(UsageError):
        basket(many, BasketParams(by="channel"))


def test_the_order_of_lines_never_matters() -> None:
    table = lines(["abc"] * 60 + ["ab"] * 50 + ["cd"] * 70 + ["d"] * 100)
    first = basket(table, BasketParams())
    other = basket(table.collect().sample(fraction=1, shuffle=True, seed=5).lazy(), BasketParams())
    assert first.tables.keys() == other.tables.keys()
    assert all(first.tables[name].equals(other.tables[name]) for name in first.tables)
    assert first.summary == other.summary


def test_a_support_is_chosen_and_the_reason_told() -> None:
    many = basket(lines(["abcdefghijkl"] * 500), BasketParams())
    assert "basket.support_sets" in notes(many)
    few = basket(lines(["ab"] * 60 + ["c"] * 60), BasketParams())
    assert "basket.support_baskets" in notes(few)
    assert few.summary["min_baskets"] == 12


def test_what_is_said_where_there_is_nothing() -> None:
    alone = basket(lines(["a", "b"] * 30), BasketParams())
    assert "basket.all_of_one" in notes(alone)
    assert alone.tables["rules"].is_empty()
    assert alone.tables["rules"].schema == basket(lines(["ab"] * 9), BasketParams(min_support=1)).tables["rules"].schema
    rare = basket(lines(["ab", "cd"] * 30), BasketParams(min_support=0.9))
    assert "basket.none_frequent" in notes(rare)
    apart = basket(lines(["ab", "a", "b"] * 30), BasketParams(min_support=0.5))
    assert "basket.no_pairs" in notes(apart)
    unsure = basket(lines(["ab", "a", "b", "c"] * 30), BasketParams(min_support=0.1, min_confidence=0.9))
    assert "basket.no_rules" in notes(unsure)


def test_an_item_in_every_basket_says_nothing() -> None:
    result = basket(lines(["ab", "a", "ac"] * 30), BasketParams())
    assert "basket.everywhere" in notes(result)
    to_it = result.tables["rules"].filter(pl.col("consequents_text") == "AA")
    assert to_it["lift"].to_list() == [1.0] * to_it.height
    assert to_it["q_value"].to_list() == [1.0] * to_it.height


def test_less_than_a_basket_is_one() -> None:
    result = basket(lines(["ab", "c"] * 20), BasketParams(min_support=0.001))
    assert "basket.support_below" in notes(result)
    assert result.summary["min_baskets"] == 1


def test_too_many_sets_are_refused_with_what_to_do() -> None:
    alike = lines(["abcdefghijklmnopqrstuvwxyz"] * 30)
    with pytest.raises(InputError) as refused:
        basket(alike, BasketParams(min_support=0.5))
    assert refused.value.id == "basket_too_many_long"
    assert basket(alike, BasketParams(min_support=0.5, max_length=2)).summary["itemsets"] == 26 + 325


def test_a_part_of_one_large_basket_does_not_end_the_rest() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    source = lines([*["ab"] * 150, letters]).with_columns(
        x_land=pl.when(pl.col("order_id") < "00150").then(pl.lit("here")).otherwise(pl.lit("there"))
    )
    # A chosen support needs 10 baskets of a part, too.
    chosen = basket(source, BasketParams(by="land"))
    assert chosen.tables["groups"].select("group", "min_baskets", "rules").rows() == [("here", 15, 2), ("there", 10, 0)]
    asked = basket(source, BasketParams(by="land", min_support=0.05))
    assert asked.tables["groups"].select("group", "rules").rows() == [("here", 2), ("there", None)]
    assert [note.values["names"] for note in asked.notes if note.id == "basket.by_endless"] == ["there"]
    with pytest.raises(InputError) as told:
        basket(source.filter(pl.col("x_land") == "there"), BasketParams(by="land", min_support=0.05))
    assert told.value.id == "basket_by_endless"
