"""Lookalikes: planted likeness is found and named, noise gives no list."""

from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest

from acrm.analysis.lists.lookalike import Lookalike, lookalike
from acrm.analysis.lists.nearness import Part, _distance, known_before, nearness
from acrm.analysis.people.features import Feature
from acrm.analysis.people.people import people as people_of
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions

CITY = Feature(name="city", axis="demo", kind="category")
INCOME = Feature(name="x_income", axis="extra", kind="number")
LIKES = Feature(name="tags", axis="demo", kind="multi")
NOISE = Feature(name="x_noise", axis="extra", kind="category")
SPEND = Feature(name="spend", axis="behaviour", kind="number")
FEATURES = (CITY, INCOME, LIKES, NOISE, SPEND)


def people(likeness: float = 1.0, seed: int = 0) -> pl.DataFrame:
    """100 of the segment, 200 others, 100 who have not bought, half of them like the segment."""
    draw = Random(seed)
    rows = []
    for n in range(400):
        side = "s" if n < 100 else "o" if n < 300 else "l"
        like = side == "s" or (side == "l" and n % 2 == 0)
        marked = like and draw.random() < likeness
        rows.append(
            {
                "customer_id": f"{side}{n:03}",
                "city": draw.choice(["Ufa", "Ufa", "Kazan"] if marked else ["Ufa", "Kazan", "Perm", None]),
                "x_income": draw.gauss(90 if marked else 50, 15) if draw.random() < 0.9 else None,
                "tags": draw.sample(["ski", "tea"] if marked else ["tea", "dog", "car"], draw.randrange(1, 3)),
                "x_noise": draw.choice("abcdef"),
                "spend": None if side == "l" else draw.random(),
            }
        )
    return pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=1)


def ids(table: pl.DataFrame, side: str) -> pl.Series:
    return table.filter(pl.col("customer_id").str.starts_with(side))["customer_id"]


def found(table: pl.DataFrame, refusing: pl.Series | None = None) -> Lookalike:
    told = {"segment": ids(table, "s"), "candidates": ids(table, "l")}
    return lookalike(table, FEATURES, **told, refusing=refusing, top=40)


def test_planted_likeness_is_found_and_named() -> None:
    result = found(people())
    assert result.figures["lookalike_auc_low"] > 0.8  # type: ignore[operator]
    assert set(result.features["feature"]) >= {"city", "x_income", "tags"}
    assert "x_noise" not in result.features["feature"].to_list()[:3]
    assert result.features["weight"].sum() == pytest.approx(1)
    right = [int(one[1:]) % 2 == 0 for one in result.table["customer_id"]]
    assert np.mean(right) > 0.9
    assert result.table["rank"].to_list() == list(range(1, 41))
    assert result.table["distance"].is_sorted()
    assert any("income" in reason for reason in result.table["reason"])
    assert result.notes[0].id == "segment_nearness.works"


def test_noise_gives_a_list_in_few_seeds_only() -> None:
    assert sum(found(people(0.0, seed)).table.height > 0 for seed in range(8)) <= 1


def test_without_likeness_that_is_said() -> None:
    result = found(people(0.0))
    assert result.table.is_empty()
    assert result.notes[0].id == "segment_nearness.chance"


def test_who_refuses_is_not_named_and_too_few_give_no_list() -> None:
    table = people()
    best = found(table).table["customer_id"].head(5)
    assert not set(found(table, best).table["customer_id"]) & set(best)
    few = lookalike(table, FEATURES, segment=ids(table, "s").head(19), candidates=ids(table, "l"))
    assert [note.id for note in few.notes] == ["segment_nearness.few"]


def test_the_order_of_rows_does_not_matter() -> None:
    table = people()
    assert found(table).table.equals(found(table.reverse()).table)


def test_distances_are_those_to_all_of_the_group() -> None:
    table = people()
    group, others = (table.filter(pl.col("customer_id").is_in(ids(table, side).implode())) for side in "so")
    learned = nearness(group, others, [CITY, INCOME])
    parts = {part.feature.name: part for part in learned.parts}
    city = group["city"].drop_nulls().to_list()
    assert _distance(parts["city"], pl.Series(["Ufa", None, "Oslo"])).tolist() == pytest.approx(
        [1 - city.count("Ufa") / len(city), np.nan, 1], nan_ok=True
    )
    income = parts["x_income"]
    scaled = np.clip((group["x_income"].drop_nulls().to_numpy() - income.low) / income.span, 0, 1)
    assert _distance(income, pl.Series([income.low + income.span / 2])) == pytest.approx(np.abs(scaled - 0.5).mean())
    blank = pl.DataFrame({"city": [None], "x_income": [None]}, schema={"city": pl.String, "x_income": pl.Float64})
    total = income.weight + parts["city"].weight
    neutral = sum(part.weight * part.neutral for part in learned.parts) / total
    assert learned.distances(blank) == pytest.approx([neutral])
    assert (learned.known(blank).tolist(), learned.reasons(blank)) == ([0.0], [""])


def test_of_several_answers_the_mean_counts() -> None:
    part = Part(feature=LIKES, weight=1, neutral=0, shares={"ski": (0.8, 0.1), "tea": (0.4, 0.4)}, group=np.empty(0))
    values = pl.Series([["ski", "tea"], ["ski"], ["cat"], None], dtype=pl.List(pl.String))
    assert _distance(part, values).tolist() == pytest.approx([0.4, 0.2, 1.0, np.nan], nan_ok=True)


def test_only_what_is_known_before_of_both_is_compared() -> None:
    table = people()
    leads = table.filter(pl.col("customer_id").str.starts_with("l")).with_columns(city=pl.lit(None, pl.String))
    names = [feature.name for feature in known_before(FEATURES, [table, leads])]
    assert names == ["x_income", "tags", "x_noise"]


def test_telco_leavers_are_found_among_those_held_out(data: Path, tmp_path: Path) -> None:
    """A fifth of the customers stands for those who have not bought; of the 100 nearest to leavers most left, too."""
    source = str(data / "churn" / "Telco-Customer-Churn.csv")
    known = people_of(load([source], IngestOptions(), tmp_path).tables, lines=None)
    held = known.table["customer_id"].gather_every(5)
    left = known.table.filter(pl.col("x_churn") == "Yes", ~pl.col("customer_id").is_in(held.implode()))["customer_id"]
    features = [feature for feature in known.features if feature.name != "x_churn"]
    result = lookalike(known.table, features, segment=left, candidates=held)
    assert result.figures["lookalike_auc"] == pytest.approx(0.816, abs=0.003)
    churned = result.table.join(known.table, on="customer_id")["x_churn"] == "Yes"
    assert churned.mean() > 0.65 > 2 * (known.table["x_churn"] == "Yes").mean()  # type: ignore[operator]
