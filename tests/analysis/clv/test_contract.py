"""Value under contract: by hand, against simulated truth, and on the published table."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.clv.contract import ContractResult, contract, retention
from acrm.analysis.clv.contract_groups import ContractParams
from acrm.errors import InputError, UsageError
from acrm.models.bdw import BetaDiscreteWeibull

TODAY = date(2025, 7, 1)
PARAMS = ContractParams(as_of=TODAY, draws=100)


def simulated(customers: int, seed: int, months: int = 1, days: int = 900, price: str | None = "10") -> pl.DataFrame:
    """Contracts of customers with chances of leaving from Beta(1, 8); `life` is the renewal that each does not make."""
    rng = np.random.default_rng(seed)
    life = np.minimum(rng.geometric(rng.beta(1.0, 8.0, customers)), 400)
    starts = [TODAY - timedelta(days=int(day)) for day in rng.integers(1, days, customers)]
    frame = pl.DataFrame(
        {"customer_id": [f"c{number:05}" for number in range(customers)], "start_at": starts, "life": life}
    )
    end = pl.col("start_at").dt.offset_by(pl.format("{}mo", pl.col("life") * months))
    return frame.with_columns(
        end_at=pl.when(end < TODAY).then(end), price=pl.lit(price).cast(pl.Decimal(38, 4)), plan=pl.lit(f"{months} mo")
    )


def figures_of(result: ContractResult) -> dict[str, Any]:
    return dict(result.summary)


@pytest.fixture(scope="module")
def monthly() -> ContractResult:
    return contract(simulated(1500, 1).lazy(), PARAMS)


def test_a_customer_by_hand(monthly: ContractResult) -> None:
    _, name, alpha, beta, c = (
        monthly.tables["models"].filter("chosen").select("group", "name", "alpha", "beta", "c").row(0)
    )
    # sBG is BdW whose c is 1.
    model = BetaDiscreteWeibull(alpha=alpha, beta=beta, c=1.0 if name == "sbg" else c)
    row = monthly.tables["customers"].filter(pl.col("p_alive") == 1, pl.col("age_periods") == 5).row(0, named=True)
    ahead = model.survival(np.arange(6.0, 18)) / model.survival(np.array([5.0]))
    assert row["expected_payments"] == pytest.approx(ahead.sum())
    assert row["p_payment"] == pytest.approx(ahead[0])
    wait = (row["next_payment_at"] - TODAY).days / (365.25 / 12)
    factor = 1.1 ** (-(wait + np.arange(12)) / 12)
    assert row["clv"] == pytest.approx(10 * ahead @ factor)
    residual = model.residual_lifetime(np.array([5.0]), 1.1 ** (1 / 12) - 1)[0]
    assert row["residual_value"] == pytest.approx(10 * residual * 1.1 ** (-wait / 12), rel=1e-4)
    assert 0 <= row["clv_low"] < row["clv"] < row["clv_high"] <= 10 * factor.sum() * (1 + 1e-12)


def test_totals_tie(monthly: ContractResult) -> None:
    customers, figures = monthly.tables["customers"], figures_of(monthly)
    assert figures["payments_12_months"] == pytest.approx(customers["expected_payments"].sum())
    assert figures["revenue_12_months"] == pytest.approx(10 * customers["expected_payments"].sum())
    assert figures["equity"] == pytest.approx(customers["residual_value"].sum())
    for name in ("payments_12_months", "revenue_12_months", "equity"):
        assert figures[f"{name}_low"] < figures[name] < figures[f"{name}_high"]
    assert figures["customers"] == 1500 == figures["under_contract"] + figures["ended"]
    assert figures["period"] == "month"
    assert customers["customer_id"].is_sorted()
    here = customers.filter(pl.col("p_alive") == 1)
    assert here["decile"].null_count() == 0
    sizes = here["decile"].value_counts()["count"].to_list()
    assert len(sizes) == 10
    assert max(sizes) - min(sizes) <= 1
    best, worst = (here.filter(decile=decile)["clv"].to_list() for decile in (1, 10))
    assert min(best) >= max(worst)
    gone = customers.filter(pl.col("p_alive") == 0)
    assert gone.select("expected_payments", "clv", "residual_value", "p_payment").sum().row(0) == (0, 0, 0, 0)
    assert gone["decile"].null_count() == gone["next_payment_at"].null_count() == gone.height


def test_rows_in_any_order_give_the_same(monthly: ContractResult) -> None:
    other = contract(simulated(1500, 1).sample(fraction=1.0, shuffle=True, seed=4).lazy(), PARAMS)
    assert other.tables["customers"].equals(monthly.tables["customers"])
    assert other.summary == monthly.summary


def test_terms_tell_the_same_as_open_contracts(monthly: ContractResult) -> None:
    rows = []
    for name, start, life, *_ in simulated(1500, 1).iter_rows():
        edges = pl.select(
            pl.lit(start).dt.offset_by(pl.format("{}mo", pl.int_range(life + 1, dtype=pl.Int64)))
        ).to_series()
        rows += [(name, one, two - timedelta(days=1), Decimal(10)) for one, two in pairwise(edges) if one < TODAY]
    schema: dict[str, Any] = {
        "customer_id": pl.String,
        "start_at": pl.Date,
        "end_at": pl.Date,
        "price": pl.Decimal(38, 4),
    }
    terms = contract(pl.LazyFrame(rows, schema=schema, orient="row"), PARAMS)
    assert terms.summary["payments_12_months"] == pytest.approx(monthly.summary["payments_12_months"], rel=1e-3)
    assert terms.summary["under_contract"] == monthly.summary["under_contract"]


def test_what_will_be_paid_lies_in_the_interval() -> None:
    caught, each = 0, []
    for seed in range(24):
        known = simulated(400, seed)
        result = contract(known.lazy(), PARAMS)
        here = result.tables["customers"].filter(pl.col("p_alive") == 1).join(known, on="customer_id")
        paid = (here["life"] - 1 - here["age_periods"]).clip(0, 12)
        figures = figures_of(result)
        caught += figures["payments_12_months_low"] <= paid.sum() <= figures["payments_12_months_high"]
        highest = paid.to_numpy() * 10.0 + 1e-6
        each.append(float((here["clv_low"].to_numpy() <= highest).mean()))
    # 80 percent of 24 are 19; whole payments make the intervals of customers wider than that.
    assert 14 <= caught <= 24
    assert np.mean(each) > 0.85


def test_announced_ends_and_no_price() -> None:
    known = simulated(600, 3, price=None).drop("life")
    leaving = pl.DataFrame(
        {
            "customer_id": ["soon", "later"],
            "start_at": [date(2025, 1, 15)] * 2,
            "end_at": [date(2025, 7, 14), date(2025, 12, 14)],
            "price": [Decimal(7), Decimal(7)],
            "end_reason": ["moved", "moved"],
        },
        schema_overrides={"price": pl.Decimal(38, 4)},
    )
    result = contract(pl.concat([known, leaving], how="diagonal").lazy(), PARAMS)
    rows = {row["customer_id"]: row for row in result.tables["customers"].iter_rows(named=True)}
    # Paid until July 14, and from then on each month up to November 15.
    assert rows["soon"]["expected_payments"] == rows["soon"]["clv"] == 0
    assert rows["later"]["expected_payments"] == 5
    assert rows["later"]["clv_low"] == rows["later"]["clv_high"] == pytest.approx(rows["later"]["clv"])
    assert rows["later"]["clv"] == pytest.approx(sum(7 * 1.1 ** (-(14 + 30.4375 * n) / 365.25) for n in range(5)))
    assert rows["soon"]["p_alive"] == 1
    assert rows["c00000"]["clv"] is None
    assert "clv_contract.no_price" in [note.id for note in result.notes]
    assert result.tables["customers"].filter(pl.col("customer_id").is_in(["soon", "later"]))["price"].to_list() == [
        7,
        7,
    ]


def test_plans_with_different_periods_get_models_of_their_own() -> None:
    both = pl.concat(
        [
            simulated(800, 5),
            simulated(800, 6, months=12, days=3600).with_columns(customer_id="y" + pl.col("customer_id")),
        ]
    )
    result = contract(both.lazy(), PARAMS)
    assert dict(result.tables["models"].select("group", "period").unique().rows()) == {"1 mo": "month", "12 mo": "year"}
    yearly = result.tables["customers"].filter(group="12 mo")
    assert (yearly["expected_payments"] <= 1).all()
    alone = contract(both.filter(plan="12 mo").lazy(), PARAMS)
    drop = ["decile", "group"]
    assert yearly.drop(drop).equals(alone.tables["customers"].drop(drop))
    assert result.summary["period"] is None
    monthly_alone = contract(both.filter(plan="1 mo").lazy(), PARAMS)
    expected = figures_of(alone)["equity"] + figures_of(monthly_alone)["equity"]
    assert result.summary["equity"] == pytest.approx(expected)


def test_small_groups_go_together() -> None:
    known = (
        simulated(900, 7)
        .with_row_index()
        .with_columns(region=pl.when(pl.col("index") < 20).then(pl.lit("isle")).otherwise(pl.lit("main")))
    )
    result = contract(known.lazy(), ContractParams(as_of=TODAY, by="region", draws=10))
    assert result.tables["models"]["group"].unique().to_list() == [""]
    note = next(note for note in result.notes if note.id == "clv_contract.small_groups")
    assert note.values["groups"] == "isle"


def two_periods() -> pl.DataFrame:
    yearly = simulated(500, 6, months=12, days=3600, price="100").with_columns(customer_id="y" + pl.col("customer_id"))
    return pl.concat([simulated(500, 5), yearly])


def test_a_plan_of_few_customers_leaves_the_others_apart() -> None:
    """One contract of an odd plan must not make yearly prices monthly ones."""
    both = two_periods()
    odd = both.tail(1).with_columns(customer_id=pl.lit("odd"), plan=pl.lit("=1+1"), end_at=None, price=Decimal(1))
    result = contract(pl.concat([both, odd.cast(both.schema)]).lazy(), PARAMS)
    assert result.tables["models"]["group"].unique().sort().to_list() == ["1 mo", "12 mo"]
    without = figures_of(contract(both.lazy(), PARAMS))["revenue_12_months"]
    assert figures_of(result)["revenue_12_months"] == pytest.approx(without, rel=0.01)
    assert "odd" in result.tables["customers"]["customer_id"]


def test_few_customers_of_another_period_have_their_price_by_the_period_they_are_put_in() -> None:
    both = two_periods()
    gone = pl.col("end_at").is_not_null()
    yearly = both.filter(plan="12 mo")
    kept = pl.concat([both.filter(plan="1 mo"), yearly.filter(gone).head(12), yearly.filter(~gone).head(12)])
    result = contract(kept.lazy(), PARAMS)
    assert result.tables["models"]["group"].unique().to_list() == [""]
    prices = result.tables["customers"].group_by(pl.col("customer_id").str.starts_with("y")).agg(pl.col("price").max())
    assert dict(prices.rows()) == {False: Decimal(10), True: Decimal("8.3333")}


def test_a_cut_by_another_column_keeps_periods_apart() -> None:
    known = two_periods().with_row_index()
    known = known.with_columns(
        region=pl.when(pl.col("index") % 2 == 0).then(pl.lit("north")).otherwise(pl.lit("south"))
    )
    result = contract(known.lazy(), ContractParams(as_of=TODAY, by="region", draws=10))
    groups = [f"{region} / {plan}" for region in ("north", "south") for plan in ("1 mo", "12 mo")]
    assert result.tables["models"]["group"].unique().sort().to_list() == groups


def test_prices_of_two_currencies_are_not_added() -> None:
    known = simulated(500, 5).with_row_index()
    known = known.with_columns(currency=pl.when(pl.col("index") < 9).then(pl.lit("EUR")).otherwise(pl.lit("USD")))
    with pytest.raises(InputError, match="EUR"):
        contract(known.lazy(), PARAMS)
    assert contract(known.tail(491).lazy(), PARAMS).summary["currency"] == "USD"


def test_half_a_year_ahead_of_yearly_payments() -> None:
    yearly = simulated(800, 6, months=12, days=3600)
    result = contract(yearly.lazy(), ContractParams(as_of=TODAY, horizon_months=6, draws=20))
    customers = result.tables["customers"].filter(pl.col("p_alive") == 1)
    soon = (pl.col("next_payment_at") - TODAY).dt.total_days() <= 365.25 / 2
    assert (customers.filter(~soon)["clv"] == 0).all()
    assert (customers.filter(soon)["clv"] > 0).all()


def test_no_discount_no_value_without_end() -> None:
    result = contract(simulated(500, 1).lazy(), ContractParams(as_of=TODAY, discount=0, draws=20))
    assert result.summary["equity"] is None
    assert result.tables["customers"]["residual_value"].null_count() == 500
    assert result.tables["survival"]["residual_payments"].null_count() == result.tables["survival"].height
    customers = result.tables["customers"]
    assert customers["clv"].sum() == pytest.approx(10 * customers["expected_payments"].sum())


def test_the_published_table(data: Path) -> None:
    table = pl.read_csv(data / "clv" / "sbg_retention.csv", infer_schema=False)
    result = retention(table, ContractParams(held_out=5))
    tests = {(row[0], row[1]): row[4] for row in result.tables["validation"].iter_rows()}
    assert tests["high_end_pct", "sbg"] == pytest.approx(0.0119, abs=5e-5)
    assert tests["regular_pct", "sbg"] == pytest.approx(0.0029, abs=5e-5)
    assert tests["high_end_pct", "bdw"] == pytest.approx(0.0052, abs=5e-5)
    assert tests["regular_pct", "bdw"] == pytest.approx(0.0026, abs=5e-5)
    assert result.tables["models"].filter("chosen").select("group", "name").rows() == [
        ("high_end_pct", "bdw"),
        ("regular_pct", "sbg"),
    ]
    curve = result.tables["survival"].filter(group="regular_pct")
    assert curve["survival"].to_list()[1:4] == pytest.approx([0.631, 0.468, 0.382])
    assert (curve["survival_low"] <= curve["survival"]).drop_nulls().all()
    assert ((curve["sbg"] - curve["survival"]).drop_nulls().abs() < 0.01).all()
    assert result.summary["period"] == "year"


def test_too_little_to_go_on() -> None:
    known = simulated(500, 1)
    few = pl.concat([known.filter(pl.col("end_at").is_null()), known.drop_nulls("end_at").head(5)])
    with pytest.raises(InputError, match="5 customers have left"):
        contract(few.lazy(), PARAMS)
    with pytest.raises(InputError, match="no retention table"):
        retention(pl.DataFrame({"name": ["a"], "amount": [1]}), PARAMS)
    with pytest.raises(InputError, match="12 customers have left"):
        retention(pl.DataFrame({"year": [0, 1, 2, 3], "here": [50, 45, 40, 38]}), PARAMS)


@pytest.mark.parametrize(
    "wrong", [{"period": "day"}, {"discount": -0.1}, {"interval": 1.0}, {"held_out": 0}, {"horizon_months": 0}]
)
def test_parameters_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ContractParams(**wrong)
