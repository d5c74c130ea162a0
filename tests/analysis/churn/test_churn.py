from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.churn import ChurnParams, ChurnResult, churn
from acrm.analysis.churn.cuts import cut
from acrm.analysis.churn.prepared import Prepared
from acrm.errors import InputError


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    from tests.analysis.churn.conftest import made

    case: Case = made.__wrapped__()(500)  # type: ignore[attr-defined]
    gone = frozenset(case.table["customer_id"].filter(case.outcome))
    return Prepared(setting="labelled", case=case, everyone=case.table, features=case.features, gone=gone)


@pytest.fixture(scope="module")
def worth(prepared: Prepared) -> pl.DataFrame:
    ids = prepared.everyone["customer_id"]
    return pl.DataFrame({"customer_id": ids, "value": [float(place % 7) * 100 for place in range(len(ids))]})[:-5]


@pytest.fixture(scope="module")
def found(prepared: Prepared, worth: pl.DataFrame) -> ChurnResult:
    stayed = prepared.everyone["customer_id"].filter(~prepared.everyone["customer_id"].is_in(list(prepared.gone)))
    return churn(prepared, ChurnParams(), worth, refusing=stayed.head(200).to_list())


def test_the_main_table(found: ChurnResult, prepared: Prepared, worth: pl.DataFrame) -> None:
    table = found.tables["customers"]
    assert table.columns == [
        *("customer_id", "churn_probability", "low", "high", "risk_band", "expected_loss"),
        *("reason_1", "reason_2", "reason_3", "action"),
    ]
    assert table["customer_id"].to_list() == prepared.everyone["customer_id"].to_list()
    told = table.join(worth, on="customer_id", how="left")
    assert told["expected_loss"].null_count() == 5
    loss = told.select((pl.col("churn_probability") * pl.col("value") - pl.col("expected_loss")).abs().max()).item()
    assert loss < 1e-4
    inside = table.select(
        (pl.col("low") <= pl.col("churn_probability")) & (pl.col("churn_probability") <= pl.col("high"))
    )
    assert inside.to_series().all()


def test_reasons_carry_their_share(found: ChurnResult) -> None:
    shares = found.tables["customers"]["reason_1"].drop_nulls().str.extract(r" \((\d+)%\)$", 1).cast(pl.Int64)
    assert shares.null_count() == 0
    assert shares.is_between(1, 100).all()


def test_who_left_and_who_refuses_is_not_called(found: ChurnResult, prepared: Prepared) -> None:
    table, gone = found.tables["customers"], list(prepared.gone)
    actions = table.filter(pl.col("customer_id").is_in(gone))["action"].unique().to_list()
    assert actions == ["has left"]
    stayed = table.filter(~pl.col("customer_id").is_in(gone))
    refused = stayed.head(200)["action"].unique().to_list()
    assert "do not contact: no consent" in refused
    assert not {"call and ask", "make an offer"} & set(refused)
    assert {"call and ask", "make an offer"} & set(stayed.tail(100)["action"])


def test_actions_follow_from_the_probability_beside_them(found: ChurnResult, prepared: Prepared) -> None:
    limit = found.economics.tables["customers"].select("customer_id", "threshold")
    table = found.tables["customers"].filter(~pl.col("customer_id").is_in(list(prepared.gone)))
    table = table.join(limit, on="customer_id").filter(pl.col("action") != "do not contact: no consent")
    above = (pl.col("churn_probability") > pl.col("threshold")).fill_null(value=False)
    assert table.filter(~above)["action"].unique().to_list() == ["leave in peace"]
    assert set(table.filter(above)["action"]) == {"call and ask", "make an offer"}


def test_risk_is_counted_among_those_still_here(found: ChurnResult, prepared: Prepared) -> None:
    figures = found.summary
    assert figures["here"] == prepared.everyone.height - len(prepared.gone)
    bands = [figures[f"{band}_risk_customers"] for band in ("high", "medium", "low")]
    assert sum(map(int, map(str, bands))) == figures["here"]
    assert figures["at_risk_share"] == pytest.approx(int(str(bands[0])) / int(str(figures["here"])), abs=1e-6)


def test_json_holds_what_is_promised(found: ChurnResult) -> None:
    metrics = found.document["metrics"]
    for name in ("roc_auc", "pr_auc", "brier", "ece", "lift_10"):
        assert metrics[f"{name}_low"] <= metrics[name] <= metrics[f"{name}_high"] or name == "ece"
    assert set(metrics["rules"]) == {"recency"}
    assert {"roc_auc", "pr_auc", "lift_10"} <= set(metrics["rules"]["recency"])
    assert {"setting", "guards", "economics"} <= set(found.document)


def test_same_input_same_result(found: ChurnResult, prepared: Prepared, worth: pl.DataFrame) -> None:
    again = churn(prepared, ChurnParams(), worth.sample(fraction=1.0, shuffle=True, seed=3))
    assert again.tables["customers"].drop("action").equals(found.tables["customers"].drop("action"))


def test_a_leak_stops(prepared: Prepared) -> None:
    from acrm.analysis.people.features import Feature

    table = prepared.known().table.with_columns(x_refund=prepared.known().outcome.cast(pl.Float64) * 3)
    case = replace(
        prepared.known(),
        table=table,
        features=(*prepared.known().features, Feature(name="x_refund", axis="extra", kind="number")),
    )
    with pytest.raises(InputError, match="refund"):
        churn(replace(prepared, case=case, everyone=table), ChurnParams())


def test_cuts_hold_everybody(found: ChurnResult) -> None:
    customers = found.tables["customers"]
    groups = customers.select("customer_id", group=pl.col("customer_id").str.slice(-1)).filter(pl.col("group") != "3")
    table = cut(customers, groups).tables["by"]
    assert table["customers"].sum() == customers.height
    assert table["high"].sum() == customers.filter(risk_band="high").height
    assert table["expected_loss"].sum() == pytest.approx(customers["expected_loss"].sum())
    assert table.filter(pl.col("group").is_null())["customers"].to_list() == [50]


def test_parts_are_called_after_what_they_are(found: ChurnResult) -> None:
    part = cut(found.tables["customers"], found.tables["customers"].select("customer_id", group=pl.lit("all")))
    joined = found.joined(
        "by", replace(part, tables={**part.tables, "other": part.tables["by"]}, figures={"setting": "x", "new": 1})
    )
    assert {"by", "by_other"} <= set(joined.tables)
    assert joined.summary["setting"] == "labelled"
    assert joined.summary["new"] == 1


def test_without_values_there_is_no_loss(prepared: Prepared) -> None:
    found = churn(prepared, ChurnParams())
    assert found.tables["customers"]["expected_loss"].count() == 0
    assert any("as in the literature" in str(note) for note in found.notes)


def test_values_may_be_decimals(prepared: Prepared, worth: pl.DataFrame, made: Callable[..., Case]) -> None:
    exact = worth.with_columns(value=pl.Series([Decimal("100.5")] * worth.height))
    found = churn(prepared, ChurnParams(), exact)
    assert found.summary["value_mean"] == pytest.approx(100.5)
