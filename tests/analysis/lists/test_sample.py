"""Samples: sizes by the formula, weights that give the customers back, the same draw whatever else there is."""

from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.lists.sample import sample
from acrm.errors import InputError, UsageError


def people(**sizes: int) -> pl.DataFrame:
    rows = [
        (f"{region}{n:05}", None if region == "unknown" else region) for region in sizes for n in range(sizes[region])
    ]
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "region": pl.String}, orient="row")


def test_sizes_are_those_of_the_tables() -> None:
    """384.15 of an endless population for 5 points at 95%; the usual figures of survey tables for small ones."""
    found = sample(people(a=100, b=1000, c=10_000, d=3), by=["region"]).strata
    assert dict(found.select("stratum", "sampled").rows()) == {"a": 80, "b": 278, "c": 370, "d": 3}
    assert found.filter(pl.col("stratum") == "d")["margin"].to_list() == [0]
    reached = found.filter(pl.col("stratum") == "b")["margin"][0]
    assert reached == pytest.approx(1.959964 * sqrt(0.25 / 278 * (1000 - 278) / 999))
    assert reached <= 0.05 < 1.959964 * sqrt(0.25 / 277 * (1000 - 277) / 999)


def test_the_margin_holds_in_as_many_samples_as_it_says() -> None:
    everybody = people(a=800)
    yes = {one for n, one in enumerate(everybody["customer_id"]) if n % 2}
    shares = [np.mean([one in yes for one in sample(everybody, seed=seed).table["customer_id"]]) for seed in range(200)]
    assert 0.9 <= np.mean([abs(share - 0.5) <= 0.05 for share in shares]) <= 0.99
    assert np.mean(shares) == pytest.approx(0.5, abs=0.01)


def test_weights_give_the_customers_back() -> None:
    found = sample(people(a=500, b=2000, unknown=40), by=["region"])
    sums = dict(found.table.group_by("stratum").agg(pl.col("weight").sum().round(6)).rows())
    assert sums == {"a": 500, "b": 2000, None: 40}
    weights = found.table["weight"].to_numpy()
    kish = len(weights) * (weights**2).sum() / weights.sum() ** 2
    assert found.figures["sample_design_effect"] == pytest.approx(kish)
    margins = found.strata["margin"].to_numpy() * found.strata["customers"].to_numpy() / 2540
    assert found.figures["sample_margin"] == pytest.approx(sqrt((margins**2).sum()))


def test_the_draw_depends_on_ids_and_seed_alone() -> None:
    everybody = people(a=1500)
    one = sample(everybody)
    assert one.table.equals(sample(everybody.reverse()).table)
    assert not one.table.equals(sample(everybody, seed=1).table)
    # Half of the customers go: those who stay keep their order.
    fewer = sample(everybody.gather_every(2)).table["customer_id"].to_list()
    kept = [name for name in one.table["customer_id"] if int(name[1:]) % 2 == 0]
    assert fewer[: len(kept)] == kept


def test_who_refuses_is_not_asked_and_the_margin_grows() -> None:
    everybody = people(a=100)
    barred = everybody["customer_id"].head(60)
    found = sample(everybody, by=["region"], refusing=barred)
    assert not set(found.table["customer_id"]) & set(barred)
    assert found.strata.select("customers", "willing", "needed", "sampled").rows() == [(100, 40, 80, 40)]
    assert found.strata["margin"][0] > 0.1
    assert [note.id for note in found.notes] == ["segment_sample.refusing", "segment_sample.short"]
    nobody = sample(everybody, refusing=everybody["customer_id"])
    assert (nobody.table.height, nobody.figures["sample_margin"], nobody.strata["margin"].to_list()) == (
        0,
        None,
        [None],
    )


@pytest.mark.parametrize("wrong", [{"margin": 0.0}, {"margin": 1.5}, {"level": 1.0}, {"by": ["customer_id"]}])
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        sample(people(a=60), **wrong)


def test_a_column_that_there_is_not_is_named() -> None:
    with pytest.raises(InputError, match="regions"):
        sample(people(a=60), by=["regions"])
