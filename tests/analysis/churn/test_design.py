from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.design import Design
from acrm.analysis.people.features import Feature
from acrm.errors import InputError


def test_columns_of_the_matrix(made: Callable[..., Case]) -> None:
    case = made()
    design = Design.learn(case.table, case.features)
    # One column for a choice of two; a column per shop; who plays chess, and all have tea.
    assert design.features == ["days_since_last", "x_shop", "x_shop", "x_shop", "x_complained", "tags"]
    matrix = design.matrix(case.table)
    assert matrix.dtype == np.float32
    assert np.isnan(matrix[:, 0]).sum() == case.table["days_since_last"].null_count() == 15
    assert set(np.unique(matrix[:, 1:])) == {0.0, 1.0}
    assert (matrix[:, 1:4].sum(axis=1) == 1).all()
    assert design.typical["x_complained"] == "no"


def test_numbers_may_be_huge(made: Callable[..., Case]) -> None:
    case = made()
    names = ("days_since_last", "huge", "near")
    table = case.table.with_columns(huge=pl.col("days_since_last") * 1e300, near=pl.int_range(pl.len()) / 1e9 + 1e9)
    design = Design.learn(table, [Feature(name=name, axis="extra", kind="number") for name in names])
    # What is alike in the matrix is the same for all.
    assert design.features == ["days_since_last", "huge"]
    known = design.matrix(table)[table["huge"].is_not_null().to_numpy()]
    assert np.isfinite(known).all()


def test_a_shop_not_seen_is_none_of_those_seen(made: Callable[..., Case]) -> None:
    case = made()
    design = Design.learn(case.table, case.features)
    assert design.matrix(case.table[:1].with_columns(x_shop=pl.lit("moon")))[0, 1:4].tolist() == [0, 0, 0]


def test_missing_columns_are_named(made: Callable[..., Case]) -> None:
    case = made()
    design = Design.learn(case.table, case.features)
    for column in ("days_since_last", "x_shop"):
        with pytest.raises(InputError, match=column):
            design.matrix(case.table.drop(column))


def test_columns_that_are_the_same_for_all_cannot_be_learned_from(made: Callable[..., Case]) -> None:
    case = made()
    alike = case.table.with_columns(pl.lit("a").alias("x_shop"))
    with pytest.raises(InputError, match="no column"):
        Design.learn(alike, [feature for feature in case.features if feature.name == "x_shop"])
