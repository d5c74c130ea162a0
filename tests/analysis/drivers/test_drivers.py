from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.drivers.drivers import DriverParams, DriversResult, drivers
from acrm.errors import InputError, UsageError


def orders(seed: int = 0, rows: int = 1_200) -> pl.DataFrame:
    """Orders of 60 shops: 30 + 2 age + 5 for women + what the shop adds, which is more where customers are younger."""
    random = np.random.default_rng(seed)
    shop = random.integers(0, 60, rows)
    age = np.round(60 - shop / 2 + random.normal(0, 5, rows))
    sex = random.choice(["f", "m", ""], rows, p=[0.3, 0.6, 0.1])
    amount = 30 + 2 * age + 5 * (sex == "f") + 3.0 * shop + random.normal(0, 4, rows) * (1 + (age > 45))
    return pl.DataFrame(
        {
            "order_id": [f"o{n}" for n in range(rows)],
            "shop": [f"s{n:02}" for n in shop],
            "age": age,
            "sex": pl.Series(sex).replace("", None),
            "x_has_dog": random.choice(["yes", "no"], rows),
            "amount": [Decimal(str(round(value, 2))) for value in amount],
        }
    )


def told(result: DriversResult) -> list[str]:
    return [note.id.removeprefix("segment_drivers.") for note in result.notes]


def row(result: DriversResult, term: str) -> dict[str, Any]:
    return result.tables["coefficients"].row(by_predicate=pl.col("term") == term, named=True)


def test_orange_juice(data: Path) -> None:
    # 28,947 weekly sales; both coefficients are printed in public notebooks on these data.
    table = pl.read_csv(data / "marketing" / "oj.csv", infer_schema_length=None)
    result = drivers(table, "sales", DriverParams(factors=("price",), hold=("brand",), log="both"))
    price = row(result, "log(price)")
    assert (round(price["pooled"], 6), round(price["held"], 6)) == (-1.601307, -3.138691)
    fit = result.tables["fit"]
    assert fit["r2"].round(3).to_list() == [0.208, 0.394]
    assert fit["held_out_r2"].to_list() == pytest.approx([0.208, 0.394], abs=1e-3)
    assert result.summary["rows"] == 28_947
    assert "moved" in told(result)
    # An elasticity for every brand (-3.37753, -3.32074, -2.71177), and for every brand in and out of promotion.
    r2 = []
    for each in (("brand",), ("brand", "feat")):
        result = drivers(table, "sales", DriverParams(factors=("price",), each=each, log="both"))
        r2.append(round(float(result.summary["each_r2"]), 3))  # type: ignore[arg-type]
        if each == ("brand",):
            assert result.tables["each"]["value"].to_list() == pytest.approx([-3.37753, -3.32074, -2.71177], abs=6e-6)
    assert r2 == [0.398, 0.535]
    assert result.tables["each"].height == 6


def test_planted_coefficients_are_inside_their_intervals() -> None:
    inside = {"age": 0, "sex = f": 0}
    for seed in range(20):
        result = drivers(orders(seed), "amount", DriverParams(hold=("shop",), log="none"))
        for term, truth in (("age", 2.0), ("sex = f", 5.0)):
            found = row(result, term)
            inside[term] += found["held_low"] <= truth <= found["held_high"]
            assert found["pooled"] < 0 if term == "age" else found["base"] == "m"
    assert all(count >= 17 for count in inside.values()), inside


def test_the_tables_hold_what_they_promise() -> None:
    result = drivers(orders(), "amount", DriverParams(hold=("shop",)))
    table = result.tables["coefficients"]
    assert table["term"].to_list()[:2] == ["age", "sex = f"]
    assert set(table["factor"]) == {"age", "sex", "x_has_dog"}
    assert row(result, "sex = (unknown)")["rows"] == orders()["sex"].null_count()
    strongest = row(result, "age")
    assert strongest["strength"] == pytest.approx(
        strongest["held"] * orders()["age"].std(ddof=0) / orders()["amount"].cast(float).std(ddof=0)
    )
    assert (table["held_q"] >= table["held_p"]).all()
    assert result.tables["left_out"].rows() == [("order_id", "id", "1,200 different values in 1,200 rows")]
    assert result.tables["fit"].select("model", "parameters", "errors", "clusters").rows() == [
        ("pooled", 5, "cluster", 60),
        ("held", 64, "cluster", 60),
    ]
    assert result.summary["clear"] == 2
    assert told(result) == ["associated", "foretells_held", "clustered", "moved", "left_out"]


def test_the_order_of_rows_does_not_matter() -> None:
    one = drivers(orders(), "amount", DriverParams(hold=("shop",)))
    other = drivers(orders().sample(fraction=1, shuffle=True, seed=1), "amount", DriverParams(hold=("shop",)))
    for name, table in one.tables.items():
        assert table.equals(other.tables[name]), name
    assert one.summary == other.summary


def test_customers_with_several_orders_belong_together() -> None:
    table = orders().with_columns(customer_id=pl.col("shop"))
    result = drivers(table, "amount", DriverParams(factors=("age",)))
    assert (result.summary["cluster"], result.tables["fit"]["clusters"][0]) == ("customer_id", 60)
    alone = table.with_columns(customer_id=pl.col("order_id"))
    assert drivers(alone, "amount", DriverParams(factors=("age",))).summary["cluster"] is None
    few = table.with_columns(region=pl.col("shop").str.head(2))
    result = drivers(few, "amount", DriverParams(factors=("age",), cluster="region"))
    assert (result.tables["fit"]["clusters"][0], told(result)[-1]) == (6, "few_clusters")


def test_yes_and_no_are_shares() -> None:
    table = orders().with_columns(big=pl.col("amount") > 150).drop("amount")
    result = drivers(table, "big", DriverParams())
    assert result.summary["outcome"] == "share"
    assert result.summary["pooled_r2"] is not None


def test_groups_that_explain_much_do_not_make_drivers_good() -> None:
    noise = orders().with_columns(noise=np.random.default_rng(3).normal(size=1_200))
    result = drivers(noise, "amount", DriverParams(factors=("noise",), hold=("shop",)))
    held = result.tables["fit"].row(1, named=True)
    assert held["held_out_r2"] > 0.5
    assert held["held_out_r2"] < held["held_out_alone"]
    assert "no_better_held" in told(result)


def test_noise_is_called_noise() -> None:
    clear = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        table = pl.DataFrame({f"n{n}": random.normal(size=500) for n in range(40)} | {"y": random.normal(size=500)})
        result = drivers(table, "y", DriverParams())
        assert "no_better_pooled" in told(result)
        clear.append(result.summary["clear"])
    assert clear.count(0) >= 18


def test_too_few_rows_are_refused_and_said() -> None:
    table = orders(rows=1_200).head(35)
    result = drivers(table, "amount", DriverParams(hold=("shop",)))
    assert told(result)[:2] == ["few_pooled", "few_held"]
    assert result.tables["coefficients"].is_empty()
    assert result.tables["fit"].is_empty()
    # Every order is a shop of its own: nothing is left to compare within shops.
    result = drivers(orders().with_columns(shop="order_id"), "amount", DriverParams(factors=("age",), hold=("shop",)))
    assert told(result)[0] == "few_held"
    assert result.tables["coefficients"]["held"].null_count() == 1


def test_numbers_that_are_none_are_unknown() -> None:
    gaps = pl.when(pl.int_range(pl.len()) % 9 > 0).then(pl.col("age"))
    one, *others = (
        drivers(orders().with_columns(age=age), "amount", DriverParams())
        for age in (gaps, gaps.fill_null(float("nan")), gaps.fill_null(float("inf")))
    )
    assert row(one, "age = (unknown)")["rows"] == 134
    for other in others:
        assert other.tables["coefficients"].equals(one.tables["coefficients"])


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_rows(rows: int) -> None:
    result = drivers(orders().head(rows), "amount", DriverParams(hold=("shop",)))
    assert result.tables["coefficients"].is_empty()
    assert told(result)[0] in {"no_factor", "no_variance", "few_pooled"}


def test_nothing_to_explain_or_to_explain_with() -> None:
    assert told(drivers(orders().with_columns(amount=5.0), "amount", DriverParams()))[0] == "no_variance"
    assert told(drivers(orders().select("amount", x=pl.lit(1)), "amount", DriverParams()))[0] == "no_factor"


def test_what_follows_from_other_columns_is_named() -> None:
    towns = pl.col("shop").str.slice(1).cast(int)
    table = orders().with_columns(
        born=2025 - pl.col("age") + (pl.col("sex") == "f").fill_null(value=False),
        town=pl.when(towns < 20).then(pl.lit("Omsk")).otherwise(pl.lit("Tver")),
    )
    result = drivers(table, "amount", DriverParams(factors=("age", "sex", "born", "town"), hold=("shop",)))
    left_out = result.tables["left_out"].filter(reason="collinear")
    assert left_out.rows() == [
        ("born", "collinear", "follows from age, sex = f"),
        ("town = Omsk", "collinear", "the same within every group held"),
    ]
    town = row(result, "town = Omsk")
    assert town["pooled"] is not None
    assert town["held"] is None


def test_the_outcome_under_another_name_is_no_driver() -> None:
    table = orders().with_columns(cents=pl.col("amount") * 100)
    assert "cents" in drivers(table, "amount", DriverParams()).tables["left_out"]["column"].to_list()


def test_rows_without_the_outcome_are_counted() -> None:
    table = orders().with_columns(amount=pl.when(pl.col("age") > 30).then("amount"))
    result = drivers(table, "amount", DriverParams())
    missing = table["amount"].null_count()
    assert (result.summary["rows"], result.summary["rows_without_measure"]) == (1_200 - missing, missing)
    assert "without" in told(result)


def test_only_a_draw_by_lot_is_called_an_effect() -> None:
    result = drivers(orders(), "amount", DriverParams(factors=("x_has_dog",), randomised=("x_has_dog",)))
    assert "associated" not in told(result)
    assert "randomised" in told(result)
    both = drivers(orders(), "amount", DriverParams(factors=("x_has_dog", "age"), randomised=("x_has_dog",)))
    assert told(both)[:2] == ["associated", "randomised"]


def test_what_cannot_be_asked() -> None:
    with pytest.raises(InputError, match="no column ages"):
        drivers(orders(), "amount", DriverParams(factors=("ages",)))
    with pytest.raises(InputError, match="sex holds no numbers"):
        drivers(orders(), "sex", DriverParams())
    with pytest.raises(InputError, match="no logarithm"):
        drivers(orders().with_columns(amount=pl.col("amount") - 200), "amount", DriverParams(log="both"))
    with pytest.raises(InputError, match="several values"):
        drivers(orders().with_columns(likes=pl.concat_list("sex")), "amount", DriverParams(hold=("likes",)))
    with pytest.raises(UsageError, match="ln"):
        DriverParams(log="ln")  # type: ignore[arg-type]
