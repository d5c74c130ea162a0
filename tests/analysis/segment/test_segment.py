"""Groups of all kinds with names, profiles and stages; nobody is lost, and a model is taken as it was."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.people.people import People, people
from acrm.analysis.segment.clustering import kinds_of
from acrm.analysis.segment.segment import SegmentParams, SegmentResult, segment
from acrm.errors import InputError, UsageError

DAY = date(2025, 12, 31)


def tables(customers: int = 120, **columns: list[str]) -> dict[str, pl.LazyFrame]:
    """Every second customer buys often and much; the last ten never did."""
    chance = np.random.default_rng(1)
    rows: list[tuple[str, str, date, Decimal]] = []
    for place in range(customers - 10):
        often = place % 2 == 0
        for order in range(8 if often else 1):
            day = DAY - timedelta(days=int(chance.integers(1, 20) + 30 * order + (0 if often else 200)))
            amount = Decimal(int(chance.integers(500, 900) if often else chance.integers(5, 40)))
            rows.append((f"{place}-{order}", f"c{place:03}", day, amount))
    schema: dict[str, Any] = {
        "order_id": pl.String,
        "customer_id": pl.String,
        "ordered_on": pl.Date,
        "line_amount": pl.Decimal(38, 4),
    }
    who = {"customer_id": [f"c{place:03}" for place in range(customers)], "age": ["?"] * customers, **columns}
    return {"transactions": pl.LazyFrame(rows, schema=schema, orient="row"), "customers": pl.LazyFrame(who)}


def crowd(given: dict[str, pl.LazyFrame], model: dict[str, Any] | None = None, *, axes: Any = ("demo",)) -> People:
    lines = given.get("transactions") if "behaviour" in axes else None
    return people(given, lines=lines, axes=axes, as_of=DAY, kinds=kinds_of(model))


def model_of(result: SegmentResult) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(str(result.files["segment_model.json"]))
    return document


def test_every_customer_is_in_a_group_and_the_sizes_add_up() -> None:
    given = tables()
    found = segment(crowd(given, axes=("behaviour",)), given, SegmentParams())
    main, sizes = found.tables["customers"], found.tables["segments"]
    assert main["customer_id"].to_list() == [f"c{place:03}" for place in range(120)]
    assert main["segment_id"].null_count() == 0
    assert sizes["customers"].sum() == 120
    assert sizes["spend_share"].sum() == pytest.approx(1)
    assert (found.summary["verdict"], found.summary["k"]) == ("structure", sizes.height)


def test_conditions_are_what_names_they_have_and_not_parts_of_other_names() -> None:
    given = tables(x_rate=["1", "2", "3"] * 40, x_rate_of_return=["1", "5", "9", "2"] * 30)
    rules = {"segment": [{"id": "much", "where": "x_rate_of_return > 4"}]}
    found = segment(crowd(given), given, SegmentParams(), rules=rules)
    assert found.profiles.profiles.filter(verdict="made_of")["feature"].unique().to_list() == ["x_rate_of_return"]
    tested = found.profiles.profiles.filter(feature="x_rate")
    assert tested["p"].null_count() == 0


@pytest.mark.parametrize("later", [["many", "few"] * 5, ["1", "0"] * 5, ["2025-01-01", "n/a"] * 5])
@pytest.mark.parametrize("first", [["1", "5", "9"] * 40, ["a", "b", "c"] * 40, ["a;b", "b", "c;a"] * 40])
def test_a_column_that_looks_different_later_is_what_it_was(first: list[str], later: list[str]) -> None:
    given = tables(x_mark=first)
    model = model_of(segment(crowd(given), given, SegmentParams(k=2)))
    new = {"customers": tables(20, x_mark=later * 2)["customers"]}
    found = segment(crowd(new, model), new, SegmentParams(), model=model)
    assert found.tables["customers"]["segment_id"].is_in([1, 2]).all()


def test_columns_of_ours_that_nobody_told_are_unknown_and_those_of_the_user_are_wanted() -> None:
    given = tables(gender=["female", "male"] * 60, x_mark=["a", "b", "c"] * 40)
    model = model_of(segment(crowd(given), given, SegmentParams(k=2)))
    new = {"customers": given["customers"].drop("gender")}
    found = segment(crowd(new, model), new, SegmentParams(), model=model)
    assert "gender" in " ".join(map(str, found.notes))
    assert found.tables["customers"].height == 120
    for lacking in (("x_mark",), ("gender", "x_mark")):
        bare = {"customers": given["customers"].drop(lacking)}
        with pytest.raises(InputError, match="x_mark"):
            segment(crowd(bare, model), bare, SegmentParams(), model=model)


def test_columns_by_any_spelling_and_once() -> None:
    given = tables(x_annual_income_k=["1", "5", "9"] * 40)
    for columns in (("Annual Income (k$)",), ("x_annual_income_k", "annual_income_k")):
        found = segment(crowd(given), given, SegmentParams(columns=columns, k=2))
        assert found.summary["columns"] == 1
    with pytest.raises(InputError):
        segment(crowd(given), given, SegmentParams(columns=("income",)))


def test_what_makes_no_sense() -> None:
    with pytest.raises(UsageError):
        SegmentParams(axes=())
    given = tables()
    for model in ({}, {"features": 5}, {"features": {"a": "b"}}):
        with pytest.raises(InputError):
            segment(crowd(given), given, SegmentParams(), model=model)
        if model:
            with pytest.raises(InputError):
                kinds_of(model)


def test_one_column_alone_shows_no_groups_and_says_why() -> None:
    given = {
        "customers": tables()["customers"].with_columns(
            x_height=pl.int_range(pl.len()) % 2 * 50.0 + 7 + pl.int_range(pl.len()) % 5
        )
    }
    found = segment(crowd(given), given, SegmentParams(columns=("height",)))
    assert found.summary["verdict"] == "no-structure"
    assert "segment.one_column" in [note.id for note in found.notes]
    cut = segment(crowd(given), given, SegmentParams(columns=("height",), k=2))
    assert sorted(cut.tables["segments"]["customers"]) == [60, 60]
