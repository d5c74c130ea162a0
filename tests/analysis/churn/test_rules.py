"""Rules: higher means more likely to leave, and none of them is the probability to be alive."""

import polars as pl

from acrm.analysis.churn.records import Records, read_records
from acrm.analysis.churn.rules import RULES, rule_scores
from tests.analysis.churn.conftest import Lines


def test_rules_by_hand(lines: Lines) -> None:
    rows = [("a", day, 5) for day in range(0, 100, 3)] + [("b", 20, 5), ("b", 80, 5)]
    past = read_records(lines(rows), {}).past
    found = rule_scores(past, pl.DataFrame({"customer_id": ["a", "b"]}), 30)
    assert found.columns == ["customer_id", *RULES]
    assert found["recency"].to_list() == [1, 20]
    assert found["frequency"].to_list() == [-34, -2]
    assert found["expected_purchases"].to_list() == sorted(found["expected_purchases"].to_list())
    assert found["overdue"][0] < 1


def test_who_bought_once_is_expected_to_buy_less_than_who_comes_often(shop: Records) -> None:
    """The probability to be alive is 1 for the one-time buyer, which is why it is no rule."""
    last = shop.past.days.group_by("customer_id").agg(pl.len(), pl.col("day").max()).sort("customer_id")
    found = rule_scores(shop.past, last.select("customer_id"), 90).with_columns(days=last["len"])
    once = found.filter(pl.col("days") == 1)["expected_purchases"].mean()
    often = found.filter(pl.col("days") >= 5, pl.col("recency") < 30)["expected_purchases"].mean()
    assert isinstance(once, float)
    assert isinstance(often, float)
    assert once > often


def test_where_nobody_came_back_two_rules_say_nothing(lines: Lines) -> None:
    past = read_records(lines([(f"c{number}", number, 5) for number in range(9)]), {}).past
    found = rule_scores(past, pl.DataFrame({"customer_id": ["c1", "c2"]}), 30)
    assert found.null_count().row(0) == (0, 0, 0, 2, 2)
