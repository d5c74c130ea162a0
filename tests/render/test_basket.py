"""The page of baskets, in English and Russian."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.params import BasketParams, BasketResult
from acrm.render.basket import basket_page, sentence, strongest
from acrm.render.blocks import Grid, Headline, Lines, Steps
from acrm.render.terminal import render
from tests.analysis.basket.conftest import lines


@pytest.fixture
def result() -> BasketResult:
    return basket(lines(["ab"] * 90 + ["c"] * 210 + ["d"] * 100), BasketParams(min_support=0.1, holdout=0))


def test_rules_of_the_same_items_are_told_once(result: BasketResult) -> None:
    assert result.tables["rules"].height == 2
    assert strongest(result.tables["rules"])["antecedents_text"].to_list() == ["AA"]


def test_what_was_refuted_or_may_be_chance_stands_behind() -> None:
    made = basket(lines(["ab"] * 50 + ["cd"] * 50 + ["e"] * 100), BasketParams(min_support=0.1, holdout=0)).tables[
        "rules"
    ]
    refuted = made.with_columns(held=made["antecedents_text"].is_in(["CC", "DD"]))
    assert strongest(refuted)["antecedents_text"][0] in ("CC", "DD")
    unsure = made.with_columns(q_value=made["antecedents_text"].is_in(["CC", "DD"]).cast(float))
    assert strongest(unsure)["antecedents_text"][0] in ("AA", "BB")


def test_the_page_has_all_parts(result: BasketResult) -> None:
    headline, rules, words, made, told, _, steps = basket_page(result, "orders.csv", "orders.csv").blocks
    assert isinstance(headline, Headline)
    assert headline.text == "2 rules on what is bought together in 400 orders"
    assert isinstance(rules, Grid)
    assert rules.rows[0][0] == "AA → BB"
    assert isinstance(words, Lines)
    assert words.lines[0].startswith("Who buys AA takes BB in 100 of 100 baskets, 4.4 times as often as all (")
    assert isinstance(made, Grid)
    assert made.rows[0][:2] == ["AA + BB", 90]
    assert isinstance(told, Lines)
    assert "90 baskets have all of it at full price already" in told.lines[0]
    assert isinstance(steps, Steps)
    assert steps.steps[0][0] == "acrm basket orders.csv --rhs b"


def test_a_sentence_says_whether_it_held() -> None:
    row: dict[str, Any] = {
        "antecedents_text": "tea + cup",
        "consequents_text": "pan",
        "confidence": 0.814,
        "lift": 3.4,
        "baskets": 42,
        "lift_low": 2.5,
        "lift_high": 4.1,
        "held": True,
        "lift_later": 3.1,
    }
    told = "Who buys tea and cup takes pan in 81 of 100 baskets, 3.4 times as often as all (2.5 to 4.1; 42 baskets)."
    assert sentence(row) == f"{told} It held later: 3.1 times."
    assert sentence(row | {"held": False}) == f"{told} It did not hold later: 3.1 times."
    assert sentence(row | {"held": None}) == told
    assert "at random" in sentence(row, "random")


def test_where_no_rule_is_sure_the_page_says_so() -> None:
    made = basket(lines(["ab", "a", "b", "c"] * 30), BasketParams(min_support=0.1))
    words = basket_page(made).blocks[2]
    assert isinstance(words, Lines)
    assert words.lines == ["None of the rules is surely more than chance."]


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_page_fits(result: BasketResult, language: str, width: int) -> None:
    messages.use(language)
    parts = basket(lines(["ab"] * 60 + ["c"] * 60), BasketParams(by="month"))
    none = basket(lines(["a", "b"] * 9), BasketParams())
    for made in (result, parts, none):
        drawn = render(basket_page(made), width=width, plain=True, colour=False)
        assert max(cell_len(line) for line in drawn.splitlines()) <= width
