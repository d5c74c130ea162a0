from __future__ import annotations

import polars as pl

from acrm.analysis.churn.of_label import of_label
from acrm.analysis.people.people import People, people


def crowd() -> People:
    rows = {"customer_id": ["b", "a", "d", "c"], "x_churn": ["no", "yes", None, "no"], "x_calls": [1.0, 5.0, 2.0, 0.0]}
    return people({"customers": pl.LazyFrame(rows | {"x_mail": ["men", "none", "men", "none"]})}, lines=None)


def test_everybody_is_scored_and_campaigns_are_no_features() -> None:
    found = of_label(crowd(), beside=["mail"])
    assert found is not None
    assert found.case is not None
    assert found.everyone.columns == ["customer_id", "x_calls"]
    assert found.everyone["customer_id"].to_list() == ["a", "b", "c", "d"]
    assert found.case.table["customer_id"].to_list() == ["a", "b", "c"]
    assert found.gone == {"a"}
    assert found.shown["beside"].columns == ["customer_id", "x_mail"]


def test_without_a_label_there_is_no_such_setting() -> None:
    table = people({"customers": pl.LazyFrame({"customer_id": ["a", "b"], "x_calls": [1.0, 2.0]})}, lines=None)
    assert of_label(table) is None
