"""Lists worked out by hand."""

import polars as pl

from acrm.analysis.offers.lists import popular_list, repeat_list


def test_popular_goes_as_far_as_it_must_past_what_somebody_has() -> None:
    """Who has the 600 most popular products is held against the next ones."""
    ids = [f"p{number:03}" for number in range(620)]
    popular = pl.DataFrame({"product_id": ids})
    rows = [("all", item) for item in ids[:600]] + [("one", "p001")]
    history = pl.DataFrame(rows, schema=["customer_id", "product_id"], orient="row")
    found = {
        what: dict(popular_list(history, popular, 3, what).group_by("customer_id").agg("product_id").rows())
        for what in ("all", "repeat", "new")
    }
    assert found["new"] == {"all": ids[600:603], "one": ["p000", "p002", "p003"]}
    assert found["repeat"] == {"all": ids[:3], "one": ["p001"]}
    assert found["all"] == {"all": ids[:3], "one": ids[:3]}


def test_what_is_in_the_only_order_is_no_surer_habit_than_what_is_in_all_of_five() -> None:
    rows = [("a", "x", 1, 1), ("b", "x", 5, 5), ("b", "y", 1, 5)]
    history = pl.DataFrame(rows, schema=["customer_id", "product_id", "times", "orders"], orient="row")
    popular = pl.DataFrame({"product_id": ["x", "y"], "orders": [6, 1]})
    scores = repeat_list(history, popular, popular["product_id"], 5)["score"].to_list()
    assert scores == [round((1 + 6 / 7) / 4, 7), round((5 + 6 / 7) / 8, 7), round((1 + 1 / 7) / 8, 7)]
