"""What stands beside the value to come changes none of it."""

from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.clv.joined import rolled_up, with_cuts, with_npv, with_profit
from acrm.analysis.clv.npv import NpvParams, npv
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.profit import ProfitParams, cost_told, profit
from acrm.analysis.clv.value import ClvResult

D = Decimal


def test_past_profit_joins_every_customer(result: ClvResult, orders: pl.LazyFrame) -> None:
    costs = profit(orders.with_columns(cost=(pl.col("line_amount") / 2).cast(pl.Decimal(38, 4))), ProfitParams())
    found = with_profit(result, costs)
    customers = found.tables["customers"]
    assert customers.drop("goods_cost", "past_profit").equals(result.tables["customers"])
    assert (
        customers["past_profit"].sum()
        == found.summary["total_past_profit"]
        == costs.tables["profit"]["past_profit"].sum()
    )
    assert {"profit_totals", "profit_whale", "profit_losses"} <= set(found.tables)
    # Nothing of the result itself is told anew.
    assert {key: found.summary[key] for key in result.summary} == result.summary
    # Without any cost there is nothing to join.
    assert with_profit(result, profit(orders, ProfitParams())) is result
    assert not cost_told(orders, {"customers": orders})
    priced = pl.LazyFrame({"product_id": ["1"], "cost": [D(1)]})
    assert not cost_told(orders, {"products": priced.drop("cost")})
    assert all(cost_told(orders, {name: priced}) for name in ("products", "campaigns"))
    assert cost_told(orders.with_columns(discount=D(1)), {})


def test_net_present_value_stands_beside(result: ClvResult) -> None:
    found = with_npv(result, npv(None, None, NpvParams(margin=100, retention=0.8, acquisition_cost=150)))
    assert round(float(str(found.summary["npv_existing"])), 4) == 255.6274
    assert round(float(str(found.summary["npv_new"])), 4) == 201.4876
    assert {key: found.summary[key] for key in result.summary} == result.summary
    assert "npv" in found.tables


def test_parts_add_up_to_the_whole(result: ClvResult) -> None:
    ids = result.tables["customers"]["customer_id"]
    of = pl.DataFrame({"customer_id": ids, "city": ["Oslo", "Rome", None, "[b]"] * 100, "tier": ["a"] * 399 + ["b"]})
    params = ClvParams(by=("city", "tier"))
    parts = with_cuts(result, of, params).tables["parts"]
    for name in ("city", "tier"):
        table = parts.filter(pl.col("column") == name)
        assert table["clv"].sum() == result.summary["clv"]
        assert table["customers"].sum() == 400
        assert table["spend"].sum() == result.tables["customers"]["spend"].sum()
    # One customer is no finding.
    lone = parts.row(by_predicate=(pl.col("column") == "tier") & (pl.col("value") == "b"), named=True)
    assert lone["weight"] < 0.5


@pytest.mark.parametrize("kind", ["household", "company"])
def test_households_add_up_to_the_whole(result: ClvResult, kind: str) -> None:
    ids = result.tables["customers"]["customer_id"]
    members = pl.DataFrame({"customer_id": ids[:300], "object_id": [f"h{at // 3}" for at in range(300)]})
    found = rolled_up(result, members, ClvParams(object=kind))  # type: ignore[arg-type]
    table = found.tables["customers"]
    assert table.columns[:2] == [f"{kind}_id", "members"]
    assert (table.height, found.summary["objects"], table["members"].sum()) == (200, 200, 400)
    whole = result.summary["clv"]
    assert table["clv"].sum() == whole == found.tables["deciles"]["clv"].sum() == found.tables["matrix"]["clv"].sum()
    assert table["spend"].sum() == result.tables["customers"]["spend"].sum()
    assert table["residual_value"].sum() == result.tables["customers"]["residual_value"].sum()
    assert found.summary["clv"] == whole
