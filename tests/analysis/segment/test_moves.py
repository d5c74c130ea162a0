"""Who moved: by the limits of before, with what changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.people.features import Feature
from acrm.analysis.segment.clustering import ClusterParams, cluster
from acrm.analysis.segment.moves import by_model, moves
from acrm.errors import InputError

FEATURES = [Feature(name="spend", axis="behaviour", kind="number"), Feature(name="city", axis="demo", kind="category")]


def crowd() -> pl.DataFrame:
    chance = np.random.default_rng(0)
    rich = np.arange(100) % 2 == 0
    spend = np.where(rich, 900.0, 100.0) + chance.normal(0, 20, 100)
    city = np.where(rich, "Perm", "Tver")
    return pl.DataFrame({"customer_id": [f"c{place:03}" for place in range(100)], "spend": spend, "city": city})


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    made = cluster(crowd(), FEATURES, ClusterParams(k=2)).model.to_document()
    return {**made, "names": {"1": "one", "2": "two"}}


def test_who_moved_who_came_and_who_is_gone(model: dict[str, Any]) -> None:
    was = crowd()
    before = by_model(model, was)
    rich = before["segment"][0]
    now = was.with_columns(
        spend=pl.when(customer_id="c001").then(950.0).otherwise("spend"),
        city=pl.when(customer_id="c001").then(pl.lit("Perm")).when(customer_id="c003").then(None).otherwise("city"),
    )
    now = pl.concat([now.filter(pl.col("customer_id") != "c007"), was.head(1).with_columns(customer_id=pl.lit("new"))])
    found = moves(before, was, now, by_model(model, now), ["spend", "city"])
    poor = before["segment"][1]
    assert found.select("customer_id", "before", "now").rows() == [
        ("c001", poor, rich),
        ("c007", poor, None),
        ("new", None, rich),
    ]
    assert found["why"][0].split("; ")[0].startswith(("spend", "city"))
    assert "Tver → Perm" in found["why"][0]
    assert found["why"].to_list()[1:] == [None, None]


def test_nobody_moved_from_where_they_are(model: dict[str, Any]) -> None:
    was = crowd()
    assert moves(by_model(model, was), was, was, by_model(model, was.reverse()), ["spend"]).is_empty()


def test_another_document_is_no_model(model: dict[str, Any]) -> None:
    for document in ({}, {**model, "names": ["one"]}, {**model, "names": {"first": "one"}}):
        with pytest.raises(InputError):
            by_model(document, crowd())
