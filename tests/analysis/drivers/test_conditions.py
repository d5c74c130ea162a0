from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acrm.analysis.drivers.conditions import ConditionParams, ConditionsResult, conditions
from acrm.errors import InputError


def planted(seed: int, rows: int = 5_000) -> pl.DataFrame:
    """30 columns; where x = 1 and y > 3 the share of those who bought is 40% instead of 20%."""
    random = np.random.default_rng(seed)
    table = pl.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(rows)],
            "x": random.integers(0, 2, rows),
            "y": random.integers(1, 7, rows),
            **{f"n{n}": random.normal(size=rows) for n in range(24)},
            **{f"w{n}": random.choice(list("abcd"), rows) for n in range(4)},
        }
    )
    share = 0.2 + 0.2 * ((table["x"] == 1) & (table["y"] > 3)).to_numpy()
    return table.with_columns(bought=random.random(rows) < share)


def names(result: ConditionsResult) -> list[str]:
    return result.tables["conditions"]["condition"].to_list()


def told(result: ConditionsResult) -> list[str]:
    return [note.id.removeprefix("segment_drivers.") for note in result.notes]


def test_a_planted_pair_is_among_the_first_three() -> None:
    for seed in range(6):
        result = conditions(planted(seed), "bought", ConditionParams())
        assert "x = 1, y ≥ 4" in names(result)[:3], seed
        found = result.tables["conditions"].row(by_predicate=pl.col("parts") == 2, named=True)
        assert found["low"] <= 0.2 <= found["high"]
        assert found["value"] > found["best_part"] > found["value_outside"]
        assert found["inside"] + found["outside"] == 5_000


@pytest.mark.parametrize(("outcome", "columns"), [("normal", 200), ("lognormal", 60), ("share", 60)])
def test_noise_has_no_findings(outcome: str, columns: int) -> None:
    wrong = 0
    for seed in range(10):
        random = np.random.default_rng(100 + seed)
        table = pl.DataFrame({f"n{n}": random.normal(size=200) for n in range(columns)})
        values = random.normal(size=200)
        values = {"normal": values, "lognormal": np.exp(2 * values), "share": (values > 1) * 1.0}[outcome]
        wrong += bool(names(conditions(table.with_columns(y=values), "y", ConditionParams())))
    assert wrong <= 1


def test_a_pair_is_not_listed_for_the_sake_of_its_part() -> None:
    pairs = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        columns = {f"n{n}": random.normal(size=2_000) for n in range(15)}
        table = pl.DataFrame({"x": random.integers(0, 2, 2_000), **columns})
        result = conditions(table.with_columns(y=10.0 * pl.col("x") + columns["n0"]), "y", ConditionParams())
        assert names(result)[0] == "x = 1"
        pairs += (result.tables["conditions"]["parts"] == 2).any()
        # Where one part is all there is to it, pairs with columns of noise are chance.
        noise = [pair for pair in names(result) if "," in pair and "n0" not in pair]
        assert len(noise) <= 1
    assert pairs <= 10


def test_numbers_have_medians_and_means() -> None:
    random = np.random.default_rng(4)
    table = pl.DataFrame({"age": random.integers(18, 80, 900), "city": random.choice(["a", "b"], 900)})
    table = table.with_columns(spend=random.exponential(10, 900) * (1 + 4 * (table["age"] >= 60).to_numpy()))
    result = conditions(table, "spend", ConditionParams())
    found = result.tables["conditions"].row(0, named=True)
    assert found["columns"] == ["age"]
    assert found["value"] > found["median"] > found["median_outside"]
    assert found["effect"] == pytest.approx(found["value"] - found["value_outside"])
    assert told(result) == ["conditions.tested", "associated"]


def test_intervals_allow_for_how_many_were_tried() -> None:
    random = np.random.default_rng(5)
    table = pl.DataFrame({f"n{n}": random.normal(size=400) for n in range(20)})
    table = table.with_columns(y=table["n3"].to_numpy() + random.normal(size=400))
    result = conditions(table, "y", ConditionParams())
    assert (result.tables["conditions"]["low"] * result.tables["conditions"]["high"] > 0).all()
    alone = conditions(table, "y", ConditionParams(columns=("n3",)))
    assert alone.summary["tested"] == 9
    widths = [found.tables["conditions"].select(pl.col("high") - pl.col("low")).row(0)[0] for found in (result, alone)]
    assert widths[0] > 1.5 * widths[1]


def test_texts_lists_and_unknown_make_conditions() -> None:
    random = np.random.default_rng(6)
    rows = 1_000
    table = pl.DataFrame(
        {
            "city": pl.Series(random.choice(["Omsk", "Tver", ""], rows)).replace("", None),
            "likes": [["tea"] if n % 3 else ["tea", "ski"] for n in range(rows)],
            "age": np.where(random.random(rows) < 0.2, np.nan, random.integers(20, 60, rows)),
        }
    ).with_columns(pl.col("age").fill_nan(None))
    for hidden, name in (
        (pl.col("city").is_null(), "city = (unknown)"),
        (pl.col("likes").list.contains("ski"), "likes ∋ ski"),
        (pl.col("age").is_null(), "age = (unknown)"),
    ):
        kept = table.with_columns(
            kept=pl.when(hidden & (pl.int_range(pl.len()) % 4 > 0)).then(pl.lit("no")).otherwise(pl.lit("yes"))
        )
        result = conditions(kept, "kept", ConditionParams())
        assert names(result)[0] == name
        assert result.summary["event"] == "no"


def test_the_order_of_rows_does_not_matter() -> None:
    table = planted(0, rows=2_000)
    one = conditions(table, "bought", ConditionParams())
    other = conditions(table.sample(fraction=1, shuffle=True, seed=2), "bought", ConditionParams())
    assert one.tables["conditions"].equals(other.tables["conditions"])


def test_few_rows_and_samples_are_said() -> None:
    assert told(conditions(planted(0, rows=50), "bought", ConditionParams()))[0] == "conditions.few"
    many = pl.DataFrame({"x": np.arange(60_000) % 7, "y": np.arange(60_000) % 11})
    result = conditions(many, "y", ConditionParams(columns=("x",)))
    assert result.summary["rows"] == 50_000
    assert "conditions.sample" in told(result)
    assert "conditions.none" in told(result)


def test_what_cannot_be_asked() -> None:
    with pytest.raises(InputError, match="no column z"):
        conditions(planted(0, rows=50), "z", ConditionParams())
    with pytest.raises(InputError, match="neither numbers nor two"):
        conditions(planted(0, rows=50), "w1", ConditionParams())
