from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.reasons import _Words, contributions, reasons
from acrm.analysis.churn.training import score, train
from acrm.analysis.people.features import Feature
from acrm.messages import use


def test_reasons_are_in_words_of_either_language(made: Callable[..., Case]) -> None:
    trained = train(made())
    customer = pl.DataFrame(
        {
            "customer_id": ["x"],
            "days_since_last": [190.0],
            "x_shop": ["west"],
            "x_complained": ["yes"],
            "tags": [["tea"]],
        }
    )
    row = reasons(trained.scorer, customer).row(0)
    assert row[1:4] == ("complained", "190 days since the last order, usually 105", "tags: tea")
    assert row[4] > row[5] > row[6] > 0
    parts = contributions(trained.scorer, customer).row(0, named=True)
    raised = sum(max(parts[name], 0) for name in ("days_since_last", "x_shop", "x_complained", "tags"))
    assert abs(row[4] - parts["x_complained"] / raised) < 1e-12
    unknown = customer.with_columns(days_since_last=pl.lit(None, pl.Float64), x_complained=pl.lit("no"))
    assert reasons(trained.scorer, unknown)["reason_1"].to_list() == ["days since last order unknown"]
    use("ru")
    assert reasons(trained.scorer, customer)["reason_2"].to_list() == ["дней с последнего заказа: 190, обычно 105"]


def test_numbers_are_said_as_what_they_are(made: Callable[..., Case]) -> None:
    case = made()
    days = case.table["days_since_last"]
    table = case.table.with_columns(return_share=days / 1000, spend=days / 3)
    known = [
        Feature(name=name, axis="behaviour", kind="number") for name in ("days_since_last", "return_share", "spend")
    ]
    said = []
    for feature in known:
        scorer = train(replace(case, table=table, features=(feature,))).scorer
        far = pl.DataFrame({"customer_id": ["x"], "days_since_last": [190.0], "return_share": [0.19], "spend": [63.2]})
        said += reasons(scorer, far)["reason_1"].to_list()
    assert said == [
        "190 days since the last order, usually 105",
        "returned 19.0% of spend, usually 10.5%",
        "spend 63.20, usually 35.00",
    ]


def test_a_value_as_of_most_is_said_to_be(made: Callable[..., Case]) -> None:
    case = made()
    scorer = train(replace(case, features=case.features[:1])).scorer
    words = _Words(scorer)
    place = words.place("days_since_last", scorer.design.typical["days_since_last"])
    assert words.sentences[place] == "days since last order 105, as usual"


def test_who_has_no_reason_is_given_none(made: Callable[..., Case]) -> None:
    trained = train(made())
    safe = pl.DataFrame(
        {
            "customer_id": ["x"],
            "days_since_last": [1.0],
            "x_shop": ["north"],
            "x_complained": ["no"],
            "tags": [["chess", "tea"]],
        }
    )
    row = reasons(trained.scorer, safe).row(0, named=True)
    assert row["reason_3"] is None
    assert row["share_3"] is None


def test_contributions_sum_for_every_customer(made: Callable[..., Case]) -> None:
    case = made()
    trained = train(case)
    p = score(trained.scorer, case.table)["churn_probability"].to_numpy()
    parts = contributions(trained.scorer, case.table)
    assert parts.columns == [
        "customer_id",
        "base",
        *trained.scorer.design.features[:1],
        "x_shop",
        "x_complained",
        "tags",
    ]
    assert np.abs(parts.drop("customer_id").to_numpy().sum(axis=1) - np.log(p / (1 - p))).max() < 1e-9
