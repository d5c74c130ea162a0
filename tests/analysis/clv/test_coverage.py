import numpy as np
import pytest

from acrm.models import purchases as models
from tests.benchmarks.clv_coverage import TRUTHS, coverage, simulated


@pytest.mark.parametrize("truth", ["bg-nbd", "mbg-nbd"])
def test_limits_hold_about_as_often_as_they_say(truth: str) -> None:
    held = list(coverage(truth, 5, 1000))
    # Thousands of customers, of ten sets altogether: their share is sure, that of the totals a coarse check.
    assert 0.77 < np.mean([one.fair for one in held]) < 0.83
    assert sum(one.orders + one.revenue for one in held) >= 5


def test_the_customers_are_made_as_the_models_have_it() -> None:
    for truth, parameters in TRUTHS.items():
        purchases, _, _ = simulated(truth, 20_000, np.random.default_rng(1), 0.0)
        grouped = purchases.until(purchases.end).grouped().histories
        _, fit = models.fit(truth, grouped)
        made = models.load(truth, parameters).log_likelihood(grouped)
        # Twice the gain of fitting is chi-square of four parameters; counting whole days adds a little.
        assert 2 * (fit.log_likelihood - made) < 30
