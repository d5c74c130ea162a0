from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score

from acrm.analysis.people.features import Axis, Feature, Kind
from acrm.analysis.segment.clustering import Clustering, ClusterParams, Model, apply, cluster
from acrm.errors import InputError, UsageError
from acrm.models.clusters import Method

FEATURES = [
    Feature(name="age", axis="demo", kind="number"),
    Feature(name="spend", axis="value", kind="number"),
    Feature(name="visits", axis="behaviour", kind="number"),
    Feature(name="city", axis="demo", kind="category"),
    Feature(name="likes", axis="needs", kind="multi"),
    Feature(name="noise", axis="extra", kind="number"),
]


def planted(rows: int = 900, seed: int = 0) -> tuple[pl.DataFrame, np.ndarray]:
    """Three kinds of customers, told by numbers, a category and what they like; some of it unknown."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    city = np.array([["Moscow", "Perm", "Tver"][draw] for draw in (truth + (rng.random(rows) < 0.15)) % 3])
    likes = np.array(["tea", "chess", "opera"])
    table = pl.DataFrame(
        {
            "customer_id": [f"C{number:05}" for number in rng.permutation(rows)],
            "age": np.array([30, 45, 65])[truth] + 5 * rng.standard_normal(rows),
            "spend": np.exp(np.array([4, 7, 5.5])[truth] + 0.6 * rng.standard_normal(rows)),
            "visits": rng.poisson(np.array([2, 20, 6])[truth]).astype(float),
            "city": city,
            "likes": [[likes[kind], *likes[rng.random(3) < 0.1]] for kind in truth],
            "noise": rng.standard_normal(rows),
        }
    )
    unknown = pl.Series(rng.random(rows) < 0.08)
    return table.with_columns(
        pl.when(~unknown).then("age"), pl.when(~unknown.shift(1, fill_value=False)).then("city")
    ), truth


@pytest.fixture(scope="module")
def found() -> Clustering:
    return cluster(planted()[0], FEATURES, ClusterParams(k_max=5))


def agreement(members: pl.DataFrame, table: pl.DataFrame, truth: np.ndarray) -> float:
    both = table.select("customer_id").with_columns(truth=truth).join(members, on="customer_id", how="left")
    return float(adjusted_rand_score(both["truth"], both["segment_id"]))


@pytest.mark.parametrize("method", ["kmeans", "gmm"])
@pytest.mark.parametrize("seed", [0, 1])
def test_three_kinds_of_customers_are_found(method: Method, seed: int) -> None:
    table, truth = planted(seed=seed)
    found = cluster(table, FEATURES, ClusterParams(method=method, k_max=5))
    assert (found.verdict, found.k, found.apart) == ("structure", 3, True)
    assert agreement(found.members, table, truth) > 0.95
    assert found.criteria.filter("chosen")["k"].item() == 3
    assert found.criteria["bic"].is_null().all() == (method == "kmeans")


def test_segments_are_numbered_by_value(found: Clustering) -> None:
    spend = found.centres["spend"].to_list()
    assert spend == sorted(spend, reverse=True)
    assert found.centres["segment_id"].to_list() == [1, 2, 3]
    assert found.centres["customers"].sum() == 900
    assert found.centres["share"].sum() == pytest.approx(1)


def test_centres_are_in_the_units_of_the_table(found: Clustering) -> None:
    table = planted()[0].join(found.members, on="customer_id")
    for row in found.centres.iter_rows(named=True):
        mine = table.filter(segment_id=row["segment_id"])
        assert row["age"] == mine["age"].median()
        assert row["city"] == mine["city"].value_counts().sort("count")["city"][-1]
    assert found.centres["likes"].to_list() == [["chess"], ["opera"], ["tea"]]


def test_members(found: Clustering) -> None:
    members = found.members
    assert members["customer_id"].is_sorted()
    assert members["customer_id"].n_unique() == 900
    assert (members["segment_id"] != members["second_id"]).all()
    assert (members["distance"] <= members["second_distance"]).all()


def test_rows_in_another_order_and_a_second_run_change_nothing(found: Clustering) -> None:
    shuffled = planted()[0].sample(fraction=1, shuffle=True, seed=5)
    again = cluster(shuffled, FEATURES, ClusterParams(k_max=5))
    assert again.members.equals(found.members)
    assert again.centres.equals(found.centres)
    assert again.criteria.equals(found.criteria)
    assert again.model.to_document() == found.model.to_document()


def test_another_seed_numbers_segments_alike(found: Clustering) -> None:
    again = cluster(planted()[0], FEATURES, ClusterParams(k=3, seed=9))
    assert (again.members["segment_id"] != found.members["segment_id"]).sum() < 9


@pytest.mark.parametrize("method", ["kmeans", "gmm"])
def test_a_saved_model_places_the_same_customers_alike(method: Method) -> None:
    table, _ = planted()
    found = cluster(table, FEATURES, ClusterParams(k=3, method=method, k_max=3))
    document = json.loads(json.dumps(found.model.to_document()))
    assert apply(document, table).equals(found.members)
    some = table.sample(7, seed=1)
    assert apply(document, some).equals(found.members.join(some, on="customer_id", how="semi"))
    with pytest.raises(InputError, match="spend"):
        apply(document, table.select("customer_id"))


def test_new_customers_with_levels_never_seen() -> None:
    table, truth = planted()
    found = cluster(table, FEATURES, ClusterParams(k=3, k_max=3))
    fresh, kinds = planted(300, seed=8)
    fresh = fresh.with_columns(city=pl.lit("Omsk"))
    assert agreement(apply(found.model.to_document(), fresh), fresh, kinds) > 0.9
    assert agreement(found.members, table, truth) > 0.95


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"encoding": {}},
        {"partition": {"centres": [[1.0]]}},
        {"partition": {"centres": "x"}},
        {"partition": {}},
        {"partition": {"centre": []}},
        {"encoding": {"columns": [{"kind": "picture"}], "left_out": []}},
    ],
)
def test_a_document_that_is_no_model(fault: dict[str, object], found: Clustering) -> None:
    with pytest.raises(InputError, match="no model"):
        Model.from_document(found.model.to_document() | fault if fault else fault)


def numbers(table: np.ndarray, axis: Axis = "extra", kind: Kind = "number") -> tuple[pl.DataFrame, list[Feature]]:
    names = [f"x{place}" for place in range(table.shape[1])]
    frame = pl.DataFrame(table, schema=names).with_columns(
        customer_id=pl.format("{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(6))
    )
    return frame, [Feature(name=name, axis=axis, kind=kind) for name in names]


def test_noise_is_one_segment_unless_more_are_asked_for() -> None:
    table, features = numbers(np.random.default_rng(0).standard_normal((300, 4)))
    found = cluster(table, features, ClusterParams(k_max=4))
    assert (found.verdict, found.k, found.apart) == ("no-structure", 1, False)
    assert str(found.notes[0]).startswith("no cluster structure")
    assert found.members["segment_id"].unique().to_list() == [1]
    assert found.members["second_id"].is_null().all()
    asked = cluster(table, features, ClusterParams(k=3, k_max=4))
    assert (asked.verdict, asked.k) == ("no-structure", 3)
    assert asked.centres.height == 3
    assert any("as asked for" in str(note) for note in asked.notes)
    assert any("another sample" in str(note) for note in asked.notes)
    # Without a value axis by size.
    assert asked.centres["customers"].is_sorted(descending=True)


def test_a_handful_of_outliers_is_no_segment() -> None:
    rng = np.random.default_rng(0)
    table, features = numbers(np.concatenate([rng.standard_normal((400, 3)), 60 + rng.standard_normal((40, 3))]))
    found = cluster(table, features, ClusterParams(k_max=4))
    assert found.k == 2
    strict = cluster(table, features, ClusterParams(k_max=4, min_size=50))
    assert (strict.verdict, strict.k) == ("no-structure", 1)
    assert "of use" in str(strict.notes[0])
    forced = cluster(table, features, ClusterParams(k=2, k_max=4, min_size=50))
    assert sorted(forced.centres["customers"]) == [40, 400]
    assert any("fewer than 50" in str(note) for note in forced.notes)


def test_more_customers_than_the_criteria_are_computed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acrm.analysis.segment.clustering.SAMPLE", 400)
    table, truth = planted(3000)
    for method in ("kmeans", "gmm"):
        found = cluster(table, FEATURES, ClusterParams(k_max=4, method=method))
        assert found.k == 3
        assert agreement(found.members, table, truth) > 0.95
        assert any("400 of 3,000" in str(note) for note in found.notes)
        again = cluster(table.reverse(), FEATURES, ClusterParams(k_max=4, method=method))
        assert again.members.equals(found.members)


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 60])
def test_few_customers_or_few_that_differ(rows: int) -> None:
    rng = np.random.default_rng(0)
    for values in (rng.standard_normal((rows, 3)), np.repeat(rng.standard_normal((1, 3)), rows, axis=0)):
        table, features = numbers(values)
        found = cluster(table, features, ClusterParams(k_max=3))
        assert found.k == 1
        assert found.members.height == rows
    twice, features = numbers(np.arange(rows, dtype=float)[:, None] % 2)
    if rows > 1:
        assert cluster(twice, features, ClusterParams(k=2)).centres.height == 2
    with pytest.raises(InputError, match="differ"):
        cluster(twice, features, ClusterParams(k=3))


def test_nobody_and_nonsense() -> None:
    table, features = numbers(np.zeros((0, 2)))
    with pytest.raises(InputError, match="any customer"):
        cluster(table, features, ClusterParams())
    for params in (ClusterParams(k=0), ClusterParams(k_max=1)):
        with pytest.raises(UsageError):
            cluster(*numbers(np.zeros((5, 2))), params)


def test_what_is_the_same_for_everybody_is_said() -> None:
    table, _ = planted(200)
    found = cluster(
        table.with_columns(x_shop=pl.lit("one")),
        [*FEATURES, Feature(name="x_shop", axis="extra", kind="category")],
        ClusterParams(k_max=3),
    )
    assert any("x_shop" in str(note) for note in found.notes)
