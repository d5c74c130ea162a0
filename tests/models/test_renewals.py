from __future__ import annotations

import numpy as np
import pytest

from acrm.models import renewals
from acrm.models.renewals import future_orders


@pytest.mark.parametrize(("a", "b"), [(0.793, 2.426), (1.0, 3.0), (0.05, 9.0), (7.0, 0.3), (3.0, 60.0)])
@pytest.mark.parametrize("horizon", [0.5, 39.0, 520.0])
@pytest.mark.parametrize("discount", [0.0, 0.0027, 0.1])
def test_two_ways_to_count_orders_agree(
    a: float, b: float, horizon: float, discount: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "_MANY", 3e4)
    rates = np.geomspace(1e-4, 50, 20)
    series = renewals._by_series(rates, a, b, horizon, discount, 1, 0)
    assert renewals._by_quadrature(rates, a, b, horizon, discount, 1, 0) == pytest.approx(series, rel=1e-9)


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize(("a", "b"), [(0.793, 2.426), (1.0, 3.0), (0.05, 9.0), (7.0, 0.3), (3.0, 60.0)])
def test_two_ways_to_count_regular_orders_agree_where_one_takes_over(
    a: float, b: float, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = np.array([8.0, 10.0, 20.0])
    monkeypatch.setattr(renewals, "_MANY", 4000.0)
    for phase in range(k):
        for discount in (0.0, 0.0027, 0.5):
            series = renewals._by_series(rates, a, b, 52.0, discount, k, phase)
            found = renewals._by_quadrature(rates, a, b, 52.0, discount, k, phase)
            assert found == pytest.approx(series, rel=1e-9)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_a_far_horizon_is_none(k: int) -> None:
    scales = np.array([5.0, 40.0])
    for phase in range(k):
        far = future_orders(1.5, scales, 0.8, 2.4, 3000.0, 0.02, k, phase)
        assert far == pytest.approx(future_orders(1.5, scales, 0.8, 2.4, np.inf, 0.02, k, phase), rel=1e-9)
        never = future_orders(1.5, scales, 1.8, 2.4, np.inf, 1e-12, k, phase)
        assert never == pytest.approx([3.2 / 0.8, 3.2 / 0.8], rel=1e-3)
    assert np.isinf(future_orders(1.5, scales, 0.8, 2.4, np.inf, 0.0, k)).all()


def test_who_is_nearer_the_next_order_has_more_to_come() -> None:
    orders = [future_orders(2.0, np.array([9.0]), 0.8, 2.4, 20.0, 0.0, 3, phase)[0] for phase in range(3)]
    assert orders[0] < orders[1] < orders[2]
