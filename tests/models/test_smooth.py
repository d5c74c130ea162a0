import numpy as np
import pytest

from acrm.models.betageo import BetaGeometric
from acrm.models.histories import Histories


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize(("horizon", "discount"), [(52.0, 0.0), (52.0, 0.002), (np.inf, 0.002)])
def test_many_histories_at_once_come_out_as_one_by_one(k: int, horizon: float, discount: float) -> None:
    rng = np.random.default_rng(0)
    frequency = rng.integers(0, 400, 8000).astype(float) * (rng.random(8000) < 0.7)
    age = rng.integers(1, 730, 8000) / 7
    recency = age * rng.random(8000) * (frequency > 0)
    whole = Histories(frequency=frequency, recency=recency, age=age, count=np.ones(8000))
    model = BetaGeometric(r=0.24, alpha=4.4, a=0.79, b=2.4, k=k, dropout_at_zero=True)
    found = model.discounted_orders(whole, horizon, discount)
    few = rng.integers(0, 8000, 30)
    some = Histories(frequency=frequency[few], recency=recency[few], age=age[few], count=np.ones(30))
    assert found[few] == pytest.approx(model.discounted_orders(some, horizon, discount), rel=1e-8)
