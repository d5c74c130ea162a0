from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.models.npv import Annuity, Convention

TEXTBOOK = Annuity(margin=100, retention=0.8, discount=0.1)
CONVENTIONS: list[Convention] = ["prospect", "existing", "period-end", "mid-period"]

shares = st.floats(0, 1)
annuities = st.builds(
    Annuity,
    margin=st.floats(-1e6, 1e6),
    retention=st.one_of(shares, st.lists(shares, min_size=1, max_size=8).map(np.asarray)),
    discount=st.floats(0, 2),
    convention=st.sampled_from([name for name in CONVENTIONS if name != "existing"]),
    periods=st.integers(1, 40),
    acquisition_cost=st.floats(0, 1e6),
    growth=st.floats(-0.5, 0.5),
)


# Fader & Hardie, note 024: the formulas of three textbooks for the same inputs; the fourth is theirs times sqrt(1 + d).
@pytest.mark.parametrize(
    ("convention", "value"),
    [("prospect", 366.67), ("existing", 266.67), ("period-end", 333.33), ("mid-period", 349.60)],
)
def test_four_conventions_of_one_customer(convention: Convention, value: float) -> None:
    assert replace(TEXTBOOK, convention=convention).value == pytest.approx(value, abs=0.005)


def test_ten_years() -> None:
    ten = replace(TEXTBOOK, periods=10)
    assert replace(ten, convention="existing").npv == pytest.approx(255.6274, abs=5e-5)
    assert replace(ten, acquisition_cost=150).npv == pytest.approx(201.4876, abs=5e-5)
    assert ten.value == pytest.approx(351.4876, abs=5e-5)
    assert replace(ten, acquisition_cost=ten.value).npv == 0


# n payments bring 1 - (r / (1 + d))^n of the value: "at 5 years" is n = 5, a sum over t = 0 ... 5 is n = 6.
@pytest.mark.parametrize(("retention", "five", "six"), [(0.6, 0.952, 0.974), (0.8, 0.797, 0.852), (0.9, 0.633, 0.700)])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_share_of_the_whole_value_by_horizon(retention: float, five: float, six: float, convention: Convention) -> None:
    shares = replace(TEXTBOOK, retention=retention, convention=convention).shares(400)
    assert shares[4:6] == pytest.approx([five, six], abs=5e-4)
    assert shares[-1] == pytest.approx(1, abs=1e-12)


@given(annuities)
def test_schedule_adds_up_to_the_value(terms: Annuity) -> None:
    rows = terms.schedule()
    assert rows.period.size == terms.periods
    assert rows.cumulative[-1] == pytest.approx(terms.npv, rel=1e-9, abs=1e-6)
    assert rows.present == pytest.approx(rows.survival * rows.margin * rows.factor)


@given(annuities, st.integers(0, 6))
def test_a_row_of_equal_retentions_is_the_constant(terms: Annuity, more: int) -> None:
    constant = float(np.atleast_1d(terms.retention)[0])
    row = replace(terms, retention=np.full(1 + more, constant))
    assert row.value == pytest.approx(replace(terms, retention=constant).value, rel=1e-12)


@given(
    st.lists(shares, min_size=1, max_size=6).map(np.asarray),
    st.floats(0.05, 1),
    st.sampled_from(CONVENTIONS),
    st.floats(-0.3, 0.04),
)
def test_without_horizon_is_the_limit_of_long_horizons(
    retention: np.ndarray[tuple[int], np.dtype[np.float64]], discount: float, convention: Convention, growth: float
) -> None:
    terms = Annuity(margin=1, retention=retention, discount=discount, convention=convention, growth=growth)
    assert terms.multiple == pytest.approx(replace(terms, periods=6000).multiple, rel=1e-9)


def test_retention_of_each_renewal() -> None:
    terms = Annuity(margin=100, retention=np.array([0.5, 0.8]), discount=0.25, convention="existing", periods=4)
    assert terms.schedule().survival == pytest.approx([0.5, 0.4, 0.32, 0.256])
    assert terms.value == pytest.approx(100 * (0.5 / 1.25 + 0.4 / 1.25**2 + 0.32 / 1.25**3 + 0.256 / 1.25**4))


def test_growth_counts_from_the_second_payment() -> None:
    # Gupta, Lehmann & Stuart: m r / (1 + i - r (1 + g)).
    growing = replace(TEXTBOOK, convention="existing", growth=0.05)
    assert growing.value == pytest.approx(100 * 0.8 / (1.1 - 0.8 * 1.05))
    assert replace(TEXTBOOK, growth=0.375).value == math.inf


def test_no_discount_is_margin_by_churn() -> None:
    assert replace(TEXTBOOK, discount=0).value == pytest.approx(500)
    assert replace(TEXTBOOK, discount=0, retention=1).value == math.inf
    assert replace(TEXTBOOK, discount=0, retention=np.array([0.0, 1.0])).value == 100


def test_payback_counts_payments() -> None:
    # Expected margins 100, 80, 64, 51.2, ...; discounted 100, 72.73, 52.89, 38.47, ...
    assert replace(TEXTBOOK, acquisition_cost=244).payback(discounted=False) == 3
    assert replace(TEXTBOOK, acquisition_cost=244.1).payback(discounted=False) == 4
    assert replace(TEXTBOOK, acquisition_cost=244).payback(discounted=True) == 4
    assert replace(TEXTBOOK, acquisition_cost=0).payback(discounted=True) == 0
    assert replace(TEXTBOOK, acquisition_cost=500).payback(discounted=False) is None
    assert replace(TEXTBOOK, acquisition_cost=244.1, periods=3).payback(discounted=False) is None
    assert replace(TEXTBOOK, acquisition_cost=1, margin=-5).payback(discounted=False) is None
    assert replace(TEXTBOOK, acquisition_cost=7e4, retention=1, discount=0).payback(discounted=False) == 700


@given(annuities, st.booleans())
def test_payback_is_the_first_payment_that_covers_the_cost(terms: Annuity, discounted: bool) -> None:
    undiscounted = terms if discounted else replace(terms, discount=0)
    covered = np.flatnonzero(undiscounted.schedule().cumulative >= -1e-9 * terms.acquisition_cost)
    found = terms.payback(discounted=discounted)
    if terms.acquisition_cost == 0:
        assert found == 0
    elif found is None:
        assert terms.margin <= 0 or not covered.size or undiscounted.npv <= 1e-9 * terms.acquisition_cost
    else:
        assert covered[0] + 1 <= found
        assert undiscounted.schedule(found).cumulative[-1] >= -1e-9 * terms.acquisition_cost
        assert found == 1 or undiscounted.schedule(found - 1).cumulative[-1] <= 1e-9 * terms.acquisition_cost


def test_what_a_point_more_is_worth() -> None:
    change = replace(TEXTBOOK, acquisition_cost=150).sensitivity()
    assert change.retention == pytest.approx(110 / 0.29 - 110 / 0.3)
    assert change.margin == pytest.approx(110 / 0.3 / 100)
    assert change.acquisition_cost == pytest.approx(1.5)
    assert change.discount == pytest.approx(111 / 0.31 - 110 / 0.3)
    assert replace(TEXTBOOK, retention=1).sensitivity().retention == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention": 1.01},
        {"retention": np.array([])},
        {"retention": np.array([[0.5]])},
        {"retention": math.nan},
        {"discount": -0.01},
        {"discount": math.inf},
        {"growth": -1.0},
        {"acquisition_cost": -1.0},
        {"periods": 0},
        {"convention": "existing", "acquisition_cost": 1.0},
    ],
)
def test_outside_of_the_domain(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(TEXTBOOK, **wrong)


def test_what_needs_a_finite_value() -> None:
    endless = replace(TEXTBOOK, retention=1, discount=0)
    with pytest.raises(ValueError, match="no end"):
        endless.shares(5)
    with pytest.raises(ValueError, match="no end"):
        endless.sensitivity()
    with pytest.raises(ValueError, match="no last payment"):
        endless.schedule()


@given(annuities)
def test_months_agree_with_years_and_with_the_value(terms: Annuity) -> None:
    for discounted in (False, True):
        years, months = terms.payback(discounted=discounted), terms.payback_months(discounted=discounted)
        assert (years is None) == (months is None)
        if years is not None and months is not None:
            assert years == math.ceil(months / 12)
    if terms.npv > 1e-6 and terms.acquisition_cost:
        assert terms.payback_months(discounted=True) is not None


def test_months_to_pay_back() -> None:
    # 100 in the first year, 80 in the second: 50 of it are there after seven and a half months.
    assert replace(TEXTBOOK, acquisition_cost=150.0).payback_months(discounted=False) == 20
    assert replace(TEXTBOOK, acquisition_cost=100.0).payback_months(discounted=False) == 12
    assert replace(TEXTBOOK, acquisition_cost=501.0).payback_months(discounted=False) is None
    assert TEXTBOOK.payback_months(discounted=True) == 0
