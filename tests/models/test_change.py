"""Changes of a figure: by hand, and what the intervals enclose."""

import math

import numpy as np
import pytest

from acrm.models.change import Quotient, change


def test_a_share_changes_in_points_and_an_amount_in_shares() -> None:
    ones = np.ones(100)
    half, most = np.repeat([1.0, 0.0], 50), np.repeat([1.0, 0.0], [75, 25])
    points, low, high = change(Quotient(top=most, bottom=ones), Quotient(top=half, bottom=ones), relative=False)
    assert points == pytest.approx(0.25)
    assert low is not None
    assert high is not None
    # By hand: the variance of paired differences of 100 customers, 25 of whom changed by 1.
    assert high - points == pytest.approx(1.959964 * math.sqrt(25 * 0.75**2 + 75 * 0.25**2) / 100, rel=1e-6)
    assert change(Quotient(top=most), Quotient(top=half), relative=True)[0] == pytest.approx(0.5)


def test_of_few_customers_or_nothing_there_is_no_interval() -> None:
    few = np.concatenate([np.ones(20), np.zeros(200)])
    assert change(Quotient(top=few), Quotient(top=few), relative=True) == (0.0, None, None)
    nothing, low, high = change(Quotient(top=few), Quotient(top=few * 0), relative=True)
    assert math.isnan(nothing)
    assert low is None
    assert high is None
    assert math.isnan(Quotient(top=few, bottom=few * 0).value)


@pytest.mark.parametrize("relative", [True, False])
def test_intervals_enclose_no_change_as_often_as_they_say(relative: bool) -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        # Customers with rates of their own, the same in both periods.
        rate = rng.gamma(0.8, 1.0, 400)
        periods = []
        for _period in range(2):
            orders = rng.poisson(rate).astype(float)
            spend = np.array([rng.gamma(2.0, 10.0, int(count)).sum() for count in orders])
            periods.append(Quotient(top=spend, bottom=None if relative else orders))
        _, low, high = change(*periods, relative=relative)
        assert low is not None
        assert high is not None
        inside += low <= 0 <= high
    assert 0.92 <= inside / 400 <= 0.98
