"""Rules tried on later baskets."""

from __future__ import annotations

from datetime import date
from random import Random

import polars as pl

from acrm.analysis.basket.basket import basket
from acrm.analysis.basket.params import BasketParams
from tests.analysis.basket.conftest import lines


def shop(then: int = 600, later: int = 400, *, lasting: bool = True) -> list[str]:
    """a and b go together, always or at first; c and d do not."""
    random, baskets = Random(1), []
    for number in range(then + later):
        together = number < then or lasting
        first = random.random() < 0.3
        second = first if together and random.random() < 0.9 else random.random() < 0.3
        items = "a" * first + "b" * second + "c" * (random.random() < 0.4) + "d" * (random.random() < 0.4)
        baskets.append(items or "e")
    return baskets


def told(lasting: bool, **more: object) -> pl.DataFrame:
    params = BasketParams(min_support=0.05, holdout=0.4, **more)  # type: ignore[arg-type]
    return basket(lines(shop(lasting=lasting)), params).tables["holdout"]


def test_what_lasts_holds_and_what_does_not_is_found_out() -> None:
    for lasting in (True, False):
        row = (
            told(lasting)
            .filter(pl.col("antecedents_text") == "AA", pl.col("consequents_text") == "BB")
            .row(0, named=True)
        )
        assert row["held"] is lasting
        assert (row["lift_later"] > 2) is lasting
        assert row["lift_later_low"] < row["lift_later"] < row["lift_later_high"]


def test_the_cut_is_a_share_or_a_day() -> None:
    result = basket(lines(shop()), BasketParams(min_support=0.05, holdout=date(2026, 8, 29)))
    assert (result.summary["baskets_earlier"], result.summary["baskets_later"]) == (600, 400)
    share = basket(lines(shop()), BasketParams(min_support=0.05, holdout=0.4))
    assert share.tables["holdout"].equals(result.tables["holdout"])
    assert share.summary["holdout_by"] == "days"


def test_the_rules_carry_what_was_found_later() -> None:
    result = basket(lines(shop()), BasketParams(min_support=0.05, holdout=0.4))
    rules, tried = result.tables["rules"], result.tables["holdout"]
    keys = ["antecedents_text", "consequents_text"]
    both = rules.join(tried, on=keys, suffix="_tried")
    assert both.height > 3
    assert both["lift_later"].equals(both["lift_later_tried"])
    found_later_only = rules.join(tried, on=keys, how="anti")
    assert found_later_only["held"].null_count() == found_later_only.height


def test_without_days_baskets_are_drawn_by_the_seed() -> None:
    undated = lines(shop()).drop("ordered_on")
    params = [BasketParams(min_support=0.05, seed=seed) for seed in (0, 0, 1)]
    first, again, other = (basket(undated, one) for one in params)
    assert first.summary["holdout_by"] == "random"
    assert "basket.holdout_random" in {note.id for note in first.notes}
    assert first.tables["holdout"].equals(again.tables["holdout"])
    assert not first.tables["holdout"].equals(other.tables["holdout"])


def test_few_baskets_are_no_trial_and_0_asks_for_none() -> None:
    few = basket(lines(["ab"] * 60), BasketParams())
    assert "basket.holdout_few" in {note.id for note in few.notes}
    assert few.tables["rules"]["held"].null_count() == few.tables["rules"].height
    assert "holdout" not in basket(lines(shop()), BasketParams(holdout=0)).tables


def test_too_few_later_baskets_tell_nothing() -> None:
    """In 110 later baskets of 1,000 a weak lift on a rare item cannot be told from none."""
    random = Random(4)
    baskets = ["a" * (random.random() < 0.06) + "b" * (random.random() < 0.5) or "e" for _ in range(1_000)]
    for number in range(0, 800, 40):
        baskets[number] = "ab"
    row = basket(lines(baskets), BasketParams(min_support=0.02, holdout=0.11)).tables["holdout"]
    row = row.filter(pl.col("antecedents_text") == "AA", pl.col("consequents_text") == "BB")
    assert row["held"].to_list() == [None]
