"""What customers are worth, from order lines to figures."""

import json
import random
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm.analysis.clv.model_file import SavedModel, from_document, to_document
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.value import ClvResult, clv, expected_value
from acrm.errors import InputError, ModelError
from tests.analysis.clv.conftest import Line, Lines

QUICK = ClvParams(model="mbg-nbd")


@pytest.fixture(scope="module")
def quick(orders: pl.LazyFrame) -> ClvResult:
    return clv(orders, QUICK)


def test_who_asks_for_values_alone_gets_the_same(quick: ClvResult, orders: pl.LazyFrame) -> None:
    assert_frame_equal(expected_value(orders, QUICK), quick.tables["customers"].select("customer_id", "clv"))


def saved(result: ClvResult) -> SavedModel:
    return from_document(json.loads(result.files["clv_model.json"]), "clv_model.json")


def told(result: ClvResult) -> dict[str, str]:
    return {note.id: str(note) for note in result.notes}


def test_the_tables_and_what_chooses(result: ClvResult) -> None:
    assert list(result.tables) == [
        "customers", "models", "deciles", "matrix", "lorenz", "held_out", "forecast_deciles", "tracking",
    ]  # fmt: skip
    customers, held_out, models = (result.tables[name] for name in ("customers", "held_out", "models"))
    assert customers.columns == [
        "customer_id", "frequency", "recency_days", "age_days", "spend", "expected_orders", "p_order", "p_alive",
        "expected_order_value", "clv", "clv_low", "clv_high", "residual_value", "decile", "quadrant",
    ]  # fmt: skip
    assert customers["customer_id"].is_sorted()
    assert customers.null_count().sum_horizontal().item() == 0
    for name in ("p_order", "p_alive"):
        assert customers[name].is_between(0, 1).all()
    tried = held_out["rule"].to_list()
    assert tried[:3] == ["bg-nbd", "mbg-nbd", "pareto-nbd"]
    assert tried[-2:] == ["own_rate", "last_time"]
    assert result.summary["model"] in tried[:-2]
    best = held_out["held_out_log_likelihood"].max()
    chosen = held_out.filter(pl.col("rule") == result.summary["model"])
    assert chosen["held_out_log_likelihood"].item() >= best - 2  # type: ignore[operator]
    assert models["model"].to_list() == [*tried[:-2], result.summary["model"]]
    assert models["fitted_to"].to_list() == ["before"] * (len(tried) - 2) + ["all"]
    assert result.summary["recommended"] is True
    assert result.summary["held_out_actual"] == result.tables["tracking"].filter("held_out")["actual"].sum()


def test_what_json_tells(result: ClvResult) -> None:
    document = json.loads(json.dumps(result.document, default=str))
    assert list(document) == ["models", "chosen", "validation", "totals"]
    buying, spend = document["models"]
    assert (buying["name"], spend["name"]) == (result.summary["model"], "gamma-gamma")
    assert {"name", "parameters", "log_likelihood", "customers", "converged"} <= set(buying)
    assert buying["customers"] == 400
    assert spend["customers"] == result.summary["repeat_customers"]
    assert [row["rule"] for row in document["validation"]] == result.tables["held_out"]["rule"].to_list()
    assert set(document["totals"]) == {"clv", "equity_beyond"} | {
        f"{name}{end}" for name in ("year_orders", "year_revenue", "equity") for end in ("", "_low", "_high")
    }


def test_rows_in_any_order_give_the_same_bytes(orders: pl.LazyFrame, quick: ClvResult) -> None:
    rows = orders.collect()
    shuffled = clv(rows[random.Random(5).sample(range(rows.height), rows.height)].lazy(), QUICK)
    for name, table in quick.tables.items():
        assert_frame_equal(shuffled.tables[name], table, check_exact=True)
    assert shuffled.summary == quick.summary
    assert shuffled.files == quick.files


def test_a_saved_model_gives_the_same_scores(orders: pl.LazyFrame, quick: ClvResult) -> None:
    again = clv(orders, ClvParams(), saved(quick))
    assert_frame_equal(again.tables["customers"], quick.tables["customers"], check_exact=True)
    assert again.files == quick.files
    assert "clv.applied" in told(again)
    assert "held_out" not in again.tables
    for name in ("clv", "year_orders", "year_revenue", "equity"):
        assert again.summary[name] == quick.summary[name]


def test_a_saved_model_scores_customers_it_never_saw(lines: Lines, orders: pl.LazyFrame, quick: ClvResult) -> None:
    new = lines([("zoe", 480, 40), ("zoe", 490, 60), ("c000", 0, 5)])
    mixed = clv(pl.concat([orders, new]), QUICK, saved(quick))
    # Even those of whom nobody ordered twice.
    alone = clv(lines([("zoe", 480, 40), ("eve", 480, 40)]), replace(QUICK, as_of=date(2025, 5, 15)), saved(quick))
    assert alone.tables["customers"]["customer_id"].to_list() == ["eve", "zoe"]
    assert alone.summary["equity_low"] < alone.summary["equity"] < alone.summary["equity_high"]  # type: ignore[operator]
    zoe = mixed.tables["customers"].row(by_predicate=pl.col("customer_id") == "zoe", named=True)
    assert zoe["frequency"] == 1
    untouched = pl.col("customer_id").is_between(pl.lit("c001"), pl.lit("c399")) & (pl.col("frequency") > 0)
    # The same draws fall to other groups; what is expected stays.
    columns = ["customer_id", "expected_orders", "p_alive", "clv", "residual_value"]
    same_day = mixed.summary["as_of"] == quick.summary["as_of"]
    assert same_day
    assert_frame_equal(
        mixed.tables["customers"].filter(untouched).select(columns),
        quick.tables["customers"].filter(untouched).select(columns),
    )


def test_a_model_of_something_else_is_refused(orders: pl.LazyFrame, quick: ClvResult) -> None:
    model = saved(quick)
    for wrong in (replace(model, unit="day"), replace(model, facts={})):
        with pytest.raises(InputError, match="does not score"):
            clv(orders, QUICK, wrong)
    euros = orders.with_columns(currency=pl.lit("EUR"))
    with pytest.raises(InputError, match="USD"):
        clv(euros, QUICK, replace(model, currency="USD"))
    assert clv(euros, QUICK, model).summary["currency"] == "EUR"
    assert to_document(model) == json.loads(quick.files["clv_model.json"])


def test_nobody_came_back(lines: Lines) -> None:
    with pytest.raises(InputError, match="second day"):
        clv(lines([("ada", 0, 10), ("bob", 5, 10), ("bob", 5, 20)]), ClvParams())


def test_a_fit_without_an_end_is_an_error(lines: Lines) -> None:
    # One buys daily for years, thirty once: of how customers differ there is nothing in between to be known.
    rows: list[Line] = [("ada", day, 5) for day in range(5000)]
    with pytest.raises(ModelError, match=r"mbg-nbd could not be fitted.* starts agree") as caught:
        clv(lines([*rows, *((f"c{who}", who, 5 + who) for who in range(30))]), QUICK)
    assert caught.value.exit_code == 5


def test_where_the_best_cannot_be_fitted_the_next_is(lines: Lines) -> None:
    # Regular customers, and some who came once: of the plain model with drop-out there are two, one as good as none.
    rows = [
        (f"c{who}", day, 10 + who % 7)
        for who in range(60)
        for day in range(who, who + 1 if who >= 40 else (180 if who % 4 == 0 else 365), 11 + who % 13 * 5 + who // 9)
    ]
    with pytest.raises(ModelError, match="1 of 3 starts agree"):
        clv(lines(rows), QUICK)
    # Too short to test: the next of the plain ones.
    found = clv(
        lines([("ada", day, 5) for day in range(0, 5000, 1)] + [(f"c{who}", 4990, 5) for who in range(30)]),
        replace(ClvParams(), horizon=27),
    )
    assert found.summary["held_out_days"] == 0
    assert found.summary["model"] == "bg-nbd"
    assert found.tables["models"]["model"].to_list() == ["bg-nbd"]


def test_little_is_said_to_be_little(lines: Lines) -> None:
    rows: list[Line] = [("[red]ada[/red]", 0, 10), ("[red]ada[/red]", 9, "0.01"), ("=bob", 3, 1e9)]
    found = clv(lines(rows), ClvParams())
    notes = told(found)
    assert notes["clv.few"].startswith("only 1 customers have ordered again, 100 are needed")
    assert "clv.not_held_out" in notes
    assert found.summary["recommended"] is False
    assert found.summary["held_out_days"] == 0
    assert found.tables["customers"]["customer_id"].to_list() == ["=bob", "[red]ada[/red]"]
    assert (
        found.tables["customers"].select(pl.col("clv").is_finite() if False else pl.col("clv").is_null().any()).item()
        is False
    )


@pytest.mark.parametrize(
    "rows",
    [
        [("ada", day, 5) for day in (0, 400, 10_950)] + [("bob", day, 7) for day in range(0, 10_950, 365)],
        [("ada", day, 5) for day in range(5000)]
        + [(f"c{who}", who + 40 * turn, 5 + who) for who in range(60) for turn in range(1 + who % 7)],
        [(f"c{who}", day, 10) for who in range(20) for day in (who, who + 1)],
        [(f"c{who}", 9 * day + who, ("1e9", "0.01")[who % 2]) for who in range(30) for day in range(1 + who % 4)],
        [("ada", 0, 1), ("ada", 30, 1), ("ada", 60, 1)],
    ],
    ids=["thirty years", "5,000 orders", "two days each", "billions and cents", "one customer"],
)
def test_odd_histories_have_finite_values(lines: Lines, rows: list[Line]) -> None:
    found = clv(lines(rows), QUICK)
    customers = found.tables["customers"]
    assert customers.height == len({row[0] for row in rows})
    for name in ("expected_orders", "p_order", "p_alive"):
        assert customers[name].is_finite().all()
    assert customers.null_count().sum_horizontal().item() == 0
    assert (customers["clv"] >= 0).all()
    assert found.summary["equity_low"] <= found.summary["equity"] <= found.summary["equity_high"]  # type: ignore[operator]


def test_payments_of_a_plan_are_recognised(lines: Lines) -> None:
    rows = [(f"c{who}", who + 30 * turn, 10 + who) for who in range(25) for turn in range(12)]
    notes = told(clv(lines(rows), QUICK))
    assert "looks like billing" in notes["clv.billing"]
    # They stay all and pay alike: no parameter of the differences has a value.
    assert "clv.flat" in notes


def test_what_lies_beyond_the_data_is_said(quick: ClvResult, orders: pl.LazyFrame) -> None:
    assert "clv.once" in told(quick)
    bold = clv(orders, replace(QUICK, discount=0.01))
    assert "546" not in told(quick).get("clv.beyond", "")
    assert "lies beyond the" in told(bold)["clv.beyond"]
    endless = clv(orders, replace(QUICK, discount=0.0))
    assert "clv.beyond" not in told(endless)
    assert endless.summary["equity"] is None
    assert "clv.once_sure" in told(clv(orders, ClvParams(model="bg-nbd")))


def test_until_a_day(orders: pl.LazyFrame, quick: ClvResult) -> None:
    end = date(2024, 12, 31)
    earlier = clv(orders, replace(QUICK, as_of=end))
    before = clv(orders.filter(pl.col("ordered_on") <= end), replace(QUICK, as_of=end))
    assert_frame_equal(earlier.tables["customers"], before.tables["customers"], check_exact=True)
    assert earlier.summary["as_of"] == end
    assert quick.summary["as_of"] == orders.select(pl.col("ordered_on").max()).collect().item() + timedelta(1)


def test_a_model_of_opportunities_counts_time_in_them(orders: pl.LazyFrame, quick: ClvResult) -> None:
    found = clv(orders, replace(QUICK, model="bg-bb", opportunity=30))
    assert found.document["chosen"] == "bg-bb"
    assert not found.files
    joined = found.tables["customers"].join(quick.tables["customers"], on="customer_id", suffix="_daily")
    # Several orders in one span are one: fewer orders, about the same money.
    assert (joined["frequency"] <= joined["frequency_daily"]).all()
    assert joined["spend"].to_list() == joined["spend_daily"].to_list()
    assert 0.6 < float(found.summary["year_revenue"]) / float(quick.summary["year_revenue"]) < 1.6  # type: ignore[arg-type]
    assert found.summary["held_out_days"] == 0 or int(found.summary["held_out_days"]) % 30 == 0  # type: ignore[arg-type]
