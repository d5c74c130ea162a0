"""Differences: planted ones are found, chance and trifles are not, and what groups were made of is not tested."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.people.features import Feature
from acrm.analysis.segment.differences import compare, differences, findings

SHARES = [0.5, 0.2, 0.15, 0.1, 0.05]


def noise(seed: int, customers: int, numbers: int, categories: int) -> tuple[pl.DataFrame, list[Feature]]:
    rng = np.random.default_rng(seed)
    draws: Any = (rng.normal, rng.lognormal, lambda size: rng.binomial(9, 0.3, size) * 1.0)
    columns: dict[str, Any] = {"customer_id": [f"{one:05}" for one in range(customers)]}
    columns |= {f"n{at}": draws[at % 3](size=customers) for at in range(numbers)}
    columns |= {f"c{at}": rng.choice(list("abcde"), customers, p=SHARES) for at in range(categories)}
    features = [Feature(name=f"n{at}", axis="extra", kind="number") for at in range(numbers)]
    features += [Feature(name=f"c{at}", axis="demo", kind="category") for at in range(categories)]
    return pl.DataFrame(columns), features


def planted() -> tuple[pl.DataFrame, list[Feature], pl.Series]:
    """Segments 1 to 3; of 2 the money is higher, of 3 most are from Kirov and like tea; 9 has seven members."""
    rng = np.random.default_rng(7)
    label = np.repeat([1, 2, 3, 9], [300, 200, 100, 7])
    n = len(label)
    city = np.where(rng.random(n) < np.where(label == 3, 0.8, 0.3), "Kirov", "Ufa")
    unknown = rng.random(n) < np.where(label == 1, 0.5, 0.1)
    table = pl.DataFrame(
        {
            "customer_id": [f"{one:04}" for one in range(n)],
            "spend": rng.lognormal(3 + (label == 2) * 1.5 + (label == 9) * 5, 1),
            "city": city,
            "age": [None if one else "35-44" for one in unknown],
            "likes": [
                ["ink", "tea"] if label[one] == 3 and one % 4 else ["ink"] if one % 2 else [] for one in range(n)
            ],
            "noise": rng.normal(size=n),
        }
    )
    kinds = {"spend": "number", "city": "category", "age": "category", "likes": "multi", "noise": "number"}
    features = [Feature(name=name, axis="demo", kind=kind) for name, kind in kinds.items()]  # type: ignore[arg-type]
    return table, features, pl.Series(label)


def one(found: pl.DataFrame, segment: int, feature: str, level: str | None = None) -> dict[str, Any]:
    same = pl.col("level").eq_missing(pl.lit(level, pl.String))
    return found.row(by_predicate=(pl.col("segment_id") == segment) & (pl.col("feature") == feature) & same, named=True)


def test_what_sets_segments_apart() -> None:
    table, features, labels = planted()
    found = differences(table, features, labels)
    spend = one(found, 2, "spend")
    ours = table["spend"].filter(labels == 2).to_numpy()
    assert (spend["value"], spend["mean"]) == pytest.approx((np.median(ours), ours.mean()))
    assert spend["rest"] == pytest.approx(table["spend"].filter(labels != 2).median())
    assert [spend["low_quartile"], spend["high_quartile"]] == pytest.approx(np.quantile(ours, [0.25, 0.75]).tolist())
    assert spend["verdict"] == "differs"
    kirov = one(found, 3, "city", "Kirov")
    share = float(np.mean(table["city"].filter(labels == 3).to_numpy() == "Kirov"))
    assert (kirov["value"], kirov["customers"]) == pytest.approx((share, 100 * share))
    assert kirov["lift"] == pytest.approx(share / np.mean(table["city"].to_numpy() == "Kirov"))
    assert (kirov["verdict"], one(found, 3, "likes", "tea")["verdict"]) == ("differs", "differs")
    assert one(found, 1, "age", "?")["verdict"] == "differs"
    assert set(found.filter(feature="noise")["verdict"]) <= {"negligible", "chance", "small"}


def test_a_segment_of_seven_is_no_finding() -> None:
    table, features, labels = planted()
    found = differences(table, features, labels)
    assert found.filter(segment_id=9)["verdict"].unique().to_list() == ["small"]
    assert found.filter(segment_id=9)["p"].null_count() == found.filter(segment_id=9).height
    assert 9 not in findings(found)["segment_id"]
    assert differences(table, features, labels, min_size=5).filter(segment_id=9, feature="spend")["p"].item() < 0.001


def test_what_segments_are_made_of_is_not_tested() -> None:
    table, features, labels = planted()
    found = differences(table, features, labels, made_of={"spend"})
    spend = one(found, 2, "spend")
    assert (spend["verdict"], spend["p"], spend["q"]) == ("made_of", None, None)
    assert spend["effect"] == one(differences(table, features, labels), 2, "spend")["effect"]
    # Figures of the same orders are no news either.
    kin = table.with_columns(clv=pl.col("spend") * 2, gap_days=pl.when(pl.col("spend") > 30).then(1.0))
    kin_features = [*features, *(Feature(name=name, axis="value", kind="number") for name in ("clv", "gap_days"))]
    found = differences(kin, kin_features, labels, made_of={"spend"})
    assert found.filter(pl.col("feature").is_in(["clv", "gap_days"]))["p"].null_count() == 12


def test_what_is_sure_but_negligible_is_not_told() -> None:
    rng = np.random.default_rng(8)
    label = np.arange(60_000) % 2 + 1
    table = pl.DataFrame({"customer_id": [f"{i:05}" for i in range(60_000)], "x": rng.normal(size=60_000) + label / 10})
    found = differences(table, [Feature(name="x", axis="extra", kind="number")], pl.Series(label))
    assert found["q"].max() < 1e-6  # type: ignore[operator]
    assert found["verdict"].to_list() == ["negligible", "negligible"]


def test_the_order_of_rows_does_not_matter() -> None:
    table, features, labels = planted()
    place = pl.Series(np.random.default_rng(9).permutation(table.height))
    assert differences(table[place], features, labels[place]).equals(differences(table, features, labels))


def test_200_columns_of_noise_give_no_findings() -> None:
    table, features = noise(0, 400, 150, 50)
    found = []
    for seed in range(16):
        labels = np.random.default_rng(seed).choice([1, 2, 3, 4], 400, p=[0.4, 0.3, 0.2, 0.1])
        found.append(findings(differences(table, features, pl.Series(labels))).height)
    assert sum(count > 0 for count in found) <= 1


def test_p_values_of_noise_are_uniform() -> None:
    table, features = noise(1, 500, 60, 20)
    label = pl.Series(np.random.default_rng(2).integers(1, 3, 500))
    p = differences(table, features, label).filter(segment_id=1).drop_nulls("p")["p"].to_numpy()
    assert 0.3 < (p < 0.5).mean() < 0.7
    assert (p < 0.01).mean() <= 0.05


def test_two_groups() -> None:
    table, features, labels = planted()
    found = compare(table, features, labels == 2, labels == 1)
    assert found["feature"][0] == "spend"
    assert found["effect"][0] > 0
    assert found["strength"].is_sorted(descending=True)
    back = compare(table, features, labels == 1, labels == 2)
    assert back.filter(feature="spend")["effect"].item() == pytest.approx(-found["effect"][0])
    # Who is in both is counted in neither.
    overlap = compare(table, features, labels <= 2, labels >= 2)
    assert overlap.filter(feature="noise")["customers"].item() == 300


def test_customers_of_no_segment_belong_to_the_rest() -> None:
    table, features, labels = planted()
    some = labels.to_frame("l").select(pl.when(pl.col("l") == 2).then("l")).to_series()
    found, whole = differences(table, features, some), differences(table, features, labels)
    kept = [name for name in found.columns if name not in ("q", "verdict")]
    assert found.select(kept).equals(whole.filter(segment_id=2).select(kept))
    assert found["segment_id"].unique().to_list() == [2]
