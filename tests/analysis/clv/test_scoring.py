"""Every customer's figures, and limits that hold what they say."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm.analysis.clv import scoring
from acrm.analysis.clv.fitting import Spend
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.purchases import Purchases
from acrm.analysis.clv.value import _fitted


@pytest.fixture(scope="module")
def valued(shop: Purchases) -> scoring.Valued:
    return _fitted("mbg-nbd", shop.until(shop.end), shop)


@pytest.fixture(scope="module")
def table(shop: Purchases, valued: scoring.Valued) -> pl.DataFrame:
    return scoring.scored(shop.ids, valued, ClvParams())


def floats(table: pl.DataFrame, name: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return table[name].cast(pl.Float64).to_numpy()


def test_figures_are_what_the_models_say(shop: Purchases, valued: scoring.Valued, table: pl.DataFrame) -> None:
    known, params = valued.known, ClvParams()
    assert table["customer_id"].to_list() == shop.ids.to_list() == sorted(shop.ids.to_list())
    assert (table["recency_days"].to_list(), table["age_days"].to_list()) == (
        known.recency.tolist(),
        known.age.tolist(),
    )
    # One customer at a time, without groups.
    assert valued.spend.model
    for place in (0, 17, 200):
        alone = replace(
            valued.grouped.histories,
            frequency=known.frequency[[place]],
            recency=known.recency[[place]] / 7,
            age=known.age[[place]] / 7,
            count=np.ones(1),
            log_gaps=None,
        )
        row = table.row(place, named=True)
        each = valued.spend.model.expected_spend(known.frequency[[place]], known.mean[[place]])[0]
        model = valued.model
        assert row["expected_orders"] == pytest.approx(model.expected_orders(alone, 365 / 7)[0], abs=1e-6)
        assert row["p_order"] == pytest.approx(model.p_order(alone, 365 / 7)[0], abs=1e-6)
        assert row["p_alive"] == pytest.approx(model.p_alive(alone)[0], abs=1e-6)
        assert float(row["expected_order_value"]) == pytest.approx(each, abs=1e-4)
        # 10% a year, and a year has 365.25 days.
        rate = np.log(1.1) / 365.25 * 7
        assert params.rate * 7 == pytest.approx(rate)
        assert float(row["clv"]) == pytest.approx(
            model.discounted_orders(alone, 365 / 7, rate)[0] * each, rel=1e-6, abs=1e-4
        )
        assert float(row["residual_value"]) == pytest.approx(
            model.expected_residual(alone, rate)[0] * each, rel=1e-6, abs=1e-4
        )


def test_margin_and_early_refunds_count_once(shop: Purchases, valued: scoring.Valued, table: pl.DataFrame) -> None:
    thin = scoring.scored(shop.ids, replace(valued, kept=0.9), ClvParams(margin=0.5))
    for name, share in (
        ("spend", 0.9),
        ("expected_order_value", 0.9),
        ("clv", 0.45),
        ("clv_low", 0.45),
        ("clv_high", 0.45),
        ("residual_value", 0.45),
        ("expected_orders", 1),
    ):
        assert floats(thin, name) == pytest.approx(floats(table, name) * share, abs=2e-4), name


def test_more_time_is_more_value_and_less_than_twice(
    shop: Purchases, valued: scoring.Valued, table: pl.DataFrame
) -> None:
    twice = scoring.scored(shop.ids, valued, ClvParams(horizon=730))
    for name in ("expected_orders", "clv"):
        one, two = floats(table, name), floats(twice, name)
        assert (two >= one - 1e-4).all()
        assert (two <= 2 * one + 1e-3).all()
    assert (twice["p_order"] >= table["p_order"]).all()
    assert twice["residual_value"].equals(table["residual_value"])
    assert (floats(twice, "clv") <= floats(twice, "residual_value") + 1e-3).all()
    century = scoring.scored(shop.ids, valued, ClvParams(horizon=36525))
    assert floats(century, "clv").sum() == pytest.approx(floats(table, "residual_value").sum(), rel=1e-3)


def test_without_discount_value_has_no_end(shop: Purchases, valued: scoring.Valued, table: pl.DataFrame) -> None:
    plain = scoring.scored(shop.ids, valued, ClvParams(discount=0.0))
    assert plain["residual_value"].null_count() == plain.height
    assert floats(plain, "clv") == pytest.approx(
        floats(plain, "expected_orders") * floats(plain, "expected_order_value"), rel=1e-5, abs=1e-3
    )
    dear = scoring.scored(shop.ids, valued, ClvParams(discount=10.0))
    assert (floats(dear, "clv") <= floats(table, "clv") + 1e-4).all()
    assert (floats(table, "clv") <= floats(plain, "clv") + 1e-4).all()


def test_wider_probability_wider_limits(shop: Purchases, valued: scoring.Valued) -> None:
    made = [scoring.scored(shop.ids, valued, ClvParams(interval=level)) for level in (0.3, 0.8, 0.99)]
    for narrow, wide in pairwise(made):
        assert (wide["clv_low"] <= narrow["clv_low"]).all()
        assert (wide["clv_high"] >= narrow["clv_high"]).all()
    assert (made[0]["clv_low"] >= 0).all()


def test_limits_hold_what_they_say(shop: Purchases, valued: scoring.Valued) -> None:
    """Futures drawn customer by customer, with parameters and spend of their own, fall inside as often as is said."""
    params = ClvParams(interval=0.8, discount=0.0)
    table = scoring.scored(shop.ids, valued, params)
    rng = np.random.default_rng(11)
    futures = scoring.money(valued, 365 / 7, slice(None), rng, 50, 99)
    spend = valued.spend
    scale = scoring._scale(spend, valued.known.frequency, valued.known.mean)
    came = futures[:, valued.grouped.group] * scale
    inside = (came >= floats(table, "clv_low") - 1e-3) & (came <= floats(table, "clv_high") + 1e-3)
    # Whole orders: at least 80%, and of those who surely order not much more.
    assert 0.78 < inside.mean() < 0.92
    often = floats(table, "expected_orders") > 8
    assert often.sum() > 20
    assert 0.77 < inside[:, often].mean() < 0.84
    assert came.mean() == pytest.approx(floats(table, "clv").mean(), rel=0.1)


def test_draws_are_those_of_the_seed(shop: Purchases, valued: scoring.Valued, table: pl.DataFrame) -> None:
    assert_frame_equal(scoring.scored(shop.ids, valued, ClvParams()), table)
    other = scoring.scored(shop.ids, valued, ClvParams(seed=1))
    assert not other["clv_high"].equals(table["clv_high"])
    assert other["clv"].equals(table["clv"])


def test_without_a_model_of_spend_every_order_counts_the_same(shop: Purchases, valued: scoring.Valued) -> None:
    flat = replace(valued, spend=Spend(model=None, fit=None, mean=10.0, correlation=0.0))
    found = scoring.scored(shop.ids, flat, ClvParams(discount=0.0))
    assert set(found["expected_order_value"].to_list()) == {10}
    assert floats(found, "clv") == pytest.approx(floats(found, "expected_orders") * 10, abs=1e-4)
