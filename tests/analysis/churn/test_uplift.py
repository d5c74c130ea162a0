"""A past campaign: the Hillstrom figures, the verdicts, arms and control groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.uplift import Uplift, UpliftParams, uplift
from acrm.errors import InputError

COLUMNS = ["recency", "history", "mens", "womens", "zip_code", "newbie", "channel"]


def ids(found: Uplift) -> list[str]:
    return [note.id.partition(".")[2] for note in found.notes]


def trial(rows: int, *, differs: bool, wanted: bool = True, by_lot: bool = True) -> pl.DataFrame:
    rng = np.random.default_rng(21)
    x, z = rng.normal(size=(2, rows))
    chance = 0.5 if by_lot else 1 / (1 + np.exp(-z))
    treated = rng.random(rows) < chance
    effect = 0.3 * (x > 0) if differs else np.full(rows, 0.15)
    share = 0.2 + 0.1 * (z > 0) + effect * treated if wanted else 0.6 + 0.1 * (z > 0) - effect * treated
    return pl.DataFrame(
        {
            "customer_id": [f"c{row:05}" for row in range(rows)],
            "x": x,
            "z": z,
            "arm": np.where(treated, "offer", "control"),
            "outcome": rng.random(rows) < share,
        }
    )


def judged(table: pl.DataFrame, params: UpliftParams | None = None) -> Uplift:
    return uplift(table, ["x", "z"], table["outcome"], table["arm"], params or UpliftParams())


def test_hillstrom(data: Path) -> None:
    table = pl.read_csv(data / "marketing" / "hillstrom_data.csv", infer_schema_length=None)
    table = table.with_row_index("customer_id").with_columns(pl.col("customer_id").cast(pl.String).str.zfill(6))
    found = uplift(table, COLUMNS, table["visit"].cast(pl.Boolean), table["segment"], UpliftParams())
    arms = {row["arm"][:4]: row for row in found.tables["arms"].iter_rows(named=True)}
    assert arms["Wome"]["effect"] == pytest.approx(0.0452, abs=5e-5)
    assert arms["Wome"]["error"] == pytest.approx(0.00323, abs=5e-6)
    assert arms["Mens"]["effect"] == pytest.approx(0.0766, abs=5e-5)
    assert arms["Mens"]["error"] == pytest.approx(0.00339, abs=5e-6)
    assert (arms["Wome"]["heterogeneity"], arms["Mens"]["heterogeneity"]) == ("usable", "none")
    assert all(abs(arm["told_apart"] - 0.5) < 0.02 for arm in arms.values())
    area = {row["learner"]: row for row in found.tables["learners"].iter_rows(named=True) if row["arm"][0] == "W"}
    # Elsewhere measured: 7.42 by the linear T-learner, 1.95 by the response model.
    assert area["t_linear"]["qini_area"] == pytest.approx(7.4, abs=0.5)
    assert area["response"]["qini_area"] == pytest.approx(1.95, abs=0.5)
    assert area["t_linear"]["low"] > area["response"]["high"] > area["untreated"]["high"]
    assert area["t_linear"]["first_low"] > arms["Wome"]["effect"]
    assert set(found.tables["scores"]["arm"]) == {"Womens E-Mail"}


def test_spend_of_hillstrom(data: Path) -> None:
    table = pl.read_csv(data / "marketing" / "hillstrom_data.csv", infer_schema_length=None)
    table = table.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))
    # Without columns nothing is modelled, and the effects stand.
    found = uplift(table, [], table["spend"], table["segment"], UpliftParams(cost=0.5))
    spend = found.tables["arms"].select("effect", "low", "high").rows()
    assert spend[0] == pytest.approx((0.76983, 0.485, 1.055), abs=6e-4)
    assert spend[1] == pytest.approx((0.42441, 0.169, 0.680), abs=6e-4)
    assert ids(found) == ["effect_sure", "few", "effect_sure", "few", "cost_open", "cost_open"]


def test_a_difference_is_found_and_ranked() -> None:
    table = trial(4000, differs=True)
    found = judged(table, UpliftParams(cost=0.16))
    assert found.tables["arms"]["heterogeneity"].to_list() == ["usable"]
    joined = found.tables["scores"].join(table, on="customer_id").sort("place")
    assert (joined["x"].head(1000) > 0).mean() > 0.9  # type: ignore[operator]
    assert joined["place"].to_list() == list(range(1, 4001))
    tenths = found.tables["tenths"]
    assert tenths["effect"][0] > tenths["effect"][9]
    assert tenths["so_far"][9] == pytest.approx(found.figures["ate"])
    assert "cost_first" in ids(found)


def test_an_effect_alike_for_all_is_no_heterogeneity() -> None:
    found = judged(trial(4000, differs=False))
    assert found.figures["heterogeneity"] == "none"
    assert found.tables["scores"].is_empty()
    assert found.figures["ate_low"] < 0.15 < found.figures["ate_high"]  # type: ignore[operator]


def test_verdicts_of_nothing_are_seldom_wrong() -> None:
    verdicts = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        table = trial(600, differs=False).with_columns(outcome=pl.Series(rng.random(600) < 0.3))
        verdicts.append(judged(table).figures["heterogeneity"])
    assert verdicts == ["none"] * 6


def test_leaving_is_not_wanted() -> None:
    table = trial(4000, differs=True, wanted=False)
    found = judged(table, UpliftParams(wanted=False))
    stayed = 1 - table.filter(pl.col("arm") == "offer")["outcome"].cast(pl.Float64)
    assert found.tables["arms"]["mean"].to_list() == pytest.approx([stayed.mean()])
    assert found.figures["ate"] == pytest.approx(0.15, abs=0.04)
    assert found.figures["heterogeneity"] == "usable"


def test_a_campaign_not_drawn_by_lot_is_told() -> None:
    found = judged(trial(2000, differs=False, by_lot=False))
    assert "not_by_lot" in ids(found)
    assert "not_by_lot" not in ids(judged(trial(2000, differs=False)))


def test_without_a_control_group_nothing_is_claimed() -> None:
    table = trial(300, differs=False).with_columns(arm=pl.lit("offer"))
    found = judged(table)
    assert ids(found) == ["no_control"]
    assert found.tables["arms"].is_empty()


def test_which_value_is_the_control_group() -> None:
    table = trial(150, differs=False)
    named = table.with_columns(arm=pl.col("arm").replace({"control": "a", "offer": "b"}))
    with pytest.raises(InputError, match="a, b"):
        judged(named)
    assert judged(named, UpliftParams(control="a")).tables["arms"]["arm"].to_list() == ["b"]
    with pytest.raises(InputError, match="'c'"):
        judged(named, UpliftParams(control="c"))
    numbers = table.with_columns(arm=(pl.col("arm") == "offer").cast(pl.Int64))
    assert judged(numbers).tables["arms"]["arm"].to_list() == ["1"]


def test_too_few_have_an_effect_alone() -> None:
    found = judged(trial(120, differs=True))
    assert ids(found)[1:] == ["few"]
    assert found.tables["learners"].is_empty()
    assert found.tables["arms"]["effect"].null_count() == 0
