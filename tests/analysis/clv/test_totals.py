"""The whole is the sum of its parts."""

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.clv import scoring, totals
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.purchases import Purchases
from acrm.analysis.clv.value import ClvResult, _fitted


@pytest.fixture(scope="module")
def valued(shop: Purchases) -> scoring.Valued:
    return _fitted("mbg-nbd", shop.until(shop.end), shop)


def frame(clv: list[int], spend: list[int]) -> pl.DataFrame:
    exact = pl.Decimal(38, 4)
    return pl.DataFrame({"clv": clv, "spend": spend}).cast(exact)


def test_sums_are_those_of_the_customers(shop: Purchases, valued: scoring.Valued) -> None:
    params = ClvParams(margin=0.4)
    found = totals.totals(valued, params)
    table = scoring.scored(shop.ids, valued, params)
    assert found["equity"] == pytest.approx(float(table["residual_value"].sum()), abs=0.1)
    histories = valued.grouped.histories
    orders = valued.model.expected_orders(histories, 365.25 / 7)
    assert found["year_orders"] == pytest.approx(orders @ histories.count, abs=1e-3)
    each = valued.spend.expected(valued.known.frequency, valued.known.mean)
    # Revenue is before the margin.
    assert found["year_revenue"] == pytest.approx(orders[valued.grouped.group] @ each, rel=1e-9)
    assert totals.totals(replace(valued, kept=0.5), params)["year_revenue"] == pytest.approx(
        found["year_revenue"] * 0.5,  # type: ignore[operator]
        rel=1e-6,
    )


def test_limits_widen_with_their_probability(valued: scoring.Valued) -> None:
    made = [totals.totals(valued, ClvParams(interval=level)) for level in (0.5, 0.8, 0.95)]
    for name in ("year_orders", "year_revenue", "equity"):
        lows, highs = ([each[f"{name}_{end}"] for each in made] for end in ("low", "high"))
        assert lows == sorted(lows, reverse=True)  # type: ignore[type-var]
        assert highs == sorted(highs)  # type: ignore[type-var]
        assert lows[0] < made[0][name] < highs[0]  # type: ignore[operator]
    assert totals.totals(valued, ClvParams()) == totals.totals(valued, ClvParams())


def test_without_discount_there_is_no_equity(valued: scoring.Valued) -> None:
    found = totals.totals(valued, ClvParams(discount=0.0))
    assert [found[name] for name in ("equity", "equity_low", "equity_high")] == [None] * 3
    assert found["year_revenue_low"] < found["year_revenue"]  # type: ignore[operator]


def test_the_year_that_came_lies_within_its_limits(shop: Purchases) -> None:
    """Orders of customers known half a year before the end, forecast then."""
    cut = shop.end - 183
    known = shop.until(cut)
    valued = _fitted("mbg-nbd", known, replace(shop, kept=1.0))
    came = shop.orders_in(cut, shop.end)[known.customer].sum()
    orders = valued.model.expected_orders(valued.grouped.histories, 183 / 7) @ valued.grouped.histories.count
    found = totals.totals(valued, ClvParams(interval=0.99))
    whole, low, high = (float(str(found[f"year_orders{end}"])) for end in ("", "_low", "_high"))
    assert low * orders / whole < came < high * orders / whole


def test_quadrants_and_deciles() -> None:
    ranked = totals.with_ranks(frame([9, 9, 1, 1], [50, 2, 60, 3]))
    assert ranked["quadrant"].to_list() == ["keep", "grow", "win_back", "leave"]
    assert ranked["decile"].to_list() == [1, 1, 6, 6]
    # Who is at the median is of the better half.
    assert totals.with_ranks(frame([5], [5]))["quadrant"].to_list() == ["keep"]


def test_every_table_adds_up_to_the_kopeck(result: ClvResult) -> None:
    customers, tables = result.tables["customers"], result.tables
    whole = Decimal(customers["clv"].sum())
    assert whole == result.summary["clv"] == tables["deciles"]["clv"].sum() == tables["matrix"]["clv"].sum()
    assert customers["spend"].sum() == tables["deciles"]["spend"].sum() == tables["matrix"]["spend"].sum()
    assert customers.height == tables["deciles"]["customers"].sum() == tables["matrix"]["customers"].sum()
    assert tables["deciles"]["share"].sum() == pytest.approx(1)


def test_how_uneven_value_is() -> None:
    table = frame([0, 0, 0, 8], [1, 1, 1, 1])
    assert totals.concentration(table) == {"gini": 0.75, "top_decile_share": pytest.approx(0.4)}
    curve = totals.lorenz_curve(table)
    assert (curve.height, curve["value_share"][15], curve["value_share"][20]) == (21, 0, 1)
    assert curve["value_share"][18] == pytest.approx(0.6)


def test_of_nothing_there_are_no_shares() -> None:
    nothing = frame([0, 0], [1, 2])
    assert totals.concentration(nothing) == {"gini": None, "top_decile_share": None}
    assert totals.lorenz_curve(nothing).is_empty()
    full = totals.with_ranks(nothing).with_columns(expected_orders=pl.lit(1.0), p_alive=pl.lit(0.5))
    assert totals.decile_table(full)["share"].to_list() == [None]
    assert totals.matrix(full)["customers"].to_list() == [1, 0, 1, 0]


def test_a_model_from_elsewhere_is_as_sure_of_many_customers_as_of_few(valued: scoring.Valued) -> None:
    def spread(times: int) -> float:
        histories = replace(valued.grouped.histories, count=valued.grouped.histories.count * times)
        grouped = replace(valued.grouped, histories=histories, total_mean=valued.grouped.total_mean * times)
        found = totals.totals(replace(valued, grouped=grouped, fitted=False), ClvParams())
        return float(str(found["equity_high"])) / float(str(found["equity"]))

    # Its certificate is of the customers it was fitted to, not of these.
    assert spread(1) == pytest.approx(spread(100), rel=1e-6)
    assert spread(1) > 1.02
