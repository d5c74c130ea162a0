import numpy as np

from acrm.models import purchases as models
from tests.benchmarks.clv_coverage import TRUTHS, coverage, simulated


def test_limits_hold_about_as_often_as_they_say() -> None:
    held = [one for truth in ("bg-nbd", "mbg-nbd") for one in coverage(truth, 5, 1000)]
    # Of thousands of customers the share is sure; of ten totals, two figures each, it is a coarse check.
    assert 0.78 < np.mean([one.fair for one in held]) < 0.82
    assert sum(one.orders + one.revenue for one in held) >= 10


def test_the_customers_are_made_as_the_models_have_it() -> None:
    for truth, parameters in TRUTHS.items():
        purchases, _, _ = simulated(truth, 20_000, np.random.default_rng(1), 0.0)
        grouped = purchases.until(purchases.end).grouped().histories
        _, fit = models.fit(truth, grouped)
        made = models.load(truth, parameters).log_likelihood(grouped)
        # Twice the gain of fitting is chi-square of four parameters; counting whole days adds a little.
        assert 2 * (fit.log_likelihood - made) < 30
