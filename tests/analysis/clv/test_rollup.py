"""Households and companies: the whole stays what it was."""

import math

import numpy as np
import polars as pl
import pytest

from acrm.analysis.clv.rollup import Object, deciles, members, roll_up
from acrm.errors import InputError, UsageError

PEOPLE = pl.LazyFrame(
    {
        "customer_id": ["ann", "bob", "cid", "dan", "firm"],
        "household_id": ["ann", "ann", None, "cid", None],
        "company_id": ["firm", None, "firm", "Other Ltd", None],
    }
)
SCORES = pl.DataFrame(
    {
        "customer_id": ["ann", "bob", "cid", "new"],
        "frequency": [3, 1, 0, 2],
        "recency_days": [90, 20, 0, 5],
        "age_days": [100, 150, 40, 9],
        "expected_orders": [3.0, 1.0, 0.0, 0.5],
        "p_order": [0.9, 0.5, 0.0, 0.4],
        "p_alive": [0.8, 0.6, 1.0, 0.7],
        "expected_order_value": [10.0, 30.0, 20.0, 8.0],
        "clv": [30.0, 30.0, 0.0, 4.0],
        "clv_low": [27.0, 26.0, 0.0, 0.0],
        "clv_high": [36.0, 38.0, 0.0, 3.0],
        "residual_value": [50.0, None, 0.0, 6.0],
        "decile": [1, 1, 8, 6],
        "quadrant": ["a", "b", "c", "d"],
    }
)


def objects(kind: Object) -> dict[str, str]:
    return dict(members(PEOPLE, kind).rows())


def test_without_a_household_one_stays_oneself() -> None:
    # Household "cid" is not that of the customer cid.
    assert objects("household") == {"ann": "ann", "bob": "ann", "cid": "customer:cid", "dan": "cid", "firm": "firm"}
    assert objects("company") == {"ann": "firm", "bob": "bob", "cid": "firm", "dan": "Other Ltd", "firm": "firm"}
    assert objects("customer") == {name: name for name in ("ann", "bob", "cid", "dan", "firm")}


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(InputError):
        members(PEOPLE.drop("company_id"), "company")
    with pytest.raises(UsageError):
        members(PEOPLE, "street")  # type: ignore[arg-type]


def test_a_household_is_one_buyer() -> None:
    found = roll_up(SCORES, members(PEOPLE, "household"))
    assert found["object_id"].to_list() == ["ann", "customer:cid", "new"]
    ann = found.row(0, named=True)
    assert (ann["members"], ann["frequency"], ann["expected_orders"], ann["clv"]) == (2, 4, 4.0, 60.0)
    assert ann["p_order"] == pytest.approx(1 - 0.1 * 0.5)
    assert ann["p_alive"] == pytest.approx(1 - 0.2 * 0.4)
    assert ann["expected_order_value"] == pytest.approx((3 * 10 + 1 * 30) / 4)
    # Bob came first, 150 days ago; the last order is ann's, 10 days ago.
    assert (ann["age_days"], ann["recency_days"]) == (150, 140)
    assert (ann["clv_low"], ann["clv_high"]) == (60 - math.hypot(3, 4), 60 + math.hypot(6, 8))
    assert ann["residual_value"] is None
    assert found["decile"].to_list() == [1, 7, 4]
    assert "quadrant" not in found.columns


def test_one_alone_keeps_the_row() -> None:
    found = roll_up(SCORES, members(PEOPLE, "customer"))
    assert found.drop("members", "decile").rows() == SCORES.drop("quadrant", "decile").rows()


def test_totals_tie_and_the_order_of_rows_does_not_matter() -> None:
    of = members(PEOPLE, "company")
    found = roll_up(SCORES, of)
    for name in ("frequency", "expected_orders", "clv"):
        assert found[name].sum() == pytest.approx(SCORES[name].sum())
    assert found["members"].sum() == SCORES.height
    assert roll_up(SCORES.reverse(), of.reverse()).equals(found)


def test_draws_keep_what_customers_have_in_common() -> None:
    together = np.random.default_rng(0).normal(30, 5, 4000)
    draws = np.stack([together, together, np.zeros(4000), np.full(4000, 4.0)])
    found = roll_up(SCORES, members(PEOPLE, "household"), draws=draws)
    # Twice the same variable: twice the deviation, not the root of it.
    assert found["clv_high"][0] - 60 == pytest.approx(1.2816 * 10, rel=0.05)
    assert found["clv_low"][0] - 60 == pytest.approx(-1.2816 * 10, rel=0.05)


def test_deciles_are_tenths_and_equal_values_share_one() -> None:
    assert deciles(pl.Series(range(20))).to_list() == [10 - n // 2 for n in range(20)]
    assert deciles(pl.Series([1.0] * 10)).to_list() == [1] * 10
