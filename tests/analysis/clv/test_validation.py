"""Errors and curves against the plainest reckoning there is."""

import itertools
from dataclasses import replace
from statistics import mean

import numpy as np
import polars as pl
import pytest

from acrm.analysis.clv import fitting, validation
from acrm.analysis.clv.purchases import Known, Purchases, read_purchases
from acrm.messages import Message
from acrm.models.histories import FloatArray
from tests.analysis.clv.conftest import Line, Lines


def plain_top(actual: list[float], forecast: list[float]) -> float:
    """Share of the orders that the best tenth made, on average over all orders of equal forecasts."""
    found = []
    size = len(actual) / 10
    for order in itertools.permutations(range(len(actual))):
        ranked = sorted(order, key=lambda at: -forecast[at])
        whole = int(size)
        part = sum(actual[at] for at in ranked[:whole])
        if whole < size:
            part += (size - whole) * actual[ranked[whole]]
        found.append(part / sum(actual))
    return mean(found)


def plain_gini(actual: list[float], forecast: list[float]) -> float:
    """Of pairs of a higher and a lower forecast: how much more the higher did, by how much more they could have."""

    def pairs(by: list[float]) -> float:
        return sum(
            actual[one] - actual[other] for one in range(len(by)) for other in range(len(by)) if by[one] > by[other]
        )

    return pairs(forecast) / pairs(actual)


@pytest.mark.parametrize("seed", range(4))
def test_errors_are_what_plain_python_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    actual = rng.poisson(1.5, 7).astype(float)
    actual[0] += 1
    forecast = rng.choice([0.2, 0.9, 1.4], 7)
    told, came = forecast.tolist(), actual.tolist()
    found = validation._measured(actual, forecast)
    assert found["forecast"] == pytest.approx(sum(told))
    assert found["bias"] == pytest.approx(sum(told) / sum(came) - 1)
    assert found["mae"] == pytest.approx(mean(abs(a - b) for a, b in zip(told, came, strict=True)))
    assert found["rmse"] == pytest.approx(mean((a - b) ** 2 for a, b in zip(told, came, strict=True)) ** 0.5)
    assert found["top_decile"] == pytest.approx(plain_top(came, told))
    assert found["gini"] == pytest.approx(plain_gini(came, told))


def test_a_perfect_forecast_and_none() -> None:
    actual: FloatArray = np.array([3.0, 0, 1, 0])
    assert validation._measured(actual, actual)["gini"] == pytest.approx(1)
    assert validation._measured(actual, -actual)["gini"] == pytest.approx(-1)
    assert validation._measured(actual, np.ones(4))["gini"] == pytest.approx(0)
    nobody = validation._measured(np.zeros(4), np.ones(4))
    assert (nobody["bias"], nobody["top_decile"], nobody["gini"], nobody["correlation"]) == (None,) * 4
    equal = validation._measured(np.ones(4), actual)
    assert (equal["gini"], equal["top_decile"]) == (None, pytest.approx(0.1))


@pytest.fixture(scope="module")
def judged(shop: Purchases) -> tuple[fitting.Trial, list[fitting.Candidate]]:
    held = fitting.trial(shop, 90)
    assert held
    return held, fitting.candidates("mbg-nbd", held)


def test_naive_rules_stand_beside(judged: tuple[fitting.Trial, list[fitting.Candidate]], shop: Purchases) -> None:
    held, found = judged
    table = validation.errors(held, found)
    assert table["rule"].to_list() == ["mbg-nbd", "own_rate", "last_time"]
    assert table["actual"].to_list() == [held.orders.sum()] * 3
    rate = sum(x / age * 90 for x, age in zip(held.known.frequency, held.known.age, strict=True) if age)
    assert table["forecast"][1] == pytest.approx(rate)
    assert table["forecast"][2] == shop.orders_in(held.cut - 90, held.cut).sum()
    assert table["held_out_log_likelihood"].null_count() == 2


def test_tenths_hold_all_orders(judged: tuple[fitting.Trial, list[fitting.Candidate]]) -> None:
    held, (best,) = judged
    table = validation.forecast_deciles(held, best)
    assert table["decile"].to_list() == list(range(1, 11))
    assert table["customers"].sum() == len(held.orders)
    assert table["actual"].sum() == held.orders.sum()
    assert table["forecast"].sum() == pytest.approx(best.forecast.sum())
    assert (table["forecast"] / table["customers"]).to_list() == sorted(
        (table["forecast"] / table["customers"]).to_list(), reverse=True
    )
    assert float((table["lift"] * table["customers"]).sum()) == pytest.approx(len(held.orders))


@pytest.mark.parametrize("horizon", [90, 91, 95, 10_000])
def test_the_weeks_hold_all_repeat_orders(shop: Purchases, horizon: int) -> None:
    held = fitting.trial(shop, horizon)
    assert held
    (best,) = fitting.candidates("mbg-nbd", held)
    weeks = validation.tracking(shop, best.model, held.cut)
    # First orders of those who came later are no repeat orders, and theirs do not count.
    known = held.known.frequency.sum() + held.orders.sum()
    assert weeks["actual"].sum() == weeks["actual_cumulative"][-1] == known
    assert weeks.filter("held_out")["actual"].sum() == held.orders.sum()
    assert weeks["ends_on"][-1] == shop.as_of
    gaps = weeks["ends_on"].diff().drop_nulls().dt.total_days().to_list()
    assert set(gaps[:-1]) == {7}
    assert 0 < gaps[-1] <= 7
    assert weeks["expected"].sum() == pytest.approx(weeks["expected_cumulative"][-1])
    # Of each customer the model's curve, from the day of the first order to the last day.
    ages = shop.end - shop.day[shop.start[:-1]][held.known.customer]
    assert weeks["expected_cumulative"][-1] == pytest.approx(best.model.expected_new(ages / 7).sum(), rel=1e-3)


def test_a_model_that_loses_is_not_recommended(judged: tuple[fitting.Trial, list[fitting.Candidate]]) -> None:
    held, (best,) = judged
    worse = replace(best, forecast=held.orders + 9)
    table = validation.errors(held, [worse])
    assert not validation.wins(table, "mbg-nbd")
    assert validation.verdict(table, "mbg-nbd").id == "clv.worse"
    perfect = validation.errors(held, [replace(best, forecast=held.orders)])
    assert validation.verdict(perfect, "mbg-nbd").id == "clv.better"
    empty = replace(held, orders=np.zeros_like(held.orders))
    assert validation.verdict(validation.errors(empty, [best]), "mbg-nbd").id == "clv.held_out_empty"
    # Less in the square alone: the naive rule has half of the error in one customer, the model some in each.
    apart = replace(held, orders=np.array([8.0, 0, 0, 0]), before=np.array([0.0, 0, 0, 0]), known=_four(held))
    even = replace(best, forecast=np.array([2.0, 1.5, 1.5, 1.5]))
    assert validation.verdict(validation.errors(apart, [even]), "mbg-nbd").id == "clv.better_square"


def _four(held: fitting.Trial) -> Known:
    names = ("customer", "frequency", "recency", "age", "mean", "log_gaps", "spend")
    return replace(held.known, **{name: getattr(held.known, name)[:4] * 0 for name in names})


def notes(purchases: Purchases) -> list[Message]:
    return list(validation.assumptions(purchases, fitting.spend_of(purchases.until(purchases.end))))


def test_what_the_data_contradict_is_said(lines: Lines, shop: Purchases) -> None:
    assert notes(shop) == []
    # Early customers come back four times, late ones once; and more orders go with more money.
    rows: list[Line] = [
        (f"c{who:03}", who + 20 * turn, 10 + turn + who % 5)
        for who in range(300)
        for turn in range(5 if who < 120 else 2)
    ]
    told = {note.id: note.values for note in notes(read_purchases(lines(rows), as_of=None))}
    assert float(str(told["clv.not_stationary"]["early"])) > 2 * float(str(told["clv.not_stationary"]["late"]))
    assert float(str(told["clv.correlated_richer"]["correlation"])) > 0.2
    rows = [(f"c{who}", 3 * day, 10.1) for who in range(40) for day in range(2 + who % 9)]
    assert [note.id for note in notes(read_purchases(lines(rows), as_of=None))] == ["clv.no_spend_model"]


def test_the_expected_curve_has_no_bend_of_its_own(
    shop: Purchases, judged: tuple[fitting.Trial, list[fitting.Candidate]]
) -> None:
    held, (best,) = judged
    weeks = validation.tracking(shop, best.model, held.cut)
    assert weeks.select(pl.col("expected").min()).item() >= 0
    assert weeks["expected_cumulative"].is_sorted()
