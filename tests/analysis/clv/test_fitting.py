"""Which models are tried, how they are judged, and what an order is worth."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.clv import fitting
from acrm.analysis.clv.purchases import Purchases, read_purchases
from acrm.analysis.clv.validation import tracking
from tests.analysis.clv.conftest import Line, Lines


@pytest.fixture(scope="module")
def held(shop: Purchases) -> fitting.Trial:
    found = fitting.trial(shop, 90)
    assert found
    return found


@pytest.fixture(scope="module")
def found(held: fitting.Trial) -> list[fitting.Candidate]:
    return fitting.candidates("auto", held)


def test_the_forecast_knows_nothing_of_the_time_it_is_held_against(orders: pl.LazyFrame, shop: Purchases) -> None:
    end = shop.as_of.toordinal() - 90
    known = orders.filter(pl.col("ordered_on") <= pl.lit(shop.as_of) - pl.duration(days=90))
    earlier = read_purchases(known, as_of=shop.as_of.fromordinal(end))
    held = fitting.trial(shop, 90)
    assert held
    whole = earlier.until(earlier.end).grouped()
    for name in ("frequency", "recency", "age", "count"):
        assert getattr(held.grouped.histories, name).tolist() == getattr(whole.histories, name).tolist()
    mine, theirs = (fitting._candidate("mbg-nbd", replace(held, grouped=each)) for each in (held.grouped, whole))
    assert mine.forecast.tolist() == theirs.forecast.tolist()


def test_the_held_out_orders_are_those_of_known_customers(orders: pl.LazyFrame, shop: Purchases) -> None:
    held = fitting.trial(shop, 90)
    assert held
    rows = orders.select("customer_id", "ordered_on").unique().collect().rows()
    cut = shop.as_of.toordinal() - 90
    known = {name for name, day in rows if day.toordinal() <= cut}
    counts = dict.fromkeys(sorted(known), 0)
    for name, day in rows:
        if name in known and day.toordinal() > cut:
            counts[name] += 1
    assert held.orders.tolist() == list(counts.values())
    assert held.later.histories.count.sum() == len(known)
    assert held.later.histories.frequency @ held.later.histories.count == held.known.frequency.sum() + sum(
        counts.values()
    )


def test_at_most_half_of_the_time_is_held_out(lines: Lines, shop: Purchases) -> None:
    whole = fitting.trial(shop, 3650)
    assert whole
    assert whole.days == -(-shop.span // 2)
    rows: list[Line] = [("ada", 0, 1), ("ada", 9, 1), ("ada", 53, 1)]
    assert fitting.trial(read_purchases(lines(rows), as_of=None), 365) is None
    # Nobody had come back before.
    rows = [("ada", 0, 1), ("ada", 150, 1), ("bob", 200, 1)]
    assert fitting.trial(read_purchases(lines(rows), as_of=None), 100) is None


def test_regular_buying_is_tried_while_it_fits_better(found: list[fitting.Candidate]) -> None:
    names = [one.model.name for one in found]
    assert names[:3] == ["bg-nbd", "mbg-nbd", "pareto-nbd"]
    tried = [found[1].fit.log_likelihood, *(one.fit.log_likelihood for one in found[3:])]
    assert all(later > earlier for earlier, later in pairwise(tried[:-1]))
    assert len(tried) == 4 or tried[-1] <= tried[-2]


def test_likelihood_decides_and_error_among_equals(held: fitting.Trial, found: list[fitting.Candidate]) -> None:
    base = found[1]

    def made(name: str, held_out: float, off: float, **fit: Any) -> fitting.Candidate:
        model = next(one.model for one in found if one.model.name == name)
        return replace(base, model=model, held_out=held_out, forecast=held.orders + off, fit=replace(base.fit, **fit))

    best = made("bg-nbd", -100.0, 0.5)
    assert fitting.chosen([best, made("mbg-nbd", -103.0, 0.1)], held) is best
    nearer = made("mbg-nbd", -101.5, 0.1)
    assert fitting.chosen([best, nearer], held) is nearer
    lost = made("pareto-nbd", -50.0, 0.0, converged=False, flat=())
    assert fitting.chosen([best, lost], held) is best
    on_a_ridge = made("pareto-nbd", -50.0, 0.0, converged=False, flat=("s", "beta"))
    assert fitting.chosen([best, on_a_ridge], held) is on_a_ridge
    # Where nothing else tells them apart, the name does.
    equal = made("mbg-nbd", -100.0, 0.5)
    assert fitting.chosen([equal, best], held) is best


def test_a_heavy_tail_of_spend_counts_as_the_mean_of_all(lines: Lines) -> None:
    rng = np.random.default_rng(5)
    rows = [
        (f"c{who}", 10 * day, round(float(scale) + 0.01, 2))
        for who, scale in enumerate(rng.pareto(0.6, 300) * 10)
        for day in range(4)
    ]
    known = read_purchases(lines(rows), as_of=None).until(1e9)
    spend = fitting.spend_of(known)
    assert spend.fit
    assert spend.fit.parameters["q"] <= 1
    assert spend.model is None
    assert spend.mean == pytest.approx(np.mean([amount for _, day, amount in rows if day]))
    assert spend.expected(known.frequency, known.mean).tolist() == [spend.mean] * 300


def test_equal_amounts_are_no_correlation(lines: Lines) -> None:
    rows = [(f"c{who}", 3 * day, 10.1) for who in range(40) for day in range(2 + who % 9)]
    spend = fitting.spend_of(read_purchases(lines(rows), as_of=None).until(1e9))
    assert spend.correlation == 0
    assert spend.expected(np.array([0.0, 5.0]), np.array([0.0, 10.1])) == pytest.approx([10.1, 10.1])


def test_the_published_holdout(cdnow: pl.LazyFrame) -> None:
    """Fader, Hardie and Lee (2005) and the figures of independent programs for the same split."""
    purchases = read_purchases(cdnow, as_of=_day("1998-06-30"))
    held = fitting.trial(purchases, 273)
    assert held
    assert (held.days, len(held.orders), held.orders.sum()) == (273, 2357, 1882)
    published = {
        "bg-nbd": (-9582.4292, 1653.4, 0.7855, 1.6080, 4160.6),
        "mbg-nbd": (-9582.1357, 1576.7, 0.7648, 1.6072, None),
        "pareto-nbd": (-9594.9762, 1665.5, 0.7545, 1.6028, 4270.0),
    }
    for name, (likelihood, forecast, mae, rmse, cumulative) in published.items():
        (one,) = fitting.candidates(name, held)
        off = one.forecast - held.orders
        assert one.fit.log_likelihood == pytest.approx(likelihood, abs=1e-3)
        assert one.forecast.sum() == pytest.approx(forecast, abs=0.1)
        assert float(np.abs(off).mean()) == pytest.approx(mae, abs=1e-4)
        assert float(np.sqrt((off**2).mean())) == pytest.approx(rmse, abs=1e-4)
        if cumulative:
            weeks = tracking(purchases, one.model, held.cut)
            assert weeks["week"].to_list() == list(range(1, 79))
            assert weeks["actual_cumulative"][-1] == 4339
            assert weeks["held_out"].sum() == 39
            assert weeks.filter("held_out")["actual"].sum() == 1882
            assert weeks["expected_cumulative"][-1] == pytest.approx(cumulative, abs=0.6)
    spend = fitting.spend_of(held.known)
    assert spend.model
    assert spend.model.parameters() == pytest.approx({"p": 6.2496, "q": 3.7442, "gamma": 15.4435}, rel=0.01)


def _day(word: str) -> Any:
    from datetime import date

    return date.fromisoformat(word)
