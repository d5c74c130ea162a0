"""Profiles: sizes, money and cards of segments."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from acrm.analysis.people.features import Feature
from acrm.analysis.segment.profiles import Profiles, profiles


def shop(seed: int = 0) -> tuple[pl.DataFrame, list[Feature], pl.Series]:
    rng = np.random.default_rng(seed)
    label = np.repeat([1, 2], [150, 50])
    table = pl.DataFrame(
        {
            "customer_id": [f"{one:03}" for one in range(200)],
            "orders": np.where(label == 2, rng.integers(5, 20, 200), rng.integers(1, 4, 200)).astype(float),
            "spend": np.where(label == 2, 300.05, 100.1),
            "city": np.where(rng.random(200) < np.where(label == 2, 0.9, 0.1), "Kirov", "Ufa"),
            "x_net": np.where(label == 1, "No service", "fibre"),
            "x_tv": np.where(label == 1, "No service", "yes"),
            "need_tea": np.where(label == 2, 0.9, -0.5) + rng.normal(0, 0.1, 200),
            "need_ink": np.where(label == 2, -0.9, 0.5) + rng.normal(0, 0.1, 200),
            "need_cup": np.where(label == 2, -0.9, 0.5) + rng.normal(0, 0.1, 200),
        }
    )
    axes = {"orders": "behaviour", "spend": "behaviour", "city": "demo", "x_net": "extra", "x_tv": "extra"}
    features = [
        Feature(
            name=name,
            axis=axes.get(name, "needs"),  # type: ignore[arg-type]
            kind="number" if table[name].dtype == pl.Float64 else "category",
        )
        for name in table.columns[1:]
    ]
    return table, features, pl.Series(label)


@pytest.fixture
def found() -> Profiles:
    return profiles(*shop(), made_of={"orders"})


def test_sizes_and_money(found: Profiles) -> None:
    first, second = found.segments.rows(named=True)
    assert (first["customers"], first["share"], first["spend"]) == (150, 0.75, Decimal("15015.0000"))
    assert second["spend_share"] == pytest.approx(15002.5 / (15015 + 15002.5))
    assert (second["median_spend"], second["rule"]) == (300.05, "orders > 4")
    assert found.fidelity == 1
    assert [card.name for card in found.cards] == found.segments["segment"].to_list()


def test_a_card_tells_each_feature_once(found: Profiles) -> None:
    for card in found.cards:
        told = [trait.feature for trait in card.traits]
        assert len(told) == len(set(told)) == 5
        assert sum(name.startswith("need_") for name in told) <= 2
        # Two columns say the same of the same customers.
        assert len({"x_net", "x_tv"} & set(told)) == 1 or card.segment_id == 2
    marks = {trait.feature: trait.made_of for trait in found.cards[1].traits}
    assert marks["orders"]


def test_without_money_there_is_no_share_of_it() -> None:
    table, features, labels = shop()
    bare = profiles(table.drop("spend"), [one for one in features if one.name != "spend"], labels)
    assert bare.segments["spend"].null_count() == bare.segments["spend_share"].null_count() == 2
    assert bare.cards[0].spend_share is None


def test_the_order_of_rows_does_not_matter(found: Profiles) -> None:
    table, features, labels = shop()
    place = pl.Series(np.random.default_rng(5).permutation(200))
    again = profiles(table[place], features, labels[place], made_of={"orders"})
    assert again.segments.equals(found.segments)
    assert again.profiles.equals(found.profiles)
    assert again.cards == found.cards


def test_one_segment_and_a_tiny_one() -> None:
    table, features, _ = shop()
    alone = profiles(table, features, pl.Series([1] * 200))
    assert (alone.cards[0].traits, alone.cards[0].rule, alone.fidelity) == ((), "everyone", 1)
    tiny = profiles(table, features, pl.Series([1] * 193 + [2] * 7))
    assert tiny.cards[1].traits == ()
