from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from acrm.models import purchases
from acrm.models.histories import Histories

if TYPE_CHECKING:
    from tests.models.conftest import Seen


@pytest.fixture
def customers(seen: Seen) -> Histories:
    """A few customers in whole units of time, so that all models take them."""
    base = seen(
        [0, 0, 1, 1, 2, 3, 4, 6, 9],
        [0, 0, 4, 17, 30, 12, 38, 25, 40],
        [30, 40, 40, 30, 40, 40, 40, 30, 40],
        [90, 60, 20, 9, 8, 6, 5, 3, 2],
    )
    return Histories(
        frequency=base.frequency, recency=base.recency, age=base.age, count=base.count, log_gaps=2 * base.frequency
    )


def test_names() -> None:
    regular = [f"{m}bg-cnbd-{k}" for k in (2, 3, 4) for m in ("", "m")]
    assert ("bg-nbd", "mbg-nbd", *regular, "pareto-nbd", "bg-bb") == purchases.NAMES


@pytest.mark.parametrize("name", purchases.NAMES)
def test_every_model_answers_within_what_is_possible(name: str, customers: Histories) -> None:
    model, fit = purchases.fit(name, customers)
    assert model.name == name
    assert model.parameters() == fit.parameters
    assert purchases.load(name, fit.parameters) == model
    assert model.log_likelihood(customers) == pytest.approx(fit.log_likelihood)
    again, refit = purchases.fit(name, customers, start=model, starts=1)
    assert refit.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-3)
    assert again.name == name

    alive, orders = model.p_alive(customers), model.expected_orders(customers, 20)
    some, discounted = model.p_order(customers, 20), model.discounted_orders(customers, 20, 0.01)
    assert ((alive > 0) & (alive <= 1)).all()
    assert (some <= np.minimum(alive, orders) + 1e-12).all()
    assert ((discounted > np.exp(-0.01 * 20) * orders) & (discounted < orders)).all()
    assert (model.expected_orders(customers, 10) < orders).all()
    assert (discounted < model.expected_residual(customers, 0.01)).all()
    new = model.expected_new(np.array([0.0, 10.0, 20.0]))
    assert new[0] == 0 < new[1] < new[2]
    drawn = model.draw(customers, 20, np.random.default_rng(0))
    assert drawn.dtype == np.int64
    assert (drawn >= 0).all()
    assert np.array_equal(drawn, model.draw(customers, 20, np.random.default_rng(0)))


@pytest.mark.parametrize("name", purchases.NAMES)
def test_histories_count_as_often_as_they_occur(name: str, customers: Histories) -> None:
    model, fit = purchases.fit(name, customers)
    times = customers.count.astype(int)
    assert customers.log_gaps is not None
    apart = Histories(
        frequency=np.repeat(customers.frequency, times),
        recency=np.repeat(customers.recency, times),
        age=np.repeat(customers.age, times),
        count=np.ones(times.sum()),
        log_gaps=np.repeat(customers.log_gaps, times),
    )
    assert model.log_likelihood(apart) == pytest.approx(fit.log_likelihood, rel=1e-12)
    assert model.expected_orders(apart, 20) == pytest.approx(np.repeat(model.expected_orders(customers, 20), times))


def test_nobody_came_back(seen: Seen) -> None:
    with pytest.raises(ValueError, match="no repeat orders"):
        purchases.fit("bg-nbd", seen([0, 0], 0, [9, 12]))


def test_customers_who_drop_out_alike_have_no_best_a_and_b(seen: Seen) -> None:
    rng = np.random.default_rng(0)
    frequency = rng.poisson(rng.gamma(0.6, 12, 400)).astype(float)
    recency = np.where(frequency > 0, np.ceil(100 * rng.random(400) ** (1 / np.maximum(frequency, 1))), 0)
    model, fit = purchases.fit("mbg-nbd", seen(frequency, recency, 100))
    assert not fit.converged
    assert fit.flat == ("a", "b")
    assert np.isfinite(model.expected_orders(seen(frequency, recency, 100), 50)).all()
