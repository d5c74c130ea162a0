"""The section of baskets."""

from dataclasses import replace

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.params import BasketParams, BasketResult
from acrm.render.pictures import Bars
from acrm.render.report.basket import basket_section
from tests.analysis.basket.conftest import lines as baskets
from tests.render.report.shown import charts, grids, headline, lines, sound, words

PARAMS = BasketParams(min_support=0.05, holdout=0)


@pytest.fixture(scope="module")
def result() -> BasketResult:
    return basket(baskets(["abf"] * 60 + ["ab"] * 40 + ["cd"] * 50 + ["c", "a", "e", "e"] * 60), PARAMS)


def test_no_two_rules_share_a_product(result: BasketResult) -> None:
    section = sound(basket_section(result))
    (chart,) = charts(section)
    assert isinstance(chart.picture, Bars)
    items = [item for row in chart.picture.rows for side in row.name.split(" → ") for item in side.split(" + ")]
    assert len(items) == len(set(items))
    assert {"CC", "DD"} < set(items)
    rules = {(row["antecedents_text"], row["consequents_text"]): row for row in result.tables["rules"].rows(named=True)}
    for row in chart.picture.rows:
        found = rules[tuple(row.name.split(" → "))]  # type: ignore[index]
        assert (row.value, row.low, row.high, row.n) == tuple(
            found[name] for name in ("lift", "lift_low", "lift_high", "baskets")
        )


def test_the_answer_is_the_surest_rule_in_words_too(result: BasketResult) -> None:
    section = sound(basket_section(result))
    (first, *_) = (row.name for row in charts(section)[0].picture.rows)  # type: ignore[union-attr]
    assert headline(section).startswith(f"{first}: bought together")
    assert any(line.startswith("Who buys") for line in lines(section))
    assert len(next(iter(grids(section).values())).rows) <= 5


def test_nothing_beyond_chance_is_nothing_to_say() -> None:
    assert basket_section(basket(baskets(["a", "b", "ab", "c"] * 50), PARAMS)) is None
    none = basket(baskets(["a"] * 30), PARAMS)
    assert none.tables["rules"].is_empty()
    assert basket_section(none) is None


def test_a_rule_that_may_be_chance_is_not_drawn(result: BasketResult) -> None:
    unsure = result.tables["rules"].with_columns(q_value=pl.lit(0.5))
    assert basket_section(replace(result, tables={**result.tables, "rules": unsure})) is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_customer_and_no_order_is_named(result: BasketResult, language: str) -> None:
    messages.use(language)
    said = words(sound(basket_section(result, personal=False))).splitlines()
    assert not {f"c{number}" for number in range(5)} & set(said)
