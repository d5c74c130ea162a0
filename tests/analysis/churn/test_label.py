from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from acrm.analysis.churn.label import Labelled, labelled, missing
from acrm.analysis.people.features import Feature
from acrm.errors import InputError


def found(values: list[object], name: str = "x_churn", **asked: str) -> Labelled:
    table = pl.DataFrame(
        {"customer_id": [f"c{n}" for n in range(len(values))], name: values, "age": range(len(values))}
    )
    features = [Feature(name=column, axis="extra", kind="category") for column in (name, "age")]
    label = labelled(table, features, cutoff=date(2026, 1, 1), **asked)
    assert label is not None
    return label


@pytest.mark.parametrize(
    ("name", "values", "left"),
    [
        ("x_churn", ["Yes", "No"], "Yes"),
        ("x_Churn Flag", ["1", "0"], "1"),
        ("x_exited", [1.0, 0.0], "1"),
        ("x_churned", [True, False], "true"),
        ("x_отток", ["нет", "да"], "да"),
        ("x_ушёл", ["остался", "ушёл"], "ушёл"),
        ("attrition_flag", ["Existing Customer", "Attrited Customer"], "Attrited Customer"),
        ("Churn", ["False.", "True."], "True."),
        # One word that is known tells the other.
        ("x_churn", ["no", "departed"], "departed"),
    ],
)
def test_columns_and_values_are_recognised(name: str, values: list[object], left: str) -> None:
    label = found([*values, values[0]], name)
    assert (label.column, label.left) == (name, left)
    assert label.case.outcome.sum() in (1, 2)
    assert [feature.name for feature in label.case.features] == ["age"]
    assert name not in label.case.table.columns
    assert label.case.cutoff == date(2026, 1, 1)


def test_yes_means_to_stay_in_a_column_of_those_who_stayed() -> None:
    assert found(["yes", "no", "no"], "x_retained", target="retained").left == "no"


def test_customers_without_a_label_are_told_apart() -> None:
    label = found(["yes", None, "no", "no", None])
    assert label.case.table["customer_id"].to_list() == ["c0", "c2", "c3"]
    assert label.case.outcome.to_list() == [True, False, False]
    assert label.unlabelled["customer_id"].to_list() == ["c1", "c4"]
    assert [str(note) for note in label.notes] == [
        "1 of 3 customers left (33.3%): churn is yes",
        "2 customers without a value in churn: scored, not learned from",
    ]


def test_of_several_values_one_is_named() -> None:
    label = found(["Joined", "Stayed", "Churned", "Stayed"], "x_status", target="Status", positive="churned")
    assert (label.left, label.case.outcome.to_list()) == ("Churned", [False, False, True, False])


def test_of_several_values_the_one_that_speaks_of_leaving_is_taken() -> None:
    label = found(["Joined", "Stayed", "Churned", "Stayed"], "x_churn_status")
    assert (label.left, label.case.outcome.to_list()) == ("Churned", [False, False, True, False])
    assert str(label.notes[1]) == "counted as stayed: Joined, Stayed"


@pytest.mark.parametrize(
    ("values", "error"), [(["no", "no"], "churn_one_outcome"), (["1", "2", "3"], "churn_values"), ([], "churn_nothing")]
)
def test_why_there_is_no_label_is_said(values: list[str], error: str) -> None:
    table = pl.LazyFrame({"customer_id": [f"c{at}" for at in range(len(values))], "x_churn": values})
    assert missing({"customers": table}).id == error


def test_a_column_of_other_values_is_not_recognised() -> None:
    table = pl.DataFrame({"customer_id": ["a", "b", "c"], "x_churn": ["1", "2", "3"], "x_note": ["yes", "no", "no"]})
    assert labelled(table, []) is None


@pytest.mark.parametrize(
    ("values", "asked", "error"),
    [
        (["yes", "no"], {"target": "exit"}, "churn_no_target"),
        (["yes", "no"], {"target": "customer_id"}, "churn_no_target"),
        (["yes", "no"], {"positive": "maybe"}, "churn_positive"),
        (["red", "blue"], {}, "churn_which"),
        (["a", "b", "c"], {"target": "churn"}, "churn_values"),
        (["yes", "yes"], {"target": "churn", "positive": "yes"}, "churn_one_outcome"),
    ],
)
def test_what_does_not_tell_is_refused(values: list[object], asked: dict[str, str], error: str) -> None:
    with pytest.raises(InputError) as refused:
        found(values, **asked)
    assert refused.value.id == error
    assert str(refused.value)
    assert refused.value.hint is not None
