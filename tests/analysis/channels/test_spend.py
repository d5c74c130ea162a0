"""Costs of channels by hand, and what one more unit of spend brings in a market that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from acrm.analysis.channels.counted import Counted
from acrm.analysis.channels.marginal import marginal
from acrm.analysis.channels.spend import Spent, costs, spent
from acrm.messages import Message

DAY = date(2024, 1, 1)


def campaigns(rows: Sequence[tuple[int, str | None, float]], **more: object) -> pl.LazyFrame:
    table = pl.LazyFrame(
        [(DAY + timedelta(days=day), name, Decimal(str(spend))) for day, name, spend in rows],
        schema={"date": pl.Date, "source": pl.String, "spend": pl.Decimal(38, 4)},
        orient="row",
    )
    return table.with_columns(campaign=pl.lit("c"), **{name: pl.lit(value) for name, value in more.items()})


def units(rows: Sequence[tuple[int, str | None, bool]], of: str = "leads") -> Counted:
    table = pl.DataFrame(
        [(None, DAY + timedelta(days=day), won, Decimal(9) if won else None, name) for day, name, won in rows],
        schema={
            "customer_id": pl.String,
            "day": pl.Date,
            "converted": pl.Boolean,
            "amount": pl.Decimal(38, 4),
            "source": pl.String,
        },
        orient="row",
    )
    return Counted(of=of, units=table, columns=("source",))


def test_costs_by_hand() -> None:
    paid = [(0, "Ads", 100), (1, "ads", 50), (5, "mail", 30), (0, "radio", 7), (0, None, 3), (90, "ads", 1000)]
    spend = campaigns(paid)
    came = [(0, "ads", False)] * 9 + [(5, "ADS", True)] + [(5, "mail", False), (9, None, True)]
    match = spent(spend, [units(came)])
    assert isinstance(match, Spent)
    table = costs(match)
    assert table.select("channel", "spend", "units", "converted", "per_unit", "per_converted", "return").rows() == [
        ("Ads", Decimal(150), 10, 1, 15, 150, pytest.approx(9 / 150)),
        ("mail", Decimal(30), 1, 0, 30, None, None),
        ("radio", Decimal(7), 0, 0, None, None, None),
    ]
    # Garwood's limits of a count of 10: 4.7954 and 18.3904.
    limits = table.select("per_unit_low", "per_unit_high").row(0)
    assert limits == pytest.approx((150 / 18.3904, 150 / 4.7954), rel=1e-4)
    assert {note.id: note.values["spend"] for note in match.notes} == {
        "channels.spend_unnamed": Decimal(3),
        "channels.spend_outside": Decimal(1000),
        "channels.spend_nobody": Decimal(7),
    }
    assert str(match.notes[-1]).startswith("radio: spend of 7.00, but source never names them")


def test_the_period_in_which_the_first_unit_came_counts_as_a_whole() -> None:
    weekly = campaigns([(0, "ads", 70), (7, "ads", 70), (14, "ads", 70), (21, "ads", 70)])
    match = spent(weekly, [units([(8, "ads", False), (12, "ads", True), (23, "ads", False)])])
    assert isinstance(match, Spent)
    assert (match.since, match.until) == (DAY + timedelta(days=7), DAY + timedelta(days=23))
    assert costs(match).select("spend", "units", "per_unit").row(0) == (Decimal(210), 3, 70)


@pytest.mark.parametrize(
    ("spend", "came", "why"),
    [
        (campaigns([(0, "ads", 0)]), [(0, "ads", True)], "npv.no_spend"),
        (campaigns([(0, "ads", 5)]), [(0, "mail", True)], "channels.spend_unmatched"),
        (campaigns([(0, "ads", 5)]), [(400, "ads", True)], "channels.spend_apart"),
    ],
)
def test_why_there_are_no_costs(spend: pl.LazyFrame, came: list[tuple[int, str, bool]], why: str) -> None:
    found = spent(spend, [units(came)])
    assert isinstance(found, Message)
    assert found.id == why
    assert str(found)


def test_spend_is_matched_by_the_units_and_the_column_that_name_most_of_it() -> None:
    spend = campaigns([(0, "ads", 90), (0, "mail", 10)])
    # All leads name the mail, which cost least; customers name both; of equals leads are nearest.
    leads = units([(0, "mail", False)] * 9)
    customers = units([(0, "ads", True), (0, "mail", True)], of="customers")
    of_both = units([(0, "ads", False), (0, "mail", False)])
    named = [spent(spend, asked) for asked in ([leads, customers], [leads], [of_both, customers])]
    assert [match.found.of for match in named if isinstance(match, Spent)] == ["customers", "leads", "leads"]
    two = replace(leads, units=leads.units.with_columns(campaign=pl.lit("C")), columns=("source", "campaign"))
    match = spent(spend, [two])
    assert isinstance(match, Spent)
    assert (match.column, match.rows["channel"].unique().to_list()) == ("campaign", ["c"])
    # Where two columns say as much, the first is that by which channels are told apart elsewhere.
    match = spent(
        spend.with_columns(campaign="source"), [replace(two, units=two.units.with_columns(campaign="source"))]
    )
    assert isinstance(match, Spent)
    assert match.column == "source"


def test_no_costs_across_currencies_or_of_nothing() -> None:
    two = pl.concat([campaigns([(0, "ads", 5)], currency=code) for code in ("EUR", "RUB")])
    found = spent(two, [units([(0, "ads", True)])])
    assert isinstance(found, Message)
    assert str(found).startswith("spend in several currencies (EUR, RUB), so not added up")
    assert "--currency EUR keeps one, --rates FILE converts all" in str(found)
    assert spent(None, [units([(0, "ads", True)])]) is None


def market(seed: int, spread: float) -> tuple[pl.LazyFrame, Counted, float]:
    """A hundred weeks of a channel whose leads grow with the logarithm of its spend, and what one more unit brings."""
    rng = np.random.default_rng(seed)
    paid = np.round(100 * np.exp(spread * rng.normal(size=100)), 2)
    mean = 5 + 20 * np.log1p(paid / 100)
    rows = [(7 * week, "ads", float(amount)) for week, amount in enumerate(paid)]
    weeks = [week for week in range(100) for _ in range(rng.poisson(mean[week]))]
    came = [(7 * week + int(rng.integers(7)), "ads", False) for week in weeks]
    return campaigns(rows), units([(0, None, False), *came, (699, None, False)]), float(20 / (100 + paid.mean()))


def test_one_more_unit_brings_what_the_curve_says() -> None:
    held = less = 0
    for seed in range(100):
        spend, came, truth = market(seed, 0.6)
        match = spent(spend, [came])
        assert isinstance(match, Spent)
        row = marginal(match).filter(outcome="leads").row(0, named=True)
        assert row["periods"] == 100
        held += row["marginal_low"] <= truth <= row["marginal_high"]
        less += row["verdict"] == "less"
    # Errors that are clustered hold a little less often than they promise.
    assert held / 100 == pytest.approx(0.94, abs=0.06)
    assert less >= 90


def test_spend_that_hardly_varies_tells_nothing() -> None:
    spend, came, _ = market(0, 0.02)
    match = spent(spend, [came])
    assert isinstance(match, Spent)
    told = marginal(match).select("outcome", "verdict", "marginal").rows()
    assert told == [(outcome, "steady", None) for outcome in ("leads", "revenue", "won")]
    short = spent(spend.filter(pl.col("date") < DAY + timedelta(days=100)), [came])
    assert isinstance(short, Spent)
    assert set(marginal(short)["verdict"]) == {"few"}
    varied, _, _ = market(0, 0.6)
    rare = spent(varied, [units([(0, "ads", True), (699, "ads", True)])])
    assert isinstance(rare, Spent)
    assert set(marginal(rare)["verdict"]) == {"rare"}
